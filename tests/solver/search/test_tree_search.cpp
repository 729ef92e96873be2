// The one loop: every leaf of a tree once, whatever the threads; what a stopped search held is in
// the frontier again, and shares add up exactly.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <mutex>
#include <new>
#include <stdexcept>
#include <thread>

#include "solver/search/tree_search.h"
#include "tests/solver/search/surroundings.h"

namespace clipbound::test {
namespace {

/// A node of a tree in which every third node is a leaf from some depth on.
struct Node {
  std::uint64_t number = 1;
  std::uint32_t depth = 0;
  Share share;
};

/// For searches that go breadth-first.
std::vector<std::vector<Node>> singles_of(std::vector<Node> nodes) {
  std::vector<std::vector<Node>> singles;
  for (Node& node : nodes) singles.emplace_back().push_back(std::move(node));
  return singles;
}

/// What the workers of a test share.
struct Script {
  std::uint32_t deepest = 12;
  std::atomic<int> leaves{0}, workers{0}, reentered{0};
  std::function<void(const Node&)> at_node;
  bool inner_loop = false;
};

/// Takes two nodes at a time.
class TreeWorker : public SearchWorker {
 public:
  using Subtree = std::vector<Node>;
  TreeWorker(SearchTeam& team, Script& script) : SearchWorker(team), script_(script) {
    ++script_.workers;
  }
  void begin(Subtree nodes) { stack_ = std::move(nodes); }
  bool has_open() const { return !stack_.empty(); }
  void between_batches() { report_figures(); }
  std::optional<Subtree> share() {
    if (stack_.size() < 2) return std::nullopt;
    Subtree oldest;
    oldest.push_back(std::move(stack_.front()));
    stack_.erase(stack_.begin());
    return oldest;
  }
  bool take_batch() {
    batch_.clear();
    for (int k = 0; k < 2 && !stack_.empty(); ++k) {
      batch_.push_back(std::move(stack_.back()));
      stack_.pop_back();
    }
    return true;
  }
  void bound() {
    count_bounded(batch_.size());
    if (busy_) ++script_.reentered;
    busy_ = true;
    if (script_.inner_loop) {
      std::atomic<int> sum = 0;
      parallel_for(3, 16, [&](std::int64_t) { ++sum; });
      EXPECT_EQ(sum, 16);
    }
    for (const Node& node : batch_) {
      if (script_.at_node) script_.at_node(node);
    }
    busy_ = false;
  }
  bool prune() {
    for (Node& node : batch_) {
      if (!is_leaf(node)) continue;
      ++script_.leaves;
      close(0, node.share);
    }
    std::erase_if(batch_, [](const Node& node) { return !node.share.exists(); });
    return !batch_.empty();
  }
  void try_points() {}
  void branch() {}
  void clip() {}
  void split() {
    for (Node& node : batch_) {
      Share half = SearchWorker::split(0, node.share, {}, solver::Half::lower);
      stack_.push_back({2 * node.number, node.depth + 1, std::move(half)});
      stack_.push_back({2 * node.number + 1, node.depth + 1, std::move(node.share)});
    }
    batch_.clear();
  }
  const Subtree& open_nodes() const { return stack_; }
  std::vector<Subtree> rest() {
    std::vector<Subtree> all;
    if (!stack_.empty()) all.push_back(std::exchange(stack_, {}));
    return all;
  }

 private:
  bool is_leaf(const Node& node) const {
    return node.depth >= script_.deepest || (node.depth > 4 && node.number % 3 == 0);
  }
  Script& script_;
  Subtree stack_, batch_;
  bool busy_ = false;
};

std::vector<std::vector<Node>> whole_tree() {
  std::vector<std::vector<Node>> frontier(1);
  frontier[0].push_back({1, 0, Share::whole()});
  return frontier;
}

void search(const SearchContext& context, SearchCounters& counters, Script& script,
            std::vector<std::vector<Node>>& frontier, TimeSlice slice = {}) {
  TreeSearch<TreeWorker>(
      context, counters, slice, {.every_s = 1.0, .seconds = 0.1}, 0,
      [&](SearchTeam& team) { return std::make_unique<TreeWorker>(team, script); })
      .run(frontier);
}

/// The shares in the frontier on top of the closed ones.
ShareSum with_open(const SearchCounters& counters, std::vector<std::vector<Node>>& frontier) {
  ShareSum sum = counters.shares().closed(0);
  for (const std::vector<Node>& nodes : frontier) {
    for (const Node& node : nodes) sum.add(node.share.depth());
  }
  return sum;
}

TEST(TreeSearch, VisitsEveryLeafOnceOnAnyNumberOfThreads) {
  const ThreadLimit allowance(8);
  int expected = 0;
  for (const int threads : {1, 2, 3, 8}) {
    Surroundings around;
    Script script;
    SearchCounters counters(1);
    std::vector<std::vector<Node>> frontier = whole_tree();
    search(around.context(threads), counters, script, frontier);
    EXPECT_TRUE(frontier.empty());
    EXPECT_TRUE(counters.outcome().exhausted);
    EXPECT_EQ(counters.open.load(), 0);
    EXPECT_EQ(counters.subproblems.load(), around.statistics.subproblems);
    if (threads == 1) expected = script.leaves;
    EXPECT_EQ(script.leaves, expected);
    EXPECT_LE(script.workers, threads) << "workers are kept in a pool";
  }
  EXPECT_GT(expected, 100);
}

/// Stopped at any node by the deadline, it goes on from its frontier as if nothing had happened.
TEST(TreeSearch, GoesOnFromTheFrontierOfAStoppedSearch) {
  const ThreadLimit allowance(3);
  for (const int threads : {1, 3}) {
    for (int stop_at = 0; stop_at < 300; stop_at += 7) {
      SearchCounters counters(1);
      std::vector<std::vector<Node>> frontier = whole_tree();
      Script script;
      std::atomic<int> nodes = 0;
      Surroundings first;
      script.at_node = [&](const Node&) {
        if (++nodes == stop_at) first.deadline.interrupt();
      };
      search(first.context(threads), counters, script, frontier);
      EXPECT_TRUE(with_open(counters, frontier).is_one()) << stop_at;
      EXPECT_EQ(counters.outcome().exhausted, frontier.empty());
      Surroundings second;
      search(second.context(threads), counters, script, frontier);
      EXPECT_TRUE(counters.outcome().exhausted) << stop_at;
    }
  }
}

TEST(TreeSearch, AnExceptionOfAWorkerComesOutAndTheRestIsGivenBack) {
  const ThreadLimit allowance(3);
  for (const int threads : {1, 3}) {
    Surroundings around;
    Script script;
    SearchCounters counters(1);
    script.at_node = [](const Node& node) {
      if (node.number == 37) throw std::runtime_error("at a node");
    };
    std::vector<std::vector<Node>> frontier = whole_tree();
    EXPECT_THROW(search(around.context(threads), counters, script, frontier), std::runtime_error);
    EXPECT_FALSE(counters.outcome().exhausted);
    EXPECT_FALSE(with_open(counters, frontier).is_one()) << "what the worker held is lost";
  }
}

TEST(TreeSearch, MemoryThatRunsOutLeavesTheClauseOpen) {
  Surroundings around;
  Script script;
  SearchCounters counters(1);
  script.at_node = [](const Node& node) {
    if (node.number == 37) throw std::bad_alloc();
  };
  std::vector<std::vector<Node>> frontier = whole_tree();
  search(around.context(2), counters, script, frontier);
  EXPECT_EQ(around.deadline.reason(), StopReason::memory);
  EXPECT_FALSE(counters.outcome().exhausted);
}

TEST(TreeSearch, ATimeSliceEndsItWithEverythingInTheFrontier) {
  Surroundings around;
  Script script;
  SearchCounters counters(1);
  std::vector<std::vector<Node>> frontier = whole_tree();
  search(around.context(2), counters, script, frontier, {.seconds = 0.0, .times = 0.0});
  EXPECT_EQ(frontier.size(), 1U);
  EXPECT_EQ(script.workers, 0);
  EXPECT_TRUE(with_open(counters, frontier).is_one());
}

/// A deadline that began long ago, so that cuts may take whole seconds.
Deadline old_deadline() {
  return {Deadline::Clock::now() - std::chrono::hours(1), HUGE_VAL, 0.0};
}

/// The same search, with a cut at every chance: what closed and open shares are at each.
struct CutSearch {
  std::vector<std::uint64_t> order;  ///< of nodes
  int cuts = 0, whole = 0;
  std::size_t most_open = 0;
};
CutSearch search_with_cuts(int threads, bool with_cuts) {
  CutSearch seen;
  Surroundings around;
  around.deadline = old_deadline();
  StateKeeper keeper(around.query, nullptr);
  int written = 0;
  Cuts cuts(around.deadline, keeper, 0.0,
            [&](const SearchState&, const Statistics&) { ++written; });
  SearchContext context = around.context(threads);
  context.keeper = &keeper;
  if (with_cuts) context.cuts = &cuts;
  std::mutex mutex;
  Script script;
  script.at_node = [&](const Node& node) {
    const std::lock_guard lock(mutex);
    seen.order.push_back(node.number);
  };
  SearchCounters counters(1);
  std::vector<std::vector<Node>> frontier = whole_tree();
  TreeSearch<TreeWorker> search(
      context, counters, {}, {.every_s = 1.0, .seconds = 0.1}, 0,
      [&](SearchTeam& team) { return std::make_unique<TreeWorker>(team, script); });
  search.at_cut([&](const TreeSearch<TreeWorker>::Stopped& stopped) {
    ShareSum sum = counters.shares().closed(0);
    std::size_t open = 0;
    const auto add = [&](const std::vector<Node>& nodes) {
      for (const Node& node : nodes) sum.add(node.share.depth());
      open += nodes.size();
    };
    for (const auto& worker : stopped.paused) add(worker->open_nodes());
    for (const std::vector<Node>& nodes : stopped.waiting) add(nodes);
    ++seen.cuts;
    seen.whole += sum.is_one() ? 1 : 0;
    seen.most_open = std::max(seen.most_open, open);
  });
  search.run(frontier);
  EXPECT_TRUE(counters.outcome().exhausted);
  EXPECT_EQ(counters.open.load(), 0);
  EXPECT_EQ(written, seen.cuts);
  EXPECT_EQ(cuts.written(), static_cast<std::uint64_t>(written));
  return seen;
}

TEST(TreeSearch, ACutHasAllOfTheTreeAndChangesNoOrder) {
  const ThreadLimit allowance(4);
  const std::vector<std::uint64_t> order = search_with_cuts(1, false).order;
  for (const int threads : {1, 2, 4}) {
    CutSearch seen = search_with_cuts(threads, true);
    EXPECT_GT(seen.cuts, 20);
    EXPECT_EQ(seen.whole, seen.cuts) << "closed and open shares are 1 at each";
    EXPECT_GT(seen.most_open, 3U);
    if (threads == 1) {
      EXPECT_EQ(seen.order, order);
    }
    std::sort(seen.order.begin(), seen.order.end());
    std::vector<std::uint64_t> all = order;
    std::sort(all.begin(), all.end());
    EXPECT_EQ(seen.order, all) << "every node once";
  }
}

TEST(TreeSearch, NothingIsDueWhereNobodyTakesIt) {
  Surroundings around;
  StateKeeper keeper(around.query, nullptr);
  Cuts cuts(around.deadline, keeper, 0.0, {});
  cuts.divide(10, [] {});
  EXPECT_FALSE(cuts.is_due());
  cuts.write_if_due();
  EXPECT_EQ(cuts.written(), 0U);
}

/// After its first moments a search stands still for at most 1 % of its time.
TEST(TreeSearch, CutsAreAsSeldomAsTheirCostDemands) {
  Surroundings around;
  StateKeeper keeper(around.query, nullptr);
  constexpr auto kCost = std::chrono::milliseconds(3);
  Cuts cuts(around.deadline, keeper, 0.0,
            [&](const SearchState&, const Statistics&) { std::this_thread::sleep_for(kCost); });
  EXPECT_FALSE(cuts.is_due()) << "nothing is known of what it costs";
  while (around.deadline.elapsed_s() < 1.5) {
    cuts.write_if_due();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_GE(cuts.written(), 1U);
  // The last one may have cost more than was expected.
  EXPECT_LE(cuts.cost_s(), 0.01 * around.deadline.elapsed_s() + 0.2);
  EXPECT_LE(cuts.written(), 5U);
}

TEST(TreeSearch, InBreadthItEndsWhenEnoughIsOpen) {
  const ThreadLimit allowance(3);
  for (const int threads : {1, 3}) {
    Surroundings around;
    StateKeeper keeper(around.query, nullptr);
    Cuts cuts(around.deadline, keeper, HUGE_VAL, {});
    cuts.divide(20, [&] { around.deadline.interrupt(); });
    SearchContext context = around.context(threads);
    context.keeper = &keeper;
    context.cuts = &cuts;
    Script script;
    SearchCounters counters(1);
    std::vector<std::vector<Node>> frontier = whole_tree();
    search(context, counters, script, frontier);
    EXPECT_TRUE(with_open(counters, frontier).is_one());
    EXPECT_GE(frontier.size(), 20U);
    EXPECT_LE(frontier.size(), 40U);
    for (const std::vector<Node>& single : frontier) {
      ASSERT_EQ(single.size(), 1U);
      EXPECT_GE(single[0].depth, 4U);
      EXPECT_LE(single[0].depth, 6U) << "the tree's levels";
    }
  }
}

/// A worker's engine may run loops of its own: no other task touches the worker meanwhile.
TEST(TreeSearch, AnInnerLoopLeavesTheWorkerAlone) {
  const ThreadLimit allowance(4);
  Surroundings around;
  Script script;
  script.inner_loop = true;
  SearchCounters counters(1);
  std::vector<std::vector<Node>> frontier = whole_tree();
  search(around.context(4), counters, script, frontier);
  EXPECT_TRUE(counters.outcome().exhausted);
  EXPECT_EQ(script.reentered, 0);
}

}  // namespace
}  // namespace clipbound::test
