// What searches have around their workers: counters, time slices, the queue, what exceptions do.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <thread>

#include "solver/search/parallel_search.h"
#include "solver/search/search_worker.h"
#include "solver/search/shared_queue.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/support/floors.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

/// The identity of one input on [0.1, 0.3], which are no floats; unsafe from 0.2 on.
struct Surroundings {
  std::shared_ptr<const Network> network = TinyNetwork{{1, 1}, {{1.0F}}, {{0.0F}}}.build();
  Query query = parse_vnnlib(
      "(declare-const X_0 Real)\n(declare-const Y_0 Real)\n"
      "(assert (>= X_0 0.1))\n(assert (<= X_0 0.3))\n(assert (>= Y_0 0.2))\n",
      "test.vnnlib");
  Options options;
  Deadline deadline;
  Statistics statistics;
  CandidateJudge judge{network, query};

  SearchContext context(int threads) {
    return {.options = options,
            .deadline = deadline,
            .judge = judge,
            .statistics = statistics,
            .threads = threads,
            .attack = {},
            .progress = {},
            .log = {}};
  }
};

TEST(CandidateJudge, SnapsToFloatsInsideTheDecimalBox) {
  const Surroundings around;
  for (const double x : {-HUGE_VAL, -1.0, 0.1, 0.123456789, 0.2, 0.3, 5.0, HUGE_VAL,
                         std::numeric_limits<double>::quiet_NaN()}) {
    const std::vector<double> point =
        around.judge.snap(around.query.clauses[0], std::vector<double>{x});
    ASSERT_EQ(point.size(), 1U);
    EXPECT_EQ(point[0], static_cast<double>(static_cast<float>(point[0]))) << x;
    EXPECT_GE(point[0], 0.1) << x;
    EXPECT_LE(point[0], 0.3) << x;
    if (x > 0.1 && x < 0.3) {
      EXPECT_NEAR(point[0], x, 1e-8);
    }
  }
}

TEST(CandidateJudge, KeepsTheFirstPointThatHolds) {
  Surroundings around;
  const Clause& clause = around.query.clauses[0];
  EXPECT_FALSE(around.judge.offer(clause, std::vector<double>{0.15}));
  EXPECT_FALSE(around.judge.found());
  EXPECT_TRUE(around.judge.offer(clause, std::vector<double>{0.25}));
  EXPECT_TRUE(around.judge.offer(clause, std::vector<double>{0.28}));
  EXPECT_TRUE(around.context(1).ended());
  EXPECT_EQ(around.judge.input(), std::vector<double>{0.25});
  EXPECT_EQ(around.judge.output(), std::vector<double>{0.25});
  EXPECT_EQ(around.judge.replayed(), 2U);
}

TEST(SearchCounters, EveryClauseBeginsAsOneOpenSubproblem) {
  SearchCounters counters(4);
  EXPECT_EQ(counters.progress(1.5).open, 4U);
  EXPECT_EQ(counters.progress(1.5).elapsed_s, 1.5);
  EXPECT_FALSE(counters.outcome(true).exhausted);
  counters.open.fetch_sub(3);
  counters.settle(3.0);
  EXPECT_DOUBLE_EQ(counters.progress(0.0).settled_share, 0.75);
  EXPECT_DOUBLE_EQ(counters.outcome(true).open_share, 0.25);
  counters.open.fetch_sub(1);
  EXPECT_TRUE(counters.outcome(true).exhausted);
  EXPECT_FALSE(counters.outcome(false).exhausted);  // something was lost
}

TEST(SearchCounters, UnsplittableSubproblemsStayOpen) {
  SearchCounters counters(1);
  counters.open.fetch_sub(1);
  counters.unsplittable.fetch_add(1);
  EXPECT_EQ(counters.outcome(true).open, 1U);
  EXPECT_EQ(counters.outcome(true).unsplittable, 1U);
  EXPECT_FALSE(counters.outcome(true).exhausted);
}

TEST(TimeSlice, GoesOnWhileTheShareThatIsSettledPromisesAnEnd) {
  const TimeSlice slice{.seconds = 1.0, .times = 8.0, .begin_s = 10.0};
  EXPECT_FALSE(slice.over(10.5, 0.0));
  EXPECT_TRUE(slice.over(11.5, 0.0));
  EXPECT_FALSE(slice.over(11.5, 0.25));  // an end after 6 s, within 8 slices
  EXPECT_TRUE(slice.over(13.0, 0.25));
  EXPECT_FALSE(TimeSlice{}.over(1e9, 0.0));
}

TEST(SharedQueue, EndsOnceAllWorkersWait) {
  SharedQueue<int> queue(2);
  std::atomic<int> sum{0};
  queue.put(1);
  queue.put(2);
  const auto work = [&] {
    while (const auto task = queue.take()) {
      sum += *task;
      if (*task < 16) queue.put(2 * *task + 1), queue.put(2 * *task + 2);
    }
  };
  std::jthread other(work);
  work();
  other.join();
  int expected = 0;  // the tree below 1 and 2 as heaps number it
  for (int k = 1; k <= 32; ++k) expected += k;
  EXPECT_EQ(sum, expected);
  EXPECT_TRUE(queue.left_over().empty());
}

TEST(SharedQueue, KeepsWhatIsLeftWhenItIsStopped) {
  SharedQueue<int> queue(1);
  for (const int task : {1, 2, 3}) queue.put(task);
  EXPECT_EQ(queue.take(), 1);
  queue.stop();
  EXPECT_EQ(queue.take(), std::nullopt);
  EXPECT_EQ(queue.left_over().size(), 2U);
  EXPECT_FALSE(queue.has_idle_workers());
}

/// Takes one task each and counts it; throws what the task says.
struct Worker {
  SharedQueue<int>& queue;
  Statistics statistics;
  void run() {
    while (const auto task = queue.take()) {
      if (*task == -1) throw std::bad_alloc();
      if (*task == -2) throw std::runtime_error("from a worker");
      ++statistics.splits;
    }
  }
};

TEST(ParallelSearch, AddsUpStatisticsOfAllWorkers) {
  Surroundings around;
  const SearchContext context = around.context(3);
  SharedQueue<int> queue(context.threads);
  for (int k = 0; k < 100; ++k) queue.put(k);
  EXPECT_TRUE(run_search(context, queue, SearchCounters(1), [&](int) {
    return std::make_unique<Worker>(Worker{queue, {}});
  }));
  EXPECT_EQ(around.statistics.splits, 100U);
}

TEST(ParallelSearch, MemoryThatRunsOutEndsTheSearchAsIncomplete) {
  Surroundings around;
  const SearchContext context = around.context(2);
  SharedQueue<int> queue(context.threads);
  queue.put(-1);
  EXPECT_FALSE(run_search(context, queue, SearchCounters(1), [&](int) {
    return std::make_unique<Worker>(Worker{queue, {}});
  }));
  EXPECT_EQ(around.deadline.reason(), StopReason::memory);
}

TEST(ParallelSearch, OtherExceptionsComeOut) {
  Surroundings around;
  const SearchContext context = around.context(2);
  SharedQueue<int> queue(context.threads);
  queue.put(-2);
  EXPECT_THROW(run_search(context, queue, SearchCounters(1),
                          [&](int) {
                            return std::make_unique<Worker>(Worker{queue, {}});
                          }),
               std::runtime_error);
}

/// A worker of the base class that takes tasks and attacks.
class Attacker : public SearchWorker {
 public:
  Attacker(const SearchContext& context, SearchCounters& counters, const TimeSlice& slice,
           int number)
      : SearchWorker(context, counters, slice, {.every_s = 0.0, .seconds = 0.5}, number) {}
  void attack() { attack_now_and_then(); }
  int take_all(SharedQueue<int>& queue) {
    int count = 0;
    run_tasks(queue, [&](int) { ++count; });
    return count;
  }
};

TEST(SearchWorker, OnlyTheFirstAttacks) {
  Surroundings around;
  SearchContext context = around.context(1);
  SearchCounters counters(1);
  double asked_s = 0.0;
  context.attack = [&](double seconds, Statistics&) { asked_s += seconds; };
  Attacker(context, counters, {}, 1).attack();
  EXPECT_EQ(asked_s, 0.0);
  Attacker(context, counters, {}, 0).attack();
  EXPECT_EQ(asked_s, 0.5);
}

TEST(SearchWorker, EndsTheQueueWithItsTimeSlice) {
  Surroundings around;
  const SearchContext context = around.context(1);
  SearchCounters counters(1);
  SharedQueue<int> queue(1);
  for (const int task : {1, 2, 3}) queue.put(task);
  EXPECT_EQ(Attacker(context, counters, {.seconds = 0.0, .times = 0.0}, 0).take_all(queue), 1);
  EXPECT_EQ(queue.left_over().size(), 2U);
}

}  // namespace
}  // namespace clipbound::test
