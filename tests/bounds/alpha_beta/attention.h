#pragma once
// Small networks of matrix products like attention's, lowered and bounded.
#include <gtest/gtest.h>

#include "tests/bounds/alpha_beta/bounded_network.h"

namespace clipbound::test {

/// A small network of matrix products like attention's on a 3 x 3 input, bounded with all of its
/// products as McCormick products.
struct Attention {
  Attention(Dice& dice, double radius, int iterations) {
    NetworkBuilder b;
    const auto weights = [&](std::int64_t n) {
      std::vector<float> values;
      for (std::int64_t i = 0; i < n; ++i)
        values.push_back(static_cast<float>(dice.normal() * 0.7));
      return values;
    };
    const ValueId x = b.input("x", {3, 3});
    const auto linear = [&](ValueId v) {
      return b.add("Add", {b.add("MatMul", {v, b.constant({3, 3}, weights(9))}),
                           b.constant({3}, weights(3))});
    };
    const auto activated = [&](ValueId v) {
      return dice.chance(0.5) ? b.add("Relu", {v}) : dice.chance(0.5) ? b.add("Tanh", {v}) : v;
    };
    ValueId scores = b.add("MatMul", {activated(linear(x)), activated(linear(x))});
    if (dice.chance(0.5)) scores = b.add("Mul", {scores, b.constant({1}, {0.3F})});
    const ValueId shares = dice.chance(0.7)
                               ? b.add("Softmax", {scores}, {{"axis", std::int64_t{1}}})
                               : activated(scores);
    const ValueId mixed = b.add("MatMul", {shares, linear(x)});
    b.output(linear(b.add("Relu", {linear(dice.chance(0.5) ? b.add("Add", {mixed, x}) : mixed)})));
    std::vector<double> lower, upper;
    for (int i = 0; i < 9; ++i) {
      const double centre = dice.normal();
      lower.push_back(centre - radius * dice.uniform(0.0, 1.0));
      upper.push_back(centre + radius * dice.uniform(0.0, 1.0));
    }
    Clause clause;
    clause.rows.push_back(output_row({Rational(1), Rational(-1)}, Rational(1, 10)));
    clause.rows.push_back(output_row({Rational(0), Rational(-2), Rational(1, 2)}, Rational(-3)));
    lowered =
        std::make_unique<Lowered>(std::make_shared<const Network>(b.build()), lower, upper, clause);
    IntermediateBoundsBudget budget;
    budget.iterations = iterations;
    budget.helper_work = 0.0;
    network = bound_intermediate_layers(lowered->system, lower, upper, nullptr, budget, Deadline());
    rows = network->compile_rows(lowered->rows, {0, 1});
    ConeFinder(*network).find(rows, {0, 1}, cone);
    target.rows = &rows;
    for (int lane = 0; lane < kLanes; ++lane) {
      target.which[lane] = lane % 2;
      target.sign[lane] = lane % 4 < 2 ? 1.0 : -1.0;
    }
  }
  /// Corners mostly.
  Truth random_truth(Dice& dice) const {
    std::vector<double> x;
    for (std::size_t i = 0; i < lowered->lower.size(); ++i) {
      const double t =
          dice.chance(0.8) ? static_cast<double>(dice.whole(0, 1)) : dice.uniform(0.0, 1.0);
      x.push_back(std::clamp(lowered->lower[i] + t * (lowered->upper[i] - lowered->lower[i]),
                             lowered->lower[i], lowered->upper[i]));
    }
    return lowered->truth(std::move(x));
  }
  void expect_below(Vec bound, const Truth& truth) const {
    for (int lane = 0; lane < kLanes; ++lane) {
      Enclosed value = truth.rows[static_cast<std::size_t>(target.which[lane])];
      value.value *= target.sign[lane];
      ASSERT_TRUE(allows_lower(bound[lane], value)) << bound[lane] << " > " << value.value;
    }
  }

  std::unique_ptr<Lowered> lowered;
  std::unique_ptr<const SparseNetwork> network;
  SparseNetworkRows rows;
  Cone cone;
  LaneRows target;
};

}  // namespace clipbound::test
