// Complete clipping by a ball: never above what a point of box and ball reaches, checked in
// rational arithmetic, points on the sphere among them; close to the exact least value.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/rounding.h"
#include "bounds/clip/ball_clipping.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using specs::InputBall;
using Norm = InputBall::Norm;
using Values = std::vector<double>;

/// A box, a ball that it meets, and a function.
struct Meeting {
  Meeting(Dice& dice, Norm norm, int n) {
    ball.norm = norm;
    ball.radius = std::exp2(dice.whole(-8, 4)) * dice.uniform(0.5, 1.0);
    for (int i = 0; i < n; ++i) {
      const double scale = dice.chance(0.5) ? 1.0 : std::exp2(dice.normal()),
                   reach = scale * ball.radius;
      ball.centre.push_back(dice.chance(0.2) ? 0.0 : dice.normal());
      ball.scale.push_back(scale);
      // Mostly around the centre, as in roots; now and then beside it, as in parts of a box.
      double low = ball.centre.back() - reach * (dice.chance(0.4) ? 1.0 : dice.uniform(0.0, 1.0)),
             high = ball.centre.back() + reach * (dice.chance(0.4) ? 1.0 : dice.uniform(0.0, 1.0));
      if (dice.chance(0.1)) low = high = ball.centre.back();
      if (dice.chance(0.1)) low = ball.centre.back() + reach * 0.2, high = low + reach;
      lower.push_back(low);
      upper.push_back(high);
      form.push_back(dice.chance(0.15) ? 0.0 : dice.normal() * std::exp2(dice.normal()));
    }
    offset = dice.normal();
  }
  double bound() const { return minimum_over(form, offset, lower, upper, shared()); }
  std::shared_ptr<const InputBall> shared() const {
    return std::make_shared<const InputBall>(ball);
  }
  Rational value(const Values& x) const {
    return RationalForm{rationals(form), Rational(offset)}.at(rationals(x));
  }
  /// Exactly.
  bool holds(const Values& x) const {
    Rational sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (x[i] < lower[i] || x[i] > upper[i]) return false;
      const Rational part =
          abs(Rational(x[i]) - Rational(ball.centre[i])) / Rational(ball.scale[i]);
      sum += ball.norm == Norm::l1 ? part : Rational(part * part);
    }
    const Rational radius(ball.radius);
    return sum <= (ball.norm == Norm::l1 ? radius : Rational(radius * radius));
  }

  InputBall ball;
  Values lower, upper, form;
  double offset = 0.0;
};

/// The least value by the dual in long double, with the inner minimum in closed form.
long double dual(const Meeting& m, long double lambda) {
  long double sum = m.offset;
  for (std::size_t i = 0; i < m.form.size(); ++i) {
    const long double g = static_cast<long double>(m.form[i]) * m.ball.scale[i],
                      c = m.ball.centre[i], s = m.ball.scale[i], from = (m.lower[i] - c) / s,
                      to = (m.upper[i] - c) / s;
    const auto at = [&](long double y) {
      return g * y + lambda * (m.ball.norm == Norm::l1 ? std::fabs(y) : 0.5L * y * y);
    };
    const long double zero = std::clamp(0.0L, from, to);
    long double least = std::min({at(from), at(to), at(zero)});
    if (m.ball.norm == Norm::l2 && lambda > 0.0L)
      least = std::min(least, at(std::clamp(-g / lambda, from, to)));
    sum += least + m.form[i] * c;
  }
  const long double r = m.ball.radius;
  return sum - lambda * (m.ball.norm == Norm::l1 ? r : 0.5L * r * r);
}

/// The dual is concave: thirds of the interval of lambda.
long double reference(const Meeting& m) {
  long double low = 0.0L, high = 1.0L;
  for (std::size_t i = 0; i < m.form.size(); ++i)
    high += std::fabs(m.form[i]) * m.ball.scale[i] * (1.0 + 1.0 / m.ball.radius);
  for (int k = 0; k < 400; ++k) {
    const long double a = low + (high - low) / 3.0L, b = high - (high - low) / 3.0L;
    (dual(m, a) < dual(m, b) ? low : high) = dual(m, a) < dual(m, b) ? a : b;
  }
  return std::max(dual(m, 0.0L), dual(m, 0.5L * (low + high)));
}

class BallClippingIn : public testing::TestWithParam<Norm> {};
INSTANTIATE_TEST_SUITE_P(Norms, BallClippingIn, testing::Values(Norm::l1, Norm::l2),
                         [](const auto& norm) { return norm.param == Norm::l1 ? "l1" : "l2"; });

/// Points in the box, drawn towards the centre until they lie in the ball, or close to its edge.
TEST_P(BallClippingIn, IsBelowTheFunctionAtEveryPoint) {
  Dice dice(1);
  int tried = 0, on_edge = 0;
  for (int round = 0; round < 400; ++round) {
    const Meeting m(dice, GetParam(), dice.whole(1, 8));
    const double bound = m.bound();
    for (int k = 0; k < 40; ++k) {
      Values x;
      for (std::size_t i = 0; i < m.form.size(); ++i) {
        const double corner = m.form[i] < 0.0 ? m.upper[i] : m.lower[i],
                     inside = m.lower[i] + (m.upper[i] - m.lower[i]) * dice.uniform(0.0, 1.0);
        x.push_back(dice.chance(0.6) ? corner : std::clamp(inside, m.lower[i], m.upper[i]));
      }
      const bool outside = !m.holds(x);
      m.ball.pull_inside(x);
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::clamp(x[i], m.lower[i], m.upper[i]);
      if (!m.holds(x)) continue;
      ++tried;
      on_edge += outside ? 1 : 0;
      ASSERT_LE(Rational(bound), m.value(x)) << round << " " << k;
    }
  }
  EXPECT_GT(tried, 5000);
  EXPECT_GT(on_edge, 2000);
}

TEST_P(BallClippingIn, IsCloseToTheLeastValue) {
  Dice dice(2);
  for (int round = 0; round < 150; ++round) {
    const Meeting m(dice, GetParam(), dice.whole(1, 60));
    // Of a box beside the centre the iteration for l2 may stop early.
    const bool around = [&] {
      for (std::size_t i = 0; i < m.form.size(); ++i)
        if (m.lower[i] > m.ball.centre[i]) return false;
      return true;
    }();
    double spread = 0.0;
    for (std::size_t i = 0; i < m.form.size(); ++i)
      spread += std::fabs(m.form[i]) * (m.upper[i] - m.lower[i]);
    const auto exact = static_cast<double>(reference(m));
    EXPECT_LE(m.bound(), exact + 1e-12 * (1.0 + spread)) << round;
    if (around) {
      EXPECT_GE(m.bound(), exact - 1e-3 * spread - 1e-12) << round;
    }
  }
}

/// The point where the function is least, planted: on the sphere exactly, by sums of squares.
TEST(BallClipping, PointsOnTheSphereSurvive) {
  const std::vector<std::pair<Values, double>> spheres = {
      {{3, 4}, 5},       {{1, 2, 2}, 3}, {{2, 3, 6}, 7},          {{1, 4, 8}, 9},
      {{1, 1, 1, 1}, 2}, {{1, 0}, 1},    {{2, 4, 5, 6, 12}, 15.0}};
  Dice dice(3);
  for (int round = 0; round < 300; ++round) {
    const auto& [step, radius] =
        spheres[static_cast<std::size_t>(dice.whole(0, static_cast<int>(spheres.size()) - 1))];
    const double unit = std::exp2(dice.whole(-20, 3));
    Meeting m(dice, Norm::l2, static_cast<int>(step.size()));
    m.ball.radius = radius * unit;
    Values planted;
    for (std::size_t i = 0; i < step.size(); ++i) {
      const double side = dice.chance(0.5) ? 1.0 : -1.0;
      m.ball.scale[i] = std::exp2(dice.whole(-2, 2));
      m.ball.centre[i] = std::round(m.ball.centre[i] * 64.0) / 64.0;
      planted.push_back(m.ball.centre[i] + side * step[i] * unit * m.ball.scale[i]);
      m.form[i] = -side * step[i] / m.ball.scale[i];
      m.lower[i] = std::min(planted[i], m.ball.centre[i] - m.ball.radius * m.ball.scale[i]);
      m.upper[i] = std::max(planted[i], m.ball.centre[i] + m.ball.radius * m.ball.scale[i]);
    }
    ASSERT_TRUE(m.holds(planted));
    ASSERT_LE(Rational(m.bound()), m.value(planted)) << round;
    EXPECT_GE(m.bound(), Rational(m.value(planted)).get_d() - 1e-10) << round;
    // Boxes that hold it, whatever else, keep it.
    std::vector<Vec> lower, upper;
    std::vector<int> inputs(step.size());
    std::iota(inputs.begin(), inputs.end(), 0);
    for (std::size_t i = 0; i < step.size(); ++i) {
      const double reach = m.ball.radius * m.ball.scale[i];
      lower.push_back(
          broadcast(planted[i] - (dice.chance(0.3) ? 0.0 : reach * dice.uniform(0.0, 2.0))));
      upper.push_back(
          broadcast(planted[i] + (dice.chance(0.3) ? 0.0 : reach * dice.uniform(0.0, 2.0))));
    }
    const Mask empty = clip_boxes_to_ball(m.ball, inputs, lower.data(), upper.data());
    ASSERT_EQ(empty[0], 0) << round;
    for (std::size_t i = 0; i < step.size(); ++i) {
      ASSERT_LE(lower[i][0], planted[i]) << round;
      ASSERT_GE(upper[i][0], planted[i]) << round;
    }
  }
}

/// In l1 the vertices of the ball, and points of its edges.
TEST(BallClipping, VerticesOfTheCrossPolytopeSurvive) {
  Dice dice(4);
  for (int round = 0; round < 300; ++round) {
    Meeting m(dice, Norm::l1, dice.whole(2, 6));
    m.ball.radius = std::exp2(dice.whole(-10, 2));
    const auto n = static_cast<int>(m.form.size());
    const auto first = static_cast<std::size_t>(dice.whole(0, n - 1)),
               second = (first + 1) % m.form.size();
    const double share = std::round(16.0 * dice.uniform(0.0, 1.0)) / 16.0;
    Values planted;
    for (std::size_t i = 0; i < m.form.size(); ++i) {
      m.ball.scale[i] = std::exp2(dice.whole(-2, 2));
      m.ball.centre[i] = std::round(m.ball.centre[i] * 64.0) / 64.0;
      planted.push_back(m.ball.centre[i]);
      m.lower[i] = planted[i] - m.ball.radius * m.ball.scale[i];
      m.upper[i] = planted[i] + m.ball.radius * m.ball.scale[i];
      m.form[i] = dice.uniform(-0.5, 0.5) / m.ball.scale[i];
    }
    planted[first] += share * m.ball.radius * m.ball.scale[first];
    planted[second] -= (1.0 - share) * m.ball.radius * m.ball.scale[second];
    m.form[first] = -1.0 / m.ball.scale[first];
    m.form[second] = 1.0 / m.ball.scale[second];
    ASSERT_TRUE(m.holds(planted));
    ASSERT_LE(Rational(m.bound()), m.value(planted)) << round;
    EXPECT_GE(m.bound(), Rational(m.value(planted)).get_d() - 1e-10) << round;
  }
}

TEST_P(BallClippingIn, AnyMultiplierIsSound) {
  Dice dice(5);
  for (int round = 0; round < 100; ++round) {
    const Meeting m(dice, GetParam(), dice.whole(1, 6));
    BallClipping clipping;
    clipping.attach(m.shared());
    std::vector<std::int32_t> inputs(m.form.size());
    std::iota(inputs.begin(), inputs.end(), 0);
    clipping.restrict_to(inputs);
    for (std::size_t i = 0; i < m.form.size(); ++i)
      clipping.set(i, broadcast(m.form[i]), broadcast(m.lower[i]), broadcast(m.upper[i]));
    std::vector<Values> points;
    for (int k = 0; k < 20; ++k) {
      Values x;
      for (std::size_t i = 0; i < m.form.size(); ++i)
        x.push_back(std::clamp(m.form[i] < 0.0 ? m.upper[i] : m.lower[i] * dice.uniform(0.9, 1.1),
                               m.lower[i], m.upper[i]));
      m.ball.pull_inside(x);
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::clamp(x[i], m.lower[i], m.upper[i]);
      if (m.holds(x)) points.push_back(std::move(x));
    }
    for (const double lambda :
         {0.0, 1e-300, 1e-3, 0.1, 1.0, 10.0, 1e3, 1e200, -1.0, kInfinity, std::nan("")}) {
      const Vec offset = broadcast(m.offset),
                bound = clipping.minimum_for(broadcast(lambda), offset);
      if (!(std::fabs(bound[0]) < kOverflow)) continue;  // nothing is said
      // The half-space of the split, too.
      Values support;
      for (std::size_t i = 0; i < m.form.size(); ++i) support.push_back(-clipping.support(i)[0]);
      const RationalForm halfspace{rationals(support), Rational(clipping.edge()[0])};
      for (const Values& x : points) {
        ASSERT_LE(Rational(bound[0]), m.value(x)) << round << " " << lambda;
        ASSERT_LE(halfspace.at(rationals(x)), 0) << round << " " << lambda;
      }
    }
  }
}

/// The point that gradients and candidates use: in the ball but for roundings, and about as low as
/// the bound says.
TEST_P(BallClippingIn, ThePointIsWhereTheLeastValueIs) {
  Dice dice(9);
  for (int round = 0; round < 100; ++round) {
    const Meeting m(dice, GetParam(), dice.whole(1, 30));
    BallClipping clipping;
    clipping.attach(m.shared());
    std::vector<std::int32_t> inputs(m.form.size());
    std::iota(inputs.begin(), inputs.end(), 0);
    clipping.restrict_to(inputs);
    bool around = true;
    double spread = 1e-9, value = m.offset;
    for (std::size_t i = 0; i < m.form.size(); ++i) {
      clipping.set(i, broadcast(m.form[i]), broadcast(m.lower[i]), broadcast(m.upper[i]));
      around = around && m.lower[i] <= m.ball.centre[i];
      spread += std::fabs(m.form[i]) * (m.upper[i] - m.lower[i]);
    }
    const double bound = clipping.minimum(broadcast(m.offset))[0];
    Values x;
    for (std::size_t i = 0; i < m.form.size(); ++i) {
      x.push_back(clipping.point(i)[0]);
      value += m.form[i] * x[i];
    }
    if (!around) continue;
    EXPECT_LE(m.ball.distance_up(x), 1.001 * m.ball.radius) << round;
    EXPECT_NEAR(value, bound, 2e-3 * spread) << round;
  }
}

TEST_P(BallClippingIn, ABoxInsideTheBallIsLeftAlone) {
  Dice dice(6);
  for (int round = 0; round < 50; ++round) {
    Meeting m(dice, GetParam(), dice.whole(1, 20));
    m.ball.radius *= 2.0 * static_cast<double>(m.form.size());
    double least = m.offset, magnitude = std::fabs(m.offset);
    for (std::size_t i = 0; i < m.form.size(); ++i) {
      least += m.form[i] * (m.form[i] < 0.0 ? m.upper[i] : m.lower[i]);
      magnitude += std::fabs(m.form[i]) * std::max(std::fabs(m.lower[i]), std::fabs(m.upper[i]));
    }
    EXPECT_NEAR(m.bound(), least, 1e-12 * magnitude);
  }
}

TEST_P(BallClippingIn, BoxesBesideTheBallAreEmptyOrKeepTheirPoints) {
  Dice dice(7);
  int empty_boxes = 0;
  for (int round = 0; round < 300; ++round) {
    const Meeting m(dice, GetParam(), dice.whole(1, 5));
    std::vector<Vec> lower, upper;
    std::vector<int> inputs(m.form.size());
    std::iota(inputs.begin(), inputs.end(), 0);
    Values low, high;
    for (std::size_t i = 0; i < m.form.size(); ++i) {
      const double reach = m.ball.radius * m.ball.scale[i];
      low.push_back(m.ball.centre[i] + reach * dice.uniform(-1.2, 1.0));
      high.push_back(low[i] + reach * dice.uniform(0.0, 0.6));
      lower.push_back(broadcast(low[i]));
      upper.push_back(broadcast(high[i]));
    }
    const Mask empty = clip_boxes_to_ball(m.ball, inputs, lower.data(), upper.data());
    empty_boxes += empty[0] != 0 ? 1 : 0;
    Meeting whole = m;
    whole.lower = low;
    whole.upper = high;
    for (int k = 0; k < 60; ++k) {
      Values x;
      for (std::size_t i = 0; i < low.size(); ++i) {
        const double nearest = std::clamp(m.ball.centre[i], low[i], high[i]);
        x.push_back(dice.chance(0.7) ? nearest : low[i] + (high[i] - low[i]) * dice.uniform(0, 1));
      }
      if (!whole.holds(x)) continue;
      ASSERT_EQ(empty[0], 0) << round;
      for (std::size_t i = 0; i < x.size(); ++i) {
        ASSERT_LE(lower[i][0], x[i]) << round;
        ASSERT_GE(upper[i][0], x[i]) << round;
      }
    }
  }
  EXPECT_GT(empty_boxes, 20);
}

TEST(InputBall, WhatIsInsideForCertainIsInside) {
  Dice dice(8);
  for (const Norm norm : {Norm::l1, Norm::l2}) {
    int inside = 0;
    for (int round = 0; round < 500; ++round) {
      Meeting m(dice, norm, dice.whole(1, 6));
      Values x;
      for (const double c : m.ball.centre) x.push_back(c + m.ball.radius * dice.normal());
      for (std::size_t i = 0; i < x.size(); ++i) m.lower[i] = -1e9, m.upper[i] = 1e9;
      // To the very edge, but for a rounding.
      const double distance = m.ball.distance_up(x);
      for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = m.ball.centre[i] + m.ball.radius / distance * (x[i] - m.ball.centre[i]);
      if (m.ball.certainly_holds(x)) {
        ++inside;
        ASSERT_TRUE(m.holds(x)) << round;
      }
      m.ball.pull_inside(x);
      EXPECT_TRUE(m.holds(x)) << round;
    }
    EXPECT_GT(inside, 20);
  }
}

}  // namespace
}  // namespace clipbound::test
