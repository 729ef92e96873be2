// How many unstable neurons a reduced network may have: twins that both are unstable count once, so
// that two copies of a network are searched like one of them.
#include <gtest/gtest.h>

#include "bounds/reduced/reduced_network.h"
#include "solver/input_split/coarse_boxes.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/twin_networks.h"

namespace clipbound::test {
namespace {

struct Copies {
  TwinNetworks twins;
  std::unique_ptr<Lowered> lowered;

  Copies(Dice& dice, const std::vector<int>& sizes, double share, bool differences)
      : twins(TwinNetworks::random(dice, sizes, false, share)) {
    const auto inputs = static_cast<std::size_t>(sizes[0]);
    Clause clause;
    clause.rows.push_back(output_row({-1, 1}, Rational(-1)));
    LoweringOptions options;
    options.differences = differences;
    lowered = std::make_unique<Lowered>(twins.build(), std::vector<double>(inputs, -1.0),
                                        std::vector<double>(inputs, 1.0), std::move(clause),
                                        ProductForm::squares, options);
  }
  std::int64_t counted() const { return unstable_but_for_twins(*lowered->system, lowered->bounds); }
  bool is_unstable(std::size_t layer, std::size_t v) const {
    const IntervalVector& z = lowered->bounds.layers[layer];
    return z.lower[v] < 0.0 && z.upper[v] > 0.0;
  }
};

TEST(TwinLimit, CountsPairsOnce) {
  Dice dice(71);
  int pairs = 0, alone = 0;
  for (int trial = 0; trial < 20; ++trial) {
    SCOPED_TRACE(trial);
    const Copies copies(dice, {2, 6, 6, 1}, trial % 2 == 0 ? 0.01 : 0.3, true);
    const std::vector<IntervalVector>& layers = copies.lowered->bounds.layers;
    // A layer of f is followed by the same layer of g.
    ASSERT_EQ(layers.size(), 4U);
    std::int64_t expected = 0;
    for (const std::size_t k : {std::size_t{0}, std::size_t{2}}) {
      for (std::size_t v = 0; v < 6; ++v) {
        const bool one = copies.is_unstable(k, v), other = copies.is_unstable(k + 1, v);
        expected += one || other ? 1 : 0;
        pairs += one && other ? 1 : 0;
        alone += one != other ? 1 : 0;
      }
    }
    EXPECT_EQ(copies.counted(), expected);
  }
  EXPECT_GT(pairs, 20);
  EXPECT_GT(alone, 0);
}

/// 250 neurons of which most are unstable in either copy: together they are more than 400.
TEST(TwinLimit, CopiesAreReducedWhereOneIs) {
  Dice dice(72);
  for (const bool differences : {false, true}) {
    SCOPED_TRACE(differences);
    const Copies copies(dice, {3, 250, 1}, 0.01, differences);
    const Lowered& lowered = *copies.lowered;
    ASSERT_GT(lowered.bounds.unstable, kMostReducedNeurons);
    auto root = std::make_shared<ClauseRoot>();
    root->clause = &lowered.clause;
    root->bounder = std::make_shared<const CrownBounder>(lowered.system);
    root->rows = lowered.rows;
    root->strict = {0};
    root->kept = lowered.kept;
    root->lower = lowered.lower;
    root->upper = lowered.upper;
    root->width.assign(3, 2.0);
    Subproblem all;
    all.share = Share::whole();
    BoxSubproblems whole = coarse_task(root, all);
    const auto task = reduced_task(whole, lowered.bounds);
    ASSERT_EQ(task.has_value(), differences);
    if (!task) {
      EXPECT_EQ(copies.counted(), lowered.bounds.unstable);
      continue;
    }
    EXPECT_EQ(task->problem->neurons, lowered.bounds.unstable);
  }
}

}  // namespace
}  // namespace clipbound::test
