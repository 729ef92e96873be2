// The hunt's shrinker: what it leaves of a problem whose flaw is known.
#include "tests/hunt/shrink.h"

#include <gtest/gtest.h>

#include "specs/network/network_builder.h"
#include "specs/network/op_table.h"
#include "tests/hunt/rewrite.h"

namespace clipbound::test {
namespace {

/// y = (tanh(W x + b) + relu(x)) summed with x, on [-1, 2]^3; three clauses, two rows in the last.
Planted example() {
  NetworkBuilder b(18);
  const ValueId x = b.input("x", {1, 3});
  const ValueId w = b.constant({3, 3}, {0.3F, -1.2F, 0.7F, 1.1F, 0.2F, -0.4F, 0.9F, -0.6F, 0.8F});
  const ValueId affine = b.add("Add", {b.add("MatMul", {x, w}), b.constant({1, 3}, {1, 2, 3})});
  const ValueId both = b.add("Add", {b.add("Tanh", {affine}), b.add("Relu", {x})});
  b.output(b.add("Add", {b.add("Sigmoid", {both}), x}));
  Planted planted;
  planted.network = std::make_shared<const Network>(b.build());
  planted.x = {0.5, -0.25, 1.0};
  planted.property.lower = {-1, -1, -1};
  planted.property.upper = {2, 2, 2};
  planted.property.outputs = 3;
  planted.weights = {1.0, 0.0, -1.0};
  planted.property.clauses = {
      {y_at_most(0, -50)}, {y_at_most(1, -50)}, {y_at_most(2, 9), y_at_most(1, 9)}};
  return planted;
}

bool has(const Planted& planted, const char* op) {
  for (const Node& node : planted.network->nodes) {
    if (op == std::string(op_row(node.kind).onnx_name)) return true;
  }
  return false;
}

/// Fails where there is a tanh and the second input varies by more than 0.01.
std::string flaw(const Planted& planted) {
  const bool varies = planted.property.upper[1] - planted.property.lower[1] > 0.01;
  return has(planted, "Tanh") && varies ? "tanh of what varies" : "";
}

TEST(Shrink, LeavesWhatTheFlawNeeds) {
  const Shrunk small = shrink(example(), flaw, 2000);
  EXPECT_EQ(small.what, "tanh of what varies");
  ASSERT_EQ(small.planted.network->nodes.size(), 1U) << code_of(*small.planted.network);
  EXPECT_TRUE(has(small.planted, "Tanh"));
  ASSERT_EQ(small.planted.property.clauses.size(), 1U);
  EXPECT_EQ(small.planted.property.clauses.back().size(), 1U);
  for (const std::size_t i : {0U, 2U})
    EXPECT_EQ(small.planted.property.lower[i], small.planted.property.upper[i]) << i;
  const double width = small.planted.property.upper[1] - small.planted.property.lower[1];
  EXPECT_GT(width, 0.01);
  EXPECT_LT(width, 0.1);
}

TEST(Shrink, KeepsThePointInTheBoxAndThePropertyTrueThere) {
  const Shrunk small = shrink(example(), flaw, 2000);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_LE(small.planted.property.lower[i], small.planted.x[i]);
    EXPECT_GE(small.planted.property.upper[i], small.planted.x[i]);
  }
  const SolveResult result =
      solve_text(small.planted.network, small.planted.property.text(), {.seconds = 0.3});
  EXPECT_NE(result.verdict, Verdict::unsat);
}

TEST(Shrink, IsDeterministicAndStopsInTime) {
  const Shrunk one = shrink(example(), flaw, 2000), two = shrink(example(), flaw, 2000);
  EXPECT_EQ(code_of(*one.planted.network), code_of(*two.planted.network));
  EXPECT_EQ(one.planted.property.text(), two.planted.property.text());
  EXPECT_EQ(one.tries, two.tries);
  EXPECT_LE(shrink(example(), flaw, 7).tries, 7);
}

TEST(Rewrite, RefusesWhatDoesNotFit) {
  const Planted planted = example();
  const Network& network = *planted.network;
  EXPECT_EQ(rewritten(network, {Edit::bypass, 0, 1}), nullptr);          // a constant
  EXPECT_EQ(rewritten(network, {Edit::freeze, 0, 0, {1.0F}}), nullptr);  // of another size
  const auto cut = rewritten(network, {Edit::cut, 0});
  ASSERT_NE(cut, nullptr);
  EXPECT_EQ(cut->nodes.size(), 1U);
}

TEST(Rewrite, CodeNamesEveryPart) {
  const std::string code = code_of(*example().network);
  for (const char* part : {"b.input(\"x\", {1, 3})", "b.add(\"MatMul\", {v0, v1})", "b.output(",
                           "3.00000012e-01F", "std::vector<float>"})
    EXPECT_NE(code.find(part), std::string::npos) << part << "\n" << code;
}

}  // namespace
}  // namespace clipbound::test
