// The linear programs of Clp: what is feasible, what is not and why, and what has no answer. What
// it says is checked here by adding rows up, as its callers do.
#include "base/simplex.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "base/rounding.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using base::LinearRows;
using base::Simplex;

#define NEEDS_CLP() \
  if (!Simplex::is_available()) GTEST_SKIP() << "libClp.so.1 is not installed"

/// By how much the rows, added up with these multipliers, miss every point of the columns' bounds:
/// above 0 only where there is no point.
double margin(const LinearRows& rows, const std::vector<double>& lower,
              const std::vector<double>& upper, const std::vector<double>& y, double sign) {
  double left = 0.0;
  std::vector<double> g(lower.size(), 0.0);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double m = sign * y[i];
    if (m == 0.0) continue;
    left += m * (m > 0.0 ? rows.lower[i] : rows.upper[i]);
    for (auto e = static_cast<std::size_t>(rows.start[i]);
         e < static_cast<std::size_t>(rows.start[i + 1]); ++e)
      g[static_cast<std::size_t>(rows.column[e])] += m * rows.value[e];
  }
  double right = 0.0;
  for (std::size_t j = 0; j < g.size(); ++j) right += std::max(g[j] * lower[j], g[j] * upper[j]);
  return left - right;
}

/// x + y >= `least` and x - y <= -1: of [0, 2] x [0, 2] only (1, 2) fulfils both where it is 3.
LinearRows two_rows(double least) {
  LinearRows rows;
  rows.add(0, 1.0);
  rows.add(1, 1.0);
  rows.end(least, base::kInfinity);
  rows.add(0, 1.0);
  rows.add(1, -1.0);
  rows.end(-base::kInfinity, -1.0);
  return rows;
}

TEST(Simplex, FindsAPointThatFulfilsEverything) {
  NEEDS_CLP();
  const LinearRows rows = two_rows(3.0);
  const std::vector<double> lower{0.0, 0.0}, upper{2.0, 2.0};
  Simplex simplex(rows, lower, upper);
  ASSERT_EQ(simplex.solve(10.0, 1000), Simplex::Answer::feasible);
  // There is only this one.
  EXPECT_NEAR(simplex.values()[0], 1.0, 1e-6);
  EXPECT_NEAR(simplex.values()[1], 2.0, 1e-6);
}

TEST(Simplex, SaysWhyThereIsNoPoint) {
  NEEDS_CLP();
  const LinearRows rows = two_rows(3.125);
  const std::vector<double> lower{0.0, 0.0}, upper{2.0, 2.0};
  Simplex simplex(rows, lower, upper);
  ASSERT_EQ(simplex.solve(10.0, 1000), Simplex::Answer::infeasible);
  const std::vector<double> y = simplex.multipliers();
  ASSERT_EQ(y.size(), 2U);
  EXPECT_GT(std::max(margin(rows, lower, upper, y, 1.0), margin(rows, lower, upper, y, -1.0)), 0.0);
}

TEST(Simplex, GoesOnWhereTheLastAnswerEnded) {
  NEEDS_CLP();
  const LinearRows rows = two_rows(3.0);
  const std::vector<double> lower{0.0, 0.0}, upper{2.0, 2.0};
  Simplex simplex(rows, lower, upper);
  for (int round = 0; round < 3; ++round) {
    simplex.set_column(1, 0.0, 1.5);
    ASSERT_EQ(simplex.solve(10.0, 1000), Simplex::Answer::infeasible) << round;
    simplex.set_column(1, 0.0, 2.0);
    ASSERT_EQ(simplex.solve(10.0, 1000), Simplex::Answer::feasible) << round;
    simplex.set_row(1, 0.0, 0.0);  // x = y, so that 1.5 is enough of both
    ASSERT_EQ(simplex.solve(10.0, 1000), Simplex::Answer::feasible) << round;
    EXPECT_NEAR(simplex.values()[0], simplex.values()[1], 1e-6);
    simplex.set_row(1, -base::kInfinity, -1.0);
  }
  EXPECT_GT(simplex.pivots(), 0);
}

TEST(Simplex, HasNoMultipliersWhereNoneAreNeeded) {
  NEEDS_CLP();
  // A column without a value: whatever is said of rows proves nothing.
  const LinearRows rows = two_rows(0.0);
  const std::vector<double> lower{1.0, 0.0}, upper{0.5, 2.0};
  Simplex simplex(rows, lower, upper);
  EXPECT_NE(simplex.solve(10.0, 1000), Simplex::Answer::feasible);
  const std::vector<double> y = simplex.multipliers();
  EXPECT_TRUE(y.empty() || y.size() == 2U);
  // And after a feasible one there is nothing to say.
  const std::vector<double> wide{3.0, 3.0};
  Simplex feasible(rows, std::vector<double>{0.0, 0.0}, wide);
  ASSERT_EQ(feasible.solve(10.0, 1000), Simplex::Answer::feasible);
  const std::vector<double> none = feasible.multipliers();
  EXPECT_TRUE(none.empty() || none.size() == 2U);
}

/// A chain of equations that takes many pivots.
LinearRows chain(std::int32_t columns) {
  LinearRows rows;
  for (std::int32_t j = 0; j + 2 < columns; ++j) {
    rows.add(j, 1.0);
    rows.add(j + 1, -2.0);
    rows.add(j + 2, 1.0 + 0.125 * (j % 3));
    rows.end(0.0625, 0.125 + 0.03125 * (j % 5));
  }
  return rows;
}

TEST(Simplex, StopsAfterSoManyPivotsAndGoesOn) {
  NEEDS_CLP();
  constexpr std::int32_t n = 60;
  const std::vector<double> lower(n, -1.0), upper(n, 1.0);
  Simplex simplex(chain(n), lower, upper);
  EXPECT_EQ(simplex.solve(10.0, 1), Simplex::Answer::stopped);
  EXPECT_NE(simplex.solve(10.0, 100000), Simplex::Answer::stopped);
}

TEST(Simplex, IsOneForEachThread) {
  NEEDS_CLP();
  std::vector<std::thread> threads;
  std::vector<int> right(4, 0);
  for (std::size_t t = 0; t < right.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int k = 0; k < 50; ++k) {
        const bool possible = (k + static_cast<int>(t)) % 2 == 0;
        Simplex simplex(two_rows(possible ? 3.0 : 3.125), std::vector<double>{0.0, 0.0},
                        std::vector<double>{2.0, 2.0});
        right[t] += simplex.solve(10.0, 1000) ==
                            (possible ? Simplex::Answer::feasible : Simplex::Answer::infeasible)
                        ? 1
                        : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : right) EXPECT_EQ(count, 50);
}

}  // namespace
}  // namespace clipbound::test
