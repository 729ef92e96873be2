// y = 2 x_0 - 3 x_1 + 1 within 1/4, on x in [-1, 2] x [0, 1]: [-4.25, 5.25].
#include "bounds/layered/enclose.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/rounding.h"
#include "base/simd.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

AffineForm form_of_row(const std::vector<double>& weights, double constant, double radius) {
  AffineForm form = AffineForm::of_constant({constant});
  form.radius[0] = radius;
  SparseRows rows;
  rows.cols = static_cast<std::int64_t>(weights.size());
  for (std::size_t c = 0; c < weights.size(); ++c)
    rows.append(static_cast<std::int32_t>(c), weights[c]);
  rows.end_row();
  form.terms.emplace(kInputSource, std::move(rows));
  return form;
}

TEST(Enclose, IsTheIntervalOfTheRow) {
  const AffineForm y = form_of_row({2.0, -3.0}, 1.0, 0.25);
  const SourceIntervals x{{kInputSource, {{-1.0, 0.0}, {2.0, 1.0}}}};
  std::vector<double> magnitudes;
  const IntervalVector range = enclose(y, x, &magnitudes);
  EXPECT_LE(range.lower[0], -4.25);
  EXPECT_GE(range.lower[0], -4.25 - 1e-9);
  EXPECT_GE(range.upper[0], 5.25);
  EXPECT_LE(range.upper[0], 5.25 + 1e-9);
  EXPECT_GE(magnitudes[0], 1.0 + 4.0 + 3.0);
  EXPECT_DOUBLE_EQ(magnitude_of_terms(y, 0, x), 8.0);
}

TEST(Enclose, LeavesOutWhatWasNotAskedFor) {
  const AffineForm y = form_of_row({2.0, -3.0}, 1.0, 0.0);
  const SourceIntervals x{{kInputSource, {{-1.0, 0.0}, {2.0, 1.0}}}};
  const std::vector<char> none{0};
  const IntervalVector range = enclose(y, x, nullptr, &none);
  EXPECT_EQ(range.lower[0], -kInfinity);
  EXPECT_EQ(range.upper[0], kInfinity);
}

TEST(Enclose, WhatMayHaveOverflowedIsUnbounded) {
  const AffineForm y = form_of_row({1.0, 1.0}, 0.0, 0.0);
  // One end is past kOverflow, the other is a bound like any other.
  const SourceIntervals x{{kInputSource, {{0.0, 0.0}, {2.0 * kOverflow, 1.0}}}};
  const IntervalVector range = enclose(y, x);
  EXPECT_EQ(range.upper[0], kInfinity);
  EXPECT_LE(range.lower[0], 0.0);
  EXPECT_GE(range.lower[0], -1e-300);
  const SourceIntervals unknown{{kInputSource, {{-kInfinity, 0.0}, {kInfinity, 1.0}}}};
  EXPECT_EQ(enclose(y, unknown).lower[0], -kInfinity);
}

/// Corners evaluated in long double lie inside, for rows of every length that kernels treat apart.
TEST(Enclose, HoldsAtCorners) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  for (std::size_t n = 1; n <= 19; ++n) {
    std::vector<double> weights(n), lower(n), upper(n), samples;
    for (std::size_t i = 0; i < n; ++i) {
      weights[i] = uniform(random) * std::exp2(static_cast<double>(random() % 30) - 15.0);
      lower[i] = uniform(random);
      upper[i] = lower[i] + std::fabs(uniform(random));
      for (int p = 0; p < kSamples; ++p) samples.push_back(p % 2 == 0 ? lower[i] : upper[i]);
    }
    const AffineForm y = form_of_row(weights, 0.3, 0.0);
    const IntervalVector range = enclose(y, {{kInputSource, {lower, upper}}});
    for (const bool least : {true, false}) {
      long double corner = 0.3;
      for (std::size_t i = 0; i < n; ++i)
        corner += static_cast<long double>(weights[i]) *
                  static_cast<long double>((weights[i] > 0.0) == least ? lower[i] : upper[i]);
      ASSERT_LE(static_cast<long double>(range.lower[0]), corner + 1e-15L);
      ASSERT_GE(static_cast<long double>(range.upper[0]), corner - 1e-15L);
    }
    for (const double value : values_at(y, {{kInputSource, samples}})) {
      ASSERT_LE(range.lower[0], value + 1e-9);
      ASSERT_GE(range.upper[0], value - 1e-9);
    }
  }
}

}  // namespace
}  // namespace clipbound::test
