// McCormick products: linear bounds below the product in exact arithmetic, at every corner; bounds
// of small networks with matrix products below the truth for any parameters; gradients against
// finite differences.
#include <gtest/gtest.h>

#include "tests/bounds/alpha_beta/attention.h"
#include "tests/bounds/alpha_beta/bounded_network.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// An interval of any place and width, a single number and one that ends at 0 among them.
std::pair<double, double> random_interval(Dice& dice) {
  const double size = std::ldexp(1.0, dice.whole(-20, 20)), l = size * dice.normal();
  switch (dice.whole(0, 4)) {
    case 0: return {l, l};
    case 1: return {std::min(l, 0.0), std::max(l, 0.0)};
    case 2: return {l, next_up(l)};
    default: return {l, l + std::ldexp(size, dice.whole(-40, 10)) * dice.uniform(0.0, 1.0)};
  }
}

TEST(McCormickProduct, BoundsLieBelowAtTheCornersAndBetween) {
  Dice dice(201);
  double tight = 0.0, all = 0.0;
  for (int trial = 0; trial < 20000; ++trial) {
    const auto [a_low, a_high] = random_interval(dice);
    const auto [b_low, b_high] = random_interval(dice);
    McCormickProduct product;
    product.enclose(a_low, a_high, b_low, b_high);
    const double g =
        (dice.chance(0.5) ? 1.0 : -1.0) * std::ldexp(dice.uniform(0.5, 1.0), dice.whole(-30, 30));
    const double t = dice.chance(0.4) ? dice.whole(0, 1) : dice.uniform(0.0, 1.0);
    const McCormickBound linear = mccormick_bound(product, broadcast(g), broadcast(t));
    // As the bounder computes them, and what it charges for all roundings: 4 gamma of 4 times the
    // magnitude, gamma > 32 u.
    const double a_coefficient = g * linear.a_slope[0], b_coefficient = g * linear.b_slope[0],
                 offset = g * linear.offset[0];
    const Rational slack =
        Rational(std::fabs(g)) * Rational(32.0 * kUnitRoundoff) * Rational(4.0 * product.magnitude);
    for (int sample = 0; sample < 6; ++sample) {
      const double a = sample < 4 ? (sample % 2 == 0 ? a_low : a_high)
                                  : std::clamp(dice.uniform(a_low, a_high), a_low, a_high);
      const double b = sample < 4 ? (sample < 2 ? b_low : b_high)
                                  : std::clamp(dice.uniform(b_low, b_high), b_low, b_high);
      const Rational truth = Rational(g) * Rational(a) * Rational(b);
      const Rational below = Rational(a_coefficient) * Rational(a) +
                             Rational(b_coefficient) * Rational(b) - Rational(offset);
      ASSERT_LE(below - slack, truth) << "[" << a_low << ", " << a_high << "] [" << b_low << ", "
                                      << b_high << "] g " << g << " t " << t;
      if (sample >= 4 || (t != 0.0 && t != 1.0)) continue;
      all += 1.0;
      tight += truth - below <= slack ? 1.0 : 0.0;
    }
  }
  EXPECT_GE(tight, 0.5 * all) << "McCormick's planes touch the product at three corners";
}

TEST(McCormickProduct, OperandsAreFoundWhereTheyAreExact) {
  const auto form = [](std::vector<std::pair<std::int32_t, double>> terms, double constant) {
    AffineForm result = AffineForm::of_constant({constant});
    SparseRows rows;
    rows.cols = 4;
    for (const auto& [column, value] : terms) rows.append(column, value);
    rows.end_row();
    result.terms.emplace(0, std::move(rows));
    return result;
  };
  const auto found =
      find_mccormick_operands(form({{1, 0.5}, {3, 2.0}}, 0.0), form({{1, 0.5}, {3, -2.0}}, 0.0), 0);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->a, 1);
  EXPECT_EQ(found->b, 3);
  EXPECT_EQ(found->weight, 4.0);
  const auto swapped =
      find_mccormick_operands(form({{1, 0.5}, {3, 2.0}}, 0.0), form({{1, -0.5}, {3, 2.0}}, 0.0), 0);
  ASSERT_TRUE(swapped);
  EXPECT_EQ(swapped->a, 3);
  EXPECT_FALSE(
      find_mccormick_operands(form({{1, 0.5}, {3, 2.0}}, 1.0), form({{1, 0.5}, {3, -2.0}}, 0.0), 0))
      << "a constant";
  EXPECT_FALSE(find_mccormick_operands(form({{1, 0.5}, {3, 2.0}}, 0.0),
                                       form({{1, 0.25}, {3, -2.0}}, 0.0), 0))
      << "other coefficients";
  EXPECT_FALSE(
      find_mccormick_operands(form({{1, 0.5}, {3, 2.0}}, 0.0), form({{1, 0.5}, {2, -2.0}}, 0.0), 0))
      << "other operands";
  EXPECT_FALSE(find_mccormick_operands(form({{1, 0.5}}, 0.0), form({{1, 0.5}}, 0.0), 0))
      << "one operand";
  AffineForm vague = form({{1, 0.5}, {3, 2.0}}, 0.0);
  vague.radius[0] = 1e-300;
  EXPECT_FALSE(find_mccormick_operands(vague, form({{1, 0.5}, {3, -2.0}}, 0.0), 0));
}

TEST(McCormickProduct, BoundsStayBelowTheTruthForAnyParameters) {
  Dice dice(202);
  std::size_t products = 0;
  for (int trial = 0; trial < 120; ++trial) {
    const Attention a(dice, dice.chance(0.2) ? 1e-9 : dice.uniform(0.01, 1.0),
                      trial % 2 == 0 ? 0 : 8);
    products += a.network->products.size();
    EXPECT_EQ(a.network->square_pairs.size(), 0U);
    AlphaBetaBounder bounder;
    bounder.attach(*a.network);
    ASSERT_EQ(bounder.lanes.alpha_or_beta.size(),
              static_cast<std::size_t>(a.network->parameters()));
    for (int round = 0; round < 4; ++round) {
      for (Vec& t : bounder.lanes.alpha_or_beta) {
        for (int lane = 0; lane < kLanes; ++lane)
          t[lane] = dice.chance(0.5) ? dice.whole(0, 1) : dice.uniform(0.0, 1.0);
      }
      const Vec bound = bounder.lower_bound(a.cone, a.target);
      SlopeSchedule schedule;
      schedule.enough = 1e30;
      const Vec best = maximize(bounder, a.cone, a.target, schedule);
      EXPECT_TRUE(all(best >= bound));
      EXPECT_TRUE(all(bounder.lower_bound(a.cone, a.target) == best))
          << "the parameters are not the best ones'";
      for (int sample = 0; sample < 20; ++sample) {
        const Truth truth = a.random_truth(dice);
        a.expect_below(bound, truth);
        a.expect_below(best, truth);
      }
    }
  }
  EXPECT_GT(products, 3000U);
}

TEST(McCormickProduct, NeuronBoundsHold) {
  Dice dice(203);
  for (int trial = 0; trial < 80; ++trial) {
    const Attention a(dice, dice.uniform(0.01, 1.0), trial % 2 == 0 ? 0 : 8);
    for (int sample = 0; sample < 20; ++sample) {
      const Truth truth = a.random_truth(dice);
      std::size_t v = 0;
      for (int k = 0; k < a.network->layers(); ++k) {
        const IntervalVector& z = a.network->bounds_of(k);
        for (std::size_t i = 0; i < z.lower.size(); ++i, ++v) {
          ASSERT_TRUE(allows_lower(z.lower[i], truth.neurons[v]));
          ASSERT_TRUE(allows_upper(z.upper[i], truth.neurons[v]));
        }
      }
    }
  }
}

/// Where(relu(x + 5) > relu(x + 4) + 1/2, relu(y), 0): intervals leave the condition open, CROWN
/// shows that it is 1.
TEST(McCormickProduct, ProductsWithConstantStepsAreTheirOtherFactors) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {2}), y = b.input("y", {2});
  const ValueId high = b.add("Relu", {b.add("Add", {x, b.constant({2}, {5.0F, 4.0F})})});
  const ValueId low = b.add(
      "Add",
      {b.add("Relu", {b.add("Add", {x, b.constant({2}, {4.0F, 5.0F})})}), b.constant({1}, {0.5F})});
  const ValueId chosen =
      b.add("Where", {b.add("Greater", {high, low}), b.add("Relu", {y}), b.constant({1}, {0.0F})});
  b.output(b.add("Relu", {b.add("Add", {chosen, b.constant({1}, {1.0F})})}));
  const std::vector<double> lower{-1, -1, -0.25, -0.25}, upper{1, 1, 2, 2};
  Clause clause;
  clause.rows.push_back(output_row({Rational(-1), Rational(0)}, Rational(0)));
  clause.rows.push_back(output_row({Rational(0), Rational(-1)}, Rational(0)));
  const Lowered lowered(std::make_shared<const Network>(b.build()), lower, upper, clause);
  for (const double helper_work : {0.0, 1e30}) {
    IntermediateBoundsBudget budget;
    budget.helper_work = helper_work;
    const auto network =
        bound_intermediate_layers(lowered.system, lower, upper, nullptr, budget, Deadline());
    const SparseNetworkRows rows = network->compile_rows(lowered.rows, {0, 1});
    const std::vector<double> bound =
        optimize_rows(*network, rows, SlopeSchedule{}, 1, Deadline()).lower;
    EXPECT_LE(bound[0], -3.0) << "the first number may be 2, and 1 more";
    EXPECT_GT(bound[0], -4.0);
    EXPECT_LE(bound[1], -1.0);
    EXPECT_GT(bound[1], -2.0) << "the second is never chosen";
  }
}

TEST(McCormickProduct, OptimisedBoundsAreAboutAsGoodAsThoseOfSquares) {
  // The same network with its squares kept: planes between the same two of McCormick's, two slopes
  // instead of one.
  Dice dice(204);
  double products = 0.0, apart = 0.0;
  for (int trial = 0; trial < 40; ++trial) {
    const Attention a(dice, 0.3, 0);
    const auto squares =
        bound_intermediate_layers(a.lowered->system, a.lowered->lower, a.lowered->upper, nullptr,
                                  IntermediateBoundsBudget{}, Deadline());
    EXPECT_GT(squares->square_pairs.size(), 0U);
    SlopeSchedule schedule;
    schedule.enough = 1e30;
    schedule.iterations = 60;
    const auto bound_with = [&](const SparseNetwork& network) {
      const SparseNetworkRows rows = network.compile_rows(a.lowered->rows, {0, 1});
      return optimize_rows(network, rows, schedule, 1, Deadline()).lower;
    };
    const std::vector<double> first = bound_with(*a.network), second = bound_with(*squares);
    const Truth truth = a.random_truth(dice);
    for (std::size_t r = 0; r < 2; ++r) {
      products += truth.rows[r].value - first[r];
      apart += truth.rows[r].value - second[r];
    }
  }
  EXPECT_LT(products, 1.5 * apart);
}

TEST(McCormickProduct, GradientsAgreeWithFiniteDifferences) {
  Dice dice(205);
  int compared = 0;
  for (int trial = 0; trial < 20; ++trial) {
    const Attention a(dice, 0.4, 0);
    AlphaBetaBounder bounder;
    bounder.attach(*a.network);
    for (Vec& t : bounder.lanes.alpha_or_beta) {
      for (int lane = 0; lane < kLanes; ++lane) t[lane] = dice.uniform(0.1, 0.9);
    }
    const Vec middle = bounder.lower_bound(a.cone, a.target);
    bounder.differentiate(a.cone);
    const std::vector<Vec> gradient = bounder.gradient;
    constexpr double kStep = 1e-6;
    for (const Cone::Layer& layer : a.cone.layers) {
      for (const Live element : layer.products) {
        const std::int32_t u = a.network->parameter_of_product(element);
        const Vec parameter = at(bounder.lanes.alpha_or_beta, u);
        at(bounder.lanes.alpha_or_beta, u) = parameter + kStep;
        const Vec above = bounder.lower_bound(a.cone, a.target);
        at(bounder.lanes.alpha_or_beta, u) = parameter - kStep;
        const Vec below = bounder.lower_bound(a.cone, a.target);
        at(bounder.lanes.alpha_or_beta, u) = parameter;
        for (int lane = 0; lane < kLanes; ++lane) {
          const double right = (above[lane] - middle[lane]) / kStep,
                       left = (middle[lane] - below[lane]) / kStep;
          const double size =
              std::fabs(right) + std::fabs(left) + 1e-3 * (1.0 + std::fabs(middle[lane]));
          if (!std::isfinite(size) || std::fabs(right - left) > 1e-4 * size)
            continue;  // a kink between the three points
          ++compared;
          EXPECT_NEAR(at(gradient, u)[lane], 0.5 * (right + left), 1e-3 * size);
        }
      }
    }
  }
  EXPECT_GT(compared, 100 * kLanes);
}

}  // namespace
}  // namespace clipbound::test
