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

/// The same weights every time.
std::string random_network(int inputs, int width, int layers, int outputs) {
  OnnxWriter w;
  w.input("X", {1, inputs});
  Random random;
  std::string value = "X";
  int below = inputs;
  for (int k = 0; k < layers; ++k) {
    const bool last = k + 1 == layers;
    const int size = last ? outputs : width;
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
  return random_network(12, 60, 5, 1);
}

std::string hard_classifier() {
  return random_network(12, 60, 5, 2);
}

std::string small_classifier() {
  return random_network(3, 16, 3, 2);
}

std::string checkpoint_model() {
  return random_network(6, 32, 4, 2);
}

std::string sum_model() {
  OnnxWriter w;
  w.input("X", {1, 3}).floats("W", {3, 1}, {1.0F, 1.0F, 1.0F}).node("MatMul", {"X", "W"}, {"Y"});
  return w.output("Y").bytes();
}

std::string written_out_square() {
  OnnxWriter w;
  w.input("X", {1, 1}).floats("c", {1, 1}, {-2.0F}).floats("one", {1, 1}, {1.0F});
  w.node("Mul", {"X", "X"}, {"s"});
  w.node("Mul", {"X", "c"}, {"m"});
  w.node("Add", {"s", "m"}, {"t"});
  w.node("Add", {"t", "one"}, {"Y"});
  return w.output("Y").bytes();
}

std::string hard_query() {
  return declarations(12, 1) + box(12, -1.0, 1.0) + "(assert (>= Y_0 25))\n";
}

std::string many_boxes_query(int boxes) {
  std::string text = declarations(12, 1) + "(assert (or\n";
  Random random;
  for (int k = 0; k < boxes; ++k) {
    text += "(and";
    for (int i = 0; i < 12; ++i) {
      const std::string name = " X_" + std::to_string(i) + " ";
      const double middle = static_cast<double>(random.next(0.5F));
      text += " (>=" + name + std::to_string(middle - 0.5) + ") (<=" + name +
              std::to_string(middle + 0.5) + ")";
    }
    text += " (>= Y_0 25))\n";
  }
  return text + "))\n";
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
