// Products as if in twice the precision, against rationals: numbers of all sizes, and rows that
// cancel, where plain sums are lost.
#include "bounds/layered/accurate_products.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rounding.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"
#include "tests/support/random_windows.h"

namespace clipbound::test {
namespace {

TEST(AccurateProducts, ErrByARoundingAndGammaSquared) {
  Dice dice(1);
  const int scales[] = {0, 3, 40};
  int better = 0;
  for (int trial = 0; trial < 200; ++trial) {
    SCOPED_TRACE(trial);
    const specs::WindowShape w = random_windows(dice, 6);
    const std::int64_t groups = dice.whole(1, 2), c = dice.whole(1, 3), m = dice.whole(1, 3);
    const int scale = scales[dice.whole(0, 2)];
    const auto number = [&] { return std::ldexp(dice.normal(), dice.whole(-scale, scale)); };
    std::vector<double> weights(
        static_cast<std::size_t>(groups * m * c * specs::element_count(w.kernel)));
    for (double& x : weights) x = dice.chance(0.2) ? 0.0 : number();
    // The second half of the kernel is the first one negated: sums of equal numbers cancel.
    for (std::size_t k = weights.size() / 2; dice.chance(0.5) && k + 1 < weights.size(); k += 2)
      weights[k + 1] = -weights[k];
    const ConvolutionMap map(dice.chance(0.5) ? ConvolutionMap::Direction::conv
                                              : ConvolutionMap::Direction::conv_transpose,
                             w, {groups * c, groups * m, groups},
                             std::make_shared<const std::vector<double>>(weights));
    std::vector<double> x(static_cast<std::size_t>(map.columns()), number());
    if (dice.chance(0.5)) {
      for (double& v : x) v = number();
    }
    const std::vector<double> y = apply_accurately(map, x);
    std::vector<double> plain(y.size());
    map.apply(x.data(), 1, plain.data());
    ASSERT_EQ(static_cast<std::int64_t>(y.size()), map.rows());
    const double gamma = gamma_bound(static_cast<double>(map.longest_row()) + 2.0);
    std::vector<std::int32_t> columns;
    std::vector<double> values;
    for (std::int64_t i = 0; i < map.rows(); ++i) {
      map.row(i, columns, values);
      Rational exact(0), size(0);
      for (std::size_t j = 0; j < columns.size(); ++j) {
        const Rational product =
            Rational(values[j]) * Rational(x[static_cast<std::size_t>(columns[j])]);
        exact += product;
        size += abs(product);
      }
      const auto e = static_cast<std::size_t>(i);
      const Rational error = abs(Rational(y[e]) - exact);
      ASSERT_LE(error, Rational(kUnitRoundoff) * abs(exact) +
                           Rational(gamma) * Rational(gamma) * size + Rational(0x1p-1000));
      better += error < abs(Rational(plain[e]) - exact) ? 1 : 0;
    }
  }
  EXPECT_GT(better, 300);
}

}  // namespace
}  // namespace clipbound::test
