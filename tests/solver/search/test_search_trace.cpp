// Traces of trees whose nodes are counted here too: what is recorded is connected and bounded, and
// every subproblem is a node or counted in one.
#include "solver/search/search_trace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <thread>
#include <vector>

#include "solver/api/trace_sample.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// By NodeEnd.
using Ends = std::array<std::uint64_t, 5>;

Ends& operator+=(Ends& sum, const Ends& other) {
  for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += other[k];
  return sum;
}

/// A search of random trees by one worker: depth first, `splits` splits.
Ends search(SearchTrace& trace, std::uint16_t number, std::uint64_t seed, std::uint64_t splits,
            std::uint32_t deepest = 1000) {
  TraceHand hand;
  hand.attach(&trace, number);
  std::mt19937_64 random(seed);
  Ends ends{};
  ShareSum closed;
  std::vector<Share> stack;
  stack.push_back(Share::whole());
  for (double now = 0.0; !stack.empty(); now += 1e-3) {
    Share share = std::move(stack.back());
    stack.pop_back();
    hand.stamp(now);
    hand.bounded(0, share, -1.0 / (1.0 + share.depth()));
    if (ends[1] < splits && share.depth() < deepest &&
        (share.depth() < 15 || random() % 100 < 60)) {
      ++ends[1];
      const SplitAt at{SplitAt::Of::input, -1, static_cast<std::int32_t>(random() % 3), 0.5};
      Share other = share.split();
      hand.split(0, share, other, at, solver::Half::upper);
      hand.kept(other, 0.25);
      stack.push_back(std::move(other));
      stack.push_back(std::move(share));
      continue;
    }
    const auto end = static_cast<NodeEnd>(2 + random() % 3);
    ++ends[static_cast<std::size_t>(end)];
    hand.ended(0, share, end);
    share.close(closed);
  }
  return ends;
}

/// What the trace says of all trees; checks that they are connected.
Ends recorded(const SearchTrace& trace) {
  Ends ends{};
  std::vector<int> halves(trace.nodes().size() + 1, 0);
  std::uint32_t number = 0;
  for (const TraceNode& node : trace.nodes()) {
    ++number;
    ++ends[static_cast<std::size_t>(node.end)];
    EXPECT_LT(node.parent, number);
    EXPECT_EQ(node.budget, 0) << "given back, or given to children";
    if (node.parent != 0) {
      const TraceNode& parent = trace.nodes()[node.parent - 1];
      EXPECT_EQ(parent.end, NodeEnd::split);
      EXPECT_FALSE(parent.counts_below);
      EXPECT_EQ(node.depth, parent.depth + 1);
      const int half = node.half == solver::Half::lower ? 1 : 2;
      EXPECT_EQ(halves[node.parent] & half, 0);
      halves[node.parent] |= half;
    }
    ends[1] += node.splits.load();
    ends[2] += node.refuted.load();
    ends[3] += node.clipped.load();
    ends[4] += node.given_up.load();
  }
  number = 0;
  for (const TraceNode& node : trace.nodes())
    EXPECT_EQ(halves[++number], node.end == NodeEnd::split && !node.counts_below ? 3 : 0);
  return ends;
}

class Asked {
 public:
  Asked()
      : query_(parse_vnnlib("(declare-const X_0 Real)\n(declare-const Y_0 Real)\n"
                            "(assert (>= X_0 0))\n(assert (<= X_0 1))\n(assert (>= Y_0 1))\n",
                            "test.vnnlib")) {}
  std::uint16_t begin(SearchTrace& trace) const {
    trace.begin(query_);
    return trace.begin_search("input", {&query_.clauses[0]});
  }

 private:
  Query query_;
};

TEST(SearchTrace, ASmallTreeIsThereWhole) {
  const Asked asked;
  SearchTrace trace;
  const Ends ends = search(trace, asked.begin(trace), 1, 200);
  EXPECT_EQ(recorded(trace), ends);
  EXPECT_EQ(trace.nodes().size(), 2 * ends[1] + 1);
  for (const TraceNode& node : trace.nodes()) {
    EXPECT_FALSE(node.counts_below);
    EXPECT_DOUBLE_EQ(node.bound, -1.0 / (1.0 + node.depth));
    EXPECT_EQ(node.kept, node.half == solver::Half::upper ? 0.25F : 1.0F);
  }
  ASSERT_EQ(trace.searches().size(), 1U);
  EXPECT_EQ(trace.searches()[0].kind, "input");
  EXPECT_EQ(trace.searches()[0].clauses, std::vector<std::size_t>{0});
}

TEST(SearchTrace, ALargeTreeIsCountedWhereItIsNotRecorded) {
  const Asked asked;
  for (const std::uint32_t deepest : {25U, 100000U}) {
    SearchTrace trace;
    const Ends ends = search(trace, asked.begin(trace), 3, 150000, deepest);
    ASSERT_GT(ends[1], 140000U);
    EXPECT_EQ(recorded(trace), ends);
    EXPECT_LE(trace.nodes().size(), SearchTrace::kMostNodes);
    EXPECT_GT(trace.nodes().size(), SearchTrace::kMostNodes / 8);
  }
}

TEST(SearchTrace, ManyTreesOfManyThreadsAreConnected) {
  const Asked asked;
  SearchTrace trace;
  const std::uint16_t number = asked.begin(trace);
  std::array<Ends, 4> parts{};
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < parts.size(); ++t) {
      threads.emplace_back([&, t] {
        for (std::uint64_t k = 0; k < 6; ++k) parts[t] += search(trace, number, 100 * t + k, 700);
      });
    }
  }
  Ends ends{};
  for (const Ends& part : parts) ends += part;
  EXPECT_EQ(recorded(trace), ends);
}

TEST(SearchTrace, WithoutNodesNothingIsRecorded) {
  const Asked asked;
  SearchTrace trace;
  const std::uint16_t number = asked.begin(trace);
  // Trees of one node each take all nodes.
  TraceHand hand;
  hand.attach(&trace, number);
  ShareSum closed;
  for (std::uint32_t k = 0; k < SearchTrace::kMostNodes + 1000; ++k) {
    Share share = Share::whole();
    hand.bounded(0, share, -1.0);
    hand.ended(0, share, NodeEnd::refuted);
    share.close(closed);
  }
  EXPECT_LE(trace.nodes().size(), SearchTrace::kMostNodes);
  search(trace, number, 7, 100);
  EXPECT_LE(trace.nodes().size(), SearchTrace::kMostNodes);
}

/// What is written with at most so many nodes: connected, and everything is counted.
Ends written(const SearchTrace& trace, std::size_t most) {
  Ends ends{};
  const std::vector<WrittenNode> nodes = written_nodes(trace.nodes(), most);
  std::vector<int> children(nodes.size() + 1, 0);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    EXPECT_LE(nodes[i].parent, i);
    ++children[nodes[i].parent];
    ++ends[static_cast<std::size_t>(nodes[i].recorded->end)];
    const std::uint64_t below[] = {nodes[i].splits, nodes[i].refuted, nodes[i].clipped,
                                   nodes[i].given_up};
    for (std::size_t k = 0; k < 4; ++k) ends[k + 1] += below[k];
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const bool has_children = nodes[i].recorded->end == NodeEnd::split && !nodes[i].counts_below;
    EXPECT_EQ(children[i + 1], has_children ? 2 : 0);
    if (nodes[i].counts_below) {
      EXPECT_GT(nodes[i].deepest, nodes[i].recorded->depth);
    }
  }
  return ends;
}

TEST(SearchTrace, WhatIsNotWrittenIsCounted) {
  const Asked asked;
  for (const std::uint64_t splits : {0U, 200U, 20000U, 150000U}) {
    SearchTrace trace;
    const std::uint16_t number = asked.begin(trace);
    Ends ends = search(trace, number, 5, splits);
    ends += search(trace, number, 6, 30);
    std::size_t before = 0;
    for (const std::size_t most : {0U, 1U, 2U, 3U, 100U, 5000U, 1000000U}) {
      EXPECT_EQ(written(trace, most), ends) << splits << " splits, at most " << most;
      const std::size_t now = written_nodes(trace.nodes(), most).size();
      EXPECT_LE(now, std::max<std::size_t>(most, 2)) << "two roots";
      EXPECT_GE(now, before);
      before = now;
    }
    EXPECT_EQ(before, trace.nodes().size());
  }
}

TEST(SearchTrace, WithoutATraceNothingHappens) {
  TraceHand hand;
  EXPECT_FALSE(hand);
  Share share = Share::whole();
  hand.stamp(1.0);
  hand.bounded(0, share, -1.0);
  Share other = share.split();
  hand.split(0, share, other, {}, solver::Half::lower);
  hand.ended(0, share, NodeEnd::refuted);
  EXPECT_EQ(share.marks.node, 0U);
  EXPECT_EQ(other.marks.node, 0U);
}

}  // namespace
}  // namespace clipbound::test
