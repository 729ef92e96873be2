// AlphaBetaBounder: bounds below the truth for any slopes, multipliers and splits; gradients
// against finite differences.
#include <gtest/gtest.h>

#include "tests/bounds/alpha_beta/bounded_network.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(IntermediateBounds, NeuronBoundsHold) {
  Dice dice(81);
  for (int trial = 0; trial < 200; ++trial) {
    NetworkTaste taste = random_taste(dice);
    taste.layers = dice.whole(2, 6);
    const BoundedNetwork s(dice, taste, dice.uniform(0.01, 0.8), trial % 2 == 0 ? 0 : 15,
                           trial % 4 >= 2 ? dice.whole(1, 4) : 0);
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

/// CROWN's bound of the first row of `rows`.
double crown_bound(const SparseNetwork& network, const SparseNetworkRows& rows) {
  AlphaBetaBounder bounder;
  bounder.attach(network);
  Cone cone;
  ConeFinder(network).find(rows, {0}, cone);
  LaneRows target;
  target.rows = &rows;
  std::fill(target.sign, target.sign + kLanes, 1.0);
  return bounder.lower_bound(cone, target)[0];
}

TEST(IntermediateBounds, NeuronsThatARowDoesNotDependOnChangeNothing) {
  Dice dice(89);
  int left_out = 0;
  for (int trial = 0; trial < 120; ++trial) {
    NetworkTaste taste = random_taste(dice);
    taste.layers = dice.whole(2, 5);
    const BoundedNetwork s(dice, taste, 0.5);
    const LayeredSystem& system = *s.lowered->system;
    if (system.layers.size() < 2) continue;  // the sources of the others were folded away
    const auto layer =
        static_cast<std::size_t>(dice.whole(1, static_cast<int>(system.layers.size()) - 1));
    const AffineForm& form = system.layers[layer];
    const AffineForm row = gather({&form}, {{0, dice.whole(0, static_cast<int>(form.size()) - 1)}});
    const NeededNeurons needed = needed_neurons(system, {&row});
    const auto part =
        bound_intermediate_layers(s.lowered->system, s.lowered->lower, s.lowered->upper, nullptr,
                                  IntermediateBoundsBudget{}, Deadline(), needed);
    const double of_part = crown_bound(*part, part->compile_rows(row, {0})),
                 of_all = crown_bound(*s.network, s.network->compile_rows(row, {0}));
    EXPECT_NEAR(of_part, of_all, 1e-9 * (1.0 + std::fabs(of_all)));
    for (std::size_t k = 0; k < needed.size(); ++k) {
      for (std::size_t v = 0; v < needed[k].size(); ++v) {
        if (needed[k][v] != 0) continue;
        ++left_out;
        const auto source = static_cast<int>(k);
        const AffineForm reads_it =
            AffineForm::of_source(source, system.layers[k].size(), static_cast<std::int64_t>(v), 1);
        EXPECT_ANY_THROW(part->compile_rows(reads_it, {0}));
      }
    }
  }
  EXPECT_GT(left_out, 500);
}

TEST(AlphaBetaBounder, StaysBelowTheTruthForAnySlopesMultipliersAndSplits) {
  Dice dice(82);
  int phases = 0;
  for (int trial = 0; trial < 150; ++trial) {
    const BoundedNetwork s(dice, random_taste(dice), 0.8);
    AlphaBetaBounder bounder;
    bounder.attach(*s.network);
    const Cone cone = s.cone();
    const LaneRows target = s.target();
    for (int round = 0; round < 6; ++round) {
      bounder.lanes.reset();
      std::vector<Truth> truths;
      for (int lane = 0; lane < kLanes; ++lane) {
        truths.push_back(s.random_truth(dice));
        for (int i = 0; i < s.network->unstable_count(); ++i) {
          const Unstable u{i};
          const Enclosed z = truths.back().neurons[s.neuron(u)];
          if (dice.chance(0.3) && std::fabs(z.value) > z.error) {
            bounder.lanes.set_phase(lane, u,
                                    z.value > 0.0 ? ReluPhase::active : ReluPhase::inactive);
            at(bounder.lanes.alpha_or_beta, i)[lane] =
                dice.chance(0.5) ? 0.0 : std::fabs(dice.normal());
            ++phases;
          } else {
            at(bounder.lanes.alpha_or_beta, i)[lane] =
                dice.chance(0.3) ? dice.whole(0, 1) : dice.uniform(0.0, 1.0);
          }
        }
      }
      const auto check = [&](Vec bound) {
        for (int lane = 0; lane < kLanes; ++lane) {
          Enclosed value = truths[static_cast<std::size_t>(lane)]
                               .rows[static_cast<std::size_t>(target.which[lane])];
          value.value *= target.sign[lane];
          ASSERT_TRUE(allows_lower(bound[lane], value)) << bound[lane] << " > " << value.value;
        }
      };
      check(bounder.lower_bound(cone, target));
      SlopeSchedule schedule;
      schedule.enough = 1e30;
      check(maximize(bounder, cone, target, schedule));
    }
  }
  EXPECT_GT(phases, 1000);
}

TEST(AlphaBetaBounder, GradientsAgreeWithFiniteDifferences) {
  Dice dice(83);
  int compared = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const BoundedNetwork s(dice, random_taste(dice), 0.7);
    AlphaBetaBounder bounder;
    bounder.attach(*s.network);
    const Cone cone = s.cone();
    const LaneRows target = s.target();
    for (int i = 0; i < s.network->unstable_count(); ++i) {
      const Unstable u{i};
      for (int lane = 0; lane < kLanes; ++lane) {
        if (dice.chance(0.3))
          bounder.lanes.set_phase(lane, u,
                                  dice.chance(0.5) ? ReluPhase::active : ReluPhase::inactive);
        at(bounder.lanes.alpha_or_beta, i)[lane] = dice.uniform(0.2, 0.8);
      }
    }
    const Vec middle = bounder.lower_bound(cone, target);
    bounder.differentiate(cone);
    const std::vector<Vec> gradient = bounder.gradient;
    for (const Cone::Layer& layer : cone.layers) {
      for (const Live element : layer.unstable) {
        const Unstable u = at(s.network->unstable_of, element);
        constexpr double kStep = 1e-6;
        const Vec parameter = at(bounder.lanes.alpha_or_beta, u);
        at(bounder.lanes.alpha_or_beta, u) = parameter + kStep;
        const Vec above = bounder.lower_bound(cone, target);
        at(bounder.lanes.alpha_or_beta, u) = parameter - kStep;
        const Vec below = bounder.lower_bound(cone, target);
        at(bounder.lanes.alpha_or_beta, u) = parameter;
        for (int lane = 0; lane < kLanes; ++lane) {
          const double right = (above[lane] - middle[lane]) / kStep,
                       left = (middle[lane] - below[lane]) / kStep;
          const double size = std::fabs(right) + std::fabs(left) + 1e-3;
          if (std::fabs(right - left) > 1e-4 * size) continue;  // a kink between the three points
          ++compared;
          EXPECT_NEAR(at(gradient, u)[lane], 0.5 * (right + left), 1e-4 * size);
        }
      }
    }
  }
  EXPECT_GT(compared, 250 * kLanes);
}

TEST(AlphaBetaBounder, OptimisationOnlyImproves) {
  Dice dice(84);
  double before = 0.0, after = 0.0;
  for (int trial = 0; trial < 40; ++trial) {
    NetworkTaste taste = random_taste(dice);
    taste.layers = 3;
    const BoundedNetwork s(dice, taste, 0.7);
    AlphaBetaBounder bounder;
    bounder.attach(*s.network);
    const Cone cone = s.cone();
    const Vec first = bounder.lower_bound(cone, s.target());
    SlopeSchedule schedule;
    schedule.enough = 1e30;
    const Vec best = maximize(bounder, cone, s.target(), schedule);
    for (int lane = 0; lane < kLanes; ++lane) {
      EXPECT_GE(best[lane], first[lane]);
      before += first[lane];
      after += best[lane];
    }
    EXPECT_EQ(bounder.lower_bound(cone, s.target())[0], best[0])
        << "parameter is not the best one's";
  }
  EXPECT_GT(after, before);
}

}  // namespace
}  // namespace clipbound::test
