// Shapes {2, 3} and {3} broadcast to {2, 3}: the second repeats along the first axis.
#include <gtest/gtest.h>

#include "base/error.h"
#include "specs/ops/broadcast.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(Broadcast, AlignsTheLastDimensions) {
  EXPECT_EQ(broadcast_shapes({2, 3}, {3}), (Shape{2, 3}));
  EXPECT_EQ(broadcast_shapes({2, 1}, {1, 3}), (Shape{2, 3}));
  EXPECT_EQ(broadcast_shapes({}, {4}), (Shape{4}));
  EXPECT_THROW(broadcast_shapes({2}, {3}), InputError);
}

TEST(Broadcast, IndexSaysWhatIsRead) {
  EXPECT_EQ(broadcast_index({3}, {2, 3}), (std::vector<std::int64_t>{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(broadcast_index({2, 1}, {2, 3}), (std::vector<std::int64_t>{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(broadcast_index({}, {2}), (std::vector<std::int64_t>{0, 0}));
  EXPECT_THROW(broadcast_index({2, 3}, {3}), InputError);
}

}  // namespace
}  // namespace clipbound::test
