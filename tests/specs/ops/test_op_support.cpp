// What operators' files rely on: axes in range, strides, arity.
#include <gtest/gtest.h>

#include "specs/network/network_builder.h"
#include "specs/ops/op_support.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(OpSupport, AxesCountFromTheEndToo) {
  EXPECT_EQ(checked_axis(-1, 3), 2);
  EXPECT_EQ(checked_axis(0, 3), 0);
  EXPECT_THROW(checked_axis(3, 3), InputError);
  EXPECT_THROW(checked_axis(-4, 3), InputError);
  EXPECT_EQ(checked_axes({-1, 0}, 2), (std::vector<std::int64_t>{1, 0}));
  EXPECT_THROW(checked_axes({1, -1}, 2), InputError) << "named twice";
}

TEST(OpSupport, StridesAreThoseOfCOrder) {
  EXPECT_EQ(strides_of({2, 3, 4}), (std::vector<std::int64_t>{12, 4, 1}));
  EXPECT_TRUE(strides_of({}).empty());
}

TEST(OpSupport, AttributesAndConstantsInOneCall) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {2});
  const ValueId axes = b.integers({1, 2});
  Node node{OpKind::squeeze, "n", 13, {x, axes}, {x}, {}};
  EXPECT_EQ(ints_from(b.network(), node, "axes", 1), (std::vector<std::int64_t>{1, 2}));
  node.attributes["axes"] = std::vector<std::int64_t>{0};
  EXPECT_EQ(ints_from(b.network(), node, "axes", 1), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(ints_from(b.network(), node, "other", 2), std::nullopt);
  EXPECT_THROW(constant_ints(b.network(), node, 0, "it"), Unsupported) << "depends on the input";
  EXPECT_EQ(point_stride(b.network(), x), 2);
  EXPECT_EQ(point_stride(b.network(), axes), 0);
  EXPECT_THROW(expect_arity(node, 3, 4), InputError);
  EXPECT_THROW(expect_arity(node, 1, 1), InputError);
  EXPECT_NO_THROW(expect_arity(node, 1, 2));
}

}  // namespace
}  // namespace clipbound::test
