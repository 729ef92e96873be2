// Searches of many simulated ranks: nothing is lost or searched twice, times add up, and what has a
// closed form comes out of it.
#include <gtest/gtest.h>

#include "base/error.h"
#include "benchmarks/scaling/chart.h"
#include "benchmarks/scaling/simulation.h"

namespace clipbound::test {
namespace {

using scaling::Machine;
using scaling::Node;
using scaling::Outcome;
using scaling::Timing;
using scaling::Tree;

std::uint64_t count(const Tree& tree) {
  std::vector<Node> open = tree.roots();
  std::uint64_t nodes = 0;
  while (!open.empty()) {
    const Node node = open.back();
    open.pop_back();
    ++nodes;
    tree.expand(node, open);
  }
  return nodes;
}

TEST(ScalingTree, HasAsManyNodesAsWereAskedFor) {
  for (const std::uint64_t size : {1U, 3U, 5U, 999U, 100'001U}) {
    EXPECT_EQ(count(Tree::synthetic(size)), size);
    EXPECT_EQ(count(Tree::synthetic(size, {0.001, 0.5})), size);
  }
  EXPECT_EQ(count(Tree::synthetic(4)), 5U);  // a binary tree's nodes are odd
}

TEST(ScalingTree, ARecordingKeepsItsShapeAndWhatIsCountedInIt) {
  suite::TraceFile trace;
  const auto add = [&](std::uint32_t parent, bool upper, char end,
                       std::vector<std::uint64_t> below = {}) {
    suite::TraceFileNode node;
    node.parent = parent;
    node.upper = upper;
    node.end = end;
    node.below = std::move(below);
    trace.nodes.push_back(node);
  };
  add(0, false, 's');
  add(1, false, 'r');
  add(1, true, 's', {4, 6, 0, 0, 5});  // its own split and four below it: 6 leaves
  add(0, false, 'r');                  // a second tree
  const Tree tree = Tree::recorded(trace);
  EXPECT_EQ(tree.size(), 1U + 1U + 11U + 1U);
  EXPECT_EQ(count(tree), tree.size());
  ASSERT_EQ(tree.roots().size(), 2U);
  std::vector<Node> children;
  tree.expand(tree.roots()[0], children);
  ASSERT_EQ(children.size(), 2U);
  EXPECT_EQ(children[0].size, 1U);
  EXPECT_EQ(children[1].size, 11U);
  EXPECT_THROW(Tree::recorded(suite::TraceFile()), InputError);
}

TEST(ScalingSimulation, OneRankTakesAllBatchesOneAfterTheOther) {
  const Tree tree = Tree::synthetic(1001);
  Timing timing;
  timing.batch_s = 0.5;
  timing.root_s = 3.0;
  timing.lanes = 1;
  const Outcome outcome = scaling::simulate(tree, timing, Machine());
  EXPECT_EQ(outcome.nodes, 1001U);
  EXPECT_EQ(outcome.portions, 0U);
  EXPECT_NEAR(outcome.total_s, 3.0 + 0.5 * 1001, 0.01);
}

TEST(ScalingSimulation, NothingIsLostOrSearchedTwiceAndTimesAddUp) {
  const Tree tree = Tree::synthetic(40'001, {0.01, 0.1, 0.3, 0.5});
  for (const int ranks : {1, 2, 3, 7, 16}) {
    for (const double latency_s : {5e-7, 5e-5, 5e-3}) {
      Timing timing;
      timing.batch_s = 1e-3;
      timing.root_s = 0.1;
      timing.lanes = 4;
      timing.spread = {0.2, 0.8, 2.0};
      Machine machine;
      machine.ranks = ranks;
      machine.latency_s = latency_s;
      const Outcome outcome = scaling::simulate(tree, timing, machine);
      EXPECT_EQ(outcome.nodes, tree.size()) << ranks << " ranks";
      EXPECT_NEAR(ranks * outcome.total_s,
                  ranks * outcome.root_s + outcome.full_s + outcome.partial_s + outcome.first_s +
                      outcome.wait_s + outcome.end_s,
                  1e-6 * ranks * outcome.total_s);
      EXPECT_GE(outcome.first_s, 0.0);
      EXPECT_GE(outcome.wait_s, -1e-9);
      EXPECT_GE(outcome.end_s, 0.0);
      EXPECT_GE(outcome.portions, static_cast<std::uint64_t>(ranks - 1));
    }
  }
}

TEST(ScalingSimulation, SixteenRanksOnALargeTreeAreWorthMoreThanTwelve) {
  const Tree tree = Tree::synthetic(400'001);
  Timing timing;
  timing.batch_s = 1e-3;
  timing.lanes = 4;
  Machine machine;
  const double alone_s = scaling::simulate(tree, timing, machine).total_s;
  machine.ranks = 16;
  const double together_s = scaling::simulate(tree, timing, machine).total_s;
  EXPECT_LT(12.0 * together_s, alone_s);
  EXPECT_GT(16.0 * together_s, alone_s);
}

TEST(ScalingSimulation, AChainIsNoFasterOnManyRanks) {
  // Of each split one half is over at once: nothing can be shared.
  const Tree tree = Tree::synthetic(2001, {1e-9});
  Timing timing;
  timing.batch_s = 1e-3;
  timing.lanes = 2;
  Machine machine;
  const double alone_s = scaling::simulate(tree, timing, machine).total_s;
  machine.ranks = 8;
  EXPECT_GE(scaling::simulate(tree, timing, machine).total_s, 0.9 * alone_s);
}

TEST(ScalingChart, ReadsWhatTheProgramWritesAndSaysWhichLineItCannotRead) {
  const std::string text = "name,ranks,efficiency\na & b,1,1.0\na & b,4,0.9,rest\nc,1,1\n";
  const auto curves = scaling::read_curves(text, "f.csv");
  ASSERT_EQ(curves.size(), 2U);
  EXPECT_EQ(curves[0].points.size(), 2U);
  EXPECT_EQ(curves[0].points[1].efficiency, 0.9);
  EXPECT_NE(scaling::draw(curves).find("a &amp; b"), std::string::npos);
  EXPECT_THROW(scaling::read_curves("a,1,1\nb,x\n", "f.csv"), InputError);
}

}  // namespace
}  // namespace clipbound::test
