// Directed roundings: float64 bounds never exceed what rationals give for the same lines, whatever
// the numbers' sizes; overflow is no bound.
#include <gtest/gtest.h>

#include <cfenv>
#include <limits>
#include <random>

#include "checker/kernel/arithmetic.h"
#include "checker/kernel/substitution.h"

namespace clipcheck {
namespace {

constexpr double kLargest = std::numeric_limits<double>::max(),
                 kLeast = std::numeric_limits<double>::denorm_min();

class Arithmetic : public testing::Test {
 protected:
  void SetUp() override { round_upward(); }
  void TearDown() override { std::fesetround(FE_TONEAREST); }

  double number(int wildest) {
    const double size = std::ldexp(1.0 + static_cast<double>(random_() % (1ULL << 52)) * 0x1p-52,
                                   static_cast<int>(random_() % (2 * wildest + 1)) - wildest);
    return random_() % 2 == 0 ? size : -size;
  }
  /// Two layers of neurons of all slopes, coefficients partly with radii.
  System network(int wildest) {
    System system(3);
    std::vector<Index> before = {0, 1, 2};
    for (int layer = 0; layer < 3; ++layer) {
      std::vector<AffineRow> rows;
      for (int k = 0; k < 4; ++k) {
        AffineRow row{before, {}, {}, mpq_class(number(wildest)) / 3};
        for (std::size_t i = 0; i < before.size(); ++i) {
          row.values.push_back(number(wildest));
          if (layer == 1) row.radii.push_back(std::fabs(number(wildest)) * 0x1p-50);
        }
        rows.push_back(row);
      }
      const Index z = system.add_affine(rows);
      if (layer == 2) break;
      const double slopes[][2] = {{0.0, 1.0}, {0.01, 1.0}, {-1.0, 1.0}, {1.5, 1.0}};
      const auto& [negative, positive] = slopes[random_() % 4];
      const Index y = system.add_neurons({z, z + 1, z + 2, z + 3}, negative, positive);
      before = {y, y + 1, y + 2, y + 3};
    }
    system.seal();
    return system;
  }

  std::mt19937_64 random_{11};
};

TEST_F(Arithmetic, NearestFromBelowAndAbove) {
  const mpq_class huge = mpq_class(kLargest) * 2, tiny = mpq_class(kLeast) / 2;
  EXPECT_EQ(down(huge), kLargest);
  EXPECT_EQ(up(huge), HUGE_VAL);
  EXPECT_EQ(down(mpq_class(-huge)), -HUGE_VAL);
  EXPECT_EQ(up(mpq_class(-huge)), -kLargest);
  EXPECT_EQ(down(tiny), 0.0);
  EXPECT_EQ(up(tiny), kLeast);
  EXPECT_EQ(down(mpq_class(-tiny)), -kLeast);
  EXPECT_EQ(down(mpq_class(kLargest)), kLargest);
  for (int k = 0; k < 2000; ++k) {
    const mpq_class x = mpq_class(number(1000)) / mpq_class(number(20));
    const double low = down(x), high = up(x);
    EXPECT_LE(mpq_class(low), x);
    EXPECT_GE(mpq_class(high), x);
    EXPECT_TRUE(high == low || high == std::nextafter(low, HUGE_VAL));
    const Enclosed around = enclose(x);
    EXPECT_LE(mpq_class(around.middle) - mpq_class(around.radius), x);
    EXPECT_GE(mpq_class(around.middle) + mpq_class(around.radius), x);
  }
}

TEST_F(Arithmetic, FloatingBoundsAreBelowRationalOnes) {
  int finite = 0, apart = 0;
  for (int k = 0; k < 400; ++k) {
    const int wildest = k % 4 == 0 ? 400 : k % 4 == 1 ? 60 : 2;
    const System system = network(wildest);
    Clause box;
    for (int i = 0; i < 3; ++i) {
      const double a = number(wildest / 2), b = number(wildest / 2);
      box.lower.push_back(std::min(a, b));
      box.upper.push_back(std::max(a, b));
    }
    const Scope<double> scope = root_scope<double>(system, box);
    Scope<mpq_class> rational;
    rational.bounds = scope.bounds;
    rational.slopes = scope.slopes;
    Substitution<double> form(system);
    Substitution<mpq_class> exact(system);
    for (Index output = system.size() - 4; output < system.size(); ++output) {
      for (const double sign : {1.0, -1.0}) {
        form.clear();
        exact.clear();
        form.add(output, -sign, sign);
        exact.add(output, mpq_class(-sign), mpq_class(sign));
        form.substitute(scope);
        exact.substitute(rational);
        const double bound = form.minimum(scope);
        const mpq_class truth = exact.minimum(rational);
        if (form.overflowed() || exact.overflowed()) continue;
        ++finite;
        EXPECT_LE(mpq_class(bound), truth);
        apart += mpq_class(bound) < truth ? 1 : 0;
      }
    }
  }
  EXPECT_GT(finite, 2000);
  EXPECT_GT(apart, 1000) << "nothing was rounded";
}

TEST_F(Arithmetic, WhatOverflowsIsNoBound) {
  for (const double weight : {1e308, -1e308}) {
    System system(1);
    Index z = system.add_affine({{{0}, {weight}, {}, 0}});
    for (int layer = 0; layer < 3; ++layer)
      z = system.add_affine({{{z, system.add_neurons({z}, 0.0, 1.0)}, {weight, 1.0}, {}, 0}});
    system.seal();
    const Scope<double> scope = root_scope<double>(system, {{-1e10}, {1e10}, {}});
    Substitution<double> form(system);
    form.add(z, -1.0, 1.0);
    form.substitute(scope);
    const double minimum = form.minimum(scope);
    EXPECT_TRUE(form.overflowed() || minimum <= -kLargest) << minimum;
  }
}

}  // namespace
}  // namespace clipcheck
