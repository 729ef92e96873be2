// How good planes are: against the best line for the middle, found by brute force over the curve's
// lower convex hull.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/bounds/relax/intervals.h"
#include "tests/bounds/relax/reference.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using reference::Case;

constexpr double kSmall = 1e-60;  ///< near the least numbers, bounds give up relative precision

struct Point {
  double z, f;
};

/// Points of f (at a jump, of its lower values), from l to u.
std::vector<Point> curve_points(const Activation& a, Range interval, bool above) {
  constexpr int kPoints = 2000;
  std::vector<double> places;
  for (int i = 0; i <= kPoints; ++i) {
    const double z = interval.lower + (interval.upper - interval.lower) * i / kPoints;
    places.push_back(std::min(z, interval.upper));
  }
  // Kinks and jumps inside: at most two per unit matter here.
  if (interval.upper - interval.lower < 100.0) {
    for (double z = std::ceil(2.0 * interval.lower) / 2.0; z <= interval.upper; z += 0.5)
      places.push_back(z);
  }
  std::sort(places.begin(), places.end());
  std::vector<Point> points;
  for (const double z : places) {
    const double f = !has_jumps(a.curve) ? static_cast<double>(reference::value_of(a, z))
                     : above             ? static_cast<double>(reference::jump_high(a.curve, z))
                                         : static_cast<double>(reference::jump_low(a.curve, z));
    points.push_back({z, above ? -f : f});
  }
  return points;
}

/// The lower convex hull's value at m (Andrew's monotone chain).
double hull_at(const std::vector<Point>& points, double m) {
  std::vector<Point> hull;
  for (const Point& p : points) {
    while (hull.size() >= 2) {
      const Point &a = hull[hull.size() - 2], &b = hull.back();
      if ((b.f - a.f) * (p.z - a.z) < (p.f - a.f) * (b.z - a.z)) break;
      hull.pop_back();
    }
    hull.push_back(p);
  }
  for (std::size_t i = 1; i < hull.size(); ++i) {
    if (hull[i].z < m) continue;
    const Point &a = hull[i - 1], &b = hull[i];
    return b.z > a.z ? a.f + (b.f - a.f) * ((m - a.z) / (b.z - a.z)) : std::min(a.f, b.f);
  }
  return hull.back().f;
}

class Tightness : public testing::TestWithParam<Case> {};

double uniform(std::mt19937_64& random, double a, double b) {
  return std::uniform_real_distribution<double>(a, b)(random);
}

/// Intervals of ordinary size, at the curve's interesting places or around 0.
Range ordinary_interval(const Case& c, std::mt19937_64& random) {
  const double width = std::pow(10.0, uniform(random, -3.0, 1.2));
  double centre = uniform(random, -6.0, 6.0);
  if (!c.anchors.empty() && random() % 2 == 0)
    centre = c.anchors[random() % c.anchors.size()] + uniform(random, -0.5, 0.5) * width;
  if (std::fabs(centre) > 60.0) centre = uniform(random, -2.0, 2.0);
  const double l = std::clamp(centre - 0.5 * width, c.lowest, c.highest),
               u = std::clamp(centre + 0.5 * width, c.lowest, c.highest);
  return {l, std::max(l, u)};
}

/// Exp's tangent is not placed in the middle on wide intervals; see its test below.
bool by_area(const Activation& a, Range i) {
  return a.curve != Curve::exp || i.upper - i.lower < 1.9;
}
/// Nothing can be said across a pole of the tangent, which points may miss; nor is a huge range
/// worth a comparison.
bool comparable(const Activation& a, Range i, const std::vector<Point>& points) {
  constexpr double kPi = 3.14159265358979323846;
  if (a.curve == Curve::tan && std::floor(i.lower / kPi - 0.5) != std::floor(i.upper / kPi - 0.5))
    return false;
  return std::all_of(points.begin(), points.end(),
                     [](const Point& q) { return std::isfinite(q.f) && std::fabs(q.f) < 1e12; });
}

/// By how many times more points miss the curve: near a kink by their distance, not its square.
double kinks(const Case& c) {
  return c.activation.curve == Curve::clamp ? 100.0 : 1.0;
}

TEST_P(Tightness, AreaIsTheLeastPossible) {
  const Case& c = GetParam();
  std::mt19937_64 random(4);
  int tested = 0;
  for (int i = 0; i < 200; ++i) {
    const Range interval = ordinary_interval(c, random);
    const double l = interval.lower, u = interval.upper, m = 0.5 * l + 0.5 * u;
    if (!(u - l > 1e-9) || !by_area(c.activation, interval)) continue;
    const LinePair p = relax(c.activation, l, u);
    for (const bool above : {false, true}) {
      const std::vector<Point> points = curve_points(c.activation, interval, above);
      if (!comparable(c.activation, interval, points)) continue;
      const auto [low, high] = std::minmax_element(
          points.begin(), points.end(), [](const Point& a, const Point& b) { return a.f < b.f; });
      const double best = hull_at(points, m), scale = high->f - low->f;
      const double line =
          above ? -(p.upper_slope * m + p.upper_offset) : p.lower_slope * m + p.lower_offset;
      const double size = std::fabs(best) + std::fabs(high->f) + std::fabs(low->f) +
                          std::fabs((above ? p.upper_slope : p.lower_slope) * m);
      ++tested;
      // The hull of points misses the curve's by the square of their distance; Newton's steps end
      // at 2^-20.
      EXPECT_GT(line, best - kinks(c) * 1e-4 * scale - 1e-12 * size - kSmall)
          << reference::to_string(c.activation) << (above ? " above" : " below") << " on [" << l
          << ", " << u << "]: " << (best - line) / scale << " of the range";
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(tested, 50);  // fewer where a curve is infinite at its ends
}

/// Any slope: the offset leaves next to nothing between line and curve.
TEST_P(Tightness, OffsetsTouch) {
  const Case& c = GetParam();
  std::mt19937_64 random(5);
  for (int i = 0; i < 200; ++i) {
    const Range interval = ordinary_interval(c, random);
    const double l = interval.lower, u = interval.upper;
    if (!(u - l > 1e-9)) continue;
    const double z = uniform(random, l, u), d = slope_of(c.activation, z);
    const double slope = random() % 2 == 0 && std::isfinite(d) ? d : uniform(random, -2.0, 2.0);
    for (const bool above : {false, true}) {
      const std::vector<Point> points = curve_points(c.activation, interval, above);
      if (!comparable(c.activation, interval, points)) continue;
      const double offset = above ? -upper_offset(c.activation, slope, l, u)
                                  : lower_offset(c.activation, slope, l, u);
      const double s = above ? -slope : slope;
      double least = INFINITY, size = 0.0, highest = -INFINITY, lowest = INFINITY;
      for (const Point& q : points) {
        least = std::min(least, q.f - s * q.z),
        size = std::max(size, std::fabs(q.f) + std::fabs(s * q.z));
        highest = std::max(highest, q.f), lowest = std::min(lowest, q.f);
      }
      EXPECT_GT(offset, least - kinks(c) * 1e-5 * (highest - lowest + std::fabs(s) * (u - l)) -
                            1e-12 * size - kSmall)
          << reference::to_string(c.activation) << (above ? " above" : " below") << " with slope "
          << slope << " on [" << l << ", " << u << "]";
      if (HasFailure()) return;
    }
  }
}

TEST_P(Tightness, RangeIsThatOfTheCurve) {
  const Case& c = GetParam();
  std::mt19937_64 random(6);
  for (int i = 0; i < 200; ++i) {
    const Range interval = ordinary_interval(c, random);
    const Range range = range_of(c.activation, interval.lower, interval.upper);
    for (const bool above : {false, true}) {
      const std::vector<Point> points = curve_points(c.activation, interval, above);
      if (!comparable(c.activation, interval, points)) continue;
      const auto [low, high] = std::minmax_element(
          points.begin(), points.end(), [](const Point& a, const Point& b) { return a.f < b.f; });
      const double bound = above ? -range.upper : range.lower;
      EXPECT_GT(bound, low->f - 1e-5 * (high->f - low->f) - 1e-13 * std::fabs(low->f) - kSmall)
          << reference::to_string(c.activation) << (above ? " above" : " below") << " on ["
          << interval.lower << ", " << interval.upper << "]";
      if (HasFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Relax, Tightness, testing::ValuesIn(reference::cases()), reference::name);

}  // namespace
}  // namespace clipbound::test
