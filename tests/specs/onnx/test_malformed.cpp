// Broken files: never a crash or a hang, only InputError, Unsupported or a network that validates.
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "specs/evaluate/evaluate.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/simplify/simplify.h"
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

enum class Outcome { network, input_error, unsupported };

/// Reads, and evaluates what could be read where it is small.
Outcome outcome_of(const std::string& bytes) {
  try {
    const auto network = std::make_shared<const Network>(parse_onnx(bytes, "broken"));
    if (network->input_size() + network->output_size() > 10000) return Outcome::network;
    const auto simplified = simplify(network).network;
    std::vector<float> x(static_cast<std::size_t>(network->input_size()), 0.5f);
    std::vector<float> y(static_cast<std::size_t>(network->output_size()));
    Evaluator<float>(simplified).forward(x, y);
    return Outcome::network;
  } catch (const InputError&) {
    return Outcome::input_error;
  } catch (const Unsupported&) {
    return Outcome::unsupported;
  }
}

/// One model with many operators.
std::string rich_model() {
  OnnxWriter w;
  w.input("x", {1, 4})
      .floats("w", {4, 6}, std::vector<float>(24, 0.25f))
      .floats("b", {6}, std::vector<float>(6, -0.5f));
  w.ints("shape", {0, 2, -1})
      .ints("starts", {-1})
      .ints("ends", {-100})
      .ints("axes", {2})
      .ints("steps", {-1})
      .ints("i", {1, 0});
  w.node("Gemm", {"x", "w", "b"}, {"h"});
  w.node("Relu", {"h"}, {"r"});
  w.node("Reshape", {"r", "shape"}, {"s"});
  w.node("Slice", {"s", "starts", "ends", "axes", "steps"}, {"t"});
  set_ints(w.node("Transpose", {"t"}, {"u"}), "perm", {0, 2, 1});
  set_int(w.node("Gather", {"u", "i"}, {"v"}), "axis", 1);
  set_int(w.node("Split", {"v"}, {"p", "q"}), "axis", 2);
  set_int(w.node("Concat", {"q", "p"}, {"c"}), "axis", 2);
  w.node("Flatten", {"c"}, {"y"});
  w.output("y");
  return w.bytes();
}

TEST(MalformedOnnx, TheWholeModelIsFine) {
  EXPECT_EQ(outcome_of(rich_model()), Outcome::network);
}

TEST(MalformedOnnx, TruncatedAtEveryByte) {
  const std::string bytes = rich_model();
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_NE(outcome_of(bytes.substr(0, length)), Outcome::network) << "cut at " << length;
}

TEST(MalformedOnnx, FlippedBytes) {
  const std::string bytes = rich_model();
  std::mt19937 generator(2024);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string broken = bytes;
    const int flips = 1 + round % 4;
    for (int f = 0; f < flips; ++f)
      broken[generator() % broken.size()] ^= static_cast<char>(1u << generator() % 8);
    refused += outcome_of(broken) != Outcome::network;
  }
  EXPECT_GT(refused, 300);
}

TEST(MalformedOnnx, EveryOperatorFormWithFlippedBytes) {
  std::mt19937 generator(77);
  for (const OperatorCase& c : operator_cases()) {
    const std::string bytes = model_of(c).bytes();
    for (int round = 0; round < 60; ++round) {
      std::string broken = bytes;
      broken[generator() % broken.size()] = static_cast<char>(generator());
      outcome_of(broken);
    }
  }
}

TEST(MalformedOnnx, Garbage) {
  EXPECT_EQ(outcome_of(""), Outcome::input_error);
  EXPECT_EQ(outcome_of("not an ONNX file"), Outcome::input_error);
  EXPECT_EQ(outcome_of(std::string(1000, '\x0a')), Outcome::input_error);
  std::mt19937 generator(5);
  for (int round = 0; round < 300; ++round) {
    std::string noise(generator() % 200, ' ');
    for (char& c : noise) c = static_cast<char>(generator());
    EXPECT_NE(outcome_of(noise), Outcome::network);
  }
}

}  // namespace
}  // namespace clipbound::test
