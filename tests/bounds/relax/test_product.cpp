// Linear bounds of products, in exact arithmetic: for fixed slopes the rest x y - a x - b y is
// linear in either factor, so the corners of a box decide; on a segment it is a parabola, whose
// ends and vertex decide.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "bounds/relax/product.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

Rational rest_at(const ProductPlanes& result, const Rational& x, const Rational& y) {
  return x * y - Rational(result.x_slope) * x - Rational(result.y_slope) * y;
}
void expect_between(const ProductPlanes& result, const Rational& x, const Rational& y) {
  const Rational rest = rest_at(result, x, y);
  if (std::isfinite(result.lower)) {
    EXPECT_GE(rest, Rational(result.lower)) << x.get_d() << " * " << y.get_d();
  }
  if (std::isfinite(result.upper)) {
    EXPECT_LE(rest, Rational(result.upper)) << x.get_d() << " * " << y.get_d();
  }
}

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  double unit() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  /// Of any size between 2^-60 and 2^60, of either sign.
  double number() { return (unit() - 0.5) * std::exp2(120.0 * unit() - 60.0); }
  /// Of any width, down to 0.
  Range range() {
    const double l = number(), width = random_() % 8 == 0 ? 0.0 : std::fabs(number());
    return {l, std::fmax(l, l + width)};
  }

 private:
  std::mt19937_64 random_;
};

TEST(RelaxProduct, ContainsTheCorners) {
  Dice dice(3);
  for (int trial = 0; trial < 4000; ++trial) {
    const Range x = dice.range(), y = dice.range();
    const ProductPlanes result = relax_product(x, y);
    ASSERT_TRUE(std::isfinite(result.lower) && std::isfinite(result.upper));
    const Range range = product_range(x, y);
    for (const double at_x : {x.lower, x.upper}) {
      for (const double at_y : {y.lower, y.upper}) {
        expect_between(result, at_x, at_y);
        EXPECT_GE(Rational(at_x) * Rational(at_y), Rational(range.lower));
        EXPECT_LE(Rational(at_x) * Rational(at_y), Rational(range.upper));
      }
    }
    if (HasFailure()) return;
  }
}

/// x = x_0 + t x_1, y = y_0 + t y_1, -1 <= t <= 1: factors that move together in every proportion.
TEST(RelaxProduct, ContainsSegments) {
  Dice dice(4);
  int tightened = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    const Rational x0 = dice.number(), x1 = dice.number(), y0 = dice.number(), y1 = dice.number();
    const auto range_of = [](const Rational& middle, const Rational& half) {
      return Range{down(middle - abs(half)), up(middle + abs(half))};
    };
    const Range x = range_of(x0, x1), y = range_of(y0, y1);
    const ProductPlanes box = relax_product(x, y);
    ProductPlanes result = box;
    const double s = trial % 4 == 0 ? std::exp2(std::floor(20.0 * dice.unit() - 10.0))
                                    : product_balance(x.upper - x.lower, y.upper - y.lower);
    const Rational rs(s);
    tighten_product(s, range_of(rs * x0 + y0 / rs, rs * x1 + y1 / rs),
                    range_of(rs * x0 - y0 / rs, rs * x1 - y1 / rs), result);
    EXPECT_GE(result.lower, box.lower);
    EXPECT_LE(result.upper, box.upper);
    tightened += result.upper - result.lower < 0.6 * (box.upper - box.lower) ? 1 : 0;
    Rational vertex = 0;  // of the parabola t -> rest
    if (x1 * y1 != 0)
      vertex =
          -(x0 * y1 + y0 * x1 - Rational(result.x_slope) * x1 - Rational(result.y_slope) * y1) /
          (2 * x1 * y1);
    if (vertex < -1) vertex = -1;
    if (vertex > 1) vertex = 1;
    for (const Rational& t : {Rational(-1), Rational(1), vertex, Rational(dice.unit())})
      expect_between(result, x0 + t * x1, y0 + t * y1);
    if (HasFailure()) return;
  }
  EXPECT_GT(tightened, 200);
}

TEST(RelaxProduct, IsAsTightAsMcCormick) {
  // McCormick's two bounds on either side leave half the product of the widths between them, at the
  // centre.
  const ProductPlanes box = relax_product({2.0, 6.0}, {-1.0, 2.0});
  EXPECT_NEAR(box.upper - box.lower, 0.5 * 4.0 * 3.0, 1e-12);
  // Equal factors are a square: the tangent in the middle below, the chord above.
  ProductPlanes square = relax_product({2.0, 6.0}, {2.0, 6.0});
  tighten_product(1.0, {4.0, 12.0}, {0.0, 0.0}, square);
  EXPECT_NEAR(square.lower, -16.0, 1e-12);  // 8 x - 16 touches x^2 at 4
  EXPECT_NEAR(square.upper, -12.0, 1e-12);  // 8 x - 12 cuts it at 2 and 6
  // Opposite factors are minus a square.
  ProductPlanes opposite = relax_product({2.0, 6.0}, {-6.0, -2.0});
  tighten_product(1.0, {0.0, 0.0}, {4.0, 12.0}, opposite);
  EXPECT_NEAR(opposite.lower, 12.0, 1e-12);
  EXPECT_NEAR(opposite.upper, 16.0, 1e-12);
}

/// Special numbers prove nothing, and never make a NaN.
TEST(RelaxProduct, SpecialNumbers) {
  const double kInfinity = std::numeric_limits<double>::infinity(),
               kNan = std::numeric_limits<double>::quiet_NaN();
  for (const double special : {kInfinity, -kInfinity, kNan, 1e308, -1e308}) {
    for (const Range& odd : {Range{special, 1.0}, Range{-1.0, special}, Range{special, special}}) {
      for (const ProductPlanes& result :
           {relax_product(odd, {1e5, 2e5}), relax_product({-2e5, 1e5}, odd)}) {
        EXPECT_EQ(result.lower, -kInfinity);
        EXPECT_EQ(result.upper, kInfinity);
        EXPECT_TRUE(std::isfinite(result.x_slope) && std::isfinite(result.y_slope));
      }
      ProductPlanes result = relax_product({-1.0, 1.0}, {-1.0, 1.0});
      const ProductPlanes before = result;
      tighten_product(1.0, odd, {-1.0, 1.0}, result);
      tighten_product(1.0, {-1.0, 1.0}, odd, result);
      EXPECT_EQ(result.lower, before.lower);
      EXPECT_EQ(result.upper, before.upper);
    }
  }
  EXPECT_EQ(product_range({0.0, 0.0}, {-kInfinity, 1.0}).lower, -kInfinity);
  EXPECT_EQ(product_balance(0.0, 1.0), 1.0);
  EXPECT_EQ(product_balance(kInfinity, 1.0), 1.0);
  EXPECT_EQ(product_balance(kNan, 1.0), 1.0);
  EXPECT_EQ(product_balance(1.0, 16.0), 4.0);
}

}  // namespace
}  // namespace clipbound::test
