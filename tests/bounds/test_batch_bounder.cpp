// Both engines of boxes on the same tiny networks: neither passes the exact minimum over a box (all
// activation patterns, in rational arithmetic), both come to it on small boxes, and they tell the
// same values at points.
#include <gtest/gtest.h>

#include "bounds/forward/forward_problem.h"
#include "tests/support/batch.h"
#include "tests/support/exact_lp.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

struct Engines {
  Engines(const TinyNetwork& net, std::vector<double> lower, std::vector<double> upper)
      : lowered(net.build(), lower, upper, clause()),
        problem(lowered.system, lowered.rows, {0}, lowered.kept, lower, upper),
        reduced(lowered.lanes()) {
    forward.attach(problem, 0);
    forward.lower_x = reduced.lower_x;
    forward.upper_x = reduced.upper_x;
  }
  static Clause clause() {
    Clause clause;
    clause.rows = {output_row({Rational(1)}, Rational(0))};
    return clause;
  }

  Lowered lowered;
  ForwardProblem problem;
  Batch reduced, forward;
};

TEST(BatchBounder, NeitherEnginePassesTheExactMinimum) {
  Dice dice(31);
  double lost_reduced = 0.0, lost_forward = 0.0;
  for (int trial = 0; trial < 60; ++trial) {
    SCOPED_TRACE(trial);
    const TinyNetwork net = random_tiny(dice, {2, 3, 3, 1}, dice.chance(0.5));
    const double half = trial % 2 == 0 ? 0.01 : 1.0;
    std::vector<double> lower, upper;
    for (int i = 0; i < 2; ++i) {
      lower.push_back(dice.normal());
      upper.push_back(lower.back() + half * dice.uniform(0.5, 1.0));
    }
    Engines engines(net, lower, upper);
    const Rational minimum =
        PatternSearch(net, {Rational(1)}).minimum(rationals(lower), rationals(upper)).first;
    for (Batch* engine : {&engines.reduced, &engines.forward}) {
      engine->bound({});
      for (int lane = 0; lane < kLanes; ++lane) {
        ASSERT_TRUE(allows_lower(engine->lower[0][lane], minimum));
        if (engine->refuted[lane] != 0) {
          ASSERT_GT(minimum, 0);
        }
      }
    }
    if (half > 0.5) continue;
    lost_reduced += minimum.get_d() - engines.reduced.lower[0][0];
    lost_forward += minimum.get_d() - engines.forward.lower[0][0];
  }
  EXPECT_LT(lost_reduced, 0.3);
  EXPECT_LT(lost_forward, 0.3);
  std::printf("lost on 30 small boxes: reduced %.3g, forward %.3g\n", lost_reduced, lost_forward);
}

TEST(BatchBounder, EnginesTellTheSameValues) {
  Dice dice(32);
  for (int trial = 0; trial < 40; ++trial) {
    const TinyNetwork net = random_tiny(dice, {3, 4, 1}, false);
    Engines engines(net, {-1, -1, -1}, {1, 1, 1});
    Vec x[3], reduced, forward;
    for (Vec& number : x) {
      for (int lane = 0; lane < kLanes; ++lane) number[lane] = dice.uniform(-1.0, 1.0);
    }
    engines.reduced.evaluate(x, &reduced);
    engines.forward.evaluate(x, &forward);
    for (int lane = 0; lane < kLanes; ++lane)
      ASSERT_NEAR(reduced[lane], forward[lane], 1e-9 * (1.0 + std::fabs(forward[lane])));
  }
}

TEST(BatchBounder, EnginesWithoutNeuronsNeverFold) {
  Dice dice(33);
  const Engines engines(random_tiny(dice, {2, 3, 1}, false), {-1, -1}, {1, 1});
  std::vector<Phase> phase(7, Phase::active);
  EXPECT_EQ(engines.problem.neurons, 0);
  EXPECT_EQ(engines.problem.find_phases(BoxBatch{}, ~Mask{}, phase), 0);
  EXPECT_TRUE(phase.empty());
  EXPECT_EQ(engines.problem.fold({}, {}, {}), nullptr);
}

/// A bounder takes over the memory of an older one of its engine, and nothing else of it.
TEST(BatchBounder, MemoryIsLentToTheNext) {
  Dice dice(34);
  const Engines large(random_tiny(dice, {4, 6, 6, 1}, false), {-1, -1, -1, -1}, {1, 1, 1, 1});
  const Engines small(random_tiny(dice, {2, 3, 1}, false), {-1, -1}, {1, 1});
  Batch fresh = small.lowered.lanes(), lent = large.lowered.lanes();
  lent.bound({});
  lent.attach(*small.lowered.reduced, 0);
  lent.lower_x = fresh.lower_x;
  lent.upper_x = fresh.upper_x;
  lent.lower_z = fresh.lower_z;
  lent.upper_z = fresh.upper_z;
  lent.halfspace_count = 0;
  fresh.bound({});
  lent.bound({});
  EXPECT_EQ(lent.lower[0][0], fresh.lower[0][0]);
  lent.attach(small.problem, 0);
  Batch forward;
  forward.attach(small.problem, 0);
  forward.lower_x = fresh.lower_x;
  forward.upper_x = fresh.upper_x;
  forward.bound({});
  lent.bound({});
  EXPECT_EQ(lent.lower[0][0], forward.lower[0][0]);
}

}  // namespace
}  // namespace clipbound::test
