// x[i : i + 2] with i = ArgMax(x): at the border its second element does not exist.
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "specs/network/absent_elements.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// The slice of the integers 0 to 4 that begins at the largest input.
ValueId moving_slice(NetworkBuilder& b, std::int64_t length) {
  const ValueId x = b.input("x", {5});
  const ValueId begin = b.add("ArgMax", {x}, {{"keepdims", std::int64_t{1}}});
  const ValueId end = b.add("Add", {begin, b.integers({length})});
  return b.add("Slice", {b.integers({0, 1, 2, 3, 4}), begin, end, b.integers({0})});
}

TEST(AbsentElements, ReshapesAndOuterSumsAreFine) {
  NetworkBuilder b;
  const ValueId slice = moving_slice(b, 2);
  b.add("Add", {b.add("Unsqueeze", {slice, b.integers({1})}), b.integers({0, 1, 2})});
  EXPECT_NO_THROW(check_absent_elements(b.network()));
}

TEST(AbsentElements, OthersAreRefused) {
  for (const char* op : {"Mul", "Add"}) {  // a sum of two lists along the same axis
    NetworkBuilder b;
    const ValueId slice = moving_slice(b, 2);
    b.add(op, {slice, b.integers({1, 2})});
    EXPECT_THROW(check_absent_elements(b.network()), Unsupported) << op;
  }
  NetworkBuilder b;
  b.output(moving_slice(b, 2));
  EXPECT_THROW(b.build(), Unsupported) << "an output";
}

TEST(AbsentElements, UndefinedProvesNothing) {
  EXPECT_TRUE(std::isnan(undefined<float>()));
  EXPECT_TRUE(std::isnan(undefined<double>()));
  EXPECT_TRUE(std::isinf(undefined<Enclosed>().error));
  EXPECT_LT(static_cast<double>(undefined<std::int64_t>()), kAbsentBelow);
}

}  // namespace
}  // namespace clipbound::test
