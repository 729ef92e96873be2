// alpha-beta-CROWN on two copies of a network: bounds below the truth for any phases, slopes and
// choices among the bounds of a difference; a phase of one twin narrows the other; gradients of the
// choice against finite differences.
#include <gtest/gtest.h>

#include "bounds/alpha_beta/twin_rows.h"
#include "tests/bounds/alpha_beta/bounded_network.h"
#include "tests/support/twin_networks.h"

namespace clipbound::test {
namespace {

/// g - f and f - g of a random pair on [-1, 1]^2.
BoundedNetwork random_pair(Dice& dice, double share) {
  const TwinNetworks twins = TwinNetworks::random(dice, {2, 6, 5, 6, 1}, false, share);
  Clause clause;
  clause.rows.push_back(output_row({-1, 1}, 0));
  clause.rows.push_back(output_row({1, -1}, 0));
  return BoundedNetwork(
      std::make_unique<Lowered>(twins.build(), std::vector<double>(2, -1.0),
                                std::vector<double>(2, 1.0), clause, ProductForm::squares,
                                LoweringOptions{.differences = true}),
      dice.whole(0, 1) * 6);
}

/// Phases that the point has, of some neurons, in one lane; other parameters at random.
int choose_at_random(Dice& dice, const BoundedNetwork& s, const Truth& truth, int lane,
                     AlphaBetaLanes& lanes, double phases = 0.4) {
  const SparseNetwork& net = *s.network;
  int narrowed = 0;
  for (int t = 0; t < net.parameters(); ++t)
    at(lanes.alpha_or_beta, t)[lane] =
        dice.chance(0.4) ? 0.5 * dice.whole(0, 2) : dice.uniform(0.0, 1.0);
  for (int i = 0; i < net.unstable_count(); ++i) {
    const Unstable u{i};
    const Enclosed z = truth.neurons[s.neuron(u)];
    if (!dice.chance(phases) || std::fabs(z.value) <= z.error) continue;
    lanes.set_phase(lane, u, z.value > 0.0 ? ReluPhase::active : ReluPhase::inactive);
    at(lanes.alpha_or_beta, i)[lane] = dice.chance(0.5) ? 0.0 : std::fabs(dice.normal());
    const Unstable twin = net.twin(u);
    if (exists(twin) && lanes.upper_of(lane, twin) - lanes.lower_of(lane, twin) <
                            at(net.upper, twin) - at(net.lower, twin))
      ++narrowed;
  }
  return narrowed;
}

TEST(TwinLanes, StayBelowTheTruthForAnyPhasesSlopesAndChoices) {
  Dice dice(61);
  int narrowed = 0, taken = 0;
  for (int trial = 0; trial < 60; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const BoundedNetwork s = random_pair(dice, trial % 3 == 0 ? 0.2 : 0.02);
    taken += static_cast<int>(s.network->twins.size());
    AlphaBetaBounder bounder;
    bounder.attach(*s.network);
    const Cone cone = s.cone();
    const LaneRows target = s.target();
    for (int round = 0; round < 20; ++round) {
      bounder.lanes.reset();
      std::vector<Truth> truths;
      for (int lane = 0; lane < kLanes; ++lane) {
        truths.push_back(s.random_truth(dice));
        narrowed += choose_at_random(dice, s, truths.back(), lane, bounder.lanes);
      }
      SlopeSchedule schedule;
      schedule.iterations = round % 4 == 0 ? 10 : 0;
      const Vec bound = maximize(bounder, cone, target, schedule);
      for (int lane = 0; lane < kLanes; ++lane) {
        Enclosed value = truths[static_cast<std::size_t>(lane)]
                             .rows[static_cast<std::size_t>(target.which[lane])];
        value.value *= target.sign[lane];
        ASSERT_TRUE(allows_lower(bound[lane], value)) << "lane " << lane;
      }
    }
  }
  EXPECT_GT(narrowed, 1000);
  EXPECT_GT(taken, 200);
}

/// The difference of a pair at a point, as both neurons have it.
Enclosed difference_at(const BoundedNetwork& s, const Truth& truth, const SparseTwins& pair) {
  const Enclosed x = truth.neurons[s.neuron(at(s.network->unstable_of, pair.first))],
                 y = truth.neurons[s.neuron(at(s.network->unstable_of, pair.second))];
  Enclosed d;
  d.value = y.value - x.value;
  d.error = x.error + y.error + 1e-15 * (std::fabs(x.value) + std::fabs(y.value));
  return d;
}

/// Parts of the differences' ranges that hold the point, at whose end it mostly is.
int narrow_at_random(Dice& dice, const BoundedNetwork& s, const Truth& truth, int lane,
                     AlphaBetaLanes& lanes) {
  int narrowed = 0;
  for (std::size_t i = 0; i < s.network->twins.size(); ++i) {
    if (!dice.chance(0.6)) continue;
    const SparseTwins& pair = s.network->twins[i];
    const Enclosed d = difference_at(s, truth, pair);
    const double below = d.value - d.error - pair.d.lower, above = pair.d.upper - d.value - d.error,
                 share = dice.chance(0.5) ? 0.0 : dice.uniform(0.0, 1.0),
                 other = dice.chance(0.5) ? 0.0 : dice.uniform(0.0, 1.0);
    lanes.set_difference(lane, static_cast<std::int32_t>(i),
                         {d.value - d.error - share * below, d.value + d.error + other * above});
    ++narrowed;
  }
  return narrowed;
}

/// Whether all bounds of a lane's differences hold at the point.
bool bounds_hold(const BoundedNetwork& s, const Truth& truth, int lane,
                 const AlphaBetaLanes& lanes) {
  for (std::size_t i = 0; i < s.network->twins.size(); ++i) {
    const SparseTwins& pair = s.network->twins[i];
    const Enclosed x = truth.neurons[s.neuron(at(s.network->unstable_of, pair.first))],
                   y = truth.neurons[s.neuron(at(s.network->unstable_of, pair.second))];
    const double d = y.value - x.value, f = std::max(y.value, 0.0) - std::max(x.value, 0.0),
                 error = 4.0 * (x.error + y.error) + 1e-13;
    for (int k = 0; k < 3; ++k) {
      const DifferenceLanes::Bound &below = lanes.differences[i].below[k],
                                   &above = lanes.differences[i].above[k];
      if (below.slope[lane] * d + below.tilt[lane] * y.value + below.offset[lane] > f + error ||
          above.slope[lane] * d + above.tilt[lane] * x.value + above.offset[lane] < f - error)
        return false;
    }
  }
  return true;
}

/// Which of twins has a phase decides whose relaxation is left: all of them are tried. In half of
/// the rounds a lane holds the point alone, and hardly anything but differences is relaxed.
TEST(TwinLanes, StayBelowTheTruthForAnyPartsOfDifferences) {
  Dice dice(64);
  int narrowed = 0, phases = 0;
  for (int trial = 0; trial < 60; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const BoundedNetwork s = random_pair(dice, trial % 3 == 0 ? 0.2 : 0.02);
    AlphaBetaBounder bounder, probe;
    bounder.attach(*s.network);
    probe.attach(*s.network);
    const Cone cone = s.cone();
    const LaneRows target = s.target();
    for (int round = 0; round < 20; ++round) {
      bounder.lanes.reset();
      std::vector<Truth> truths;
      for (int lane = 0; lane < kLanes; ++lane) {
        truths.push_back(s.random_truth(dice));
        const bool first = dice.chance(0.5), sharp = round % 2 == 0;
        if (sharp) bounder.lanes.set_box(lane, truths.back().x, truths.back().x);
        if (first) narrowed += narrow_at_random(dice, s, truths.back(), lane, bounder.lanes);
        phases += choose_at_random(dice, s, truths.back(), lane, bounder.lanes, sharp ? 0.8 : 0.4);
        if (!first) narrowed += narrow_at_random(dice, s, truths.back(), lane, bounder.lanes);
      }
      for (int lane = 0; lane < kLanes; ++lane)
        ASSERT_TRUE(bounds_hold(s, truths[static_cast<std::size_t>(lane)], lane, bounder.lanes));
      const int copied = dice.whole(0, kLanes - 1);
      probe.lanes.copy_lane(bounder.lanes, copied);
      SlopeSchedule schedule;
      schedule.iterations = round % 4 == 0 ? 10 : 0;
      const Vec bound = maximize(bounder, cone, target, schedule),
                copies = maximize(probe, cone, target, schedule);
      for (int lane = 0; lane < kLanes; ++lane) {
        const auto value_at = [&](int point) {
          Enclosed value = truths[static_cast<std::size_t>(point)]
                               .rows[static_cast<std::size_t>(target.which[lane])];
          value.value *= target.sign[lane];
          return value;
        };
        ASSERT_TRUE(allows_lower(bound[lane], value_at(lane))) << "lane " << lane;
        ASSERT_TRUE(allows_lower(copies[lane], value_at(copied))) << "copy in lane " << lane;
      }
    }
  }
  EXPECT_GT(narrowed, 10000);
  EXPECT_GT(phases, 1000);
}

/// The rows of differences are y - x at every point.
TEST(TwinLanes, RowsOfDifferencesHoldThePoints) {
  Dice dice(65);
  int compared = 0;
  for (int trial = 0; trial < 40; ++trial) {
    const BoundedNetwork s = random_pair(dice, 0.05);
    const SparseNetwork& net = *s.network;
    AlphaBetaBounder bounder;
    bounder.attach(net);
    for (int k = 0; k < net.layers(); ++k) {
      const SparseNetworkRows rows = difference_rows(net, k);
      ASSERT_EQ(rows.count(), at(net.first_twins, k + 1) - at(net.first_twins, k));
      for (std::int64_t r = 0; r < rows.count(); ++r) {
        const SparseTwins& pair = at(net.twins, at(net.first_twins, k) + r);
        LaneRows target;
        target.rows = &rows;
        for (int lane = 0; lane < kLanes; ++lane) {
          target.which[lane] = r;
          target.sign[lane] = lane % 2 == 0 ? 1.0 : -1.0;
        }
        Cone cone;
        ConeFinder(net).find(rows, {r}, cone);
        bounder.lanes.reset();
        SlopeSchedule schedule;
        schedule.iterations = trial % 2 == 0 ? 10 : 0;
        const Vec bound = maximize(bounder, cone, target, schedule);
        for (int p = 0; p < 20; ++p) {
          const Enclosed d = difference_at(s, s.random_truth(dice), pair);
          ASSERT_TRUE(allows_lower(bound[0], d));
          ASSERT_TRUE(allows_upper(-bound[1], d));
          ASSERT_TRUE(allows_lower(pair.d.lower, d));
          ASSERT_TRUE(allows_upper(pair.d.upper, d));
          ++compared;
        }
        bounder.leave(cone);
      }
    }
  }
  EXPECT_GT(compared, 2000);
}

/// Once the neuron that loses has a phase, the difference is not relaxed any more; with a phase of
/// the other one it is.
TEST(TwinLanes, AGapBelongsToTheNeuronThatLoses) {
  Dice dice(66);
  int closed = 0;
  for (int trial = 0; trial < 40; ++trial) {
    const BoundedNetwork s = random_pair(dice, 0.02);
    const SparseNetwork& net = *s.network;
    AlphaBetaBounder bounder;
    bounder.attach(net);
    const Cone cone = s.cone();
    for (int i = 0; i < static_cast<int>(net.twins.size()); ++i) {
      bounder.lanes.reset();
      bounder.lower_bound(cone, s.target());
      const Unstable x = at(net.unstable_of, at(net.twins, i).first), y = net.twin(x);
      const double of_x = bounder.difference_gap(x, 0), of_y = bounder.difference_gap(y, 0);
      ASSERT_TRUE(of_x == 0.0 || of_y == 0.0);
      ASSERT_EQ(of_x + of_y, bounder.gap_of_twins(i, 0));
      if (of_x + of_y == 0.0) continue;
      bounder.lanes.set_phase(0, of_x > 0.0 ? x : y, ReluPhase::active);
      bounder.lower_bound(cone, s.target());
      ASSERT_EQ(bounder.gap_of_twins(i, 0), 0.0);
      ++closed;
    }
  }
  EXPECT_GT(closed, 50);
}

/// Every point of the box, whatever its phases are, has z' in what a phase leaves of a twin.
TEST(TwinLanes, APhaseOfOneNarrowsTheOther) {
  Dice dice(62);
  int narrowed = 0;
  for (int trial = 0; trial < 40; ++trial) {
    const BoundedNetwork s = random_pair(dice, 0.02);
    const SparseNetwork& net = *s.network;
    AlphaBetaBounder bounder;
    bounder.attach(net);
    for (int p = 0; p < 50; ++p) {
      const Truth truth = s.random_truth(dice);
      for (const SparseTwins& pair : net.twins) {
        for (const Live v : {pair.first, pair.second}) {
          const Unstable u = at(net.unstable_of, v), twin = net.twin(u);
          const Enclosed z = truth.neurons[s.neuron(u)], other = truth.neurons[s.neuron(twin)];
          if (std::fabs(z.value) <= z.error) continue;
          bounder.lanes.reset();
          bounder.lanes.set_phase(0, u, z.value > 0.0 ? ReluPhase::active : ReluPhase::inactive);
          if (bounder.lanes.has_phase(0, twin)) {
            const double side = at(bounder.lanes.beta_sign, twin)[0];  // -1: active
            ASSERT_LE(side * other.value, other.error);
            continue;
          }
          ASSERT_TRUE(allows_lower(bounder.lanes.lower_of(0, twin), other));
          ASSERT_TRUE(allows_upper(bounder.lanes.upper_of(0, twin), other));
          ++narrowed;
        }
      }
    }
  }
  EXPECT_GT(narrowed, 1000);
}

TEST(TwinLanes, TheChoiceHasItsDerivative) {
  Dice dice(63);
  int compared = 0;
  for (int trial = 0; trial < 20; ++trial) {
    const BoundedNetwork s = random_pair(dice, 0.02);
    const SparseNetwork& net = *s.network;
    AlphaBetaBounder bounder;
    bounder.attach(net);
    const Cone cone = s.cone();
    const LaneRows target = s.target();
    for (std::size_t i = 0; i < net.twins.size(); ++i) {
      const std::int32_t t = net.parameter_of_twins(static_cast<std::int32_t>(i));
      // Away from where the bound has a kink.
      const double share = dice.chance(0.5) ? 0.25 : 0.75, step = 1e-5;
      Vec bound[3];
      for (int k = 0; k < 3; ++k) {
        at(bounder.lanes.alpha_or_beta, t) = broadcast(share + (k - 1) * step);
        bound[k] = bounder.lower_bound(cone, target);
        if (k == 1) bounder.differentiate(cone);
      }
      for (int lane = 0; lane < kLanes; ++lane) {
        const double slope = (bound[2][lane] - bound[0][lane]) / (2.0 * step),
                     curve = std::fabs(bound[2][lane] - 2.0 * bound[1][lane] + bound[0][lane]);
        if (curve > 1e-9) continue;  // a coefficient changed its sign, or a corner its side
        ASSERT_NEAR(at(bounder.gradient, t)[lane], slope, 1e-6 + 1e-3 * std::fabs(slope));
        compared += slope != 0.0 ? 1 : 0;
      }
      at(bounder.lanes.alpha_or_beta, t) = broadcast(0.5);
    }
  }
  EXPECT_GT(compared, 100);
}

}  // namespace
}  // namespace clipbound::test
