// i = ArgMax(x); i + 3 - 1 is the same root and offset 2, whatever shape it has in between.
#include <gtest/gtest.h>

#include "specs/network/network_builder.h"
#include "specs/ops/affine_index.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(AffineIndex, FollowsSumsAndReshapes) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {5});
  const ValueId index = b.add("ArgMax", {x}, {{"keepdims", std::int64_t{1}}});
  const ValueId later = b.add("Add", {b.integers({3}), index});
  const ValueId shaped = b.add("Squeeze", {later, b.integers({0})});
  const ValueId back =
      b.add("Sub", {b.add("Unsqueeze", {shaped, b.integers({0})}), b.integers({1})});
  const AffineIndex found = affine_index(b.network(), back);
  EXPECT_EQ(found.root, index);
  EXPECT_EQ(found.offset, 2);
  const AffineIndex constant = affine_index(b.network(), b.integers({7}));
  EXPECT_EQ(constant.root, kNoValue);
  EXPECT_EQ(constant.offset, 7);
  // 1 - i is no index plus a constant.
  const ValueId turned = b.add("Sub", {b.integers({1}), index});
  EXPECT_EQ(affine_index(b.network(), turned).root, turned);
}

}  // namespace
}  // namespace clipbound::test
