// Every rule of the strategy, at its threshold and one beside it.
#include <gtest/gtest.h>

#include "solver/strategy.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

Options split_by(const std::string& word) {
  Options options;
  options.split = word;
  return options;
}

NetworkFeatures lowered(std::int64_t never_stable, std::size_t weights = 1000) {
  return {true, 3, 1000 + never_stable, never_stable, weights};
}

TEST(Strategy, InputsThatVaryChooseTheSplit) {
  const Options options;
  EXPECT_EQ(plan_for(lowered(0), {40}, options).split.value, Split::portfolio);
  EXPECT_EQ(plan_for(lowered(0), {41}, options).split.value, Split::activations);
  EXPECT_EQ(plan_for({}, {41}, options).split.value, Split::activations);
  // An affine network has no phases; a clause without rows has nothing that they could refute.
  EXPECT_EQ(plan_for({true, 0, 0, 0, 0}, {41}, options).split.value, Split::portfolio);
  EXPECT_EQ(plan_for(lowered(0), {41, false}, options).split.value, Split::portfolio);
}

TEST(Strategy, TheOptionDecidesWhereItIsSet) {
  EXPECT_EQ(plan_for(lowered(0), {500}, split_by("inputs")).split.value, Split::inputs);
  EXPECT_EQ(plan_for(lowered(0), {500}, split_by("turns")).split.value, Split::portfolio);
  EXPECT_EQ(plan_for(lowered(0), {1}, split_by("neurons")).split.value, Split::activations);
  EXPECT_EQ(plan_for(lowered(0), {1, false}, split_by("neurons")).split.value, Split::portfolio);
}

TEST(Strategy, ProductsFollowSplitAndEngine) {
  const Options options;
  EXPECT_EQ(plan_for({}, {5}, options).products.value, ProductForm::chosen);
  EXPECT_EQ(plan_for({}, {41}, options).products.value, ProductForm::squares);
  EXPECT_EQ(plan_for(lowered(400), {10}, options).products.value, ProductForm::chosen);
  EXPECT_EQ(plan_for(lowered(401), {10}, options).products.value, ProductForm::pairs);
  EXPECT_EQ(plan_for(lowered(401), {11}, options).products.value, ProductForm::chosen);
  EXPECT_EQ(plan_for(lowered(401), {10}, split_by("neurons")).products.value, ProductForm::squares);
}

TEST(Strategy, EngineOfABox) {
  EXPECT_EQ(engine_for(lowered(0), 5, 400), Engine::reduced);
  EXPECT_EQ(engine_for(lowered(0), 5, 401), Engine::coarse);
  EXPECT_EQ(engine_for(lowered(0, 3000000), 5, 401), Engine::coarse);
  EXPECT_EQ(engine_for(lowered(0, 3000001), 5, 401), Engine::forward);
  EXPECT_EQ(engine_for(lowered(1), 10, 401), Engine::forward);
  EXPECT_EQ(engine_for(lowered(1), 11, 401), Engine::coarse);
  EXPECT_EQ(plan_for(lowered(0), {5}, Options()).engine.value, Engine::by_box);
  EXPECT_EQ(plan_for(lowered(401), {5}, Options()).engine.value, Engine::forward);
  EXPECT_EQ(plan_for(lowered(0), {41}, Options()).engine.value, Engine::alpha_beta);
}

TEST(Strategy, BudgetsOfThePortfolio) {
  const Budgets automatic = plan_for(lowered(0), {5}, Options()).budgets;
  EXPECT_EQ(automatic.first_slice_s(0.1), 1.0);
  EXPECT_EQ(automatic.first_slice_s(7.0), 7.0);
  EXPECT_EQ(plan_for(lowered(0), {5}, split_by("turns")).budgets.first_slice_s(7.0), 0.0);
  EXPECT_EQ(plan_for(lowered(0), {5}, split_by("inputs")).budgets.first_slice_s(7.0), 1e30);
}

TEST(Strategy, AttacksAreClamped) {
  EXPECT_EQ(first_attack_s(0.0), 0.002);
  EXPECT_EQ(first_attack_s(1e12), 1.5);
  EXPECT_DOUBLE_EQ(first_attack_s(1e6), 0.4);
  EXPECT_EQ(root_attack_s(0.0), 0.008);
  EXPECT_EQ(root_attack_s(2.0), 0.5);
  EXPECT_EQ(case_attack_s(1e9), 10.0);
  EXPECT_EQ(blind_attack_s(5.0), 5.0);
  EXPECT_EQ(blind_attack_s(500.0), 60.0);
}

TEST(Strategy, ExplainsEveryChoiceInOneLine) {
  const BoxFeatures box{5};
  const Plan plan = plan_for(lowered(0), box, Options());
  const std::vector<std::string> lines = explain(plan, lowered(0), box, Options());
  ASSERT_EQ(lines.size(), 6U);
  const char* const kHeads[] = {
      "features: ", "split: ", "products: ", "engine: ", "budgets: ", "clock: "};
  for (std::size_t k = 0; k < lines.size(); ++k) {
    EXPECT_TRUE(lines[k].starts_with(kHeads[k])) << lines[k];
    EXPECT_EQ(lines[k].find('\n'), std::string::npos) << lines[k];
  }
  EXPECT_NE(lines[1].find(plan.split.because), std::string::npos);
}

}  // namespace
}  // namespace clipbound::test
