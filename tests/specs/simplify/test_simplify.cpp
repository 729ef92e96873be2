// What simplify() rewrites, and what it says of it.
#include <gtest/gtest.h>

#include "specs/evaluate/evaluate.h"
#include "specs/network/network_builder.h"
#include "specs/network/op_table.h"
#include "specs/simplify/simplify.h"
#include "tests/specs/network/two_layers.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(Simplify, FoldsDropsAndRecords) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {9});
  // More elements than shape arithmetic has, which is computed at once.
  const ValueId folded =
      b.add("Add", {b.constant({9}, std::vector<float>(9, 0.1f)), b.constant(Shape{}, {0.2f})});
  const ValueId same = b.add("Dropout", {b.add("Identity", {x})});
  b.add("Relu", {same});  // nobody reads it
  b.output(b.add("Identity", {b.add("Mul", {same, folded})}));
  const auto network = std::make_shared<const Network>(b.build());
  const Simplified simplified = simplify(network);
  ASSERT_EQ(simplified.records.size(), 3u);
  EXPECT_EQ(simplified.records[0].what, "folded 1 constant node");
  EXPECT_EQ(simplified.records[1].what, "dropped 2 identity nodes");
  ASSERT_EQ(simplified.network->nodes.size(), 2u);
  EXPECT_EQ(simplified.network->nodes[0].kind, OpKind::mul);
  EXPECT_EQ(simplified.network->nodes[1].kind, OpKind::identity) << "an output keeps its name";
  const Value& constant = simplified.network->value(simplified.network->nodes[0].inputs[1]);
  EXPECT_EQ(constant.constant->as_float64(), (std::vector<double>(9, 0.1f + 0.2f))) << "in float32";
  EXPECT_EQ(simplified.network->values.size(), 4u);
}

TEST(Simplify, LeavesWhatIsSimple) {
  const auto network = std::make_shared<const Network>(two_layers());
  const Simplified simplified = simplify(network);
  EXPECT_EQ(simplified.network, network);
  EXPECT_TRUE(simplified.records.empty());
}

TEST(Simplify, KeepsInputsThatAreOutputsOrUnused) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {2});
  b.input("unused", {3});
  b.output(x);
  b.output(b.add("Add", {b.constant({1}, {1}), b.constant({1}, {2})}));
  const auto simplified = simplify(std::make_shared<const Network>(b.build()));
  EXPECT_EQ(simplified.network->input_size(), 5);
  std::vector<double> y(6), gradient(10);
  Evaluator<double> evaluator(simplified.network);
  evaluator.forward(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, y);
  EXPECT_EQ(y, (std::vector<double>{1, 2, 3, 6, 7, 3}));
  evaluator.backward(std::vector<double>{1, 2, 3, 4, 5, 6}, gradient);
  EXPECT_EQ(gradient, (std::vector<double>{1, 2, 0, 0, 0, 4, 5, 0, 0, 0}));
}

}  // namespace
}  // namespace clipbound::test
