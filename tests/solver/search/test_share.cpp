// Shares add up exactly, and are closed once.
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "solver/search/search_counters.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(Share, HalvesAddUpToTheWhole) {
  Share left = Share::whole();
  Share right = left.split();
  EXPECT_EQ(left.depth(), 1U);
  EXPECT_EQ(right.depth(), 1U);
  ShareSum sum;
  left.close(sum);
  EXPECT_FALSE(left.exists());
  EXPECT_FALSE(sum.is_one());
  EXPECT_EQ(sum.value(), 0.5);
  right.close(sum);
  EXPECT_TRUE(sum.is_one());
}

TEST(Share, MovesAndIsClosedOnce) {
  Share share = Share::whole();
  const Share moved = std::move(share);
  EXPECT_FALSE(share.exists());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_TRUE(moved.exists());
  ShareSum sum;
  EXPECT_THROW(share.close(sum), ContractError);
  EXPECT_THROW(share.split(), ContractError);
  EXPECT_TRUE(sum.is_zero());
}

/// Splits a random open share until there are `count`, at one end mostly so that some get deep.
std::vector<Share> random_tree(std::mt19937_64& random, std::size_t count) {
  std::vector<Share> open;
  open.push_back(Share::whole());
  while (open.size() < count) {
    const std::size_t k = random() % 3 == 0 ? random() % open.size() : open.size() - 1;
    Share half = open[k].split();
    open.push_back(std::move(half));
  }
  return open;
}

TEST(ShareSum, IsOneOnlyWhenTheLastIsClosed) {
  std::mt19937_64 random(7);
  for (const std::size_t count : {1, 2, 3, 64, 100, 1000, 5000}) {
    std::vector<Share> open = random_tree(random, count);
    std::shuffle(open.begin(), open.end(), random);
    ShareSum sum, part;
    for (Share& share : open) {
      EXPECT_FALSE(sum.is_one());
      share.close(random() % 2 == 0 ? sum : part);
      if (random() % 8 == 0 || &share == &open.back()) {
        sum.add(part);
        part = {};
      }
    }
    EXPECT_TRUE(sum.is_one()) << count;
    EXPECT_NEAR(sum.value(), 1.0, 1e-12);
  }
}

/// A part of 2^-3000 is nothing in float64, and still missing.
TEST(ShareSum, MissesTheSmallestShare) {
  Share share = Share::whole();
  ShareSum sum;
  for (int k = 0; k < 3000; ++k) {
    Share half = share.split();
    half.close(sum);
  }
  EXPECT_EQ(sum.value(), 1.0);
  EXPECT_FALSE(sum.is_one());
  share.close(sum);
  EXPECT_TRUE(sum.is_one());
}

TEST(ShareSum, MoreThanOneIsABrokenInvariant) {
  ShareSum sum;
  sum.add(0);
  EXPECT_TRUE(sum.is_one());
  sum.add(40);
  EXPECT_THROW((void)sum.is_one(), ContractError);
  ShareSum two;
  two.add(1, 4);
  EXPECT_THROW((void)two.is_one(), ContractError);
}

TEST(ClauseShares, HandsOverAndForgets) {
  ClauseShares mine(2), all(2);
  Share whole = Share::whole();
  Share half = whole.split();
  mine.close(1, whole);
  mine.give_up(1, half);
  all.take(mine);
  all.take(mine);  // empty by now
  EXPECT_EQ(all.closed(1).value(), 0.5);
  EXPECT_EQ(all.unsplittable(1).value(), 0.5);
  EXPECT_FALSE(all.is_refuted(1));
  EXPECT_FALSE(all.all_refuted());
  all.refute(1);
  EXPECT_TRUE(all.is_refuted(1));
  EXPECT_FALSE(all.all_refuted());
  all.refute(0);
  EXPECT_TRUE(all.all_refuted());
}

}  // namespace
}  // namespace clipbound::test
