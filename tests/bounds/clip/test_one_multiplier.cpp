// The maximum over one multiplier against brute force. Problem in one lane: min a x over the box
// [m - r, m + r] and g x + h <= 0; its dual D(beta) = beta (g m + h) - sum_i |a_i + beta g_i| r_i
// is evaluated here at every breakpoint and on a grid.
#include <gtest/gtest.h>

#include <cmath>

#include "bounds/clip/one_multiplier.h"
#include "bounds/clip/single_halfspace.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

struct Dual {
  std::vector<double> a, g, r;
  double at_centre = 0.0;

  explicit Dual(Dice& dice) {
    const int N = dice.whole(1, 9);
    for (int i = 0; i < N; ++i) {
      a.push_back(dice.chance(0.1) ? 0.0 : dice.normal());
      g.push_back(dice.chance(0.2) ? 0.0 : dice.normal());
      r.push_back(dice.chance(0.1) ? 0.0 : std::fabs(dice.normal()));
    }
    at_centre = dice.normal();
  }
  double value(double beta) const {
    double sum = beta * at_centre;
    for (std::size_t i = 0; i < a.size(); ++i) sum -= std::fabs(a[i] + beta * g[i]) * r[i];
    return sum;
  }
  /// The largest D at 0 and at the breakpoints; the true maximum unless D rises for ever.
  double largest() const {
    double best = value(0.0);
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double beta = -a[i] / g[i];
      if (beta > 0.0 && std::isfinite(beta)) best = std::max(best, value(beta));
    }
    return best;
  }
  bool rises_for_ever() const {
    double slope = at_centre;
    for (std::size_t i = 0; i < a.size(); ++i) slope -= std::fabs(g[i]) * r[i];
    return slope > 0.0;
  }
};

/// The multiplier that best_step() reaches from `beta`, the same in every lane.
double reached_from(const Dual& dual, double beta) {
  const auto N = static_cast<int>(dual.a.size());
  std::vector<Vec> objective;
  Vec value = {};
  for (std::size_t i = 0; i < dual.a.size(); ++i) {
    objective.push_back(broadcast(dual.a[i] + beta * dual.g[i]));
    value -= vabs(objective.back()) * dual.r[i];
  }
  const auto at = [](const std::vector<double>& v) {
    return [&v](int i) { return v[static_cast<std::size_t>(i)]; };
  };
  const Vec step = best_step(
      N, objective.data(), at(dual.g), at(dual.r),
      [&](int i) {
        return -objective[static_cast<std::size_t>(i)] / dual.g[static_cast<std::size_t>(i)];
      },
      broadcast(dual.at_centre), broadcast(beta), value);
  for (int lane = 1; lane < kLanes; ++lane) EXPECT_EQ(step[lane], step[0]);
  return beta + step[0];
}

TEST(OneMultiplier, TheBestBreakpointIsTheMaximum) {
  Dice dice(5);
  for (int trial = 0; trial < 2000; ++trial) {
    const Dual dual(dice);
    const double beta = reached_from(dual, 0.0), best = dual.largest();
    ASSERT_GE(beta, 0.0);
    ASSERT_NEAR(dual.value(beta), best, 1e-12 * (1.0 + std::fabs(best)));
    if (dual.rises_for_ever()) continue;
    for (double x = 0.0; x < 8.0; x += 0.01) ASSERT_LE(dual.value(x), best + 1e-12);
  }
}

// From any multiplier it reaches the best breakpoint, or stays where no breakpoint is better. It
// need not come back to 0, which is no breakpoint: an ascent begins there.
TEST(OneMultiplier, ReachesTheBestBreakpointFromAnywhere) {
  Dice dice(6);
  for (int trial = 0; trial < 2000; ++trial) {
    const Dual dual(dice);
    if (dual.rises_for_ever()) continue;
    const double start = dice.uniform(0.0, 3.0), beta = reached_from(dual, start);
    double best = dual.value(start);
    for (std::size_t i = 0; i < dual.a.size(); ++i) {
      const double at = -dual.a[i] / dual.g[i];
      if (at > 0.0 && std::isfinite(at)) best = std::max(best, dual.value(at));
    }
    ASSERT_GE(beta, 0.0);
    ASSERT_GE(dual.value(beta), best - 1e-12 * (1.0 + std::fabs(best)));
    ASSERT_LE(dual.value(beta), dual.largest() + 1e-12 * (1.0 + std::fabs(best)));
  }
}

TEST(OneMultiplier, SlopeIsTheDerivativeFromTheRight) {
  Dice dice(7);
  for (int trial = 0; trial < 500; ++trial) {
    const Dual dual(dice);
    const double beta = dice.chance(0.3) ? 0.0 : dice.uniform(0.0, 2.0), after = beta + 1e-7;
    Vec value = broadcast(beta * dual.at_centre), slope = broadcast(dual.at_centre);
    for (std::size_t i = 0; i < dual.a.size(); ++i) {
      add_input(broadcast(dual.a[i] + beta * dual.g[i]), dual.r[i],
                broadcast(dual.g[i] * dual.r[i]), value, slope);
    }
    ASSERT_NEAR(value[0], dual.value(beta), 1e-13);
    // A kink between beta and after would tell another slope.
    bool kink = false;
    for (std::size_t i = 0; i < dual.a.size(); ++i) {
      const double at = -dual.a[i] / dual.g[i];
      kink = kink || (at > beta && at < after);
    }
    if (kink) continue;
    ASSERT_NEAR(slope[0], (dual.value(after) - dual.value(beta)) / 1e-7, 1e-5);
  }
}

/// Tangents find nearly the same maximum as breakpoints.
TEST(OneMultiplier, TangentsAgreeWithBreakpoints) {
  Dice dice(8);
  double lost = 0.0, gained = 0.0;
  for (int trial = 0; trial < 500; ++trial) {
    const Dual dual(dice);
    if (dual.rises_for_ever()) continue;
    // The box is [-r, r], so that m = 0 and the offset is g m + h.
    SingleHalfspaceClipping clip;
    std::vector<double> lower, upper;
    std::vector<std::int32_t> inputs;
    std::vector<Vec> a, point(dual.a.size());
    for (std::size_t i = 0; i < dual.a.size(); ++i) {
      lower.push_back(-dual.r[i]);
      upper.push_back(dual.r[i]);
      inputs.push_back(static_cast<std::int32_t>(i));
      a.push_back(broadcast(dual.a[i]));
    }
    clip.set({dual.g, dual.at_centre}, lower, upper);
    clip.restrict_to(inputs);
    const double found = clip.minimum(a.data(), point.data()).value[0];
    ASSERT_LE(found, dual.largest() + 1e-12);
    ASSERT_GE(found, dual.value(0.0) - 1e-12);
    gained += dual.largest() - dual.value(0.0);
    lost += dual.largest() - found;
  }
  EXPECT_LT(lost, 0.02 * gained);
}

}  // namespace
}  // namespace clipbound::test
