// Rows that hang on steps: how many of a layer's values are positive. Steps are decided by
// branch-and-bounds of their own; counts that some point has must never be refuted.
#include <gtest/gtest.h>

#include "bounds/alpha_beta/intermediate_bounds.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/properties.h"

namespace clipbound::test {
namespace {

/// Dense layers with ReLUs, then how many of `pixels` values are above 0.
std::shared_ptr<const Network> counting_network(Dice& dice, int inputs, int width, int pixels) {
  NetworkBuilder b;
  const auto numbers = [&](std::int64_t count, double size) {
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& v : values) v = static_cast<float>(dice.normal() * size);
    return values;
  };
  const auto dense = [&](ValueId x, std::int64_t n, std::int64_t m) {
    return b.add("Gemm",
                 {x, b.constant({n, m}, numbers(n * m, 1.5 / std::sqrt(static_cast<double>(n)))),
                  b.constant({m}, numbers(m, 0.3))});
  };
  ValueId x = b.input("x", {1, inputs});
  x = b.add("Relu", {dense(x, inputs, width)});
  x = b.add("Relu", {dense(x, width, width)});
  const ValueId above = b.add("Greater", {dense(x, width, pixels), b.constant({1}, {0.0F})});
  b.output(b.add("ReduceSum", {b.add("Cast", {above}, {{"to", std::int64_t{1}}}), b.integers({1})},
                 {{"keepdims", std::int64_t{1}}}));
  return std::make_shared<const Network>(b.build());
}

TEST(Steps, CountsThatAPointHasAreNeverRefuted) {
  Dice dice(181);
  int proved = 0;
  for (int trial = 0; trial < 24; ++trial) {
    const auto network = counting_network(dice, 44, dice.whole(6, 14), dice.whole(8, 24));
    Property property;
    const double radius = dice.uniform(0.02, 0.15);
    for (int i = 0; i < 44; ++i) {
      property.lower.push_back(static_cast<float>(dice.normal()));
      property.upper.push_back(property.lower.back() + radius);
    }
    Evaluator<double> evaluator(network);
    std::vector<double> x(44), y(1);
    double least = HUGE_VAL;
    for (int k = 0; k < 500; ++k) {
      for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = dice.endpoint(property.lower[i], property.upper[i]);
      evaluator.forward(x, y);
      least = std::min(least, y[0]);
    }
    const auto verdict = [&](double threshold, double seconds) {
      property.clauses = {{y_at_most(0, threshold)}};
      return solve_text(network, property.text(),
                        {.threads = 1 + trial % 2, .seconds = seconds, .split = "neurons"})
          .verdict;
    };
    EXPECT_NE(name_of(verdict(least, 0.3)), "unsat") << "trial " << trial;
    EXPECT_NE(name_of(verdict(least + 0.5, 0.3)), "unsat") << "trial " << trial;
    proved += verdict(least - 1.0, 2.0) == Verdict::unsat ? 1 : 0;
  }
  EXPECT_GT(proved, 6);
}

TEST(Steps, BoundsByTheirOwnSplitsHoldAndTheOtherLayersStay) {
  Dice dice(182);
  int tighter = 0;
  for (int trial = 0; trial < 30; ++trial) {
    const auto network = counting_network(dice, 6, dice.whole(6, 12), 10);
    std::vector<double> lower, upper;
    for (int i = 0; i < 6; ++i) {
      lower.push_back(dice.normal());
      upper.push_back(lower.back() + dice.uniform(0.1, 0.8));
    }
    Clause clause;
    clause.rows.push_back(output_row({Rational(1)}, Rational(3)));
    const Lowered lowered(network, lower, upper, clause);
    IntermediateBoundsBudget budget;
    const auto known =
        bound_intermediate_layers(lowered.system, lower, upper, nullptr, budget, Deadline());
    budget.only_steps = true;
    budget.iterations = 10;
    budget.bab_rounds = dice.whole(1, 6);
    budget.threads = 2;
    const auto bounded =
        bound_intermediate_layers(lowered.system, lower, upper, known.get(), budget, Deadline());
    for (int k = 0; k < bounded->layers(); ++k) {
      const IntervalVector &before = known->bounds_of(k), &after = bounded->bounds_of(k);
      for (std::size_t v = 0; v < after.lower.size(); ++v) {
        const bool changed = after.lower[v] > before.lower[v] || after.upper[v] < before.upper[v];
        EXPECT_TRUE(!changed ||
                    lowered.system->activations[static_cast<std::size_t>(k)].curve == Curve::step);
        tighter += changed ? 1 : 0;
      }
    }
    for (int sample = 0; sample < 200; ++sample) {
      std::vector<double> x;
      for (std::size_t i = 0; i < lower.size(); ++i) x.push_back(dice.endpoint(lower[i], upper[i]));
      const Truth truth = lowered.truth(std::move(x));
      std::size_t at = 0;
      for (int k = 0; k < bounded->layers(); ++k) {
        const IntervalVector& z = bounded->bounds_of(k);
        for (std::size_t v = 0; v < z.lower.size(); ++v, ++at) {
          ASSERT_TRUE(allows_lower(z.lower[v], truth.neurons[at]));
          ASSERT_TRUE(allows_upper(z.upper[v], truth.neurons[at]));
        }
      }
    }
  }
  EXPECT_GT(tighter, 30);
}

}  // namespace
}  // namespace clipbound::test
