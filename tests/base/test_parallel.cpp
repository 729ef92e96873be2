// Threads: as many as asked for, each index once, exceptions in the caller.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/parallel.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(Parallel, RunsEveryWorkerOnce) {
  std::mutex mutex;
  std::multiset<int> seen;
  run_workers(5, [&](int worker) {
    const std::lock_guard lock(mutex);
    seen.insert(worker);
  });
  EXPECT_EQ(seen, (std::multiset<int>{0, 1, 2, 3, 4}));
  EXPECT_GE(available_threads(), 1);
}

TEST(Parallel, RethrowsAfterAllThatBeganHaveEnded) {
  std::atomic<int> began = 0, ended = 0;
  const auto body = [&](int worker) {
    ++began;
    if (worker != 2) {
      ++ended;
      return;
    }
    ++ended;
    throw std::runtime_error("of worker 2");
  };
  EXPECT_THROW(run_workers(4, body), std::runtime_error);
  EXPECT_EQ(began, ended);
  EXPECT_GE(began, 1);
}

TEST(Parallel, VisitsEveryIndexOnce) {
  for (const int threads : {1, 3}) {
    std::vector<std::atomic<int>> visits(1000);
    parallel_for(threads, 1000, [&](std::int64_t i) { ++visits[static_cast<std::size_t>(i)]; });
    for (const auto& v : visits) EXPECT_EQ(v, 1);
  }
}

/// Counts itself, spawns two smaller ones, and says how it ended.
struct Tally {
  std::atomic<int> ran{0}, left{0};
};
class Doubling : public Task {
 public:
  Doubling(TaskPool& pool, Tally& tally, int depth, int fails_at = -1)
      : pool_(pool), tally_(tally), depth_(depth), fails_at_(fails_at) {}
  ~Doubling() override {
    if (!ran_) ++tally_.left;
  }
  void run() override {
    ran_ = true;
    ++tally_.ran;
    if (depth_ == fails_at_) throw std::runtime_error("of a task");
    for (int k = 0; k < 2 && depth_ > 0; ++k)
      pool_.spawn(std::make_unique<Doubling>(pool_, tally_, depth_ - 1, fails_at_));
  }

 private:
  TaskPool& pool_;
  Tally& tally_;
  const int depth_, fails_at_;
  bool ran_ = false;
};

TEST(TaskPool, RunsWhatTasksSpawn) {
  for (const int threads : {1, 2, 8}) {
    TaskPool pool(threads);
    Tally tally;
    for (int round = 1; round <= 2; ++round) {
      pool.spawn(std::make_unique<Doubling>(pool, tally, 9));
      pool.run();
      EXPECT_EQ(tally.ran, round * 1023);
    }
    EXPECT_EQ(tally.left, 0);
    EXPECT_EQ(pool.has_idle_threads(), threads > 1);
  }
}

/// Looks at the pool before and after it spawns a sibling, which waits for nothing.
class Looking final : public Task {
 public:
  Looking(TaskPool& pool, std::vector<bool>& seen) : pool_(pool), seen_(seen) {}
  void run() override {
    seen_.push_back(pool_.has_idle_threads());
    pool_.spawn(std::make_unique<Nothing>());
    pool_.spawn(std::make_unique<Nothing>());
  }

 private:
  struct Nothing final : Task {
    void run() override {}
  };
  TaskPool& pool_;
  std::vector<bool>& seen_;
};

TEST(TaskPool, KnowsWhetherAThreadIsIdle) {
  std::vector<bool> seen;
  const ThreadLimit limit(2);
  TaskPool two(2);
  EXPECT_TRUE(two.has_idle_threads());
  two.spawn(std::make_unique<Looking>(two, seen));
  two.run();
  EXPECT_EQ(seen, std::vector<bool>{true});
  EXPECT_TRUE(two.has_idle_threads()) << "all have ended";
  TaskPool one(1);
  one.spawn(std::make_unique<Looking>(one, seen));
  one.run();
  EXPECT_FALSE(seen.back()) << "nobody to share with";
}

TEST(TaskPool, DestroysWhatNeverRanAfterAnException) {
  for (const int threads : {1, 2, 8}) {
    TaskPool pool(threads);
    Tally tally;
    pool.spawn(std::make_unique<Doubling>(pool, tally, 9, 4));
    EXPECT_THROW(pool.run(), std::runtime_error);
    const int seen = tally.ran + tally.left;
    EXPECT_GE(seen, 7) << "the way down, and the brothers on it";
    EXPECT_LT(tally.ran, 1023);
    // The pool can be used again.
    pool.spawn(std::make_unique<Doubling>(pool, tally, 0));
    pool.run();
    EXPECT_EQ(tally.ran + tally.left, seen + 1);
  }
}

/// Where a thread waits for an inner loop it must not begin another task: state that belongs to the
/// first would be in two hands.
TEST(TaskPool, AnInnerLoopRunsNoOtherTask) {
  static thread_local bool busy = false;
  struct Outer : Task {
    explicit Outer(std::atomic<int>& entered) : entered_(entered) {}
    void run() override {
      if (busy) ++entered_;
      busy = true;
      std::atomic<int> sum = 0;
      parallel_for(4, 64, [&](std::int64_t i) { sum += static_cast<int>(i); });
      EXPECT_EQ(sum, 2016);
      busy = false;
    }
    std::atomic<int>& entered_;
  };
  const ThreadLimit allowance(4);
  std::atomic<int> entered = 0;
  TaskPool pool(4);
  for (int k = 0; k < 500; ++k) pool.spawn(std::make_unique<Outer>(entered));
  pool.run();
  EXPECT_EQ(entered, 0);
}

/// A pool inside a caller's loop: it neither deadlocks nor takes up the caller's other bodies.
TEST(TaskPool, InsideACallersTasksItRunsItsOwnAlone) {
  static thread_local bool busy = false;
  const ThreadLimit allowance(4);
  std::atomic<int> entered = 0, ran = 0;
  parallel_for(8, 300, [&](std::int64_t) {
    if (busy) ++entered;
    busy = true;
    TaskPool pool(2);
    Tally tally;
    pool.spawn(std::make_unique<Doubling>(pool, tally, 4));
    pool.run();
    ran += tally.ran;
    busy = false;
  });
  EXPECT_EQ(entered, 0);
  EXPECT_EQ(ran, 300 * 31);
}

/// So many tasks are under way at once: eight threads on however few cores.
TEST(ThreadLimit, LetsMoreThreadsRunThanThereAreCores) {
  const ThreadLimit allowance(8);
  struct Meeting : Task {
    explicit Meeting(std::atomic<int>& here) : here_(here) {}
    void run() override {
      ++here_;
      while (here_ < 8) std::this_thread::yield();
    }
    std::atomic<int>& here_;
  };
  std::atomic<int> here = 0;
  TaskPool pool(8);
  for (int k = 0; k < 8; ++k) pool.spawn(std::make_unique<Meeting>(here));
  pool.run();
  EXPECT_EQ(here, 8);
}

}  // namespace
}  // namespace clipbound::test
