// floor on [0.5, 3] takes 0 ... 3; with an open end at 3 it takes 0 ... 2. It is cut at x = 2.
#include "bounds/layered/input_staircase.h"

#include <gtest/gtest.h>

#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

void expect_range(Range range, double lower, double upper) {
  EXPECT_EQ(range.lower, lower);
  EXPECT_EQ(range.upper, upper);
}

TEST(InputStaircase, RangesOfClosedAndOpenEnds) {
  expect_range(staircase_range(Curve::floor, 0.5, 3.0, false, false), 0.0, 3.0);
  expect_range(staircase_range(Curve::floor, 0.5, 3.0, false, true), 0.0, 2.0);
  expect_range(staircase_range(Curve::ceil, 0.0, 1.5, false, false), 0.0, 2.0);
  expect_range(staircase_range(Curve::ceil, 0.0, 1.5, true, false), 1.0, 2.0);
  expect_range(staircase_range(Curve::trunc, -2.0, 2.0, true, true), -1.0, 1.0);
  expect_range(staircase_range(Curve::trunc, -0.5, 0.5, true, true), 0.0, 0.0);
}

TEST(InputStaircase, CutsNearTheMiddleAndLosesNoPoint) {
  const StaircaseCut floor = cut_staircase({0, Curve::floor, 0.0, 3.0});
  EXPECT_EQ(floor.at, 2.0);
  EXPECT_TRUE(floor.right_has_it) << "floor(2) = 2 belongs to the right part";
  const StaircaseCut ceil = cut_staircase({0, Curve::ceil, 0.0, 3.0});
  EXPECT_EQ(ceil.at, 1.0);
  EXPECT_FALSE(ceil.right_has_it) << "ceil(1) = 1 belongs to the left part";
}

}  // namespace
}  // namespace clipbound::test
