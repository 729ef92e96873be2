// Factors of whole tensors are applied where fewest products of variables are left, and the
// function stays the same.
#include <gtest/gtest.h>

#include <cmath>

#include "specs/evaluate/evaluate.h"
#include "specs/network/network_builder.h"
#include "specs/network/op_table.h"
#include "specs/simplify/simplify.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// s (c * b(x)) C, summed: s is best applied last.
Network chain(bool second_reader) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 3});
  const ValueId s =
      b.add("Sigmoid", {b.add("ReduceSum", {x, b.integers({1})}, {{"keepdims", std::int64_t{1}}})});
  const ValueId scaled = b.add("Mul", {s, b.constant({1, 3}, {0.5F, -1.0F, 2.0F})});
  const ValueId product = b.add("Mul", {scaled, b.add("Tanh", {x})});
  const ValueId mapped =
      b.add("MatMul", {product, b.constant({3, 2}, {1.0F, 2.0F, -3.0F, 0.5F, 0.25F, 1.5F})});
  const ValueId divided = b.add(
      "Div",
      {b.add("Neg", {mapped}), b.add("Add", {b.add("Slice", {b.add("Exp", {x}), b.integers({0}),
                                                             b.integers({2}), b.integers({1})}),
                                             b.constant({1}, {1.0F})})});
  b.output(b.add("ReduceSum", {divided, b.integers({1})}, {{"keepdims", std::int64_t{1}}}));
  if (second_reader) b.output(scaled);
  return b.build();
}
std::vector<double> values(const std::shared_ptr<const Network>& network, std::vector<double> x) {
  Evaluator<double> evaluator(network);
  std::vector<double> y(static_cast<std::size_t>(network->output_size()) * (x.size() / 3));
  evaluator.forward(x, y);
  return y;
}

TEST(DelayFactors, ScalesTheSum) {
  const auto network = std::make_shared<const Network>(chain(false));
  const Simplified simplified = simplify(network);
  ASSERT_FALSE(simplified.records.empty());
  EXPECT_EQ(simplified.records[0].what, "applied 1 factor of whole tensors later");
  const Node& last = simplified.network->nodes.back();
  EXPECT_EQ(last.kind, OpKind::mul);
  EXPECT_EQ(last.outputs, simplified.network->outputs);
  EXPECT_EQ(simplified.network->value(last.outputs[0]).name,
            network->value(network->outputs[0]).name);
  const std::vector<double> x = {0.3, -1.2, 2.0, -0.5, 0.0, 4.0};
  const std::vector<double> before = values(network, x), after = values(simplified.network, x);
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(before[i], after[i], 1e-13);
}

TEST(DelayFactors, LeavesWhatOthersRead) {
  const auto network = std::make_shared<const Network>(chain(true));
  EXPECT_EQ(simplify(network).network, network);
}

/// A factor whose delay saves nothing, and one that is no single number, stay where they are.
TEST(DelayFactors, LeavesWhatSavesNothing) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 1});
  const ValueId y = b.input("y", {1, 2});
  const ValueId wide = b.add("MatMul", {b.add("Mul", {x, b.add("Tanh", {x})}),
                                        b.constant({1, 4}, {1.0F, 2.0F, 3.0F, 4.0F})});
  b.output(wide);
  b.output(b.add("ReduceSum", {b.add("Mul", {y, b.add("Tanh", {y})}), b.integers({1})},
                 {{"keepdims", std::int64_t{1}}}));
  const auto network = std::make_shared<const Network>(b.build());
  EXPECT_EQ(simplify(network).network, network);
}

/// s (t / 2) is not (s t) / 2 in whole numbers, which cut quotients.
TEST(DelayFactors, LeavesWholeNumbers) {
  for (const std::int64_t type : {7, 1}) {  // int64, float
    NetworkBuilder b;
    const ValueId x = b.input("x", {1, 3});
    const ValueId t = b.add("Cast", {b.add("Tanh", {x})}, {{"to", type}});
    const ValueId s = b.add("ReduceSum", {t, b.integers({1})}, {{"keepdims", std::int64_t{1}}});
    const ValueId two = type == 7 ? b.integers({2}) : b.constant({1}, {2.0F});
    const ValueId product = b.add("Mul", {b.add("Div", {b.add("Mul", {s, t}), two}), t});
    b.output(b.add(
        "Cast", {b.add("ReduceSum", {product, b.integers({1})}, {{"keepdims", std::int64_t{1}}})},
        {{"to", std::int64_t{1}}}));
    const auto network = std::make_shared<const Network>(b.build());
    bool moved = false;
    for (const UndoRecord& record : simplify(network).records)
      moved = moved || record.pass == "delay_factors";
    EXPECT_EQ(moved, type == 1);
  }
}

}  // namespace
}  // namespace clipbound::test
