// Lines of f(y) - f(x) in d = y - x, at points of the intervals with their ends and corners among
// them. ReLU: in exact arithmetic of long double (sums of few bits). Smooth functions: in long
// double, whose own errors are far below what a wrong line would show.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "bounds/relax/difference.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Real = long double;

Real exact(Curve curve, Real z) {
  switch (curve) {
    case Curve::relu: return z > 0 ? z : 0;
    case Curve::tanh: return std::tanh(z);
    case Curve::sigmoid: return 1 / (1 + std::exp(-z));
    case Curve::softplus: return std::log1p(std::exp(z));
    case Curve::exp: return std::exp(z);
    case Curve::sin: return std::sin(z);
    case Curve::cos: return std::cos(z);
    default: return std::atan(z);
  }
}

struct Case {
  Range x, y, d;
  DifferenceLines lines;
};

Case random_case(Curve curve, std::mt19937& random) {
  std::uniform_real_distribution<double> unit(-1.0, 1.0), power(-12.0, 1.0);
  Case c;
  const double width = std::exp2(power(random) + 3.0), shift = std::exp2(power(random));
  // Few bits, so that sums of them are exact.
  const auto grid = [](double z) { return std::ldexp(std::round(std::ldexp(z, 24)), -24); };
  const double middle = grid(unit(random) * width);
  c.x = {middle - grid(width), middle + grid(width * std::fabs(unit(random)))};
  const double a = grid(shift * unit(random)), b = grid(shift * unit(random));
  c.d = {std::min(a, b), std::max(a, b)};
  c.y = {c.x.lower + c.d.lower, c.x.upper + c.d.upper};
  if (random() % 3 == 0) c.y.lower = 0.5 * c.y.lower + 0.5 * c.y.upper;
  const Activation f{curve};
  c.lines = relax_difference(f, c.x, c.y, c.d, relax(f, c.x.lower, c.x.upper),
                             relax(f, c.y.lower, c.y.upper));
  return c;
}

/// Numbers between two ends, with these and 0.
std::vector<double> between(double l, double u, std::mt19937& random) {
  std::uniform_real_distribution<double> share(0.0, 1.0);
  std::vector<double> list{l, u, 0.5 * (l + u)};
  if (l <= 0.0 && u >= 0.0) list.push_back(0.0);
  for (int i = 0; i < 4; ++i) list.push_back(std::clamp(l + share(random) * (u - l), l, u));
  return list;
}

class Differences : public testing::TestWithParam<Curve> {};

TEST_P(Differences, LinesHoldAtPointsOfTheIntervals) {
  std::mt19937 random(7);
  const Curve curve = GetParam();
  const Real slack = curve == Curve::relu ? Real(0) : Real(1e-16L);
  int used = 0, points = 0;
  for (int i = 0; i < 4000; ++i) {
    const Case c = random_case(curve, random);
    used += c.lines.below || c.lines.above ? 1 : 0;
    for (const double x : between(c.x.lower, c.x.upper, random)) {
      for (const double d : between(c.d.lower, c.d.upper, random)) {
        // y is rounded: what is tried is the difference that there is.
        const double y = std::clamp(x + d, c.y.lower, c.y.upper);
        const Real there = Real(y) - Real(x);
        if (there < Real(c.d.lower) || there > Real(c.d.upper)) continue;
        ++points;
        const Real value = exact(curve, y) - exact(curve, x);
        const Real size = 1 + std::fabs(exact(curve, y)) + std::fabs(exact(curve, x));
        if (c.lines.below) {
          ASSERT_LE(Real(c.lines.lower_slope) * there + Real(c.lines.lower_y) * Real(y) +
                        Real(c.lines.lower_offset),
                    value + slack * size)
              << "x " << x << " in [" << c.x.lower << ", " << c.x.upper << "], d " << d << " in ["
              << c.d.lower << ", " << c.d.upper << "]";
        }
        if (c.lines.above) {
          ASSERT_GE(Real(c.lines.upper_slope) * there + Real(c.lines.upper_x) * Real(x) +
                        Real(c.lines.upper_offset),
                    value - slack * size)
              << "x " << x << " in [" << c.x.lower << ", " << c.x.upper << "], d " << d << " in ["
              << c.d.lower << ", " << c.d.upper << "]";
        }
      }
    }
  }
  EXPECT_GT(used, 500);
  EXPECT_GT(points, 10000);
}

INSTANTIATE_TEST_SUITE_P(Curves, Differences,
                         testing::Values(Curve::relu, Curve::tanh, Curve::sigmoid, Curve::softplus,
                                         Curve::exp, Curve::sin, Curve::cos, Curve::atan),
                         [](const auto& one) { return std::string(name_of(one.param)); });

/// All three bounds on either side, tilts and all, and means of them as alpha-beta-CROWN computes
/// these.
TEST(Differences, TheFanOfReLUsHolds) {
  std::mt19937 random(8);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  int points = 0;
  for (int i = 0; i < 6000; ++i) {
    const Case c = random_case(Curve::relu, random);
    if (!(c.x.lower < 0.0 && c.x.upper > 0.0 && c.y.lower < 0.0 && c.y.upper > 0.0)) continue;
    const DifferenceFan fan = fan_of_relus(c.x, c.y, c.d, c.lines);
    // As far as 1/2 from it: means whose weights are rounded.
    const double t = i % 3 == 0 ? 0.5 + std::exp2(-60.0 * unit(random)) * 0.5 : unit(random);
    const double w0 = std::fmax(1.0 - 2.0 * t, 0.0), w2 = std::fmax(2.0 * t - 1.0, 0.0),
                 w1 = 1.0 - w0 - w2;
    const auto mean = [&](const DifferenceFan::Bound* of, double DifferenceFan::Bound::*part) {
      return w0 * (of[0].*part) + w1 * (of[1].*part) + w2 * (of[2].*part);
    };
    const auto with_mean = [&](const DifferenceFan::Bound* of) {
      using Bound = DifferenceFan::Bound;
      return std::vector<Bound>{
          of[0],
          of[1],
          of[2],
          {mean(of, &Bound::slope), mean(of, &Bound::tilt), mean(of, &Bound::offset)}};
    };
    const auto below = with_mean(fan.below), above = with_mean(fan.above);
    for (const double x : between(c.x.lower, c.x.upper, random)) {
      for (const double d : between(c.d.lower, c.d.upper, random)) {
        const double y = std::clamp(x + d, c.y.lower, c.y.upper);
        const Real there = Real(y) - Real(x);
        if (there < Real(c.d.lower) || there > Real(c.d.upper)) continue;
        ++points;
        const Real value = exact(Curve::relu, y) - exact(Curve::relu, x);
        for (std::size_t k = 0; k < 4; ++k) {
          if (c.lines.below || k != 1) {
            ASSERT_LE(Real(below[k].slope) * there + Real(below[k].tilt) * Real(y) +
                          Real(below[k].offset),
                      value)
                << k << ": x " << x << ", y " << y;
          }
          if (c.lines.above || k != 1) {
            ASSERT_GE(Real(above[k].slope) * there + Real(above[k].tilt) * Real(x) +
                          Real(above[k].offset),
                      value)
                << k << ": x " << x << ", y " << y;
          }
        }
      }
    }
  }
  EXPECT_GT(points, 10000);
}

/// Where d hardly varies, both lines are near d's own share: the gap is at most the wider of d's
/// ends, whatever the neurons' intervals are.
TEST(Differences, GapIsThatOfTheDifference) {
  const Range x{-3.0, 5.0}, d{-0.01, 0.02}, y{-3.01, 5.02};
  const Activation f{Curve::relu};
  const DifferenceLines lines =
      relax_difference(f, x, y, d, relax(f, x.lower, x.upper), relax(f, y.lower, y.upper));
  EXPECT_TRUE(lines.below);
  EXPECT_TRUE(lines.above);
  EXPECT_LE(lines.gap, 0.01);
}

/// Where nothing is known of d the bounds are those of x's and y's ends, and finite.
TEST(Differences, TheFanIsFiniteWhereDIsNot) {
  const Range x{-3.0, 5.0}, y{-2.0, 4.0}, d{-kInfinity, kInfinity};
  const Activation f{Curve::relu};
  const DifferenceLines lines =
      relax_difference(f, x, y, d, relax(f, x.lower, x.upper), relax(f, y.lower, y.upper));
  const DifferenceFan fan = fan_of_relus(x, y, d, lines);
  for (const std::size_t k : {0U, 2U}) {
    ASSERT_TRUE(std::isfinite(fan.above[k].offset));
    ASSERT_TRUE(std::isfinite(fan.below[k].offset));
    for (const double at_x : {-3.0, 0.0, 5.0}) {
      for (const double at_y : {-2.0, 0.0, 4.0}) {
        const double there = std::fmax(at_y, 0.0) - std::fmax(at_x, 0.0);
        EXPECT_GE(
            fan.above[k].slope * (at_y - at_x) + fan.above[k].tilt * at_x + fan.above[k].offset,
            there);
        EXPECT_LE(
            fan.below[k].slope * (at_y - at_x) + fan.below[k].tilt * at_y + fan.below[k].offset,
            there);
      }
    }
  }
}

/// A difference so small beside x that its share of x's end is a denormal number, which rounds to
/// more than it is.
TEST(Differences, TiltsHoldNextToUnderflow) {
  const Activation f{Curve::relu};
  for (const double least : {0x1.8p-676, 0x1p-676, 0x1.4p-660, 0x1p-620}) {
    const Range x{-0x1p399, 1.0}, d{least, 2.0 * least}, y{-0x1p399, 1.0};
    const DifferenceLines lines =
        relax_difference(f, x, y, d, relax(f, x.lower, x.upper), relax(f, y.lower, y.upper));
    ASSERT_TRUE(lines.above);
    // x at its lower end, and y above it by the least difference: neither is active.
    EXPECT_GE(Real(lines.upper_slope) * Real(least) + Real(lines.upper_x) * Real(x.lower) +
                  Real(lines.upper_offset),
              Real(0))
        << least;
    const DifferenceFan fan = fan_of_relus(x, y, d, lines);
    EXPECT_GE(Real(fan.above[0].tilt) * Real(x.lower) + Real(fan.above[0].offset), Real(0));
    const Range up_x{-1.0, 0x1p399}, up_y{-1.0, 0x1p399}, down{-2.0 * least, -least};
    const DifferenceLines other = relax_difference(
        f, up_x, up_y, down, relax(f, up_x.lower, up_x.upper), relax(f, up_y.lower, up_y.upper));
    // x at its upper end, and y below it by the least difference: f(y) - f(x) is -least.
    EXPECT_GE(Real(other.upper_slope) * -Real(least) + Real(other.upper_x) * Real(up_x.upper) +
                  Real(other.upper_offset),
              -Real(least))
        << least;
    const DifferenceFan other_fan = fan_of_relus(up_x, up_y, down, other);
    EXPECT_GE(Real(other_fan.above[2].slope) * -Real(2.0 * least) +
                  Real(other_fan.above[2].tilt) * Real(up_x.upper) +
                  Real(other_fan.above[2].offset),
              -Real(2.0 * least))
        << least;
  }
}

TEST(Differences, StableNeuronsAndUnboundedOnesTakeNoLine) {
  const Activation f{Curve::relu};
  for (const Range& x : {Range{0.0, 1.0}, Range{-2.0, 0.0}, Range{-kInfinity, 1.0}}) {
    const Range y{-1.0, 1.0}, d{-0.1, 0.1};
    const DifferenceLines lines =
        relax_difference(f, x, y, d, relax(f, x.lower, x.upper), relax(f, y.lower, y.upper));
    EXPECT_FALSE(lines.below || lines.above);
  }
}

}  // namespace
}  // namespace clipbound::test
