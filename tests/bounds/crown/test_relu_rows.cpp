// Rows of ReLUs replaced lane by lane, against the definition: g relu(z) >= m z + q on [l, u], in
// exact arithmetic.
#include <gtest/gtest.h>

#include "bounds/crown/relu_rows.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

Rational relu(const Rational& z) {
  return z > 0 ? z : Rational(0);
}

TEST(ReluRows, EveryReplacementIsALowerBoundOnItsInterval) {
  Dice dice(11);
  for (int round = 0; round < 200; ++round) {
    const auto size = static_cast<std::size_t>(dice.whole(1, 21));  // whole blocks and rests
    IntervalVector z;
    std::vector<double> row, constant, slack;
    for (std::size_t v = 0; v < size; ++v) {
      const double a = dice.normal() * std::ldexp(1.0, dice.whole(-20, 20)),
                   b = dice.chance(0.2) ? 0.0 : dice.normal();
      z.lower.push_back(std::min(a, b));
      z.upper.push_back(std::max(a, b));
      row.push_back(dice.chance(0.2) ? 0.0 : dice.normal());
      constant.push_back(dice.normal());
      slack.push_back(std::fabs(dice.normal()));
    }
    const std::vector<double> g = row;
    RowSums sums;
    ASSERT_TRUE(ReluRows(z).replace(row.data(), constant, slack, sums));
    Rational missing(-sums.intercept), constants,
        slacks;  // what the intercepts must make up for, neuron by neuron
    for (std::size_t v = 0; v < size; ++v) {
      const Rational m(row[v]), coefficient(g[v]), l(z.lower[v]), u(z.upper[v]);
      Rational worst = 0;
      for (const Rational& at : {l, u, Rational(l < 0 && u > 0 ? Rational(0) : l)}) {
        worst = std::max(
            worst, Rational(m * at -
                            coefficient * relu(at)));  // piecewise linear: ends and the kink decide
      }
      missing -= worst;
      constants += m * Rational(constant[v]);
      slacks += abs(m) * Rational(slack[v]);
    }
    // Sums and intercepts are rounded: what that slacks is charged by the caller, gamma times their
    // sizes.
    EXPECT_GE(missing.get_d(), -1e-13 * (1.0 + sums.intercept_magnitude));
    EXPECT_NEAR(sums.constant, constants.get_d(), 1e-12 * static_cast<double>(size));
    EXPECT_NEAR(sums.error, slacks.get_d(), 1e-12 * static_cast<double>(size));
    EXPECT_EQ(sums.intercept_magnitude, -sums.intercept);
  }
}

TEST(ReluRows, WhatIsNotAnOrdinaryNumberIsLeftToTheCaller) {
  const std::vector<double> ones(3, 1.0);
  RowSums sums;
  for (const double odd : {HUGE_VAL, -HUGE_VAL, std::nan(""), 0x1p950}) {
    std::vector<double> row = {1.0, odd, -1.0};
    EXPECT_FALSE(ReluRows({{-1, -1, -1}, {1, 1, 1}}).replace(row.data(), ones, ones, sums));
    EXPECT_EQ(row[0], 1.0);
  }
  std::vector<double> row = ones;
  EXPECT_FALSE(ReluRows({{-HUGE_VAL, -1, -1}, {1, 1, 1}}).replace(row.data(), ones, ones, sums));
  EXPECT_FALSE(ReluRows({{-1, -1, -1}, {HUGE_VAL, 1, 1}}).replace(row.data(), ones, ones, sums));
  // Decided neurons may be unbounded on the side that decided them.
  EXPECT_TRUE(ReluRows({{-HUGE_VAL, 0, -1}, {-1, HUGE_VAL, 1}})
                  .replace(row.data(), ones, {HUGE_VAL, 1, 1}, sums));
  EXPECT_EQ(row[0], 0.0);
  EXPECT_EQ(row[1], 1.0);
  EXPECT_TRUE(std::isfinite(sums.error));
}

}  // namespace
}  // namespace clipbound::test
