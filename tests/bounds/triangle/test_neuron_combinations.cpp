// Equations between neurons that read mixtures of inputs: every point's neurons fulfil them, in
// exact arithmetic, whatever the weights are like.
#include "bounds/triangle/neuron_combinations.h"

#include <gtest/gtest.h>

#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

struct Readers {
  std::int32_t inputs = 0;
  std::vector<std::vector<double>> weights;
  std::vector<double> constant, slack;
  std::vector<double> lower, upper;

  base::LinearRows rows() const {
    base::LinearRows result;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      result.add(inputs + static_cast<std::int32_t>(i), 1.0);
      for (std::int32_t j = 0; j < inputs; ++j) {
        const double w = weights[i][static_cast<std::size_t>(j)];
        if (w != 0.0) result.add(j, -w);
      }
      result.end(constant[i] - slack[i], constant[i] + slack[i]);
    }
    return result;
  }
};

enum class Taste { mixing, dependent, near, wild, tiny, huge };

Readers random_readers(Dice& dice, Taste taste) {
  Readers all;
  all.inputs = dice.whole(1, 8);
  const auto n = static_cast<std::size_t>(all.inputs);
  for (std::size_t j = 0; j < n; ++j) {
    const double a = dice.normal() * 3.0, b = dice.chance(0.2) ? a : a + dice.uniform(0.0, 4.0);
    all.lower.push_back(std::min(a, b));
    all.upper.push_back(std::max(a, b));
  }
  const int rows = dice.whole(2, 14);
  for (int i = 0; i < rows; ++i) {
    std::vector<double> w(n, 0.0);
    for (double& x : w) {
      if (taste == Taste::mixing)
        x = 0.5 * dice.whole(-2, 2);
      else if (!dice.chance(0.3))
        x = dice.normal();
      if (taste == Taste::wild) x = std::ldexp(x, dice.whole(-60, 60));
      if (taste == Taste::tiny) x = std::ldexp(x, dice.whole(-1060, -1000));
      if (taste == Taste::huge) x = std::ldexp(x, dice.whole(900, 1020));
    }
    if ((taste == Taste::dependent || taste == Taste::near) && all.weights.size() >= 2 &&
        dice.chance(0.7)) {
      const auto pick = [&] {
        return static_cast<std::size_t>(dice.whole(0, static_cast<int>(all.weights.size()) - 1));
      };
      const auto &u = all.weights[pick()], &v = all.weights[pick()];
      const double a = dice.normal(), b = dice.normal();
      for (std::size_t j = 0; j < n; ++j) w[j] = a * u[j] + b * v[j];
      if (taste == Taste::near) w[0] += std::ldexp(dice.normal(), dice.whole(-40, -20));
    }
    all.weights.push_back(w);
    all.constant.push_back(dice.normal());
    all.slack.push_back(dice.chance(0.5) ? 1e-15 : std::ldexp(1.0, dice.whole(-60, -10)));
  }
  return all;
}

Rational sum_of(const base::LinearRows& rows, std::size_t i, const Rationals& x) {
  Rational sum = 0;
  for (auto e = static_cast<std::size_t>(rows.start[i]);
       e < static_cast<std::size_t>(rows.start[i + 1]); ++e)
    sum += Rational(rows.value[e]) * x[static_cast<std::size_t>(rows.column[e])];
  return sum;
}

/// A point of the box, and its neurons, each at an end of what its slack allows or inside.
Rationals random_values(Dice& dice, const Readers& readers, const base::LinearRows& rows) {
  Rationals x;
  for (std::size_t j = 0; j < readers.lower.size(); ++j)
    x.emplace_back(dice.endpoint(readers.lower[j], readers.upper[j]));
  for (std::size_t i = 0; i < readers.weights.size(); ++i) {
    const Rational low(rows.lower[i]), high(rows.upper[i]);
    Rational z = dice.chance(0.4) ? low : dice.chance(0.7) ? high : Rational((low + high) / 2);
    for (std::size_t j = 0; j < readers.lower.size(); ++j)
      z += Rational(readers.weights[i][j]) * x[j];
    x.push_back(z);
  }
  return x;
}

int expect_equations_hold(Dice& dice, Taste taste, int trials) {
  int equations = 0;
  for (int trial = 0; trial < trials; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const Readers readers = random_readers(dice, taste);
    base::LinearRows rows = readers.rows();
    const auto before = static_cast<std::size_t>(rows.count());
    std::vector<double> lower = readers.lower, upper = readers.upper;
    lower.resize(lower.size() + before, -1e300);  // neurons' own bounds, which do not matter
    upper.resize(upper.size() + before, 1e300);
    bounds::add_neuron_combinations(rows, rows.count(), readers.inputs, lower, upper);
    equations += static_cast<int>(rows.count()) - static_cast<int>(before);
    for (std::size_t i = before; i < static_cast<std::size_t>(rows.count()); ++i) {
      for (auto e = static_cast<std::size_t>(rows.start[i]);
           e < static_cast<std::size_t>(rows.start[i + 1]); ++e) {
        EXPECT_GE(rows.column[e], readers.inputs);
        EXPECT_TRUE(std::isfinite(rows.value[e]));
      }
    }
    for (int k = 0; k < 20; ++k) {
      const Rationals x = random_values(dice, readers, rows);
      for (std::size_t i = before; i < static_cast<std::size_t>(rows.count()); ++i) {
        const Rational sum = sum_of(rows, i, x);
        EXPECT_GE(sum, Rational(rows.lower[i])) << "row " << i;
        EXPECT_LE(sum, Rational(rows.upper[i])) << "row " << i;
      }
    }
  }
  return equations;
}

TEST(NeuronCombinations, HoldForMixturesOfHalves) {
  Dice dice(7101);
  EXPECT_GT(expect_equations_hold(dice, Taste::mixing, 150), 10);
}

TEST(NeuronCombinations, HoldForDependentAndNearlyDependentNeurons) {
  Dice dice(7102);
  EXPECT_GT(expect_equations_hold(dice, Taste::dependent, 150), 100);
  EXPECT_GT(expect_equations_hold(dice, Taste::near, 150), 100);
}

TEST(NeuronCombinations, HoldForWeightsOfAllSizes) {
  Dice dice(7103);
  EXPECT_GT(expect_equations_hold(dice, Taste::wild, 150), 10);
  expect_equations_hold(dice, Taste::tiny, 100);
  expect_equations_hold(dice, Taste::huge, 100);
}

TEST(NeuronCombinations, AreTightWhereTheyAreExact) {
  // z2 = z0 + z1 and z3 = 2 z0 - z1: nothing is left of the inputs.
  Readers readers;
  readers.inputs = 4;
  readers.weights = {
      {1.0, 0.5, 0.0, 0.0}, {0.0, 0.0, 0.5, 1.0}, {1.0, 0.5, 0.5, 1.0}, {2.0, 1.0, -0.5, -1.0}};
  readers.constant.assign(4, 0.0);
  readers.slack.assign(4, 1e-12);
  base::LinearRows rows = readers.rows();
  const std::vector<double> lower(8, -1.0), upper(8, 1.0);
  bounds::add_neuron_combinations(rows, rows.count(), 4, lower, upper);
  ASSERT_EQ(rows.count(), 6);
  for (std::size_t i = 4; i < 6; ++i) {
    EXPECT_LT(rows.upper[i] - rows.lower[i], 1e-10);
    EXPECT_GT(rows.upper[i] - rows.lower[i], 1e-12);
  }
}

}  // namespace
}  // namespace clipbound::test
