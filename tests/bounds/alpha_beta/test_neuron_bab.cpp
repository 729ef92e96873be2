// NeuronBab: bounds below the truth, above the bound without splits, better with more rounds.
#include "bounds/alpha_beta/neuron_bab.h"

#include <gtest/gtest.h>

#include "tests/bounds/alpha_beta/bounded_network.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(NeuronBab, IsBetweenCrownAndTheTruth) {
  Dice dice(311);
  int better = 0, best = 0;
  for (int trial = 0; trial < 40; ++trial) {
    NetworkTaste taste = random_taste(dice);
    taste.layers = dice.whole(2, 4);
    const BoundedNetwork s(dice, taste, 0.6);
    AlphaBetaBounder bounder;
    bounder.attach(*s.network);
    SlopeOptimizer optimizer;
    optimizer.attach(*s.network);
    const std::int64_t row = dice.whole(0, 1);
    Cone cone;
    ConeFinder(*s.network).find(s.rows, {row}, cone);
    for (const double sign : {1.0, -1.0}) {
      LaneRows rows;
      rows.rows = &s.rows;
      std::fill(rows.which, rows.which + kLanes, row);
      std::fill(rows.sign, rows.sign + kLanes, sign);
      bounder.lanes.reset();
      const double crown = bounder.lower_bound(cone, rows)[0];
      const Deadline deadline;
      NeuronBab bab(bounder, optimizer, cone, s.rows, row, deadline);
      const double one = bab.lower_bound(sign, 1), many = bab.lower_bound(sign, 12);
      EXPECT_GE(one, crown);
      EXPECT_GE(many, one);
      better += one > crown ? 1 : 0;
      best += many > one ? 1 : 0;
      for (int sample = 0; sample < 50; ++sample) {
        Enclosed value = s.random_truth(dice).rows[static_cast<std::size_t>(row)];
        value.value *= sign;
        ASSERT_TRUE(allows_lower(many, value)) << many << " > " << value.value;
      }
    }
  }
  EXPECT_GT(better, 10);
  EXPECT_GT(best, 3);
}

}  // namespace
}  // namespace clipbound::test
