// Closed answers, special numbers, and the facts about curves that the proofs rest on.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "tests/bounds/relax/intervals.h"
#include "tests/bounds/relax/reference.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using reference::Case;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Relax, ReluIsExactWhereStable) {
  for (const auto& [l, u] : {std::pair{0.0, 3.0}, {2.0, 2.0}, {1e-320, 1e300}, {0.0, kInfinity}}) {
    const LinePair p = relax({Curve::relu}, l, u);
    EXPECT_EQ(p.lower_slope, 1.0);
    EXPECT_EQ(p.upper_slope, 1.0);
    EXPECT_EQ(p.lower_offset, 0.0);
    EXPECT_EQ(p.upper_offset, 0.0);
  }
  for (const auto& [l, u] :
       {std::pair{-3.0, 0.0}, {-2.0, -2.0}, {-1e300, -1e-320}, {-kInfinity, -1.0}}) {
    const LinePair p = relax({Curve::relu}, l, u);
    EXPECT_EQ(p.lower_slope, 0.0);
    EXPECT_EQ(p.upper_slope, 0.0);
    EXPECT_EQ(p.lower_offset, 0.0);
    EXPECT_EQ(p.upper_offset, 0.0);
  }
}

TEST(Relax, ReluUnstableIsThatOfCrown) {
  const LinePair p = relax({Curve::relu}, -1.0, 3.0);
  EXPECT_EQ(p.lower_slope, 1.0);
  EXPECT_EQ(p.lower_offset, 0.0);
  EXPECT_EQ(p.upper_slope, 0.75);
  EXPECT_NEAR(p.upper_offset, 0.75, 1e-15);
  EXPECT_EQ(relax({Curve::relu}, -3.0, 1.0).lower_slope, 0.0);
  const LinePair unbounded = relax({Curve::relu}, -1.0, kInfinity);
  EXPECT_EQ(unbounded.upper_offset, kInfinity);
  EXPECT_EQ(unbounded.lower_offset, 0.0);
  const LinePair half = relax({Curve::relu}, -kInfinity, 2.0);
  EXPECT_EQ(half.upper_slope, 0.0);
  EXPECT_NEAR(half.upper_offset, 2.0, 1e-15);
}

TEST(Relax, SquareHasTheTangentInTheMiddleAndTheChord) {
  const LinePair p = relax({Curve::square}, -1.0, 3.0);
  EXPECT_EQ(p.lower_slope, 2.0);
  EXPECT_NEAR(p.lower_offset, -1.0, 1e-15);
  EXPECT_EQ(p.upper_slope, 2.0);
  EXPECT_NEAR(p.upper_offset, 3.0, 1e-14);
}

/// On one side of the inflection: the chord and the tangent in the middle.
TEST(Relax, SigmoidOnOneSideIsThatOfCrown) {
  const auto f = [](double z) { return 1.0 / (1.0 + std::exp(-z)); };
  const LinePair p = relax({Curve::sigmoid}, 1.0, 3.0);
  EXPECT_NEAR(p.lower_slope, (f(3.0) - f(1.0)) / 2.0, 1e-14);
  EXPECT_NEAR(p.lower_slope + p.lower_offset, f(1.0), 1e-13);
  EXPECT_NEAR(p.upper_slope, f(2.0) * (1.0 - f(2.0)), 1e-14);
  EXPECT_NEAR(2.0 * p.upper_slope + p.upper_offset, f(2.0), 1e-13);
}

/// Around the inflection, tangents through the far ends; by symmetry these are mirror images. The
/// tangent point q of tanh on
/// [-3, 3] solves tanh(3) + tanh(q) = (3 + q) (1 - tanh(q)^2).
TEST(Relax, TanhAcrossItsInflectionHasTangentsThroughTheFarEnds) {
  const LinePair p = relax({Curve::tanh}, -3.0, 3.0);
  double low = 0.0, high = 3.0;
  for (int i = 0; i < 100; ++i) {
    const double q = 0.5 * (low + high), t = std::tanh(q);
    (std::tanh(3.0) + t > (3.0 + q) * (1.0 - t * t) ? high : low) = q;
  }
  const double slope = 1.0 - std::tanh(low) * std::tanh(low);
  EXPECT_NEAR(p.lower_slope, slope, 1e-4);
  EXPECT_NEAR(p.upper_slope, slope, 1e-4);
  EXPECT_NEAR(3.0 * p.lower_slope + p.lower_offset, std::tanh(3.0), 1e-4);
  EXPECT_NEAR(-3.0 * p.upper_slope + p.upper_offset, -std::tanh(3.0), 1e-4);
}

/// Wide intervals keep the lower line positive, which a softmax's denominator needs.
TEST(Relax, ExpStaysPositive) {
  for (const double u : {2.0, 10.0, 700.0, 1e5}) {
    const LinePair p = relax({Curve::exp}, -1.0, u);
    EXPECT_GT(p.lower_offset - p.lower_slope, 0.0) << u;
    EXPECT_GT(p.lower_slope, 0.0) << u;
  }
  EXPECT_EQ(relax({Curve::exp}, -1.0, 1e5).upper_offset, kInfinity);
}

TEST(Relax, BoundedCurvesKeepConstantPlanesOnInfiniteIntervals) {
  for (const auto& [curve, low, high] : {std::tuple{Curve::sigmoid, 0.0, 1.0},
                                         {Curve::tanh, -1.0, 1.0},
                                         {Curve::sin, -1.0, 1.0},
                                         {Curve::cos, -1.0, 1.0},
                                         {Curve::erf, -1.0, 1.0},
                                         {Curve::sign, -1.0, 1.0},
                                         {Curve::step, 0.0, 1.0}}) {
    const LinePair p = relax({curve}, -kInfinity, kInfinity);
    EXPECT_NEAR(p.lower_offset, low, 1e-12) << name_of(curve);
    EXPECT_NEAR(p.upper_offset, high, 1e-12) << name_of(curve);
    EXPECT_EQ(p.lower_slope, 0.0) << name_of(curve);
    EXPECT_EQ(p.upper_slope, 0.0) << name_of(curve);
  }
  EXPECT_NEAR(relax({Curve::atan}, -kInfinity, kInfinity).upper_offset, std::atan(kInfinity),
              1e-13);
  EXPECT_NEAR(relax({Curve::gelu}, -kInfinity, 0.0).lower_offset, -0.16997, 1e-4);
}

TEST(Relax, NothingIsKnownOutsideTheDomain) {
  const auto unknown = [](const Activation& a, double l, double u) {
    const LinePair p = relax(a, l, u);
    EXPECT_EQ(p.lower_offset, -kInfinity) << reference::to_string(a);
    EXPECT_EQ(p.upper_offset, kInfinity) << reference::to_string(a);
    EXPECT_EQ(p.lower_slope, 0.0);
    EXPECT_EQ(p.upper_slope, 0.0);
    EXPECT_EQ(lower_offset(a, 0.5, l, u), -kInfinity);
    EXPECT_EQ(upper_offset(a, 0.5, l, u), kInfinity);
    EXPECT_EQ(range_of(a, l, u).lower, -kInfinity);
    EXPECT_EQ(range_of(a, l, u).upper, kInfinity);
  };
  unknown({Curve::reciprocal}, -1.0, 1.0);
  unknown({Curve::reciprocal}, 0.0, 1.0);
  unknown({Curve::reciprocal}, -1.0, 0.0);
  unknown({Curve::log}, -0x1p-1074, 1.0);
  unknown({Curve::sqrt}, -0x1p-1074, 1.0);
  for (const Curve curve : {Curve::asin, Curve::acos, Curve::atanh}) {
    unknown({curve}, 0.0, 1.0 + 0x1p-52);
    unknown({curve}, -1.0 - 0x1p-52, 1.0);
    unknown({curve}, 2.0, 3.0);
  }
  unknown({Curve::acosh}, 1.0 - 0x1p-53, 2.0);
  unknown({Curve::power, 0.5}, -1e-9, 1.0);
  unknown({Curve::power, 1.5}, -1e-9, 1.0);
  unknown({Curve::power, -2.0}, -1.0, 1.0);
  unknown({Curve::power, -0.5}, 0.0, 1.0);
  unknown({Curve::tan}, 1.5, 1.6);
  unknown({Curve::tan}, 0.0, 1.5707963267948966);  // below pi/2, but within rounding of it
  unknown({Curve::tan}, 0.0, 3.2);
  EXPECT_TRUE(std::isnan(value_of({Curve::log}, -1.0)));
  EXPECT_TRUE(std::isnan(value_of({Curve::reciprocal}, 0.0)));
}

TEST(Relax, LogAndRootAtZero) {
  const LinePair log = relax({Curve::log}, 0.0, 2.0);
  EXPECT_EQ(log.lower_offset, -kInfinity);
  EXPECT_NEAR(log.upper_slope, 1.0, 1e-14);
  EXPECT_NEAR(log.upper_offset, -1.0, 1e-13);
  const LinePair root = relax({Curve::sqrt}, 0.0, 4.0);
  EXPECT_NEAR(root.lower_slope, 0.5, 1e-14);
  EXPECT_NEAR(root.lower_offset, 0.0, 1e-14);
  EXPECT_NEAR(root.upper_slope, 0.5 / std::sqrt(2.0), 1e-14);
}

/// The ends belong to the domain: values at vertical tangents, and atanh's infinities.
TEST(Relax, InverseFunctionsAtTheEndsOfTheirDomains) {
  const double half_pi = 1.5707963267948966;
  const LinePair arc = relax({Curve::asin}, -1.0, 1.0);
  EXPECT_NEAR(arc.lower_offset - arc.lower_slope, -half_pi, 1e-4);
  EXPECT_NEAR(arc.upper_offset + arc.upper_slope, half_pi, 1e-4);
  const Range whole = range_of({Curve::acos}, -1.0, 1.0);
  EXPECT_EQ(whole.lower, 0.0);
  EXPECT_NEAR(whole.upper, 2.0 * half_pi, 1e-13);
  const LinePair chord = relax({Curve::acosh}, 1.0, 3.0);
  EXPECT_NEAR(chord.lower_offset + chord.lower_slope, 0.0, 1e-13);
  EXPECT_NEAR(chord.lower_offset + 3.0 * chord.lower_slope, std::acosh(3.0), 1e-13);
  const LinePair open = relax({Curve::atanh}, 0.0, 1.0);
  EXPECT_NEAR(open.lower_offset + 0.5 * open.lower_slope, std::atanh(0.5), 1e-13);
  EXPECT_EQ(open.upper_offset, kInfinity);
  EXPECT_EQ(range_of({Curve::atanh}, -0.5, 1.0).upper, kInfinity);
  EXPECT_NEAR(range_of({Curve::atanh}, -0.5, 1.0).lower, std::atanh(-0.5), 1e-13);
}

/// At a jump both sides count, at the ends too.
TEST(Relax, JumpsAreSetValued) {
  const auto expect = [](Curve curve, double l, double u, double low, double high) {
    const Range r = range_of({curve}, l, u);
    EXPECT_EQ(r.lower, low) << name_of(curve) << " " << l << " " << u;
    EXPECT_EQ(r.upper, high) << name_of(curve) << " " << l << " " << u;
    const LinePair p = relax({curve}, l, u);
    for (const double z : {l, u}) {
      if (l != u) continue;
      EXPECT_LE(p.lower_slope * z + p.lower_offset, low);
      EXPECT_GE(p.upper_slope * z + p.upper_offset, high);
    }
  };
  expect(Curve::sign, 0.0, 0.0, -1.0, 1.0);
  expect(Curve::sign, 0.0, 1.0, -1.0, 1.0);
  expect(Curve::sign, -1.0, 0.0, -1.0, 1.0);
  expect(Curve::sign, 0x1p-1074, 1.0, 1.0, 1.0);
  expect(Curve::step, -0.0, 1.0, 0.0, 1.0);
  expect(Curve::step, -1.0, -0x1p-1074, 0.0, 0.0);
  expect(Curve::floor, 2.0, 2.0, 1.0, 2.0);
  expect(Curve::floor, 2.0, 2.5, 1.0, 2.0);
  expect(Curve::floor, 1.5, 2.0, 1.0, 2.0);
  expect(Curve::floor, 2.25, 2.5, 2.0, 2.0);
  expect(Curve::ceil, 2.0, 2.0, 2.0, 3.0);
  expect(Curve::ceil, 2.25, 2.5, 3.0, 3.0);
  expect(Curve::trunc, 2.0, 2.0, 1.0, 2.0);
  expect(Curve::trunc, -2.0, -2.0, -2.0, -1.0);
  expect(Curve::trunc, 0.0, 0.0, 0.0, 0.0);
  expect(Curve::trunc, -0.5, 0.75, 0.0, 0.0);
  expect(Curve::trunc, -1.0, 1.0, -1.0, 1.0);
  expect(Curve::trunc, -3.5, 2.0, -3.0, 2.0);
  expect(Curve::trunc, 0.0, 62.0, 0.0, 62.0);
  expect(Curve::round, 2.5, 2.5, 2.0, 3.0);
  expect(Curve::round, 3.5, 3.5, 3.0, 4.0);
  expect(Curve::round, -0.5, 0.5, -1.0, 1.0);
  expect(Curve::round, -0.25, 0.25, 0.0, 0.0);
  EXPECT_EQ(value_of({Curve::round}, 2.5), 2.0);
  EXPECT_EQ(value_of({Curve::sign}, 0.0), 0.0);
  EXPECT_EQ(value_of({Curve::step}, 0.0), 1.0);
}

const double kSpecial[] = {-kInfinity,
                           -1.7976931348623157e308,
                           -1e300,
                           -1e20,
                           -745.2,
                           -38.5,
                           -1.0,
                           -1e-20,
                           -0x1p-1022,
                           -0x1p-1074,
                           -0.0,
                           0.0,
                           0x1p-1074,
                           0x1p-1022,
                           1e-20,
                           1.0,
                           38.5,
                           709.8,
                           1e20,
                           1e300,
                           1.7976931348623157e308,
                           kInfinity,
                           kNan};

std::string where(const Case& c, double l, double u) {
  std::ostringstream text;
  text << reference::to_string(c.activation) << " on " << l << " " << u;
  return text.str();
}
/// Finite and in the domain.
bool is_inside(const Case& c, double l, double u) {
  return l >= c.lowest && u <= c.highest;
}

void check_special_planes(const Case& c, double l, double u) {
  const Activation& a = c.activation;
  const LinePair p = relax(a, l, u);
  const Range r = range_of(a, l, u);
  ASSERT_TRUE(std::isfinite(p.lower_slope) && std::isfinite(p.upper_slope)) << where(c, l, u);
  ASSERT_TRUE(p.lower_offset < kInfinity && p.upper_offset > -kInfinity) << where(c, l, u);
  ASSERT_TRUE(r.lower < kInfinity && r.upper > -kInfinity) << where(c, l, u);
  for (const double z :
       {l, u, std::nextafter(l, kInfinity), std::nextafter(u, -kInfinity), 0.5 * l + 0.5 * u}) {
    if (!is_inside(c, l, u) || !(z >= l && z <= u)) continue;
    EXPECT_TRUE(reference::holds(a, p.lower_slope, p.lower_offset, z, false))
        << where(c, l, u) << " at " << z;
    EXPECT_TRUE(reference::holds(a, p.upper_slope, p.upper_offset, z, true))
        << where(c, l, u) << " at " << z;
  }
}

void check_special_slope(const Case& c, double slope, double l, double u) {
  const Activation& a = c.activation;
  const double low = lower_offset(a, slope, l, u), high = upper_offset(a, slope, l, u);
  ASSERT_TRUE(low < kInfinity && high > -kInfinity) << where(c, l, u) << " slope " << slope;
  for (const double z : {l, u}) {
    if (!is_inside(c, l, u)) continue;
    EXPECT_TRUE(std::isinf(low) || reference::holds(a, slope, low, z, false))
        << where(c, l, u) << " slope " << slope;
    EXPECT_TRUE(std::isinf(high) || reference::holds(a, slope, high, z, true))
        << where(c, l, u) << " slope " << slope;
  }
}

/// All pairs of special numbers, with special slopes: no NaN, no offset on the wrong side of
/// everything, no enclosure broken.
TEST(Relax, SpecialNumbersBreakNothing) {
  for (const Case& c : reference::cases()) {
    for (const double l : kSpecial) {
      for (const double u : kSpecial) {
        if (l > u || l == kInfinity || u == -kInfinity) continue;
        check_special_planes(c, l, u);
        for (const double slope : kSpecial) {
          if (!HasFailure()) check_special_slope(c, slope, l, u);
        }
        if (HasFailure()) return;
      }
    }
  }
}

TEST(Relax, ValuesAndSlopesAreThoseOfTheCurve) {
  std::mt19937_64 random(8);
  for (const Case& c : reference::cases()) {
    const Activation& a = c.activation;
    for (int i = 0; i < 300; ++i) {
      const double z = std::clamp(std::uniform_real_distribution<double>(-5.0, 5.0)(random),
                                  c.lowest, c.highest);
      const auto exact = static_cast<double>(reference::quad_value_of(a, z));
      if (!std::isfinite(exact) || std::fabs(exact) > 1e9) continue;
      EXPECT_NEAR(value_of(a, z), exact, 1e-13 * (1.0 + std::fabs(exact)))
          << reference::to_string(a) << " at " << z;
      const long double step = 1e-7L * (1.0L + std::fabs(static_cast<long double>(z)));
      const long double before = reference::value_of(a, z - step),
                        after = reference::value_of(a, z + step);
      if (has_jumps(a.curve) || std::fabs(z) < 1e-5 ||
          !std::isfinite(static_cast<double>(before - after)))
        continue;
      const auto slope = static_cast<double>((after - before) / (2 * step));
      EXPECT_NEAR(slope_of(a, z), slope, 1e-5 * (1.0 + std::fabs(slope)) + 1e-6 * std::fabs(exact))
          << reference::to_string(a) << " at " << z;
    }
  }
}

/// Many periods: still the right constants, and slopes with a bound from the last period.
TEST(Relax, WavesOnWideIntervals) {
  const LinePair p = relax({Curve::sin}, -20.0, 30.0);
  EXPECT_EQ(p.lower_offset, -1.0);
  EXPECT_EQ(p.upper_offset, 1.0);
  // sin z - 0.1 z is least at the last z before 30 with cos z = 0.1 and sin z < 0.
  EXPECT_NEAR(lower_offset({Curve::sin}, 0.1, -20.0, 30.0),
              -std::sqrt(0.99) - 0.1 * (10.0 * 3.141592653589793 - std::acos(0.1)), 1e-9);
  // cos z + z / 2 is greatest at 100.
  EXPECT_NEAR(upper_offset({Curve::cos}, -0.5, 0.0, 100.0), std::cos(100.0) + 50.0, 1e-9);
  EXPECT_EQ(relax({Curve::sin}, 1e7, 1e7 + 1.0).lower_offset,
            -1.0);  // too far for the phase to be known well
}

TEST(Relax, NamesAreInOrder) {
  EXPECT_STREQ(name_of(Curve::identity), "Identity");
  EXPECT_STREQ(name_of(Curve::power), "Pow");
  EXPECT_STREQ(name_of(Curve::gelu_tanh), "GeluTanh");
  EXPECT_STREQ(name_of(Curve::step), "Step");
  EXPECT_STREQ(name_of(Curve::trunc), "Trunc");
}

}  // namespace
}  // namespace clipbound::test
