// range_of() and outline_of(): nothing that is tried leaves what is proved, what is called attained
// is, and the ends of functions that are known are met.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "clipbound/range.h"
#include "solver/api/implementation.h"
#include "specs/evaluate/evaluate.h"

namespace clipbound {
namespace {

using Values = std::vector<double>;

Network random_network(std::mt19937_64& random, std::size_t inputs, std::size_t outputs) {
  std::normal_distribution<float> normal;
  const auto numbers = [&](std::size_t count, float scale) {
    std::vector<float> values(count);
    for (float& value : values) value = scale * normal(random);
    return values;
  };
  constexpr std::size_t kWidth = 8;
  return Network::from_layers(inputs,
                              {{numbers(kWidth * inputs, 1.0F), numbers(kWidth, 0.5F), true},
                               {numbers(kWidth * kWidth, 0.5F), numbers(kWidth, 0.5F), true},
                               {numbers(outputs * kWidth, 0.7F), numbers(outputs, 0.5F), false}});
}

/// y = |x0 + x1|.
Network absolute_sum() {
  return Network::from_layers(2, {{{1, 1, -1, -1}, {0, 0}, true}, {{1, 1}, {0}, false}});
}

specs::EnclosedOutputs enclosed(const Network& network, const Values& x) {
  return specs::evaluate_enclosed(*network.implementation().network, x);
}

/// Ends, the numbers next to them, and points in between.
double pick(std::mt19937_64& random, double lower, double upper) {
  std::uniform_real_distribution<double> share(lower, upper);
  switch (random() % 4) {
    case 0: return lower;
    case 1: return upper;
    case 2: return std::clamp(std::nextafter(random() % 2 == 0 ? lower : upper, 0.0), lower, upper);
    default: return std::clamp(share(random), lower, upper);
  }
}

/// The exact value lies in [v - e, v + e], which has to meet the ends; so have attained values.
void expect_encloses(const Network& network, const Values& lower, const Values& upper,
                     const Ranges& found, std::mt19937_64& random) {
  for (int k = 0; k < 3000; ++k) {
    Values x(lower.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = pick(random, lower[i], upper[i]);
    const auto y = enclosed(network, x);
    for (std::size_t j = 0; j < found.ranges.size(); ++j) {
      ASSERT_LE(found.ranges[j].lower.bound, y.value[j] + y.error[j]);
      ASSERT_GE(found.ranges[j].upper.bound, y.value[j] - y.error[j]);
    }
  }
  for (std::size_t j = 0; j < found.ranges.size(); ++j) {
    const auto check = [&](const RangeEnd& end, double sign) {
      ASSERT_EQ(end.point.size(), lower.size());
      for (std::size_t i = 0; i < lower.size(); ++i) {
        EXPECT_GE(end.point[i], lower[i]);
        EXPECT_LE(end.point[i], upper[i]);
      }
      const auto y = enclosed(network, end.point);
      EXPECT_LE(sign * end.attained, sign * y.value[j] + y.error[j]);
      EXPECT_LE(sign * end.attained, sign * end.bound);
    };
    check(found.ranges[j].lower, -1.0);
    check(found.ranges[j].upper, 1.0);
  }
}

TEST(Range, NothingThatIsTriedLeavesIt) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 12; ++round) {
    const std::size_t inputs = 1 + static_cast<std::size_t>(round % 4);
    const Network network = random_network(random, inputs, 2);
    Values lower(inputs), upper(inputs);
    for (std::size_t i = 0; i < inputs; ++i) {
      lower[i] = std::uniform_real_distribution<double>(-2.0, 1.0)(random);
      upper[i] = lower[i] + std::uniform_real_distribution<double>(0.0, 2.0)(random);
    }
    const Ranges found = range_of(network, lower, upper, {}, {.gap = 0.01, .time_limit_s = 30.0});
    expect_encloses(network, lower, upper, found, random);
    EXPECT_TRUE(found.done()) << found.reason;
    for (const Range& range : found.ranges) {
      const double width = range.upper.attained - range.lower.attained;
      EXPECT_LE(range.upper.bound - range.upper.attained, 0.01 * width + 1e-5);
      EXPECT_LE(range.lower.attained - range.lower.bound, 0.01 * width + 1e-5);
    }
  }
}

/// A fine grid comes no nearer to the ends than the gap allows, so the ends are not too wide
/// either.
TEST(Range, IsAsNarrowAsAFineGrid) {
  std::mt19937_64 random(11);
  const Network network = random_network(random, 2, 1);
  const Values lower = {-1, -1}, upper = {1, 1};
  Values grid;
  for (int a = 0; a <= 200; ++a) {
    for (int b = 0; b <= 200; ++b) grid.insert(grid.end(), {-1 + a * 0.01, -1 + b * 0.01});
  }
  const Values y = network.evaluate(grid);
  const double least = *std::min_element(y.begin(), y.end()),
               most = *std::max_element(y.begin(), y.end());
  const Ranges found = range_of(network, lower, upper, {}, {.gap = 0.002});
  const double slack = 0.03 * (most - least);
  EXPECT_GT(found.ranges[0].lower.bound, least - slack);
  EXPECT_LT(found.ranges[0].upper.bound, most + slack);
  EXPECT_LE(found.ranges[0].lower.bound, least + 1e-5);
  EXPECT_GE(found.ranges[0].upper.bound, most - 1e-5);
}

TEST(Range, KnownFunctions) {
  const Ranges found = range_of(absolute_sum(), Values{-1, -1}, Values{1, 1}, {}, {.gap = 1e-3});
  const Range& range = found.ranges.at(0);
  EXPECT_LE(range.lower.bound, 0.0);
  EXPECT_GE(range.lower.bound, -2e-3);
  EXPECT_GE(range.upper.bound, 2.0);
  EXPECT_LE(range.upper.bound, 2.0 + 2e-3);
  EXPECT_NEAR(range.upper.attained, 2.0, 2e-3);
  // Forms: 2 Y_0 and -Y_0.
  const Ranges forms = range_of(absolute_sum(), Values{-1, -1}, Values{1, 1}, Values{2, -1});
  ASSERT_EQ(forms.ranges.size(), 2u);
  EXPECT_NEAR(forms.ranges[0].upper.attained, 4.0, 0.03);
  EXPECT_GE(forms.ranges[0].upper.bound, 4.0);
  EXPECT_NEAR(forms.ranges[1].lower.attained, -2.0, 0.02);
  EXPECT_LE(forms.ranges[1].lower.bound, -2.0);
}

/// Outputs that are constant, boxes that are points, inputs that are not there.
TEST(Range, BoxesAndOutputsOfNoWidth) {
  const Network constant = Network::from_layers(2, {{{0, 0}, {0.75F}, true}});
  const Ranges flat = range_of(constant, Values{-1, -1}, Values{1, 1}, {}, {.time_limit_s = 10.0});
  EXPECT_TRUE(flat.done()) << flat.reason;
  EXPECT_LE(flat.ranges[0].lower.bound, 0.75);
  EXPECT_GE(flat.ranges[0].upper.bound, 0.75);
  EXPECT_NEAR(flat.ranges[0].upper.bound, 0.75, 1e-5);
  const Ranges point =
      range_of(absolute_sum(), Values{0.5, 0.25}, Values{0.5, 0.25}, {}, {.time_limit_s = 10.0});
  EXPECT_LE(point.ranges[0].lower.bound, 0.75);
  EXPECT_GE(point.ranges[0].upper.bound, 0.75);
  EXPECT_NEAR(point.ranges[0].upper.bound, 0.75, 1e-5);
}

/// A peak of width 2^-9 that samples miss: what is proved has it all the same.
TEST(Range, APeakThatSamplesMiss) {
  // relu(x - c + w) - 2 relu(x - c) + relu(x - c - w), times 1/w.
  const float c = 0.61803F, w = 0x1p-10F;
  const Network peak = Network::from_layers(
      1, {{{1, 1, 1}, {w - c, -c, -w - c}, true}, {{1 / w, -2 / w, 1 / w}, {0}, false}});
  const Ranges found = range_of(peak, Values{-3}, Values{3}, {}, {.gap = 0.05, .time_limit_s = 20});
  EXPECT_GE(found.ranges[0].upper.bound, 0.999);
  EXPECT_LE(found.ranges[0].upper.bound, 1.2);
  EXPECT_GE(found.ranges[0].upper.attained, 0.9);
}

TEST(Range, IsSoundWhenItHasNoTime) {
  std::mt19937_64 random(3);
  const Network network = random_network(random, 4, 2);
  const Values lower(4, -2.0), upper(4, 2.0);
  const Ranges found = range_of(network, lower, upper, {}, {.gap = 1e-6, .time_limit_s = 1e-3});
  for (int k = 0; k < 1000; ++k) {
    Values x(4);
    for (double& value : x) value = pick(random, -2.0, 2.0);
    const auto y = enclosed(network, x);
    for (std::size_t j = 0; j < 2; ++j) {
      ASSERT_LE(found.ranges[j].lower.bound, y.value[j] + y.error[j]);
      ASSERT_GE(found.ranges[j].upper.bound, y.value[j] - y.error[j]);
    }
  }
}

TEST(Range, AStopperEndsIt) {
  Callbacks callbacks;
  callbacks.stopper.emplace().stop();
  const Ranges found =
      range_of(absolute_sum(), Values{-1, -1}, Values{1, 1}, {}, {.gap = 1e-6}, {}, callbacks);
  EXPECT_EQ(found.reason, "interrupted");
  EXPECT_GE(found.ranges[0].upper.bound, 2.0);
}

TEST(Range, SaysWhatIsWrong) {
  const Network network = absolute_sum();
  const Values low = {-1, -1}, high = {1, 1};
  EXPECT_THROW(range_of(network, Values{-1}, Values{1}), InputError);
  EXPECT_THROW(range_of(network, high, low), InputError);
  EXPECT_THROW(range_of(network, low, high, Values{0}), InputError);
  EXPECT_THROW(range_of(network, low, high, Values{NAN}), InputError);
  EXPECT_THROW(range_of(Network::from_layers(1, {{{1, 1}, {0, 0}, false}}), Values{0}, Values{1},
                        Values{1, 2, 3}),
               InputError);
  EXPECT_THROW(range_of(network, low, high, {}, {.gap = -1.0}), InputError);
  EXPECT_THROW(outline_of(network, low, high, 0, 0), InputError);
  EXPECT_THROW(outline_of(network, low, high, 0, 1), InputError);
}

/// Left of every edge lies every pair of outputs, by their enclosures.
TEST(Outline, HoldsEveryPairOfOutputs) {
  std::mt19937_64 random(5);
  for (const std::size_t directions : {4u, 5u, 16u, 40u}) {
    const Network network = random_network(random, 2, 3);
    const Values lower = {-1, -0.5}, upper = {1, 0.75};
    const Outline outline =
        outline_of(network, lower, upper, 2, 0, directions, {.gap = 0.05, .time_limit_s = 30});
    ASSERT_GE(outline.corners.size(), 3u);
    ASSERT_EQ(outline.directions.size(), directions);
    for (int k = 0; k < 500; ++k) {
      const Values x = {pick(random, lower[0], upper[0]), pick(random, lower[1], upper[1])};
      const auto y = enclosed(network, x);
      for (std::size_t c = 0; c < outline.corners.size(); ++c) {
        const auto& a = outline.corners[c];
        const auto& b = outline.corners[(c + 1) % outline.corners.size()];
        const double dx = b[0] - a[0], dy = b[1] - a[1];
        const double left = dx * (y.value[0] - a[1]) - dy * (y.value[2] - a[0]);
        const double error =
            std::fabs(dx) * y.error[0] + std::fabs(dy) * y.error[2] +
            1e-15 * (std::fabs(dx) + std::fabs(dy)) * (1 + std::fabs(a[0]) + std::fabs(a[1]));
        ASSERT_GE(left, -error) << directions << " directions, corner " << c;
      }
    }
  }
}

/// Outputs (x, 2 x): a line, which has an outline of next to no width.
TEST(Outline, OfALine) {
  const Network network = Network::from_layers(1, {{{1, 2}, {0, 0}, false}});
  const Outline outline = outline_of(network, Values{-1}, Values{1}, 0, 1, 16);
  double most = 0.0;
  for (const auto& corner : outline.corners) most = std::max(most, std::fabs(corner[1]));
  EXPECT_GE(most, 2.0);
  EXPECT_LT(most, 2.1);
}

TEST(Range, ATimeLimitIsANumber) {
  const Values lower = {-1, -1}, upper = {1, 1};
  for (const double limit : {std::numeric_limits<double>::quiet_NaN(), -1.0})
    EXPECT_THROW(range_of(absolute_sum(), lower, upper, {}, {.time_limit_s = limit}), InputError);
}

}  // namespace
}  // namespace clipbound
