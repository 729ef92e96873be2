// A process that is watched: how it ends, what it says, what its limits do. Shells alone, no
// verifier.
#include "benchmarks/suite/child.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <thread>

#include "tests/cli/child.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using suite::Child;
using suite::ChildLimits;
using suite::Ending;
using suite::Record;

/// So much time that no test meets it.
ChildLimits ample() {
  ChildLimits limits;
  limits.wall_s = 1000.0;
  return limits;
}

std::vector<std::string> shell(const std::string& script) {
  return {"/bin/sh", "-c", script};
}

template <class Done>
bool wait_until(const Done& done) {
  for (int patience = 0; patience < 60'000; ++patience) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

/// Watches a child to its end.
Record end_of(Child& child) {
  Record record;
  EXPECT_TRUE(wait_until([&] {
    child.read();
    child.enforce();
    return child.ended(record);
  }));
  return record;
}

/// What a script writes to its progress.
Record after_progress(const std::string& lines) {
  Child child(shell("printf '" + lines + "' >&3"), ample());
  return end_of(child);
}

std::string last_words_of(const std::string& script, const ChildLimits& limits = ample()) {
  Child child(shell(script), limits);
  end_of(child);
  return child.last_words();
}

/// False where there is no such process, or only its entry.
bool runs(int pid) {
  const std::string text = contents_of("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = text.rfind(") ");
  return name_end != std::string::npos && text[name_end + 2] != 'Z' && text[name_end + 2] != 'X';
}

TEST(SuiteChild, AnExitCodeIsKept) {
  for (const int code : {0, 1, 5, 255}) {
    Child child(shell("exit " + std::to_string(code)), ample());
    const Record record = end_of(child);
    EXPECT_EQ(record.ending, Ending::exited);
    EXPECT_EQ(record.exit_code, code);
    EXPECT_GT(record.seconds, 0.0);
    EXPECT_GT(record.peak_memory_mb, 0.0);
    EXPECT_TRUE(record.curve.empty());
  }
}

TEST(SuiteChild, ASignalThatIsNotOursIsACrash) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGTERM, SIGKILL}) {
    Child child(shell("kill -" + std::to_string(signal) + " $$"), ample());
    const Record record = end_of(child);
    EXPECT_EQ(record.ending, Ending::crashed);
    EXPECT_EQ(record.exit_code, signal);
  }
}

TEST(SuiteChild, AProgramThatIsNotThereExitsAsInAShell) {
  Child child({"/there/is/no/such/program"}, ample());
  const Record record = end_of(child);
  EXPECT_EQ(record.ending, Ending::exited);
  EXPECT_EQ(record.exit_code, 127);
}

TEST(SuiteChild, PastItsTimeItIsKilled) {
  Child child(shell("sleep 1000"), ChildLimits{});
  const Record record = end_of(child);
  EXPECT_EQ(record.ending, Ending::time);
  EXPECT_EQ(record.exit_code, SIGKILL);
  child.enforce();  // there is nobody left
}

TEST(SuiteChild, PastItsMemoryItIsKilled) {
  ChildLimits limits = ample();
  limits.resident_bytes = 1.0;
  Child child(shell("sleep 1000"), limits);
  const Record record = end_of(child);
  EXPECT_EQ(record.ending, Ending::memory);
  EXPECT_EQ(record.exit_code, SIGKILL);
}

TEST(SuiteChild, WhatIsWithinItsLimitsIsLeftAlone) {
  ChildLimits limits = ample();
  limits.resident_bytes = 1e12;
  Child child(shell("exit 3"), limits);
  const Record record = end_of(child);
  EXPECT_EQ(record.ending, Ending::exited);
  EXPECT_EQ(record.exit_code, 3);
}

TEST(SuiteChild, IsToldItsLimitsByTheSystem) {
  ChildLimits limits = ample();
  limits.address_space_bytes = 1024.0 * 1024.0 * 1024.0;
  EXPECT_EQ(last_words_of("ulimit -v >&2", limits), "1048576");
  EXPECT_EQ(last_words_of("ulimit -c >&2"), "0") << "no core files";
}

TEST(SuiteChild, ReadsNothingAndItsOutputGoesNowhere) {
  EXPECT_EQ(last_words_of("echo lost; cat; echo 'end of input' >&2"), "end of input");
}

TEST(SuiteChild, LastWordsStandOnOneLine) {
  EXPECT_EQ(last_words_of("exit 0"), "");
  EXPECT_EQ(last_words_of("echo only >&2"), "only");
  EXPECT_EQ(last_words_of("printf 'one\\ntwo\\n\\n' >&2"), "one | two");
  EXPECT_EQ(last_words_of("printf '\\n\\n' >&2"), "");
}

TEST(SuiteChild, OnlyTheEndOfManyWordsIsKept) {
  const std::string words =
      last_words_of("i=0; while [ $i -lt 300 ]; do printf 'line %03d ' $i >&2; i=$((i+1)); done");
  // 9 letters each: 600 are 66 whole ones and 6 letters before them.
  ASSERT_EQ(words.size(), 600u);
  EXPECT_TRUE(words.starts_with("e 233 line 234 ")) << words.substr(0, 20);
  EXPECT_TRUE(words.ends_with("line 298 line 299 "));
}

TEST(SuiteChild, ProgressIsReadLineByLine) {
  const Record record = after_progress("0.5 -3 0.25 20 2\\n1 -0.5 1 70 0 and more\\n");
  ASSERT_EQ(record.curve.size(), 2u);
  EXPECT_EQ(record.curve[0].elapsed_s, 0.5);
  EXPECT_EQ(record.curve[0].worst_bound, -3.0);
  EXPECT_EQ(record.curve[0].settled_share, 0.25);
  EXPECT_EQ(record.curve[0].subproblems, 20u);
  EXPECT_EQ(record.curve[0].open, 2u);
  EXPECT_EQ(record.last.elapsed_s, 1.0);
  EXPECT_EQ(record.last.subproblems, 70u);
}

TEST(SuiteChild, WhatIsNoProgressIsPassedOver) {
  const Record record =
      after_progress("\\nhello\\n1 2 3 4\\nnan 0 0 1 1\\n1 2 x 4 5\\n1 -2 0.5 3 4\\n2 -1 0.75 9");
  ASSERT_EQ(record.curve.size(), 1u) << "the last line is not whole";
  EXPECT_EQ(record.last.elapsed_s, 1.0);
  EXPECT_EQ(record.last.open, 4u);
}

TEST(SuiteChild, ProgressMayBeInfinitelyFarFromItsEnd) {
  const Record record = after_progress("1 -inf 0 -5 -1\\n");
  ASSERT_EQ(record.curve.size(), 1u);
  EXPECT_EQ(record.last.worst_bound, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(record.last.subproblems, 0u) << "no count is negative";
  EXPECT_EQ(record.last.open, 0u);
}

TEST(SuiteChild, OfTheWorstBoundNothingMayBeKnown) {
  const Record record = after_progress("0.2 nan 0 0 0\\n1 -2 nan 3 4\\n");
  ASSERT_EQ(record.curve.size(), 1u) << "of the other numbers something is";
  EXPECT_TRUE(std::isnan(record.last.worst_bound));
  EXPECT_EQ(record.last.elapsed_s, 0.2);
}

TEST(SuiteChild, ACurveNeverGoesBack) {
  const Record record = after_progress("2 -1 0 1 1\\n1 -1 0 2 1\\n2 -1 0 3 1\\n");
  ASSERT_EQ(record.curve.size(), 2u);
  EXPECT_EQ(record.curve[0].subproblems, 1u);
  EXPECT_EQ(record.curve[1].subproblems, 3u);
}

TEST(SuiteChild, ALongCurveKeepsEverySecondPoint) {
  Child child(shell("i=1; while [ $i -le 204 ]; do echo \"$i -1 0 $i 0\" >&3; i=$((i+1)); done"),
              ample());
  const Record record = end_of(child);
  // 1, 3, ... 199 of the first 200, then every second one.
  ASSERT_EQ(record.curve.size(), 102u);
  EXPECT_EQ(record.curve[0].elapsed_s, 1.0);
  EXPECT_EQ(record.curve[1].elapsed_s, 3.0);
  EXPECT_EQ(record.curve[99].elapsed_s, 199.0);
  EXPECT_EQ(record.curve[100].elapsed_s, 201.0);
  EXPECT_EQ(record.curve[101].elapsed_s, 203.0);
  EXPECT_EQ(record.last.elapsed_s, 204.0);
}

TEST(SuiteChild, ProgressIsThereBeforeTheEnd) {
  Child child(shell("echo '1 -2 0.5 3 4' >&3; sleep 1000"), ample());
  EXPECT_GE(child.progress_pipe(), 0);
  EXPECT_GE(child.message_pipe(), 0);
  EXPECT_TRUE(wait_until([&] {
    child.read();
    return child.progress().subproblems == 3;
  }));
  Record record;
  EXPECT_FALSE(child.ended(record));
}

TEST(SuiteChild, PipesCloseWithTheChild) {
  Child child(shell("exit 0"), ample());
  end_of(child);
  EXPECT_EQ(child.progress_pipe(), -1);
  EXPECT_EQ(child.message_pipe(), -1);
}

TEST(SuiteChild, WhatItStartedEndsWithIt) {
  Child child(shell("sleep 1000 & echo $! >&2"), ample());
  EXPECT_EQ(end_of(child).ending, Ending::exited);
  const int grandchild = std::atoi(child.last_words().c_str());
  ASSERT_GT(grandchild, 1);
  EXPECT_TRUE(wait_until([&] { return !runs(grandchild); }));
}

TEST(SuiteChild, IsKilledWithItsGroupWhenItsObjectGoes) {
  auto child = std::make_unique<Child>(shell("sleep 1000 & echo $! >&2; wait"), ample());
  EXPECT_TRUE(wait_until([&] {
    child->read();
    return !child->last_words().empty();
  }));
  const int grandchild = std::atoi(child->last_words().c_str());
  ASSERT_GT(grandchild, 1);
  EXPECT_TRUE(runs(grandchild));
  child.reset();
  EXPECT_TRUE(wait_until([&] { return !runs(grandchild); }));
}

}  // namespace
}  // namespace clipbound::test
