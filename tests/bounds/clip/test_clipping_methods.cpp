// The table of clipping methods: its words are the option's, and no row of it removes a point that
// satisfies the half-spaces.
#include <gtest/gtest.h>

#include "base/options.h"
#include "bounds/clip/clipping.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(ClippingMethods, OneRowPerWord) {
  const auto words = find_option("clipping").words;
  ASSERT_EQ(words.size(), clipping_methods().size());
  for (std::size_t k = 0; k < words.size(); ++k) {
    EXPECT_EQ(words[k], clipping_methods()[k].word);
    EXPECT_EQ(&clipping_method(words[k]), &clipping_methods()[k]);
  }
}

TEST(ClippingMethods, WordsMeanWhatTheySay) {
  EXPECT_EQ(clipping_method("none").clip_boxes, nullptr);
  EXPECT_FALSE(clipping_method("none").refine_intermediate_bounds);
  EXPECT_FALSE(clipping_method("relaxed").complete_clipping);
  EXPECT_NE(clipping_method("relaxed").clip_boxes, nullptr);
  EXPECT_TRUE(clipping_method("complete").complete_clipping);
}

/// Half-spaces that a planted point satisfies by a hair, on boxes about it.
TEST(ClippingMethods, PlantedPointsSurvive) {
  for (const ClippingMethod& method : clipping_methods()) {
    if (method.clip_boxes == nullptr) continue;
    SCOPED_TRACE(method.word);
    Dice dice(21);
    int clipped = 0;
    for (int trial = 0; trial < 500; ++trial) {
      const int N = dice.whole(1, 6), K = dice.whole(1, 5);
      const auto n = static_cast<std::size_t>(N), width = n + 1;
      std::vector<Vec> x(n), lower(n), upper(n), halfspaces(static_cast<std::size_t>(K) * width);
      for (int lane = 0; lane < kLanes; ++lane) {
        for (std::size_t i = 0; i < n; ++i) {
          x[i][lane] = dice.normal();
          lower[i][lane] = x[i][lane] - (dice.chance(0.2) ? 0.0 : dice.uniform(0.0, 1.0));
          upper[i][lane] = x[i][lane] + (dice.chance(0.2) ? 0.0 : dice.uniform(0.0, 1.0));
        }
        for (std::size_t k = 0; k < static_cast<std::size_t>(K); ++k) {
          Rational at(0);
          for (std::size_t i = 0; i < n; ++i) {
            const double g = dice.chance(0.2) ? 0.0 : dice.normal();
            halfspaces[k * width + i][lane] = g;
            at += Rational(g) * Rational(x[i][lane]);
          }
          double h = -at.get_d();
          while (at + Rational(h) > 0) h = std::nextafter(h, -HUGE_VAL);
          halfspaces[k * width + n][lane] = h;
        }
      }
      const std::vector<Vec> before = lower;
      const Mask empty = method.clip_boxes(N, lower.data(), upper.data(), K, halfspaces.data());
      ASSERT_FALSE(any(empty));
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_TRUE(all(lower[i] <= x[i]));
        ASSERT_TRUE(all(upper[i] >= x[i]));
        clipped += any(lower[i] != before[i]) ? 1 : 0;
      }
    }
    std::printf("%s: %d sides clipped\n", std::string(method.word).c_str(), clipped);
  }
}

/// A half-space that misses the box: every method that touches boxes may say so, and no box with a
/// solution is called empty.
TEST(ClippingMethods, EmptyBoxesAreRecognised) {
  for (const ClippingMethod& method : clipping_methods()) {
    if (method.clip_boxes == nullptr) continue;
    Vec lower[2] = {broadcast(0.0), broadcast(0.0)}, upper[2] = {broadcast(1.0), broadcast(1.0)};
    const Vec misses[3] = {broadcast(1.0), broadcast(1.0), broadcast(0.5)};
    EXPECT_TRUE(all(method.clip_boxes(2, lower, upper, 1, misses))) << method.word;
  }
}

}  // namespace
}  // namespace clipbound::test
