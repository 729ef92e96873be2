// Forms of the input x in [-1, 1]^2: copies are exact, and combinations round within their radius.
#include "bounds/layered/affine_form.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "bounds/layered/linear_map.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

AffineForm input() {
  return AffineForm::of_source(kInputSource, 2, 0, 2);
}
const SourceMagnitudes& magnitudes() {
  static const SourceMagnitudes kOnes{{kInputSource, {1.0, 1.0}}};
  return kOnes;
}

TEST(AffineForm, OfASourceIsItsElements) {
  const AffineForm form = AffineForm::of_source(3, 5, 1, 2);
  ASSERT_EQ(form.size(), 2);
  EXPECT_FALSE(form.is_constant());
  EXPECT_EQ(form.terms.at(3).indices(1)[0], 2);
  EXPECT_EQ(form.terms.at(3).values(1)[0], 1.0);
  EXPECT_EQ(form.terms.at(3).cols(), 5);
}

TEST(AffineForm, GathersCopiesConstantsAndZeros) {
  AffineForm constant = AffineForm::of_constant({1.0, 7.0});
  constant.radius[0] = 0.125;
  const AffineForm x = input();
  const AffineForm form = gather({&x, &constant}, {{0, 1}, {1, 0}, {-1, 0}});
  EXPECT_EQ(constant_elements(form), (std::vector<char>{0, 1, 1}));
  EXPECT_EQ(form.terms.at(kInputSource).indices(0)[0], 1);
  EXPECT_EQ(form.constant, (std::vector<double>{0.0, 1.0, 0.0}));
  EXPECT_EQ(form.radius, (std::vector<double>{0.0, 0.125, 0.0}));
  EXPECT_EQ(sources_of({&x, &constant}), std::set<int>{kInputSource});
}

TEST(LinearMap, OfPowersOfTwoIsExact) {
  const AffineForm x = input();
  // 2 x_0 - x_1 + 1, and x_1 - x_1, which cancels.
  const AffineForm form =
      linear_map({&x}, {0, 2, 4}, {{0, 0, 2.0}, {0, 1, -1.0}, {0, 1, 1.0}, {0, 1, -1.0}},
                 {1.0, 0.0}, magnitudes());
  EXPECT_EQ(form.constant, (std::vector<double>{1.0, 0.0}));
  EXPECT_EQ(form.radius[0], 0.0);
  EXPECT_EQ(form.terms.at(kInputSource).values(0)[0], 2.0);
  EXPECT_TRUE(form.terms.at(kInputSource).indices(1).empty());
  EXPECT_LE(form.radius[1], 1e-14);
}

TEST(LinearMap, CarriesRadiiByTheWeights) {
  AffineForm b = AffineForm::of_constant({1.0});
  b.radius[0] = 0.125;
  const AffineForm form = linear_map({&b}, {0, 1}, {{0, 0, -3.0}}, {0.5}, magnitudes());
  EXPECT_DOUBLE_EQ(form.constant[0], -2.5);
  EXPECT_GE(form.radius[0], 0.375);
  EXPECT_LE(form.radius[0], 0.375 + 1e-12);
}

/// Coefficients composed in float64 and in long double differ by no more than the radius allows.
TEST(LinearMap, KeepsWhatRoundingCosts) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> uniform(-3.0, 3.0);
  const AffineForm x = input();
  for (int trial = 0; trial < 500; ++trial) {
    std::vector<double> w(6);
    for (double& weight : w) weight = uniform(random);
    const AffineForm inner =
        linear_map({&x}, {0, 2, 4}, {{0, 0, w[0]}, {0, 1, w[1]}, {0, 0, w[2]}, {0, 1, w[3]}},
                   {0.1, 0.2}, magnitudes());
    const AffineForm outer =
        linear_map({&inner}, {0, 2}, {{0, 0, w[4]}, {0, 1, w[5]}}, {0.3}, magnitudes());
    for (const double x0 : {-1.0, 1.0}) {
      for (const double x1 : {-1.0, 1.0}) {
        const long double at_inner[2] = {
            static_cast<long double>(0.1) + static_cast<long double>(w[0]) * x0 +
                static_cast<long double>(w[1]) * x1,
            static_cast<long double>(0.2) + static_cast<long double>(w[2]) * x0 +
                static_cast<long double>(w[3]) * x1};
        const long double truth = static_cast<long double>(0.3) +
                                  static_cast<long double>(w[4]) * at_inner[0] +
                                  static_cast<long double>(w[5]) * at_inner[1];
        long double value = outer.constant[0];
        const SparseRows& rows = outer.terms.at(kInputSource).written();
        for (std::size_t j = 0; j < rows.indices(0).size(); ++j)
          value +=
              static_cast<long double>(rows.values(0)[j]) * (rows.indices(0)[j] == 0 ? x0 : x1);
        // Long double rounds too, a thousand times finer.
        ASSERT_LE(std::fabs(value - truth), outer.radius[0] + 1e-17L) << trial;
        ASSERT_LE(outer.radius[0], 1e-13);
      }
    }
  }
}

TEST(LinearMap, MadeRowByRowIsTheSame) {
  const AffineForm x = input();
  const std::vector<WeightedTerm> terms{{0, 0, 0.3}, {0, 1, 0.7}, {0, 0, -0.1}};
  const AffineForm at_once = linear_map({&x}, {0, 2, 3}, terms, {0.0, 1.0}, magnitudes());
  const AffineForm by_rows = linear_map(
      {&x},
      [&](std::size_t i, std::vector<WeightedTerm>& row) {
        row.assign(terms.begin() + (i == 0 ? 0 : 2), terms.begin() + (i == 0 ? 2 : 3));
      },
      {0.0, 1.0}, magnitudes());
  EXPECT_EQ(at_once.constant, by_rows.constant);
  EXPECT_EQ(at_once.radius, by_rows.radius);
  EXPECT_EQ(at_once.terms.at(kInputSource).values(1)[0],
            by_rows.terms.at(kInputSource).values(1)[0]);
}

/// A radius of 0 says that nothing was rounded, which decides what steps make of a number.
TEST(LinearMap, ARadiusNeverUnderflowsToZero) {
  AffineForm b = AffineForm::of_constant({0.0, 1.0});
  b.radius = {0x1p-1074, 0x1p-1060};
  for (const double weight : {0.25, -0.5, 1e-20, 0x1p-1022}) {
    const AffineForm form = linear_map(
        {&b}, {0, 1, 2, 4}, {{0, 0, weight}, {0, 1, weight}, {0, 0, weight}, {0, 1, weight}},
        {0.0, 0.0, 0.0}, magnitudes());
    for (const double radius : form.radius) EXPECT_GT(radius, 0.0) << weight;
  }
  const AffineForm none = linear_map({&b}, {0, 1}, {{0, 0, 0.0}}, {0.5}, magnitudes());
  EXPECT_EQ(none.radius[0], 0.0);
}

}  // namespace
}  // namespace clipbound::test
