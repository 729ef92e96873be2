// RefinementModel: the first few refinements are tried, then those that pay: with splits that gain
// 1 each, a bound of -10 has a tree of 2^10 subproblems.
#include "solver/activation_split/refinement_model.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/parallel.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(RefinementModel, TriesAFewFirst) {
  RefinementModel model;
  EXPECT_FALSE(model.begins(-1.0, 2));
  EXPECT_TRUE(model.begins(-1.0, 3));
}

TEST(RefinementModel, TriesNoMoreUntilTheseAreThrough) {
  RefinementModel model;
  std::atomic<int> begun{0};
  parallel_for(2, 64, [&](std::int64_t) { begun += model.begins(-1.0, 3) ? 1 : 0; });
  EXPECT_EQ(begun, 4) << "of all threads together";
  model.give_back();
  EXPECT_TRUE(model.begins(-1.0, 3)) << "one has shown its subproblem empty";
  EXPECT_FALSE(model.begins(-1.0, 3));
  for (int k = 0; k < 4; ++k) {
    model.learn_split(1.0, 0.001);
    model.learn_refinement(0.5);
    model.learn_refinement_time(0.1);
  }
  EXPECT_TRUE(model.begins(-10.0, 2)) << "it is known that they pay";
}

TEST(RefinementModel, ThreadsDivideTheTrials) {
  RefinementModel model(2);
  EXPECT_TRUE(model.begins(-1.0, 3, 0));
  EXPECT_TRUE(model.begins(-1.0, 3, 1));
  EXPECT_FALSE(model.begins(-1.0, 3, 2)) << "the other two are the other thread's";
  EXPECT_TRUE(model.begins(-1.0, 3, 0));
  EXPECT_TRUE(model.begins(-1.0, 3, 1));
  EXPECT_FALSE(model.begins(-1.0, 3, 0));
}

/// Takes note of eight refinements.
void teach(RefinementModel& model, double gained_by_split, double gained_share,
           double refinement_s) {
  for (int k = 0; k < 8; ++k) {
    model.learn_split(gained_by_split, 0.001);
    model.learn_refinement(gained_share);
    model.learn_refinement_time(refinement_s);
  }
}

TEST(RefinementModel, PaysWhereTheTreeShrinksByMoreThanItTakes) {
  RefinementModel good, slow, useless;
  teach(good, 1.0, 0.5, 0.1);
  teach(slow, 1.0, 0.5, 10.0);
  teach(useless, 1.0, 0.0, 0.1);
  EXPECT_TRUE(good.begins(-10.0, 2)) << "1024 subproblems become 32";
  EXPECT_FALSE(slow.begins(-10.0, 2)) << "which take a second";
  EXPECT_FALSE(useless.begins(-10.0, 2)) << "nothing is gained";
  EXPECT_FALSE(good.begins(-10.0, 1)) << "too soon after the last one";
  EXPECT_NEAR(good.subproblem_s(), 0.001, 1e-9);
}

TEST(RefinementModel, PaysWhereSplitsGainNothing) {
  RefinementModel model;
  teach(model, 0.0, 0.1, 1.0);
  EXPECT_TRUE(model.begins(-1.0, 2));
}

}  // namespace
}  // namespace clipbound::test
