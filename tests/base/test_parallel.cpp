// Threads: as many as asked for, each index once, exceptions in the caller.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
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

TEST(Parallel, RethrowsAfterAllHaveEnded) {
  std::atomic<int> ended = 0;
  const auto body = [&](int worker) {
    ++ended;
    if (worker == 2) throw std::runtime_error("of worker 2");
  };
  EXPECT_THROW(run_workers(4, body), std::runtime_error);
  EXPECT_EQ(ended, 4);
}

TEST(Parallel, VisitsEveryIndexOnce) {
  for (const int threads : {1, 3}) {
    std::vector<std::atomic<int>> visits(1000);
    parallel_for(threads, 1000, [&](std::int64_t i) { ++visits[static_cast<std::size_t>(i)]; });
    for (const auto& v : visits) EXPECT_EQ(v, 1);
  }
}

}  // namespace
}  // namespace clipbound::test
