// Levels of bounds: none above its bound, none far below; and whatever workers change, the worst
// level is at most the least bound of what is open.
#include "solver/search/open_bounds.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

TEST(OpenBounds, NoLevelIsAboveItsBoundAndNoneFarBelow) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> power(-120.0, 120.0);
  for (int k = 0; k < 20000; ++k) {
    const double bound = -std::exp2(power(random));
    const double end = lower_end(level_of(bound));
    EXPECT_LE(end, bound);
    EXPECT_GE(end, bound * (1.0 + 0x1p-4)) << bound;
  }
  for (const double bound : {0.0, 1e-300, 5.0, kNever}) {
    EXPECT_LE(lower_end(level_of(bound)), 0.0);
    EXPECT_GT(lower_end(level_of(bound)), -1e-30);
  }
  for (const double bound : {-kNever, -1e300, std::nan("")})
    EXPECT_EQ(lower_end(level_of(bound)), -kNever);
  EXPECT_LE(lower_end(level_of(-1e-320)), -1e-320);
}

TEST(OpenBounds, LevelsDoNotFallWhereBoundsRise) {
  std::uint16_t before = 0;
  for (double bound = -1e38; bound < -1e-38; bound *= 0.97) {
    const std::uint16_t level = level_of(bound);
    EXPECT_GE(level, before);
    before = level;
  }
  EXPECT_GE(level_of(0.0), before);
}

/// A worker opens, raises and closes at random; what it has not told yet must not count.
TEST(OpenBounds, TheWorstIsAtMostTheLeastOfWhatIsOpen) {
  std::mt19937_64 random(2);
  OpenBounds shared(1);
  EXPECT_EQ(shared.worst(), -kNever);
  OpenBoundsChanges changes;
  std::multiset<double> open = {-1000.0};
  changes.add(0, -1);
  changes.add(level_of(-1000.0), 1);
  shared.take(changes);
  for (int step = 0; step < 5000 && !open.empty(); ++step) {
    auto at = open.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random() % open.size()));
    const double bound = *at;
    open.erase(at);
    changes.add(level_of(bound), -1);
    if (random() % 100 < 52) {
      for (int child = 0; child < 2; ++child) {
        const double raised = bound * 0.5 * (1.0 + static_cast<double>(random() % 1000) / 1000.0);
        open.insert(raised);
        changes.add(level_of(raised), 1);
      }
    }
    if (random() % 3 != 0) continue;
    shared.take(changes);
    ASSERT_LE(shared.worst(), open.empty() ? kNever : *open.begin());
    if (!open.empty()) {
      ASSERT_GE(shared.worst(), *open.begin() * (1.0 + 0x1p-4));
    }
  }
  for (const double bound : open) changes.add(level_of(bound), -1);
  shared.take(changes);
  EXPECT_EQ(shared.worst(), kNever);
}

}  // namespace
}  // namespace clipbound::test
