// `clipbound suite run`: what becomes of instances that end in every possible way, and of runs that
// are killed.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "benchmarks/suite/run_folder.h"
#include "tests/suite/fake.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using suite::Ending;
using suite::Outcome;
using suite::Record;

/// The record of the instance whose property has this name; the test fails where there is none.
Record record_of(const suite::Run& run, const std::string& property) {
  for (const Record& record : run.records) {
    if (record.vnnlib == "vnnlib/" + property + ".vnnlib") return record;
  }
  ADD_FAILURE() << "no record of " << property;
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(SuiteRun, EveryEndingHasItsRecord) {
  const FakeSuite fake;
  fake.add("ends", {"unsat_000", "sat_010", "unknown_000", "timeout_000", "crash", "exit2", "exit4",
                    "silent", "progress"});
  const Ended ended = fake.run_all({"--jobs", "3"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const suite::Run run = suite::read_run(fake.out());
  ASSERT_EQ(run.records.size(), 9u);
  EXPECT_EQ(record_of(run, "unsat_000").outcome, Outcome::unsat);
  EXPECT_EQ(record_of(run, "unknown_000").outcome, Outcome::unknown);
  EXPECT_EQ(record_of(run, "timeout_000").outcome, Outcome::timeout);
  EXPECT_EQ(record_of(run, "unsat_000").reason, "as it was told");
  EXPECT_EQ(record_of(run, "unsat_000").last.subproblems, 7u);

  const Record sat = record_of(run, "sat_010");
  EXPECT_EQ(sat.outcome, Outcome::sat);
  EXPECT_EQ(contents_of(fake.out() + "/" + sat.counterexample), "((X_0 0.5)\n(Y_0 1))\n");
  EXPECT_GE(sat.seconds, 0.01);

  const Record crash = record_of(run, "crash");
  EXPECT_EQ(crash.outcome, Outcome::error);  // whatever it had said before
  EXPECT_EQ(crash.ending, Ending::crashed);
  EXPECT_EQ(crash.exit_code, SIGSEGV);
  EXPECT_TRUE(contains(crash.reason, "signal 11")) << crash.reason;
  EXPECT_TRUE(contains(crash.reason, "about to fall")) << crash.reason;

  EXPECT_EQ(record_of(run, "exit2").outcome, Outcome::error);
  EXPECT_EQ(record_of(run, "exit2").reason, "line 3: cannot read");
  EXPECT_EQ(record_of(run, "exit4").exit_code, 4);
  EXPECT_EQ(record_of(run, "silent").outcome, Outcome::error);
  EXPECT_TRUE(contains(record_of(run, "silent").reason, "without a readable verdict"));

  const Record progress = record_of(run, "progress");
  ASSERT_EQ(progress.curve.size(), 4u);
  EXPECT_EQ(progress.curve[1].elapsed_s, 0.2);
  EXPECT_EQ(progress.curve[1].worst_bound, -3.0);
  EXPECT_EQ(progress.curve[1].settled_share, 0.25);
  EXPECT_EQ(progress.curve[1].subproblems, 20u);
  EXPECT_EQ(progress.curve[1].open, 2u);
  // Nothing of the work is left behind.
  EXPECT_FALSE(std::filesystem::exists(fake.out() + "/scratch"));
}

TEST(SuiteRun, WhatIgnoresItsTimeLimitIsKilled) {
  const FakeSuite fake;
  fake.add("limits", {"forever"}, "0.5");
  const Ended ended = fake.run_all();
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Record forever = record_of(suite::read_run(fake.out()), "forever");
  EXPECT_EQ(forever.outcome, Outcome::timeout);
  EXPECT_EQ(forever.ending, Ending::time);
  EXPECT_GE(forever.seconds, 1.5);  // the limit and the second that the rules grant
}

TEST(SuiteRun, WhatEatsMemoryIsKilledAndTheRunGoesOn) {
  const FakeSuite fake;
  fake.add("limits", {"memory", "unsat_000"}, "300");
  const Ended ended = fake.run_all({"--memory", "0.1"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const suite::Run run = suite::read_run(fake.out());
  const Record memory = record_of(run, "memory");
  EXPECT_EQ(memory.outcome, Outcome::unknown) << memory.reason;
  EXPECT_EQ(memory.ending, Ending::memory);
  EXPECT_TRUE(memory.out_of_memory()) << memory.reason;
  EXPECT_EQ(record_of(run, "unsat_000").outcome, Outcome::unsat);
}

TEST(SuiteRun, MissingFilesAreErrorsOfTheirInstancesAlone) {
  const FakeSuite fake;
  fake.add("gaps", {"unsat_000", "unsat_001"});
  std::filesystem::remove(fake.suites() + "/gaps/vnnlib/unsat_001.vnnlib");
  ASSERT_EQ(fake.run_all().exit_code, 0);
  const suite::Run run = suite::read_run(fake.out());
  EXPECT_EQ(record_of(run, "unsat_000").outcome, Outcome::unsat);
  EXPECT_EQ(record_of(run, "unsat_001").outcome, Outcome::error);
  EXPECT_TRUE(contains(record_of(run, "unsat_001").reason, "there is no file"));
  EXPECT_EQ(fake.calls().count("unsat_001"), 0u);
}

TEST(SuiteRun, ARepeatedLineIsAnInstanceOfItsOwn) {
  const FakeSuite fake;
  fake.add("twice", {"unsat_000", "sat_000", "unsat_000"});
  ASSERT_EQ(fake.run_all().exit_code, 0);
  const suite::Run run = suite::read_run(fake.out());
  ASSERT_EQ(run.records.size(), 3u);
  EXPECT_EQ(fake.calls().at("unsat_000"), 2);
  EXPECT_EQ(run.records[2].repeat, 2);
  ASSERT_EQ(fake.run_all({"--resume"}).exit_code, 0);
  EXPECT_EQ(fake.calls().at("unsat_000"), 2);
}

std::vector<std::string> many(int count, const std::string& word) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i)
    names.push_back(word + "_0" + std::to_string(10 + i % 20) + "_" + std::to_string(i));
  return names;
}

/// Waits until the run has this many records; false if that takes too long.
bool wait_for_records(const std::string& folder, long count) {
  for (int patience = 0; patience < 4000; ++patience) {
    const std::string text = contents_of(folder + "/records.jsonl");
    if (std::count(text.begin(), text.end(), '\n') >= count) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

TEST(SuiteRun, KilledAnywhereAndResumedItLosesNothingAndRunsNothingTwice) {
  const FakeSuite fake;
  fake.add("a", many(25, "unsat"));
  fake.add("b", many(25, "sat"));
  std::set<std::string> finished;
  for (const long stop : {1L, 9L, 23L, 40L}) {
    const Ended killed = run(fake.run_arguments({"--resume", "--jobs", "2"}), [&](int pid) {
      EXPECT_TRUE(wait_for_records(fake.out(), stop));
      ::kill(pid, SIGKILL);
    });
    EXPECT_EQ(killed.signal, SIGKILL);
    std::set<std::string> now;
    for (const Record& record : suite::read_run(fake.out()).records) now.insert(record.key());
    EXPECT_GE(now.size(), static_cast<std::size_t>(stop));
    for (const std::string& key : finished) EXPECT_TRUE(now.contains(key)) << "lost: " << key;
    finished = now;
  }
  const Ended last = fake.run_all({"--resume", "--jobs", "2"});
  ASSERT_EQ(last.exit_code, 0) << last.err;
  const suite::Run resumed = suite::read_run(fake.out());
  EXPECT_EQ(resumed.records.size(), 50u);
  // Only what was running when the runner was killed was begun again: two at a time, four times.
  int calls = 0;
  for (const auto& [name, count] : fake.calls()) calls += count;
  EXPECT_LE(calls, 50 + 2 * 4);

  ASSERT_EQ(fake.run_all({}, "plain").exit_code, 0);
  const suite::Run plain = suite::read_run(fake.out("plain"));
  for (const Record& record : plain.records) {
    const Record* other = resumed.find(record.key());
    ASSERT_NE(other, nullptr) << record.key();
    EXPECT_EQ(other->outcome, record.outcome) << record.key();
  }
}

TEST(SuiteRun, AHalfWrittenLineIsRunAgain) {
  const FakeSuite fake;
  fake.add("a", many(4, "unsat"));
  ASSERT_EQ(fake.run_all().exit_code, 0);
  const std::string path = fake.out() + "/records.jsonl", whole = contents_of(path);
  const std::size_t last = whole.rfind('\n', whole.size() - 2) + 1;
  for (const std::size_t length : {last + 1, (last + whole.size()) / 2, whole.size() - 1}) {
    std::ofstream(path, std::ios::binary) << whole.substr(0, length);
    EXPECT_EQ(suite::read_run(fake.out()).records.size(), 3u);
    ASSERT_EQ(fake.run_all({"--resume"}).exit_code, 0);
    EXPECT_EQ(suite::read_run(fake.out()).records.size(), 4u);
  }
  // What is wrong in the middle is no crash's doing.
  std::ofstream(path, std::ios::binary) << "{}\n" << whole;
  EXPECT_EQ(fake.run_all({"--resume"}).exit_code, 2);
}

TEST(SuiteRun, AnInterruptEndsItAndItsChildren) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000", "forever", "unsat_001"}, "500");
  const Ended ended = run(fake.run_arguments(), [&](int pid) {
    EXPECT_TRUE(wait_for_records(fake.out(), 1));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ::kill(pid, SIGINT);
  });
  EXPECT_EQ(ended.exit_code, 128 + SIGINT) << ended.err;
  EXPECT_TRUE(contains(ended.err, "--resume")) << ended.err;
  EXPECT_EQ(suite::read_run(fake.out()).records.size(), 1u);
}

TEST(SuiteRun, WhatOthersKillHasNoRecordWhereTheRunnerIsEndedToo) {
  const FakeSuite fake;
  fake.add("a", {"outside", "unsat_000"});
  // A scheduler ends all processes of a job, in any order.
  const Ended ended = run(fake.run_arguments(), [&](int pid) {
    for (int patience = 0; patience < 1000 && fake.calls().empty(); ++patience) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ::kill(pid, SIGTERM);
  });
  EXPECT_EQ(ended.exit_code, 128 + SIGTERM);
  EXPECT_TRUE(suite::read_run(fake.out()).records.empty());
  // Alone, it is what the kernel does to a process that takes too much memory.
  ASSERT_EQ(fake.run_all({"--resume"}).exit_code, 0);
  const Record outside = record_of(suite::read_run(fake.out()), "outside");
  EXPECT_EQ(outside.outcome, Outcome::error);
  EXPECT_TRUE(contains(outside.reason, "killed from outside")) << outside.reason;
}

/// True while some process has this text among its arguments.
bool runs_somewhere(const std::string& text) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    if (contains(contents_of(entry.path().string() + "/cmdline"), text)) return true;
  }
  return false;
}

TEST(SuiteRun, ChildrenDieWithARunnerThatIsKilled) {
  const FakeSuite fake;
  fake.add("a", {"forever"}, "500");
  const std::string mark = fake.suites() + "/a/vnnlib/forever.vnnlib";
  run(fake.run_arguments(), [&](int pid) {
    for (int patience = 0; patience < 1000 && fake.calls().empty(); ++patience) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_TRUE(runs_somewhere(mark));
    ::kill(pid, SIGKILL);
  });
  bool gone = false;
  for (int patience = 0; patience < 4000 && !gone; ++patience) {
    gone = !runs_somewhere(mark);
    if (!gone) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(gone);
}

TEST(SuiteRun, ARunIsContinuedOnlyAsItWasBegun) {
  const FakeSuite fake;
  fake.add("a", many(3, "unsat"));
  ASSERT_EQ(fake.run_all({"--timeout", "3"}).exit_code, 0);
  EXPECT_EQ(fake.run_all({"--timeout", "3"}).exit_code, 2) << "without --resume";
  EXPECT_EQ(fake.run_all({"--timeout", "3", "--resume", "--jobs", "2"}).exit_code, 0);
  const Ended other = fake.run_all({"--timeout", "4", "--resume"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_TRUE(contains(other.err, "timeout_s")) << other.err;
  EXPECT_EQ(run({"suite", "run", "--resume", "--out", fake.out()}).exit_code, 0);
  EXPECT_EQ(run({"suite", "run", "--resume", "--out", fake.out("absent")}).exit_code, 2);
  fake.add("a", many(4, "unsat"));
  EXPECT_EQ(run({"suite", "run", "--resume", "--out", fake.out()}).exit_code, 2)
      << "the suite has changed";
}

TEST(SuiteRun, ChildrenAreWaitedForThoughTheParentIgnoresTheirs) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000", "unsat_001"});
  ::signal(SIGCHLD, SIG_IGN);  // inherited, also through exec
  fake.run_all();
  ::signal(SIGCHLD, SIG_DFL);
  EXPECT_EQ(suite::read_run(fake.out()).records.size(), 2u);
}

TEST(SuiteRun, TwoRunnersDoNotShareAFolder) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000", "forever"}, "500");
  run(fake.run_arguments(), [&](int pid) {
    EXPECT_TRUE(wait_for_records(fake.out(), 1));
    const Ended second = fake.run_all({"--resume"});
    EXPECT_EQ(second.exit_code, 2);
    EXPECT_TRUE(contains(second.err, "another process")) << second.err;
    ::kill(pid, SIGINT);
  });
}

TEST(SuiteRun, OptionsReachTheVerifierAndMistakesAreRefused) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000"});
  EXPECT_EQ(fake.run_all({"--set", "clipping=none", "--set", "no-such=1"}).exit_code, 1);
  EXPECT_EQ(fake.run_all({"--set", "timeout=1"}).exit_code, 1);
  EXPECT_EQ(fake.run_all({"--shard", "3/2"}).exit_code, 1);
  EXPECT_EQ(fake.run_all({"--jobs", "0"}).exit_code, 1);
  EXPECT_EQ(fake.run_all({"--filter", "nothing like it"}).exit_code, 2);
  EXPECT_EQ(run({"suite"}).exit_code, 1);
  EXPECT_TRUE(fake.calls().empty());
  ASSERT_EQ(fake.run_all({"--set", "clipping=none", "--set", "reorder=false"}).exit_code, 0);
  const auto options = suite::read_run(fake.out()).settings.options;
  ASSERT_EQ(options.size(), 2u);
  EXPECT_EQ(options[1].first, "reorder");
  EXPECT_EQ(options[1].second, "false");
}

}  // namespace
}  // namespace clipbound::test
