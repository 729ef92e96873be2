// Curved neurons in lane sweeps: bounds below the truth for any parameters and restrictions;
// gradients against finite differences.
#include <gtest/gtest.h>

#include "tests/bounds/alpha_beta/swept.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

NetworkTaste curved_taste(Dice& dice) {
  NetworkTaste taste = random_taste(dice);
  taste.curved = true;
  taste.layers = dice.whole(1, 3);
  return taste;
}

TEST(CurveLanes, NeuronBoundsHold) {
  Dice dice(101);
  for (int trial = 0; trial < 60; ++trial) {
    const Swept s(dice, curved_taste(dice), dice.uniform(0.01, 0.8), trial % 2 == 0 ? 0 : 15,
                  trial % 4 >= 2 ? dice.whole(1, 3) : 0);
    for (int sample = 0; sample < 20; ++sample) {
      const Truth truth = s.random_truth(dice);
      std::size_t v = 0;
      for (int k = 0; k < s.sweep->layers(); ++k) {
        const IntervalVector& z = s.sweep->bounds_of(k);
        for (std::size_t i = 0; i < z.lower.size(); ++i, ++v) {
          ASSERT_TRUE(allows_lower(z.lower[i], truth.neurons[v]));
          ASSERT_TRUE(allows_upper(z.upper[i], truth.neurons[v]));
        }
      }
    }
  }
}

TEST(CurvedHull, ChainsReachFromEndToEnd) {
  // A multiplier leans on a chain's ends, and does so where f overflows and its coefficient is 0,
  // too.
  for (const double u : {1.0, 800.0, 1e6}) {
    const PiecewiseLinearEnvelope<double> hull = hull_of({Curve::exp}, -3.0, u);
    for (const Polyline<double>& chain : {hull.below, hull.above}) {
      EXPECT_EQ(chain.z[0], -3.0);
      EXPECT_EQ(chain.z[kChainPoints - 1], u);
    }
  }
  EXPECT_FALSE(is_finite(hull_of({Curve::exp}, -3.0, 800.0)));
}

/// Gives every neuron of a lane any parameters and, here and there, a restriction that the truth
/// satisfies.
int disturb(Dice& dice, const Swept& s, const Truth& truth, AlphaBetaBounder& lanes, int lane) {
  int restricted = 0;
  for (int u = 0; u < s.sweep->slots(); ++u) {
    const auto i = static_cast<std::size_t>(u);
    const Enclosed z = truth.neurons[s.neuron(u)];
    if (!lanes.curved(u)) {
      if (dice.chance(0.3) && std::fabs(z.value) > z.error) {
        lanes.decide(lane, u, z.value > 0.0);
        lanes.theta[i][lane] = dice.chance(0.5) ? 0.0 : std::fabs(dice.normal());
      } else {
        lanes.theta[i][lane] = dice.uniform(0.0, 1.0);
      }
      continue;
    }
    double lower = lanes.lower_of(lane, u), upper = lanes.upper_of(lane, u);
    const double width = upper - lower;
    const bool known = std::isfinite(z.error) && std::isfinite(width);
    if (known && dice.chance(0.4)) {
      if (dice.chance(0.7))
        lower = std::max(lower, add_down(z.value, -z.error) -
                                    (dice.chance(0.5) ? 0.0 : dice.uniform(0.0, 0.5) * width));
      if (dice.chance(0.7))
        upper = std::min(upper, add_up(z.value, z.error) +
                                    (dice.chance(0.5) ? 0.0 : dice.uniform(0.0, 0.5) * width));
      if (dice.chance(0.5)) {
        lanes.set_bounds(lane, u, lower, upper);
      } else {
        lanes.restrict_curved(lane, u, lower, upper, dice.chance(0.3) ? 0.0 : dice.normal());
      }
      ++restricted;
    }
    lanes.theta[i][lane] = dice.chance(0.2) ? dice.whole(0, 1) : dice.uniform(0.0, 1.0);
  }
  return restricted;
}

TEST(CurveLanes, StayBelowTheTruthForAnyParametersAndRestrictions) {
  Dice dice(102);
  int restricted = 0;
  for (int trial = 0; trial < 80; ++trial) {
    const Swept s(dice, curved_taste(dice), 0.8);
    AlphaBetaBounder lanes, copy;
    lanes.attach(*s.sweep);
    copy.attach(*s.sweep);
    const Cone cone = s.cone();
    const AlphaBetaBounder::Target target = s.target();
    for (int round = 0; round < 5; ++round) {
      lanes.reset();
      std::vector<Truth> truths;
      for (int lane = 0; lane < kLanes; ++lane) {
        truths.push_back(s.random_truth(dice));
        restricted += disturb(dice, s, truths.back(), lanes, lane);
      }
      const auto check = [&](Vec bound) {
        for (int lane = 0; lane < kLanes; ++lane) {
          Enclosed value = truths[static_cast<std::size_t>(lane)]
                               .rows[static_cast<std::size_t>(target.which[lane])];
          value.value *= target.sign[lane];
          ASSERT_TRUE(allows_lower(bound[lane], value)) << bound[lane] << " > " << value.value;
        }
      };
      const Vec bound = lanes.lower_bound(cone, target);
      check(bound);
      const int lane = dice.whole(0, kLanes - 1);
      copy.copy_lane(lanes, lane);
      EXPECT_EQ(copy.lower_bound(cone, target)[lane], bound[lane]);
      SlopeOptimizer optimizer;
      optimizer.enough = 1e30;
      const Vec best = lanes.maximize(cone, target, optimizer);
      check(best);
      EXPECT_TRUE(all(best >= bound));
      EXPECT_TRUE(all(lanes.lower_bound(cone, target) == best))
          << "the parameters are not the best ones'";
    }
  }
  EXPECT_GT(restricted, 1000);
}

TEST(CurveLanes, GradientsAgreeWithFiniteDifferences) {
  Dice dice(103);
  int compared = 0, multipliers = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const Swept s(dice, curved_taste(dice), 0.5);
    AlphaBetaBounder lanes;
    lanes.attach(*s.sweep);
    const Cone cone = s.cone();
    const AlphaBetaBounder::Target target = s.target();
    for (int lane = 0; lane < kLanes; ++lane) disturb(dice, s, s.random_truth(dice), lanes, lane);
    for (Vec& t : lanes.theta) t = t * 0.8 + 0.1;
    const Vec middle = lanes.lower_bound(cone, target);
    lanes.differentiate(cone);
    const std::vector<Vec> gradient = lanes.gradient;
    std::vector<Vec> multiplier_gradients;
    for (std::int32_t c = 0; c < static_cast<std::int32_t>(s.sweep->curves.size()); ++c)
      multiplier_gradients.push_back(lanes.curved_lanes().multiplier_gradient(c));
    constexpr double kStep = 1e-6;
    const auto compare = [&](Vec above, Vec below, const auto& gradient_in, int& count) {
      for (int lane = 0; lane < kLanes; ++lane) {
        const double right = (above[lane] - middle[lane]) / kStep,
                     left = (middle[lane] - below[lane]) / kStep;
        const double size =
            std::fabs(right) + std::fabs(left) + 1e-3 * (1.0 + std::fabs(middle[lane]));
        if (!std::isfinite(size) || std::fabs(right - left) > 1e-4 * size)
          continue;  // a kink between the three points
        ++count;
        EXPECT_NEAR(gradient_in(lane), 0.5 * (right + left), 1e-3 * size);
      }
    };
    for (const Cone::Layer& layer : cone.layers) {
      for (const std::int32_t place : layer.curved) {
        const auto slot = s.sweep->slot_of[static_cast<std::size_t>(place)];
        const auto u = static_cast<std::size_t>(slot);
        const Vec theta = lanes.theta[u];
        lanes.theta[u] = theta + kStep;
        const Vec above = lanes.lower_bound(cone, target);
        lanes.theta[u] = theta - kStep;
        const Vec below = lanes.lower_bound(cone, target);
        lanes.theta[u] = theta;
        compare(
            above, below, [&](int lane) { return gradient[u][lane]; }, compared);
        const Vec by_multiplier = multiplier_gradients[static_cast<std::size_t>(
            s.sweep->curve_of[static_cast<std::size_t>(place)])];
        if (!all((vabs(lanes.lower_of(slot)) < kOverflow) &
                 (vabs(lanes.upper_of(slot)) < kOverflow)))
          continue;
        const auto shifted = [&](double shift) {
          for (int lane = 0; lane < kLanes; ++lane) {
            lanes.restrict_curved(lane, slot, lanes.lower_of(lane, slot),
                                  lanes.upper_of(lane, slot), lanes.multiplier(lane, slot) + shift);
          }
          return lanes.lower_bound(cone, target);
        };
        const Vec more = shifted(kStep), less = shifted(-2.0 * kStep);
        shifted(kStep);
        compare(
            more, less, [&](int lane) { return by_multiplier[lane]; }, multipliers);
      }
    }
  }
  EXPECT_GT(compared, 250 * kLanes);
  EXPECT_GT(multipliers, 250 * kLanes);
}

TEST(CurveLanes, OptimisationTightens) {
  Dice dice(104);
  double before = 0.0, after = 0.0;
  for (int trial = 0; trial < 40; ++trial) {
    NetworkTaste taste = curved_taste(dice);
    taste.layers = 3;
    const Swept s(dice, taste, 0.4);
    AlphaBetaBounder lanes;
    lanes.attach(*s.sweep);
    const Cone cone = s.cone();
    const Vec first = lanes.lower_bound(cone, s.target());
    SlopeOptimizer optimizer;
    optimizer.enough = 1e30;
    const Vec best = lanes.maximize(cone, s.target(), optimizer);
    for (int lane = 0; lane < kLanes; ++lane) {
      if (!std::isfinite(first[lane])) continue;
      before += 1.0;
      after += best[lane] > first[lane] ? 1.0 : 0.0;
    }
  }
  EXPECT_GT(after, 0.5 * before);
}

}  // namespace
}  // namespace clipbound::test
