// Nonlinear neurons: bounds below the truth for any parameters and restrictions;
// gradients against finite differences.
#include <gtest/gtest.h>

#include "tests/bounds/alpha_beta/bounded_network.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

NetworkTaste nonlinear_taste(Dice& dice) {
  NetworkTaste taste = random_taste(dice);
  taste.nonlinear = true;
  taste.layers = dice.whole(1, 3);
  return taste;
}

TEST(CurveLanes, NeuronBoundsHold) {
  Dice dice(101);
  for (int trial = 0; trial < 60; ++trial) {
    const BoundedNetwork s(dice, nonlinear_taste(dice), dice.uniform(0.01, 0.8),
                           trial % 2 == 0 ? 0 : 15, trial % 4 >= 2 ? dice.whole(1, 3) : 0);
    for (int sample = 0; sample < 20; ++sample) {
      const Truth truth = s.random_truth(dice);
      std::size_t v = 0;
      for (int k = 0; k < s.network->layers(); ++k) {
        const IntervalVector& z = s.network->bounds_of(k);
        for (std::size_t i = 0; i < z.lower.size(); ++i, ++v) {
          ASSERT_TRUE(allows_lower(z.lower[i], truth.neurons[v]));
          ASSERT_TRUE(allows_upper(z.upper[i], truth.neurons[v]));
        }
      }
    }
  }
}

TEST(CurveEnvelope, PolylinesReachFromEndToEnd) {
  // A multiplier leans on a polyline's ends, and does so where f overflows and its coefficient is
  // 0, too.
  for (const double u : {1.0, 800.0, 1e6}) {
    const PiecewiseLinearEnvelope<double> envelope = envelope_of({Curve::exp}, -3.0, u);
    for (const Polyline<double>& polyline : {envelope.below, envelope.above}) {
      EXPECT_EQ(polyline.z[0], -3.0);
      EXPECT_EQ(polyline.z[kPolylinePoints - 1], u);
    }
  }
  EXPECT_FALSE(is_finite(envelope_of({Curve::exp}, -3.0, 800.0)));
}

/// Gives every neuron of a lane any parameters and, here and there, a restriction that the truth
/// satisfies.
int disturb(Dice& dice, const BoundedNetwork& s, const Truth& truth, AlphaBetaBounder& bounder,
            int lane) {
  int restricted = 0;
  for (int i = 0; i < s.network->unstable_count(); ++i) {
    const Unstable u{i};
    const Enclosed z = truth.neurons[s.neuron(u)];
    if (!bounder.lanes.is_nonlinear(u)) {
      if (dice.chance(0.3) && std::fabs(z.value) > z.error) {
        bounder.lanes.set_phase(lane, u, z.value > 0.0 ? ReluPhase::active : ReluPhase::inactive);
        at(bounder.lanes.alpha_or_beta, i)[lane] =
            dice.chance(0.5) ? 0.0 : std::fabs(dice.normal());
      } else {
        at(bounder.lanes.alpha_or_beta, i)[lane] = dice.uniform(0.0, 1.0);
      }
      continue;
    }
    double lower = bounder.lanes.lower_of(lane, u), upper = bounder.lanes.upper_of(lane, u);
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
        bounder.lanes.set_bounds(lane, u, lower, upper);
      } else {
        bounder.lanes.restrict_nonlinear(lane, u, lower, upper,
                                         dice.chance(0.3) ? 0.0 : dice.normal());
      }
      ++restricted;
    }
    at(bounder.lanes.alpha_or_beta, i)[lane] =
        dice.chance(0.2) ? dice.whole(0, 1) : dice.uniform(0.0, 1.0);
  }
  return restricted;
}

TEST(CurveLanes, StayBelowTheTruthForAnyParametersAndRestrictions) {
  Dice dice(102);
  int restricted = 0;
  for (int trial = 0; trial < 80; ++trial) {
    const BoundedNetwork s(dice, nonlinear_taste(dice), 0.8);
    AlphaBetaBounder bounder, copy;
    bounder.attach(*s.network);
    copy.attach(*s.network);
    const Cone cone = s.cone();
    const LaneRows target = s.target();
    for (int round = 0; round < 5; ++round) {
      bounder.lanes.reset();
      std::vector<Truth> truths;
      for (int lane = 0; lane < kLanes; ++lane) {
        truths.push_back(s.random_truth(dice));
        restricted += disturb(dice, s, truths.back(), bounder, lane);
      }
      const auto check = [&](Vec bound) {
        for (int lane = 0; lane < kLanes; ++lane) {
          Enclosed value = truths[static_cast<std::size_t>(lane)]
                               .rows[static_cast<std::size_t>(target.which[lane])];
          value.value *= target.sign[lane];
          ASSERT_TRUE(allows_lower(bound[lane], value)) << bound[lane] << " > " << value.value;
        }
      };
      const Vec bound = bounder.lower_bound(cone, target);
      check(bound);
      const int lane = dice.whole(0, kLanes - 1);
      copy.lanes.copy_lane(bounder.lanes, lane);
      EXPECT_EQ(copy.lower_bound(cone, target)[lane], bound[lane]);
      SlopeSchedule schedule;
      schedule.enough = 1e30;
      const Vec best = maximize(bounder, cone, target, schedule);
      check(best);
      EXPECT_TRUE(all(best >= bound));
      EXPECT_TRUE(all(bounder.lower_bound(cone, target) == best))
          << "the parameters are not the best ones'";
    }
  }
  EXPECT_GT(restricted, 1000);
}

constexpr double kStep = 1e-6;

/// Gradients against the differences of three bounds, kStep apart; how many lanes were compared.
int compare_differences(Vec above, Vec middle, Vec below, Vec by_gradient) {
  int count = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    const double right = (above[lane] - middle[lane]) / kStep,
                 left = (middle[lane] - below[lane]) / kStep;
    const double size = std::fabs(right) + std::fabs(left) + 1e-3 * (1.0 + std::fabs(middle[lane]));
    if (!std::isfinite(size) || std::fabs(right - left) > 1e-4 * size)
      continue;  // a kink between the three points
    ++count;
    EXPECT_NEAR(by_gradient[lane], 0.5 * (right + left), 1e-3 * size);
  }
  return count;
}

TEST(CurveLanes, GradientsAgreeWithFiniteDifferences) {
  Dice dice(103);
  int compared = 0, multipliers = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const BoundedNetwork s(dice, nonlinear_taste(dice), 0.5);
    AlphaBetaBounder bounder;
    bounder.attach(*s.network);
    const Cone cone = s.cone();
    const LaneRows target = s.target();
    for (int lane = 0; lane < kLanes; ++lane) disturb(dice, s, s.random_truth(dice), bounder, lane);
    for (Vec& t : bounder.lanes.alpha_or_beta) t = t * 0.8 + 0.1;
    const Vec middle = bounder.lower_bound(cone, target);
    bounder.differentiate(cone);
    const std::vector<Vec> gradient = bounder.gradient;
    std::vector<Vec> multiplier_gradients;
    for (std::int32_t c = 0; c < static_cast<std::int32_t>(s.network->nonlinear.size()); ++c)
      multiplier_gradients.push_back(bounder.lanes.curves.multiplier_gradient(Nonlinear{c}));
    const auto compare = [&](Vec above, Vec below, Vec by_gradient, int& count) {
      count += compare_differences(above, middle, below, by_gradient);
    };
    for (const Cone::Layer& layer : cone.layers) {
      for (const Live element : layer.nonlinear) {
        const Unstable u = at(s.network->unstable_of, element);
        const Vec parameter = at(bounder.lanes.alpha_or_beta, u);
        at(bounder.lanes.alpha_or_beta, u) = parameter + kStep;
        const Vec above = bounder.lower_bound(cone, target);
        at(bounder.lanes.alpha_or_beta, u) = parameter - kStep;
        const Vec below = bounder.lower_bound(cone, target);
        at(bounder.lanes.alpha_or_beta, u) = parameter;
        compare(above, below, at(gradient, u), compared);
        const Vec by_multiplier = at(multiplier_gradients, at(s.network->nonlinear_of, element));
        if (!all((vabs(bounder.lanes.lower_of(u)) < kOverflow) &
                 (vabs(bounder.lanes.upper_of(u)) < kOverflow)))
          continue;
        const auto shifted = [&](double shift) {
          for (int lane = 0; lane < kLanes; ++lane) {
            bounder.lanes.restrict_nonlinear(lane, u, bounder.lanes.lower_of(lane, u),
                                             bounder.lanes.upper_of(lane, u),
                                             bounder.lanes.multiplier(lane, u) + shift);
          }
          return bounder.lower_bound(cone, target);
        };
        const Vec more = shifted(kStep), less = shifted(-2.0 * kStep);
        shifted(kStep);
        compare(more, less, by_multiplier, multipliers);
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
    NetworkTaste taste = nonlinear_taste(dice);
    taste.layers = 3;
    const BoundedNetwork s(dice, taste, 0.4);
    AlphaBetaBounder bounder;
    bounder.attach(*s.network);
    const Cone cone = s.cone();
    const Vec first = bounder.lower_bound(cone, s.target());
    SlopeSchedule schedule;
    schedule.enough = 1e30;
    const Vec best = maximize(bounder, cone, s.target(), schedule);
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
