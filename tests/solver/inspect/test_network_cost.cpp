// Forecasts from shapes: multiplications are out x terms, node by node.
#include <gtest/gtest.h>

#include "solver/inspect/network_cost.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(NetworkCost, CountsTheTermsOfEveryElement) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 4});
  const ValueId h = b.add("MatMul", {x, b.constant({4, 3}, std::vector<float>(12, 1.0F))});
  b.output(b.add("Relu", {h}));
  EXPECT_EQ(estimate_cost(b.build()).multiplications, 3.0 * 4.0 + 3.0);
}

TEST(NetworkCost, ConvolutionsHaveAFilterPerElement) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2, 5, 5});
  const ValueId weights = b.constant({3, 2, 2, 2}, std::vector<float>(24, 1.0F));
  const ValueId y = b.add("Conv", {x, weights});  // [1, 3, 4, 4], 8 terms each
  const ValueId pooled = b.add("MaxPool", {y}, {{"kernel_shape", std::vector<std::int64_t>{2, 2}}});
  b.output(b.add("ReduceSum", {pooled, b.integers({3})}));  // [1, 3, 3, 1], 3 terms each
  EXPECT_EQ(estimate_cost(b.build()).multiplications, 48.0 * 8.0 + 27.0 * 4.0 + 9.0 * 3.0);
}

TEST(NetworkCost, TransposedConvolutionsToo) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2, 3, 3});
  const ValueId weights = b.constant({2, 5, 2, 2}, std::vector<float>(40, 1.0F));
  b.output(b.add("ConvTranspose", {x, weights}));  // [1, 5, 4, 4]
  EXPECT_EQ(estimate_cost(b.build()).multiplications, 80.0 * (40.0 / 5.0));
}

}  // namespace
}  // namespace clipbound::test
