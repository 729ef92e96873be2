// y = relu(z) with z = 1000 x_0 - 1000 x_1 on a box of width 1e-9: z is wide compared with its
// values near 0, but the inputs, near 1, are narrow. Where an earlier layer is narrow too, the tail
// begins behind it.
#include "bounds/lowering/narrow_tail.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bounds/lowering/lower_network.h"
#include "specs/network/network_builder.h"
#include "specs/simplify/simplify.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

std::shared_ptr<const Network> two_layers() {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  const ValueId shifted = b.add("Sigmoid", {x});  // narrow, about 0.73
  const ValueId z = b.add("MatMul", {shifted, b.constant({2, 1}, {1000.0F, -1000.0F})});  // cancels
  b.output(b.add("Relu", {z}));
  return simplify(std::make_shared<const Network>(b.build())).network;
}
std::map<ValueId, IntervalVector> intervals_on(const Network& network, double half) {
  std::map<ValueId, IntervalVector> intervals;
  LoweringOptions options;
  options.intervals = &intervals;
  lower_network(network, std::vector<double>(2, 1.0 - half), std::vector<double>(2, 1.0 + half),
                ProductForm::squares, options);
  return intervals;
}

TEST(NarrowTail, BeginsBehindTheLastNarrowValues) {
  const auto network = two_layers();
  const auto tail = narrow_tail(*network, intervals_on(*network, 1e-9));
  ASSERT_TRUE(tail.has_value());
  EXPECT_EQ(tail->network->inputs.size(), 1U);
  EXPECT_LT(tail->network->nodes.size(), network->nodes.size());
  ASSERT_EQ(tail->lower.size(), 2U);
  const double sigmoid = 1.0 / (1.0 + std::exp(-1.0));
  EXPECT_NEAR(tail->lower[0], sigmoid, 1e-8);
  EXPECT_LE(tail->lower[0], sigmoid);
  EXPECT_GE(tail->upper[0], sigmoid);
}

TEST(NarrowTail, IsNoneWhereNothingIsNarrow) {
  const auto network = two_layers();
  EXPECT_FALSE(narrow_tail(*network, intervals_on(*network, 1.0)).has_value());
}

}  // namespace
}  // namespace clipbound::test
