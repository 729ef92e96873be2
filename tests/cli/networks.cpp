#include "tests/cli/networks.h"

#include <cmath>
#include <cstdint>

#include "tests/support/floors.h"
#include "tests/support/onnx_writer.h"

namespace clipbound::test {
namespace {

class Random {
 public:
  float next(float scale) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return scale * static_cast<float>(static_cast<double>(state_ >> 40) * 0x1p-23 - 1.0);
  }

 private:
  std::uint64_t state_ = 5;
};

}  // namespace

std::string one_node_model(const std::string& op, int size) {
  OnnxWriter w;
  w.input("X", {1, size}).node(op, {"X"}, {"Y"});
  return w.output("Y").bytes();
}

namespace {

std::string hard_network(int outputs) {
  constexpr int kInputs = 12, kWidth = 60, kLayers = 5;
  OnnxWriter w;
  w.input("X", {1, kInputs});
  Random random;
  std::string value = "X";
  int below = kInputs;
  for (int k = 0; k < kLayers; ++k) {
    const bool last = k + 1 == kLayers;
    const int size = last ? outputs : kWidth;
    const std::string id = std::to_string(k), product = last ? "Y" : "z" + id;
    std::vector<float> weights;
    for (int i = 0; i < below * size; ++i)
      weights.push_back(random.next(std::sqrt(6.0F / static_cast<float>(below))));
    w.floats("W" + id, {below, size}, weights).node("MatMul", {value, "W" + id}, {product});
    if (!last) w.node("Relu", {product}, {"h" + id});
    value = "h" + id;
    below = size;
  }
  return w.output("Y").bytes();
}

}  // namespace

std::string hard_model() {
  return hard_network(1);
}

std::string hard_classifier() {
  return hard_network(2);
}

std::string sum_model() {
  OnnxWriter w;
  w.input("X", {1, 3}).floats("W", {3, 1}, {1.0F, 1.0F, 1.0F}).node("MatMul", {"X", "W"}, {"Y"});
  return w.output("Y").bytes();
}

std::string hard_query() {
  return declarations(12, 1) + box(12, -1.0, 1.0) + "(assert (>= Y_0 25))\n";
}

std::string declarations(int inputs, int outputs) {
  std::string text;
  for (int i = 0; i < inputs; ++i) text += "(declare-const X_" + std::to_string(i) + " Real)\n";
  for (int i = 0; i < outputs; ++i) text += "(declare-const Y_" + std::to_string(i) + " Real)\n";
  return text;
}

std::string box(int inputs, double low, double high) {
  std::string text;
  for (int i = 0; i < inputs; ++i) {
    const std::string name = "X_" + std::to_string(i);
    text += "(assert (>= " + name + " " + std::to_string(low) + "))\n";
    text += "(assert (<= " + name + " " + std::to_string(high) + "))\n";
  }
  return text;
}

}  // namespace clipbound::test
