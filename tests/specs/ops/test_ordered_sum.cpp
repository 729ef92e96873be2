// 1 + 2^-24 ... in float32: the order of additions decides what is lost.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "specs/ops/ordered_sum.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(OrderedSum, TakesTheOrderThatIsAskedFor) {
  const std::vector<float> terms = {1.0F, 0x1p-24F, 0x1p-24F};
  const auto at = [&](std::int64_t i) { return terms[static_cast<std::size_t>(i)]; };
  EXPECT_EQ(ordered_sum<float>(3, at, Sums::natural), 1.0F);
  EXPECT_EQ(ordered_sum<float>(3, at, Sums::fast), 1.0F);
  EXPECT_EQ(ordered_sum<float>(3, at, Sums::reversed), 1.0F + 0x1p-23F);
  EXPECT_EQ(ordered_sum<float>(0, at, Sums::natural), 0.0F);
}

TEST(OrderedSum, BlockedAddsPartialSumsPairwise) {
  // Terms 0 and 16 meet first, then all partial sums.
  const auto at = [](std::int64_t i) { return i == 0 ? 0x1p24F : i == 16 ? -0x1p24F : 1.0F; };
  EXPECT_EQ(ordered_sum<float>(17, at, Sums::blocked), 15.0F);
  EXPECT_EQ(ordered_sum<std::int64_t>(
                40, [](std::int64_t i) { return i; }, Sums::blocked),
            780);
}

TEST(OrderedSum, EnclosesEveryOrder) {
  const auto at = [](std::int64_t i) { return Enclosed(1.0 / static_cast<double>(i + 1)); };
  const Enclosed forward = ordered_sum<Enclosed>(1000, at, Sums::natural),
                 backward = ordered_sum<Enclosed>(1000, at, Sums::reversed);
  EXPECT_LE(std::fabs(forward.value - backward.value), forward.error + backward.error);
  EXPECT_LT(forward.error, 1e-11);
}

}  // namespace
}  // namespace clipbound::test
