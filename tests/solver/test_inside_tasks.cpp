// solve() inside a caller's tasks of oneTBB, many at a time: no deadlock, right verdicts, none of
// the caller's tasks taken up meanwhile, no growth of memory. CLIPBOUND_SOLVES says how many
// (1,000).
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "base/deadline.h"
#include "base/parallel.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

struct Job {
  std::shared_ptr<const Network> network;
  Query query;
  Verdict expected;
  std::string split;
};

/// |x0 + x1| + |x0 - x1| on [-1, 1] x [-1, 1] reaches 2 and no more.
std::vector<Job> make_jobs() {
  const auto network = TinyNetwork{
      {2, 4, 1},
      {{1, 1, -1, -1, 1, -1, -1, 1}, {1, 1, 1, 1}},
      {{0, 0, 0, 0}, {0}}}.build();
  std::vector<Job> jobs;
  for (const double threshold : {1.99, 2.01, 2.5}) {
    for (const char* split : {"inputs", "neurons", "turns"}) {
      Property property;
      property.lower = {-1.0, -1.0};
      property.upper = {1.0, 1.0};
      property.clauses = {{y_at_least(0, threshold)}, {y_at_least(0, threshold + 0.25)}};
      jobs.push_back({network, parse_vnnlib(property.text(), "test.vnnlib"),
                      threshold < 2.0 ? Verdict::sat : Verdict::unsat, split});
    }
  }
  return jobs;
}

TEST(InsideTasks, ManySolvesInACallersTasks) {
  static thread_local bool busy = false;
  const char* const asked = std::getenv("CLIPBOUND_SOLVES");
  const int solves = asked == nullptr ? 1000 : std::atoi(asked);
  const std::vector<Job> jobs = make_jobs();
  const ThreadLimit limit(8);
  std::atomic<int> wrong = 0, entered = 0, done = 0;
  std::size_t warm_bytes = 0;
  const auto some = [&](int count) {
    // The seam's loops are oneTBB's, and tell the thread sanitizer what they hand over.
    parallel_for(8, count, [&](std::int64_t k) {
      if (busy) ++entered;
      busy = true;
      const Job& job = jobs[static_cast<std::size_t>(k) % jobs.size()];
      Options options;
      options.threads = static_cast<int>(1 + k % 3);
      options.split = job.split;
      options.attack = k % 2 == 0;
      const Deadline deadline(Deadline::Clock::now(), 60.0, 0.0);
      SolveContext context;
      context.deadline = &deadline;
      if (solve(job.network, job.query, options, context).verdict != job.expected) ++wrong;
      ++done;
      busy = false;
    });
  };
  some(solves / 5);
  warm_bytes = resident_bytes();
  some(solves - solves / 5);
  EXPECT_EQ(done, solves);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(entered, 0) << "a thread that waits in solve() took up a task of the caller's";
  const std::size_t grown = std::max(resident_bytes(), warm_bytes) - warm_bytes;
  std::printf("%d solves; memory grew by %zu kB after the first fifth\n", solves, grown / 1024);
  EXPECT_LT(grown, std::size_t{64} << 20U);
}

}  // namespace
}  // namespace clipbound::test
