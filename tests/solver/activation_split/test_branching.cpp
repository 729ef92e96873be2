// Branching of the activation split: candidates by the strategy's scores; bounds of both children
// hold where the children are.
#include "solver/activation_split/branching.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/bounds/alpha_beta/bounded_network.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// A problem with one clause of two rows, and its root in all lanes, bounded.
struct BoundedRoot {
  BoundedRoot(Dice& dice, bool nonlinear) : of(dice, taste(dice, nonlinear), 0.7) {
    problem.network = std::shared_ptr<const SparseNetwork>(std::move(of.network));
    problem.rows = of.rows;
    lanes = std::make_unique<SubproblemLanes>(problem);
    root.row = dice.whole(0, 1);
    root.alpha_or_beta = std::make_shared<const std::vector<float>>(
        static_cast<std::size_t>(problem.network->parameters()), 0.5F);
    std::vector<ActivationSubproblem> batch;
    batch.push_back(child_of(root, Share::whole()));
    lanes->load(batch);
    root.bound = lanes->bounder.lower_bound(lanes->cone, lanes->rows)[0];
    lanes->bounder.differentiate(lanes->cone);
  }
  static NetworkTaste taste(Dice& dice, bool nonlinear) {
    NetworkTaste result = random_taste(dice);
    result.layers = dice.whole(2, 3);
    result.nonlinear = nonlinear;
    return result;
  }
  BoundedNetwork of;
  ActivationProblem problem;
  std::unique_ptr<SubproblemLanes> lanes;
  ActivationSubproblem root;
};

TEST(Branching, WordsWithoutARowMeanTheFirstStrategy) {
  EXPECT_EQ(branching_strategy("auto").word, "auto");
  EXPECT_EQ(branching_strategy("widest").word, "auto") << "a word of the input split";
}

TEST(Branching, CandidatesAreDistinctUnstableNeuronsWithoutPhases) {
  Dice dice(331);
  int splittable = 0;
  for (int trial = 0; trial < 40; ++trial) {
    BoundedRoot b(dice, trial % 2 == 1);
    for (const Unstable u : b.lanes->unstable) {
      if (!b.lanes->bounder.lanes.is_nonlinear(u) && dice.chance(0.2))
        b.lanes->bounder.lanes.set_phase(0, u, ReluPhase::active);
    }
    const std::vector<Unstable> chosen = choose_candidates(branching_strategy("auto"), *b.lanes, 0);
    EXPECT_LE(chosen.size(), static_cast<std::size_t>(kCandidates));
    EXPECT_EQ(std::set<Unstable>(chosen.begin(), chosen.end()).size(), chosen.size());
    for (const Unstable u : chosen) EXPECT_FALSE(b.lanes->bounder.lanes.has_phase(0, u));
    splittable += chosen.empty() ? 0 : 1;
  }
  EXPECT_GT(splittable, 20);
}

TEST(Branching, BoundsOfTheChildrenHoldInTheChildren) {
  Dice dice(332);
  int checked = 0;
  for (int trial = 0; trial < 40; ++trial) {
    BoundedRoot b(dice, trial % 2 == 1);
    const auto split = choose_split(branching_strategy("auto"), *b.lanes, b.root, 0);
    if (!split) continue;
    const bool nonlinear = b.lanes->bounder.lanes.is_nonlinear(split->neuron);
    const double threshold =
        nonlinear ? b.lanes->part_of(0, split->neuron, SplitSide::lower).second : 0.0;
    for (int sample = 0; sample < 40; ++sample) {
      std::vector<double> x;
      for (std::size_t i = 0; i < b.of.lowered->lower.size(); ++i)
        x.push_back(dice.endpoint(b.of.lowered->lower[i], b.of.lowered->upper[i]));
      const Truth truth = b.of.lowered->truth(std::move(x));
      const Enclosed z = truth.neurons[b.of.neuron(*b.problem.network, split->neuron)];
      if (!std::isfinite(z.error) || std::fabs(z.value - threshold) <= z.error) continue;
      const int side = z.value > threshold ? 1 : 0;
      ++checked;
      ASSERT_TRUE(
          allows_lower(split->bound[side], truth.rows[static_cast<std::size_t>(b.root.row)]));
    }
  }
  EXPECT_GT(checked, 300);
}

}  // namespace
}  // namespace clipbound::test
