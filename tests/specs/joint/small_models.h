#pragma once
// Small models as bytes, and queries about them as text.
#include <string>
#include <vector>

#include "specs/joint/models.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/random_network.h"

namespace clipbound::test {

/// Y = W2 relu(W1 X + b1) with X [1, 2], three ReLUs whose arguments are called "z", Y [1, 2].
/// Weights are multiples of 1/8.
inline std::string relu_model(std::uint64_t seed, const std::string& activation = "Relu") {
  Dice dice(seed);
  const auto numbers = [&dice](std::size_t count) {
    std::vector<float> values(count);
    for (float& v : values) v = static_cast<float>(std::round(8.0 * dice.uniform(-1, 1)) / 8.0);
    return values;
  };
  OnnxWriter writer;
  writer.input("x", {1, 2}).output("y");
  writer.floats("W1", {2, 3}, numbers(6)).floats("b1", {3}, numbers(3));
  writer.floats("W2", {3, 2}, numbers(6));
  writer.node("Gemm", {"x", "W1", "b1"}, {"z"});
  writer.node(activation, {"z"}, {"a"});
  writer.node("MatMul", {"a", "W2"}, {"y"});
  return writer.bytes();
}

/// Y = X [size].
inline std::string identity_model(std::int64_t size) {
  OnnxWriter writer;
  writer.input("x", {size}).output("y");
  writer.node("Identity", {"x"}, {"y"});
  return writer.bytes();
}

/// (declare-network NAME LIKE input [shape] HIDDEN output [shape])
inline std::string network_text(const std::string& name, const std::string& like,
                                const std::string& input, const std::string& output,
                                const std::string& shape = "[1,2]",
                                const std::string& hidden = "") {
  return "(declare-network " + name + " " + like + " (declare-input " + input + " float32 " +
         shape + ") " + hidden + " (declare-output " + output + " float32 " + shape + "))\n";
}

/// low <= NAME[0,i] <= high for both i.
inline std::string box_text(const std::string& name, double low, double high) {
  std::string text;
  for (int i = 0; i < 2; ++i) {
    const std::string x = name + "[0," + std::to_string(i) + "]";
    text += "(assert (>= " + x + " " + std::to_string(low) + "))(assert (<= " + x + " " +
            std::to_string(high) + "))\n";
  }
  return text;
}

inline const std::string kVersion2 = "(vnnlib-version <2.0>)\n";

inline specs::GivenModel given(const std::string& name, const std::string& bytes) {
  return {name, "model of " + name, bytes, nullptr};
}

inline specs::Joint joined(const std::string& text, const std::vector<specs::GivenModel>& models) {
  return specs::join_given(specs::parse_joint_query(text, "q.vnnlib"), models);
}

}  // namespace clipbound::test
