// InputLines and boxes of lanes: on parts of the box, bounds of neurons and rows hold at points of
// the part, its corners above all, and are never wider where the part is narrower.
#include <gtest/gtest.h>

#include "bounds/alpha_beta/input_lines.h"
#include "tests/bounds/alpha_beta/bounded_network.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// A part of the network's box; of some inputs next to nothing, or just an end, is left.
InputBox random_part(Dice& dice, const SparseNetwork& network) {
  InputBox part{network.lower_x, network.upper_x};
  for (std::size_t i = 0; i < part.lower.size(); ++i) {
    const double low = part.lower[i], high = part.upper[i];
    if (dice.chance(0.2)) continue;
    double a = dice.chance(0.3) ? 0.0 : dice.uniform(0.0, 1.0), b = dice.uniform(0.0, 1.0);
    if (dice.chance(0.2)) b = a;
    part.lower[i] = std::clamp(low + std::min(a, b) * (high - low), low, high);
    part.upper[i] = std::clamp(low + std::max(a, b) * (high - low), part.lower[i], high);
  }
  return part;
}

/// Mostly a corner of the part.
std::vector<double> random_point(Dice& dice, const InputBox& part) {
  std::vector<double> x;
  for (std::size_t i = 0; i < part.lower.size(); ++i) {
    const double t = dice.chance(0.7) ? static_cast<double>(dice.whole(0, 1)) : dice.uniform(0, 1);
    x.push_back(std::clamp(part.lower[i] + t * (part.upper[i] - part.lower[i]), part.lower[i],
                           part.upper[i]));
  }
  return x;
}

TEST(InputLines, HoldOnPartsOfTheBox) {
  Dice dice(4711);
  int with_lines = 0;
  for (int trial = 0; trial < 200; ++trial) {
    NetworkTaste taste = random_taste(dice);
    taste.layers = dice.whole(1, 5);
    const BoundedNetwork s(dice, taste, dice.uniform(0.01, 0.8), trial % 2 == 0 ? 0 : 10);
    const InputLines lines(*s.network, s.lines);
    for (int k = 0; k < 4; ++k) {
      const InputBox part = random_part(dice, *s.network);
      for (int sample = 0; sample < 5; ++sample) {
        const Truth truth = s.lowered->truth(random_point(dice, part));
        for (std::int32_t n = 0; n < s.network->unstable_count(); ++n) {
          const Range z = lines.range(Unstable{n}, part);
          with_lines += z.lower > -kInfinity && z.upper < kInfinity ? 1 : 0;
          const Enclosed& value = at(truth.neurons, s.neuron(Unstable{n}));
          ASSERT_TRUE(allows_lower(z.lower, value)) << "neuron " << n;
          ASSERT_TRUE(allows_upper(z.upper, value)) << "neuron " << n;
        }
      }
    }
  }
  EXPECT_GT(with_lines, 10000);
}

TEST(InputLines, AreNearTheBoundsOfTheWholeBox) {
  Dice dice(4712);
  int compared = 0;
  for (int trial = 0; trial < 40; ++trial) {
    const BoundedNetwork s(dice, random_taste(dice), 0.4);
    const InputLines lines(*s.network, s.lines);
    const InputBox whole{s.network->lower_x, s.network->upper_x};
    for (std::int32_t n = 0; n < s.network->unstable_count(); ++n) {
      const Range z = lines.range(Unstable{n}, whole);
      if (!(z.lower > -kInfinity)) continue;
      // Bounds take the better of lines and intervals.
      EXPECT_LE(z.lower, at(s.network->lower, Unstable{n}) + 1e-9 * (1.0 + std::fabs(z.lower)));
      ++compared;
    }
  }
  EXPECT_GT(compared, 100);
}

TEST(InputLines, LanesBoundRowsOnBoxesOfTheirOwn) {
  Dice dice(4713);
  int better = 0;
  for (int trial = 0; trial < 150; ++trial) {
    const BoundedNetwork s(dice, random_taste(dice), dice.uniform(0.05, 0.8));
    const InputLines lines(*s.network, s.lines);
    const Cone cone = s.cone();
    AlphaBetaBounder bounder;
    bounder.attach(*s.network);
    const Vec whole = bounder.lower_bound(cone, s.target());
    std::vector<InputBox> parts;
    for (int lane = 0; lane < kLanes; ++lane) {
      parts.push_back(random_part(dice, *s.network));
      bounder.lanes.set_box(lane, parts.back().lower, parts.back().upper);
      for (std::int32_t n = 0; n < s.network->unstable_count(); ++n) {
        const Unstable u{n};
        const Range z = lines.range(u, parts.back());
        const double low = std::max(z.lower, at(s.network->lower, u)),
                     high = std::min(z.upper, at(s.network->upper, u));
        if (low <= high) bounder.lanes.set_bounds(lane, u, low, high);
      }
    }
    SlopeSchedule schedule;
    schedule.iterations = trial % 3 == 0 ? 0 : 5;
    schedule.enough = kInfinity;
    const Vec bound = maximize(bounder, cone, s.target(), schedule);
    for (int lane = 0; lane < kLanes; ++lane) {
      better += bound[lane] > whole[lane] ? 1 : 0;
      for (int sample = 0; sample < 4; ++sample) {
        const Truth truth = s.lowered->truth(random_point(dice, at(parts, lane)));
        const Enclosed row = s.target().sign[lane] * truth.rows[static_cast<std::size_t>(lane % 2)];
        ASSERT_TRUE(allows_lower(bound[lane], row)) << "lane " << lane;
      }
    }
  }
  EXPECT_GT(better, 300);
}

}  // namespace
}  // namespace clipbound::test
