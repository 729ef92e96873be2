// LinePair and offsets against values of 113 bits, at zero tolerance.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "bounds/alpha_beta/curve_envelope.h"
#include "tests/bounds/relax/intervals.h"
#include "tests/bounds/relax/reference.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using reference::Case;

/// Where the line comes closest to f, searched from the best of some points by thirds.
double closest(const Activation& a, double slope, double offset, Range interval, bool above) {
  constexpr int kGrid = 16;
  const double l = interval.lower, u = interval.upper, step = (u - l) / kGrid;
  if (!std::isfinite(step)) return l;
  int best = 0;
  long double least = INFINITY;
  for (int i = 0; i <= kGrid; ++i) {
    const long double g = reference::gap(a, slope, offset, std::min(u, l + i * step), above);
    if (g < least) least = g, best = i;
  }
  double low = std::max(l, l + (best - 1) * step), high = std::min(u, l + (best + 1) * step);
  for (int i = 0; i < 16; ++i) {
    const double x = low + (high - low) / 3.0, y = high - (high - low) / 3.0;
    if (reference::gap(a, slope, offset, x, above) < reference::gap(a, slope, offset, y, above))
      high = y;
    else
      low = x;
  }
  return std::clamp(0.5 * low + 0.5 * high, l, u);
}

class EveryCurve : public testing::TestWithParam<Case> {
 protected:
  const Case& tested() const { return GetParam(); }
  /// The line is on its side of f at all points, and where it comes closest.
  void check_line(double slope, double offset, Range interval, std::vector<double> points,
                  bool above) {
    const Activation& a = tested().activation;
    if (std::isfinite(offset)) {
      const double z = closest(a, slope, offset, interval, above);
      points.insert(points.end(),
                    {z, std::clamp(std::nextafter(z, -INFINITY), interval.lower, interval.upper)});
    }
    for (const double z : points) {
      if (reference::holds(a, slope, offset, z, above)) continue;
      ADD_FAILURE() << reference::to_string(a) << (above ? " above " : " below ") << std::hexfloat
                    << slope << " z + " << offset << std::defaultfloat << " on [" << interval.lower
                    << ", " << interval.upper << "] at " << z << ", width "
                    << interval.upper - interval.lower << ", gap "
                    << static_cast<double>(reference::gap(a, slope, offset, z, above));
      return;
    }
  }
};

constexpr int kIntervals = 10'000;

TEST_P(EveryCurve, PlanesEncloseIt) {
  std::mt19937_64 random(1);
  for (int i = 0; i < kIntervals && !HasFailure(); ++i) {
    const Range interval = reference::random_interval(tested(), random);
    const LinePair p = relax(tested().activation, interval.lower, interval.upper);
    const std::vector<double> points = reference::points_in(tested(), interval, random);
    check_line(p.lower_slope, p.lower_offset, interval, points, false);
    check_line(p.upper_slope, p.upper_offset, interval, points, true);
  }
}

TEST_P(EveryCurve, SupportingLinesEncloseIt) {
  std::mt19937_64 random(5);
  for (int i = 0; i < kIntervals / 4 && !HasFailure(); ++i) {
    const Range interval = reference::random_interval(tested(), random);
    const double share = random() % 3 == 0
                             ? static_cast<double>(random() % 2)
                             : std::uniform_real_distribution<double>(0.0, 1.0)(random);
    const double z =
        share == 1.0 ? interval.upper : interval.lower + share * (interval.upper - interval.lower);
    const LinePair p = supporting(tested().activation, interval.lower, interval.upper, z);
    const std::vector<double> points = reference::points_in(tested(), interval, random);
    check_line(p.lower_slope, p.lower_offset, interval, points, false);
    check_line(p.upper_slope, p.upper_offset, interval, points, true);
  }
}

/// Slopes of the curve inside, a little or far beside them, 0 and 1.
double random_slope(const Activation& a, Range interval, std::mt19937_64& random) {
  const auto share = [&] { return std::uniform_real_distribution<double>(0.0, 1.0)(random); };
  const double z = interval.lower + share() * (interval.upper - interval.lower), d = slope_of(a, z);
  switch (random() % 6) {
    case 0: return 0.0;
    case 1: return share() < 0.5 ? 1.0 : -1.0;
    case 2: return std::isfinite(d) ? d * (0.5 + share()) : 2.0;
    case 3: return 4.0 * share() - 2.0;
    case 4: return (share() < 0.5 ? -1.0 : 1.0) * std::pow(10.0, 40.0 * share() - 20.0);
    default: return std::isfinite(d) ? d : 0.5;
  }
}

TEST_P(EveryCurve, OffsetsEncloseItForAnySlope) {
  std::mt19937_64 random(2);
  const Activation& a = tested().activation;
  for (int i = 0; i < kIntervals && !HasFailure(); ++i) {
    const Range interval = reference::random_interval(tested(), random);
    const double slope = random_slope(a, interval, random);
    const std::vector<double> points = reference::points_in(tested(), interval, random);
    const double lower = lower_offset(a, slope, interval.lower, interval.upper),
                 upper = upper_offset(a, slope, interval.lower, interval.upper);
    ASSERT_TRUE(lower < INFINITY && upper > -INFINITY);
    if (std::isfinite(lower)) check_line(slope, lower, interval, points, false);
    if (std::isfinite(upper)) check_line(slope, upper, interval, points, true);
  }
}

/// The largest offset with which a line of this slope lies below the polyline (above: of the
/// negative one), rounded outward.
double offset_of(const Polyline<double>& polyline, double slope, bool above) {
  long double least = INFINITY;
  const long double side = above ? -1.0L : 1.0L;
  for (int j = 0; j < kPolylinePoints; ++j) {
    const long double value = side * static_cast<long double>(polyline.value[j]),
                      rise = side * static_cast<long double>(slope) *
                             static_cast<long double>(polyline.z[j]);
    least = std::min(least, value - rise - 1e-18L * (std::fabs(value) + std::fabs(rise)));
  }
  return static_cast<double>(side) * std::nextafter(static_cast<double>(least), -INFINITY);
}

TEST_P(EveryCurve, PolylinesEncloseItForAnySlope) {
  std::mt19937_64 random(6);
  const Activation& a = tested().activation;
  for (int i = 0; i < kIntervals / 4 && !HasFailure(); ++i) {
    const Range interval = reference::random_interval(tested(), random);
    const PiecewiseLinearEnvelope<double> envelope = envelope_of(a, interval.lower, interval.upper);
    const std::vector<double> points = reference::points_in(tested(), interval, random);
    const bool bounded = std::isfinite(interval.lower) && std::isfinite(interval.upper);
    for (const bool above : {false, true}) {
      const Polyline<double>& polyline = above ? envelope.above : envelope.below;
      ASSERT_TRUE(polyline.down >= 0.0 && polyline.up >= 0.0);
      const bool constant = polyline.slope == 0.0 && polyline.down == 0.0 && polyline.up == 0.0;
      ASSERT_TRUE(bounded || constant);
      if (bounded && polyline.z[0] != polyline.z[kPolylinePoints - 1]) {
        EXPECT_EQ(polyline.z[0], interval.lower);
        EXPECT_EQ(polyline.z[kPolylinePoints - 1], interval.upper);
        EXPECT_TRUE(std::is_sorted(polyline.z, polyline.z + kPolylinePoints));
      }
      const double slope = polyline.z[0] == polyline.z[kPolylinePoints - 1]
                               ? 0.0
                               : random_slope(a, interval, random);
      for (const double s : {slope, polyline.slope}) {
        const double offset = offset_of(polyline, s, above);
        if (std::isfinite(offset)) check_line(s, offset, interval, points, above);
      }
    }
  }
}

TEST_P(EveryCurve, PolylinesKeepRelaxationsLines) {
  std::mt19937_64 random(7);
  const Activation& a = tested().activation;
  for (int i = 0; i < 2'000 && !HasFailure(); ++i) {
    const Range interval = reference::random_interval(tested(), random);
    if (a.curve == Curve::square || a.parameter > 100.0 || interval.upper - interval.lower < 1e-3 ||
        interval.upper - interval.lower > 10.0)
      continue;
    const PiecewiseLinearEnvelope<double> envelope = envelope_of(a, interval.lower, interval.upper);
    const LinePair p = relax(a, interval.lower, interval.upper);
    if (!std::isfinite(p.lower_offset) || !std::isfinite(p.upper_offset)) continue;
    EXPECT_EQ(envelope.below.slope, p.lower_slope);
    EXPECT_EQ(envelope.above.slope, p.upper_slope);
    const double size = 1.0 + std::fabs(p.lower_offset) + std::fabs(p.upper_offset) +
                        std::fabs(p.lower_slope * interval.upper) +
                        std::fabs(p.upper_slope * interval.upper);
    EXPECT_NEAR(offset_of(envelope.below, p.lower_slope, false), p.lower_offset, 1e-6 * size);
    EXPECT_NEAR(offset_of(envelope.above, p.upper_slope, true), p.upper_offset, 1e-6 * size);
  }
}

TEST_P(EveryCurve, RangeContainsIt) {
  std::mt19937_64 random(3);
  for (int i = 0; i < kIntervals && !HasFailure(); ++i) {
    const Range interval = reference::random_interval(tested(), random);
    const Range range = range_of(tested().activation, interval.lower, interval.upper);
    const std::vector<double> points = reference::points_in(tested(), interval, random);
    check_line(0.0, range.lower, interval, points, false);
    check_line(0.0, range.upper, interval, points, true);
  }
}

INSTANTIATE_TEST_SUITE_P(Relax, EveryCurve, testing::ValuesIn(reference::cases()), reference::name);

}  // namespace
}  // namespace clipbound::test
