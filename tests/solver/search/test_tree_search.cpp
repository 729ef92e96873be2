// The one loop: every leaf of a tree once, whatever the threads; what a stopped search held is in
// the frontier again, and shares add up exactly.
#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <new>
#include <stdexcept>

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
