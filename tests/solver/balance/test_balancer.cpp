// The balancer on a simulated transport: trees of a known number of nodes, messages that take
// random times. All nodes are done once, the end is found after the last one and not before, and a
// message that is lost leaves the search without an end.
#include "solver/balance/balancer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <queue>

#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// Nodes by their depths: each has two children until the depth of the tree.
class Tree final : public Workload {
 public:
  Tree(int depth, bool has_root) : depth_(depth) {
    if (has_root) stack_.push_back(0);
  }
  bool is_busy() const override { return !stack_.empty() || !given_.empty(); }
  bool accepts() const override { return true; }
  void request(std::size_t takers) override { takers_ = takers; }
  std::vector<std::string> take(std::size_t) override { return std::exchange(given_, {}); }
  void accept(std::string portion) override {
    EXPECT_TRUE(stack_.empty());
    stack_.assign(portion.begin(), portion.end());
  }
  /// One node; then, where somebody waits, every second one of the stack is given.
  void work() {
    const int depth = stack_.back();
    stack_.pop_back();
    ++done_;
    if (depth < depth_) stack_.insert(stack_.end(), 2, static_cast<char>(depth + 1));
    if (takers_ == 0 || stack_.size() < 2 || !given_.empty()) return;
    std::string part;
    std::vector<char> kept;
    for (std::size_t k = 0; k < stack_.size(); ++k)
      k % 2 == 0 ? part.push_back(stack_[k]) : kept.push_back(stack_[k]);
    stack_ = std::move(kept);
    given_.push_back(std::move(part));
  }
  bool has_node() const { return !stack_.empty(); }
  std::uint64_t done() const { return done_; }

 private:
  const int depth_;
  std::vector<char> stack_;
  std::vector<std::string> given_;
  std::size_t takers_ = 0;
  std::uint64_t done_ = 0;
};

class Simulation {
 public:
  Simulation(int ranks, int depth, std::uint64_t seed, int lose_portion = -1)
      : random_(seed), lose_portion_(lose_portion), last_(static_cast<std::size_t>(ranks * ranks)) {
    for (int r = 0; r < ranks; ++r) {
      trees_.push_back(std::make_unique<Tree>(depth, r == 0));
      ends_.push_back(std::make_unique<End>(*this, r, ranks));
      BalanceSettings settings;
      settings.seed = seed;
      balancers_.push_back(
          std::make_unique<Balancer>(r, ranks, settings, *ends_.back(), *trees_.back()));
    }
  }
  /// Until all ranks know of the end, or so many seconds.
  bool run(double until_s) {
    constexpr double kNode_s = 1e-4;
    for (; now_s_ < until_s; now_s_ += kNode_s) {
      while (!flying_.empty() && flying_.top().at_s <= now_s_) {
        Flying arrived = flying_.top();
        flying_.pop();
        balancer(arrived.to).receive(arrived.from, std::move(arrived.message), now_s_);
      }
      bool all = true;
      for (std::size_t r = 0; r < trees_.size(); ++r) {
        if (trees_[r]->has_node()) {
          trees_[r]->work();
          EXPECT_FALSE(balancers_[0]->is_over()) << "the end was said before it";
        }
        balancers_[r]->step(now_s_);
        all = all && balancers_[r]->is_over();
      }
      if (all) return true;
    }
    return false;
  }
  std::uint64_t done() const {
    std::uint64_t sum = 0;
    for (const auto& tree : trees_) sum += tree->done();
    return sum;
  }
  std::uint64_t most_done() const {
    std::uint64_t most = 0;
    for (const auto& tree : trees_) most = std::max(most, tree->done());
    return most;
  }
  std::uint64_t given() const { return given_; }

 private:
  struct End final : Transport {
    End(Simulation& of, int own, int all) : simulation(of), rank(own), ranks(all) {}
    void send(int to, const BalanceMessage& message) override {
      simulation.send(rank, to, ranks, message);
    }
    Simulation& simulation;
    const int rank, ranks;
  };
  struct Flying {
    double at_s;
    std::uint64_t number;
    int from, to;
    BalanceMessage message;
    bool operator<(const Flying& other) const {
      return at_s != other.at_s ? at_s > other.at_s : number > other.number;
    }
  };
  Balancer& balancer(int r) { return *balancers_[static_cast<std::size_t>(r)]; }
  void send(int from, int to, int ranks, const BalanceMessage& message) {
    if (message.kind == BalanceMessage::Kind::give && static_cast<int>(given_++) == lose_portion_)
      return;
    // Two messages between two ranks keep their order.
    double& last = last_[static_cast<std::size_t>(from * ranks + to)];
    last = std::max(last, now_s_ + std::uniform_real_distribution<double>(1e-5, 2e-3)(random_));
    flying_.push({last, sent_++, from, to, message});
  }

  std::mt19937_64 random_;
  const int lose_portion_;
  double now_s_ = 0.0;
  std::uint64_t sent_ = 0, given_ = 0;
  std::vector<double> last_;
  std::priority_queue<Flying> flying_;
  std::vector<std::unique_ptr<Tree>> trees_;
  std::vector<std::unique_ptr<End>> ends_;
  std::vector<std::unique_ptr<Balancer>> balancers_;
};

TEST(Balancer, EveryNodeIsDoneOnceAndThenItIsOver) {
  for (const int ranks : {1, 2, 3, 7, 16, 40}) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      SCOPED_TRACE(testing::Message() << ranks << " ranks, seed " << seed);
      constexpr int kDepth = 12;
      Simulation simulation(ranks, kDepth, seed);
      ASSERT_TRUE(simulation.run(60.0));
      EXPECT_EQ(simulation.done(), (std::uint64_t{1} << (kDepth + 1)) - 1);
      if (ranks == 2) {  // nobody has much more than a half
        EXPECT_LT(simulation.most_done(), std::uint64_t{5000});
      }
    }
  }
}

TEST(Balancer, AMessageThatIsLostLeavesItWithoutAnEnd) {
  for (const int lost : {0, 1, 3}) {
    Simulation simulation(3, 9, 5, lost);
    EXPECT_FALSE(simulation.run(2.0)) << "portion " << lost;
    EXPECT_GT(simulation.given(), static_cast<std::uint64_t>(lost));
    EXPECT_LT(simulation.done(), std::uint64_t{1023});
  }
}

TEST(Balancer, LifelinesConnectAllRanks) {
  for (const int ranks : {1, 2, 3, 5, 8, 100}) {
    std::vector<char> reached(static_cast<std::size_t>(ranks), 0);
    std::vector<int> next{0};
    reached[0] = 1;
    while (!next.empty()) {
      const int rank = next.back();
      next.pop_back();
      for (const int line : Balancer::lifelines(rank, ranks)) {
        EXPECT_NE(line, rank);
        if (std::exchange(reached[static_cast<std::size_t>(line)], 1) == 0) next.push_back(line);
      }
    }
    EXPECT_EQ(std::count(reached.begin(), reached.end(), 1), ranks);
    // The tree of waves has every rank but the first as somebody's child, once.
    std::vector<int> children(static_cast<std::size_t>(ranks), 0);
    for (int r = 0; r < ranks; ++r) {
      for (const int child : Balancer::children(r, ranks, 3)) {
        EXPECT_EQ(Balancer::parent(child, 3), r);
        ++children[static_cast<std::size_t>(child)];
      }
    }
    EXPECT_EQ(std::accumulate(children.begin(), children.end(), 0), ranks - 1);
  }
}

TEST(Balancer, PortionsAreDealtByTheirShares) {
  const std::vector<std::uint32_t> depths{3, 1, 3, 2};  // 1/8, 1/2, 1/8, 1/4
  const auto hands = deal(depths, 2);
  EXPECT_EQ(hands[0], (std::vector<std::size_t>{1}));
  EXPECT_EQ(hands[1], (std::vector<std::size_t>{3, 0, 2}));
  EXPECT_TRUE(deal({}, 3)[2].empty());
}

}  // namespace
}  // namespace clipbound::test
