// Deadlines end work on time, at most once for one reason, and count from the process's own start.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include "base/deadline.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Clock = Deadline::Clock;
using std::chrono::milliseconds;

TEST(Deadline, WithoutALimitItNeverExpires) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const Deadline& deadline :
       {Deadline(), Deadline(Clock::now(), 1e30, 0.1), Deadline(Clock::now(), infinity, 0.1),
        Deadline(Clock::now(), std::nan(""), 0.1)}) {
    EXPECT_FALSE(deadline.expired());
    EXPECT_EQ(deadline.reason(), StopReason::none);
    EXPECT_EQ(deadline.remaining_s(), infinity);
  }
}

TEST(Deadline, ExpiresAtTheLimitLessTheReserve) {
  const Deadline past(Clock::now() - milliseconds(950), 1.0, 0.1);
  EXPECT_TRUE(past.expired());
  EXPECT_EQ(past.reason(), StopReason::time);
  EXPECT_EQ(past.remaining_s(), 0.0);
  EXPECT_GE(past.elapsed_s(), 0.95);
  const Deadline ahead(Clock::now(), 60.0, 0.1);
  EXPECT_FALSE(ahead.expired());
  EXPECT_GT(ahead.remaining_s(), 50.0);
  EXPECT_LE(ahead.remaining_s(), 59.9);
}

TEST(Deadline, TheFirstReasonStays) {
  Deadline deadline(Clock::now() - milliseconds(10), 0.0, 0.0);
  deadline.out_of_memory();
  EXPECT_TRUE(deadline.expired());
  EXPECT_EQ(deadline.reason(), StopReason::memory);
}

TEST(Deadline, AnotherThreadInterrupts) {
  Deadline deadline;
  std::jthread other([&] { deadline.interrupt(); });
  while (!deadline.expired()) std::this_thread::yield();
  EXPECT_EQ(deadline.reason(), StopReason::interrupted);
}

TEST(Deadline, CopiesAreIndependent) {
  Deadline original;
  Deadline copy = original;
  original.interrupt();
  EXPECT_FALSE(copy.expired());
  copy = original;
  EXPECT_TRUE(copy.expired());
}

TEST(Deadline, TheProcessStartedNotLongAgoAndAlwaysAtTheSameMoment) {
  const auto first = process_start();
  std::this_thread::sleep_for(milliseconds(30));
  const auto second = process_start();
  EXPECT_LE(first, Clock::now());
  EXPECT_GT(first, Clock::now() - std::chrono::hours(1));
  // /proc gives the start in hundredths of a second.
  EXPECT_LT(std::abs(std::chrono::duration<double>(second - first).count()), 0.02);
}

TEST(Deadline, MemoryIsMeasured) {
  EXPECT_GT(resident_bytes(), std::size_t{100'000});
}

TEST(Deadline, CountsWorkForChoicesWhereItIsAskedTo) {
  Deadline deadline(Deadline::Clock::now(), 100.0, 0.0);
  deadline.work(1e12);
  EXPECT_LT(deadline.spent_s(), 100.0) << "time";
  EXPECT_GT(deadline.left_s(), 0.0);
  deadline.count_work();
  EXPECT_TRUE(deadline.counts_work());
  EXPECT_EQ(deadline.spent_s(), 0.0);
  deadline.work(4e9);
  EXPECT_EQ(deadline.spent_s(), 2.0);
  EXPECT_EQ(deadline.left_s(), 98.0);
  const Deadline copy = deadline;
  EXPECT_EQ(copy.spent_s(), 2.0);
  deadline.work(1e15);
  EXPECT_EQ(deadline.left_s(), 0.0);
  EXPECT_FALSE(deadline.expired()) << "limits stay limits of time";
}

}  // namespace
}  // namespace clipbound::test
