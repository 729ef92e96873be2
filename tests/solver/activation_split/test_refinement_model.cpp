// RefinementModel: the first few refinements are tried, then those that pay: with splits that gain
// 1 each, a bound of -10 has a tree of 2^10 subproblems.
#include "solver/activation_split/refinement_model.h"

#include <gtest/gtest.h>

#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(RefinementModel, TriesAFewFirst) {
  const RefinementModel model;
  EXPECT_FALSE(model.pays(-1.0, 2));
  EXPECT_TRUE(model.pays(-1.0, 3));
}

RefinementModel learned(double gained_share, double refinement_s) {
  RefinementModel model;
  for (int k = 0; k < 8; ++k) {
    model.learn_split(1.0, 0.001);
    model.learn_refinement(gained_share);
    model.learn_refinement_time(refinement_s);
  }
  return model;
}

TEST(RefinementModel, PaysWhereTheTreeShrinksByMoreThanItTakes) {
  EXPECT_TRUE(learned(0.5, 0.1).pays(-10.0, 2)) << "1024 subproblems become 32";
  EXPECT_FALSE(learned(0.5, 10.0).pays(-10.0, 2)) << "which take a second";
  EXPECT_FALSE(learned(0.0, 0.1).pays(-10.0, 2)) << "nothing is gained";
  EXPECT_FALSE(learned(0.5, 0.1).pays(-10.0, 1)) << "too soon after the last one";
  EXPECT_NEAR(learned(0.5, 0.1).subproblem_s(), 0.001, 1e-9);
}

TEST(RefinementModel, PaysWhereSplitsGainNothing) {
  RefinementModel model;
  for (int k = 0; k < 8; ++k) {
    model.learn_split(0.0, 0.001);
    model.learn_refinement(0.1);
    model.learn_refinement_time(1.0);
  }
  EXPECT_TRUE(model.pays(-1.0, 2));
}

}  // namespace
}  // namespace clipbound::test
