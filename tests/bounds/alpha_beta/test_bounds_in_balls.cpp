// CROWN and alpha-CROWN in balls of l1 and l2: bounds of all neurons and rows at points of box and
// ball, those of tiny networks against all activation patterns in rational arithmetic, and how much
// tighter they are than on the box.
#include <gtest/gtest.h>

#include "tests/bounds/alpha_beta/bounded_network.h"
#include "tests/support/floors.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

using specs::InputBall;
using Norm = InputBall::Norm;
using Values = std::vector<double>;

/// The ball that just fits into a box.
InputBall ball_in(const Values& lower, const Values& upper, Norm norm, double radius) {
  InputBall ball;
  ball.norm = norm;
  ball.radius = radius;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    ball.centre.push_back(0.5 * lower[i] + 0.5 * upper[i]);
    ball.scale.push_back(std::max(0.5 * upper[i] - 0.5 * lower[i], 1e-3) / radius);
  }
  return ball;
}

Clause two_rows() {
  Clause clause;
  clause.rows.push_back(output_row({Rational(1), Rational(-1)}, Rational(1, 10)));
  clause.rows.push_back(output_row({Rational(-2), Rational(1, 2)}, Rational(-3)));
  return clause;
}

/// A random network bounded on a box, `ball` that box's, or none.
std::unique_ptr<Lowered> lower_random(Dice& dice, const NetworkTaste& taste, Norm norm,
                                      bool with_ball) {
  RandomNetwork maker(dice, taste);
  const auto built = maker.build();
  Values lower, upper;
  const double radius = dice.uniform(0.05, 0.8);
  for (const float c : maker.centre()) {
    lower.push_back(static_cast<double>(c) - radius);
    upper.push_back(static_cast<double>(c) + radius);
  }
  LoweringOptions options;
  if (with_ball)
    options.ball = std::make_shared<const InputBall>(ball_in(lower, upper, norm, radius));
  return std::make_unique<Lowered>(built, lower, upper, two_rows(), ProductForm::squares, options);
}

class BoundsInBalls : public testing::TestWithParam<Norm> {};
INSTANTIATE_TEST_SUITE_P(Norms, BoundsInBalls, testing::Values(Norm::l1, Norm::l2),
                         [](const auto& norm) { return norm.param == Norm::l1 ? "l1" : "l2"; });

void expect_holds(const BoundedNetwork& s, const Truth& truth) {
  std::size_t v = 0;
  for (int k = 0; k < s.network->layers(); ++k) {
    const IntervalVector &alpha = s.network->bounds_of(k),
                         &crown = s.lowered->bounds.layers[static_cast<std::size_t>(k)];
    for (std::size_t i = 0; i < alpha.lower.size(); ++i, ++v) {
      for (const IntervalVector* z : {&alpha, &crown}) {
        ASSERT_TRUE(allows_lower(z->lower[i], truth.neurons[v]));
        ASSERT_TRUE(allows_upper(z->upper[i], truth.neurons[v]));
      }
    }
  }
  const Values crown = s.lowered->row_bounds(),
               alpha = optimize_rows(*s.network, s.rows, {.iterations = 10}, 1, Deadline()).lower;
  for (std::size_t r = 0; r < crown.size(); ++r) {
    ASSERT_TRUE(allows_lower(crown[r], truth.rows[r]));
    ASSERT_TRUE(allows_lower(alpha[r], truth.rows[r]));
  }
}

TEST_P(BoundsInBalls, HoldAtPointsOfTheBall) {
  Dice dice(301);
  for (int trial = 0; trial < 80; ++trial) {
    NetworkTaste taste = random_taste(dice);
    taste.layers = dice.whole(2, 4);
    const BoundedNetwork s(lower_random(dice, taste, GetParam(), true), trial % 2 == 0 ? 0 : 15);
    const InputBall& ball = *s.lowered->system->ball;
    for (int sample = 0; sample < 12; ++sample) {
      Values x = s.random_truth(dice).x;
      ball.pull_inside(x);  // corners: onto the edge
      ASSERT_TRUE(ball.certainly_holds(x));
      expect_holds(s, s.lowered->truth(x));
    }
  }
}

/// What the rows' bounds gain, of what lies between the bound on the box and 0 at the centre.
TEST_P(BoundsInBalls, AreTighterThanOnTheBox) {
  double with = 0.0, without = 0.0;
  for (int trial = 0; trial < 20; ++trial) {
    for (const bool has_ball : {true, false}) {
      Dice dice(400 + static_cast<std::uint64_t>(trial));
      NetworkTaste taste;
      taste.inputs = 12;
      taste.layers = 2;
      taste.width = 8;
      const BoundedNetwork s(lower_random(dice, taste, GetParam(), has_ball), 10);
      Values centre;
      for (std::size_t i = 0; i < s.lowered->lower.size(); ++i)
        centre.push_back(0.5 * s.lowered->lower[i] + 0.5 * s.lowered->upper[i]);
      const Truth truth = s.lowered->truth(centre);
      const Values rows =
          optimize_rows(*s.network, s.rows, {.iterations = 10}, 1, Deadline()).lower;
      for (std::size_t r = 0; r < rows.size(); ++r)
        (has_ball ? with : without) += rough(truth.rows[r]) - rows[r];
    }
  }
  EXPECT_LT(with, 0.7 * without);
}

/// Where the ball lies, as a polytope: in l1 the ball itself, in l2 one inside it, its corners
/// being points of the sphere; around 0, in two dimensions.
Polytope polytope_of(Norm norm, double radius) {
  const Rational r(radius);
  Polytope region({-r, -r}, {r, r});
  std::vector<std::pair<Rational, Rational>> corners;
  const int per_quarter = norm == Norm::l1 ? 1 : 5;
  for (int k = 0; k < per_quarter; ++k) {
    const Rational t = Rational(k) / per_quarter, d = 1 + t * t;
    corners.emplace_back(r * (1 - t * t) / d, r * 2 * t / d);
  }
  for (int quarter = 0; quarter < 3; ++quarter) {
    const std::size_t first = static_cast<std::size_t>(quarter * per_quarter);
    for (std::size_t k = 0; k < static_cast<std::size_t>(per_quarter); ++k) {
      const auto [x, y] = corners[first + k];
      corners.emplace_back(Rational(-y), x);
    }
  }
  for (std::size_t k = 0; k < corners.size(); ++k) {
    // To the left of the way from one to the next.
    const auto& [x, y] = corners[k];
    const auto& [u, v] = corners[(k + 1) % corners.size()];
    region.cut({{v - y, x - u}, -((v - y) * x + (x - u) * y)});
  }
  return region;
}

TEST_P(BoundsInBalls, TinyNetworksByTheirPatterns) {
  Dice dice(302);
  double gap = 0.0, box_gap = 0.0;
  for (int trial = 0; trial < 60; ++trial) {
    const TinyNetwork tiny =
        random_tiny(dice, trial % 2 == 0 ? std::vector<int>{2, 4, 2} : std::vector<int>{2, 3, 3, 2},
                    trial % 3 == 0);
    const double radius = std::exp2(dice.whole(-3, 1));
    LoweringOptions options;
    InputBall ball;
    ball.norm = GetParam();
    ball.centre = {0.0, 0.0};
    ball.scale = {1.0, 1.0};
    ball.radius = radius;
    const Values lower = {-radius, -radius}, upper = {radius, radius};
    Clause clause;
    clause.rows.push_back(output_row({Rational(1), Rational(-1)}, 0));
    const auto lowered = [&](bool with) {
      options.ball = with ? std::make_shared<const InputBall>(ball) : nullptr;
      return std::make_unique<Lowered>(tiny.build(), lower, upper, clause, ProductForm::squares,
                                       options);
    };
    PatternSearch search(tiny, {Rational(1), Rational(-1)});
    const Rational least = search.minimum(polytope_of(GetParam(), radius)).first;
    const auto in_ball = lowered(true), on_box = lowered(false);
    IntermediateBoundsBudget budget;
    budget.iterations = 10;
    const auto network =
        bound_intermediate_layers(in_ball->system, lower, upper, nullptr, budget, Deadline());
    const SparseNetworkRows rows = network->compile_rows(in_ball->rows, {0});
    const double crown = in_ball->row_bounds()[0],
                 alpha = optimize_rows(*network, rows, {.iterations = 20}, 1, Deadline()).lower[0];
    ASSERT_LE(Rational(crown), least) << trial;
    ASSERT_LE(Rational(alpha), least) << trial;
    gap += least.get_d() - alpha;
    box_gap += least.get_d() - on_box->row_bounds()[0];
  }
  EXPECT_LT(gap, 0.5 * box_gap);
}

}  // namespace
}  // namespace clipbound::test
