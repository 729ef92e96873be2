// Parabolas with errors, against 113 bits: no point of the interval may leave them, and on small
// intervals they are of third order.
#include <gtest/gtest.h>
#include <quadmath.h>

#include <cmath>

#include "bounds/relax/expansion.h"
#include "tests/bounds/relax/intervals.h"
#include "tests/bounds/relax/reference.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using reference::Case;
using reference::Quad;

class Expansions : public testing::TestWithParam<Case> {};

void expect_inside(const Activation& a, const Expansion& e, double z, double d, double at) {
  const Quad far = Quad(at) - Quad(z);
  if (fabsq(far) > Quad(d)) return;
  const Quad parabola = Quad(e.value) + Quad(e.slope) * far + Quad(e.half_curvature) * far * far;
  const auto miss = [&](Quad f) { return fabsq(f - parabola); };
  if (has_jumps(a.curve)) {
    EXPECT_TRUE(miss(Quad(reference::jump_low(a.curve, at))) <= Quad(e.error))
        << at << " in " << z << " +- " << d;
    EXPECT_TRUE(miss(Quad(reference::jump_high(a.curve, at))) <= Quad(e.error))
        << at << " in " << z << " +- " << d;
    return;
  }
  // The distance rounds as well.
  const Quad reach = fabsq(Quad(at)) + fabsq(Quad(z)),
             terms = (fabsq(Quad(e.slope)) + fabsq(Quad(e.half_curvature)) * Quad(d)) * reach;
  const Quad f = reference::quad_value_of(a, at),
             doubt = ldexpq(1, -105) * (fabsq(f) + fabsq(parabola) + terms);
  EXPECT_TRUE(miss(f) <= Quad(e.error) + doubt)
      << at << " in " << z << " +- " << d << " misses by " << static_cast<double>(miss(f)) << " of "
      << e.error;
}

TEST_P(Expansions, ContainTheCurve) {
  const Case c = GetParam();
  std::mt19937_64 random(21);
  for (int trial = 0; trial < 4000; ++trial) {
    const Range interval = reference::random_interval(c, random);
    const double z = 0.5 * interval.lower + 0.5 * interval.upper;
    double d = std::max(interval.upper - z, z - interval.lower);
    if (trial % 2 == 0) d = std::min(d, std::pow(10.0, -static_cast<double>(trial % 9)));
    if (!(z - d >= c.lowest && z + d <= c.highest)) continue;
    const Expansion e = expand(c.activation, z, d);
    ASSERT_FALSE(std::isnan(e.error));
    if (!(e.error < INFINITY)) continue;
    ASSERT_TRUE(std::isfinite(e.value) && std::isfinite(e.slope) &&
                std::isfinite(e.half_curvature));
    for (const double at :
         reference::points_in(c, {std::max(c.lowest, z - d), std::min(c.highest, z + d)}, random))
      expect_inside(c.activation, e, z, d, at);
    for (const double share : {-1.0, -0.866, -0.5, 0.0, 0.5, 0.866, 1.0})
      expect_inside(c.activation, e, z, d, z + share * d);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Curves, Expansions, testing::ValuesIn(reference::cases()));

TEST(Expansion, ErrsByTheThirdPower) {
  for (const Curve curve :
       {Curve::tanh, Curve::tanh_slope, Curve::sigmoid, Curve::sin, Curve::cos, Curve::exp}) {
    for (const double z : {-1.7, -0.4, 0.0, 0.9, 2.5}) {
      for (double d = 0.2; d > 1e-3; d *= 0.5) {
        const Expansion e = expand({curve}, z, d);
        EXPECT_LE(e.error, d * d * d * (curve == Curve::exp ? 1.2 : 0.4))
            << name_of(curve) << " at " << z << " +- " << d;
      }
    }
  }
  EXPECT_LE(expand({Curve::square}, 3.0, 5.0).error, 1e-14);
  EXPECT_LE(expand({Curve::reciprocal}, 2.0, 0.1).error, 1e-4);
}

/// Where nothing is known, nothing is said.
TEST(Expansion, SaysNothingOutsideOfTheDomain) {
  EXPECT_EQ(expand({Curve::reciprocal}, 1.0, 2.0).error, INFINITY);
  EXPECT_EQ(expand({Curve::log}, 1.0, 2.0).error, INFINITY);
  EXPECT_EQ(expand({Curve::tanh}, INFINITY, 1.0).error, INFINITY);
  EXPECT_EQ(expand({Curve::tanh}, 0.0, NAN).error, INFINITY);
  EXPECT_EQ(expand({Curve::tanh}, NAN, 1.0).error, INFINITY);
}

}  // namespace
}  // namespace clipbound::test
