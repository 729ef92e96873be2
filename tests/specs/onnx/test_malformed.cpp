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

/// One with functions, branches, 16-bit numbers.
std::string nested_model() {
  OnnxWriter w(24);
  w.imports("mine").input("x", {2}, onnx::TensorProto::FLOAT16).halfs("h", {2}, {0.5f, 2.0f});
  auto& inner = w.function("mine", "scaled", {"a", "by"}, {"b"}, 24);
  onnx::AttributeProto slope;
  slope.set_name("slope");
  slope.set_type(onnx::AttributeProto::FLOAT);
  slope.set_f(0.5f);
  set_default(inner, slope);
  add_node(inner, "Mul", {"a", "by"}, {"m"});
  set_reference(add_node(inner, "LeakyRelu", {"m"}, {"b"}), "alpha", "slope",
                onnx::AttributeProto::FLOAT);
  auto& outer = w.function("mine", "twice", {"a", "by"}, {"b"}, 24);
  set_overload(outer, "one");
  add_node(outer, "scaled", {"a", "by"}, {"m"}, "mine");
  add_node(outer, "scaled", {"m", "by"}, {"b"}, "mine");
  auto& call = add_node(w.graph(), "twice", {"x", "h"}, {"t"}, "mine");
  set_overload(call, "one");
  w.ints("two", {2}).ints("three", {3});
  w.node("Equal", {"two", "three"}, {"condition"});
  onnx::GraphProto yes, no;
  add_node(yes, "Neg", {"t"}, {"r"});
  yes.add_output()->set_name("r");
  add_node(no, "Cast", {"t"}, {"r"}).add_attribute()->set_name("to");
  no.mutable_node(0)->mutable_attribute(0)->set_type(onnx::AttributeProto::INT);
  no.mutable_node(0)->mutable_attribute(0)->set_i(onnx::TensorProto::FLOAT);
  no.add_output()->set_name("r");
  auto& choice = w.node("If", {"condition"}, {"y"});
  set_graph(choice, "then_branch", yes);
  set_graph(choice, "else_branch", no);
  w.output("y");
  return w.bytes();
}

TEST(MalformedOnnx, TheWholeModelsAreFine) {
  EXPECT_EQ(outcome_of(rich_model()), Outcome::network);
  EXPECT_EQ(outcome_of(nested_model()), Outcome::network);
}

TEST(MalformedOnnx, TruncatedAtEveryByte) {
  for (const std::string& bytes : {rich_model(), nested_model()})
    for (std::size_t length = 0; length < bytes.size(); ++length)
      EXPECT_NE(outcome_of(bytes.substr(0, length)), Outcome::network) << "cut at " << length;
}

TEST(MalformedOnnx, FlippedBytes) {
  const std::string models[] = {rich_model(), nested_model()};
  std::mt19937 generator(2024);
  int refused = 0;
  for (int round = 0; round < 6000; ++round) {
    std::string broken = models[round % 2];
    const int flips = 1 + round % 4;
    for (int f = 0; f < flips; ++f)
      broken[generator() % broken.size()] ^= static_cast<char>(1u << generator() % 8);
    refused += outcome_of(broken) != Outcome::network;
  }
  EXPECT_GT(refused, 600);
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
