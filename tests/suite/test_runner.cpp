// Runs in this process, with a verifier that decides nothing: records in memory and on the disk,
// what is refused, what is continued. (`suite run` as a program: test_run.cpp.)
#include "benchmarks/suite/runner.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>

#include <filesystem>
#include <sstream>

#include "base/error.h"
#include "tests/suite/fake.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using suite::Ending;
using suite::Outcome;
using suite::Record;
using suite::run_suites;
using suite::RunReport;
using suite::RunRequest;

RunRequest request_for(const FakeSuite& fake) {
  RunRequest request;
  request.settings.folders = {fake.suites()};
  request.settings.program = fake.scratch / "verifier";
  request.folder = fake.out();
  return request;
}

RunRequest resumed(RunRequest request) {
  request.resume = true;
  return request;
}

/// The same without anything but the folder.
RunRequest only_resumed(const FakeSuite& fake) {
  RunRequest request;
  request.folder = fake.out();
  return resumed(request);
}

std::string error_of(const RunRequest& request) {
  try {
    run_suites(request);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::string records_file(const FakeSuite& fake) {
  return fake.out() + "/records.jsonl";
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

TEST(SuiteRunner, WhatItReportsIsWhatIsOnTheDisk) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000", "sat_000", "unknown_000"});
  RunRequest request = request_for(fake);
  request.settings.threads = 3;
  const RunReport report = run_suites(request);
  EXPECT_EQ(report.signal, 0);
  EXPECT_EQ(report.run.planned.size(), 3u);
  const std::vector<std::string> lines = lines_of(contents_of(records_file(fake)));
  ASSERT_EQ(report.run.records.size(), 3u);
  ASSERT_EQ(lines.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(report.run.records[i].key(), report.run.planned[i].key()) << "one after the other";
    EXPECT_EQ(to_json_line(report.run.records[i]), lines[i]);
    EXPECT_EQ(report.run.records[i].threads, 3);
    EXPECT_EQ(report.run.records[i].timeout_s, 5.0);
  }
  EXPECT_EQ(report.run.records[0].outcome, Outcome::unsat);
  EXPECT_EQ(report.run.records[1].outcome, Outcome::sat);
  EXPECT_EQ(contents_of(fake.out() + "/" + report.run.records[1].counterexample),
            "((X_0 0.5)\n(Y_0 1))\n");
  EXPECT_EQ(report.run.records[2].outcome, Outcome::unknown);
  EXPECT_TRUE(report.run.records[2].counterexample.empty());
}

TEST(SuiteRunner, SaysWhyThereIsNoVerdict) {
  const FakeSuite fake;
  fake.add("a", {"crash", "exit2", "exit4", "silent"});
  const std::vector<Record> records = run_suites(request_for(fake)).run.records;
  ASSERT_EQ(records.size(), 4u);
  for (const Record& record : records) EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_EQ(records[0].ending, Ending::crashed);
  EXPECT_EQ(records[0].exit_code, SIGSEGV);
  EXPECT_EQ(records[0].reason, "crashed: signal 11, Segmentation fault; stderr: about to fall");
  EXPECT_EQ(records[1].exit_code, 2);
  EXPECT_EQ(records[1].reason, "line 3: cannot read");
  EXPECT_EQ(records[2].exit_code, 4);
  EXPECT_EQ(records[2].reason, "exit code 4");
  EXPECT_EQ(records[3].exit_code, 0);
  EXPECT_TRUE(records[3].reason.starts_with("exited without a readable verdict: "))
      << records[3].reason;
}

TEST(SuiteRunner, WhatIsMissingIsNotRun) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000", "unsat_001"});
  std::filesystem::remove(fake.suites() + "/a/vnnlib/unsat_000.vnnlib");
  const std::vector<Record> records = run_suites(request_for(fake)).run.records;
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].ending, Ending::not_run);
  EXPECT_EQ(records[0].outcome, Outcome::error);
  EXPECT_EQ(records[1].outcome, Outcome::unsat);
  EXPECT_EQ(fake.calls(), (std::map<std::string, int>{{"unsat_001", 1}}));
}

TEST(SuiteRunner, AVerifierThatIsNotThereIsAnErrorOfEveryInstance) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000", "unsat_001"});
  RunRequest request = request_for(fake);
  request.settings.program = fake.scratch / "absent";
  const std::vector<Record> records = run_suites(request).run.records;
  ASSERT_EQ(records.size(), 2u);
  for (const Record& record : records) {
    EXPECT_EQ(record.outcome, Outcome::error);
    EXPECT_EQ(record.reason, "exit code 127");
  }
}

TEST(SuiteRunner, AFinishedRunIsContinuedWithoutAnyCall) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000", "unsat_001", "unsat_000"});
  EXPECT_EQ(run_suites(resumed(request_for(fake))).run.records.size(), 3u) << "there was none";
  const std::string before = contents_of(records_file(fake));
  const RunReport again = run_suites(only_resumed(fake));
  EXPECT_EQ(again.run.records.size(), 3u);
  EXPECT_EQ(again.run.settings.program,
            std::filesystem::weakly_canonical(fake.scratch / "verifier").string());
  EXPECT_EQ(contents_of(records_file(fake)), before);
  EXPECT_EQ(fake.calls(), (std::map<std::string, int>{{"unsat_000", 2}, {"unsat_001", 1}}));
}

TEST(SuiteRunner, ASecondRecordAtTheEndIsDroppedAndTheRestIsRun) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000", "unsat_001"});
  run_suites(request_for(fake));
  const std::vector<std::string> lines = lines_of(contents_of(records_file(fake)));
  ASSERT_EQ(lines.size(), 2u);
  fake.scratch.write("run/records.jsonl", lines[0] + "\n" + lines[0] + "\n");
  EXPECT_EQ(run_suites(only_resumed(fake)).run.records.size(), 2u);
  EXPECT_EQ(fake.calls(), (std::map<std::string, int>{{"unsat_000", 1}, {"unsat_001", 2}}));
  const std::vector<std::string> after = lines_of(contents_of(records_file(fake)));
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(after[0], lines[0]);
  EXPECT_EQ(suite::parse_record(after[1]).vnnlib, "vnnlib/unsat_001.vnnlib");
}

TEST(SuiteRunner, ASecondRecordBeforeTheEndIsAnError) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000", "unsat_001"});
  run_suites(request_for(fake));
  const std::string whole = contents_of(records_file(fake)),
                    first = whole.substr(0, whole.find('\n') + 1);
  fake.scratch.write("run/records.jsonl", first + whole);
  EXPECT_EQ(error_of(only_resumed(fake)),
            records_file(fake) + ":2: a second record of vnnlib/unsat_000.vnnlib");
  EXPECT_EQ(contents_of(records_file(fake)), first + whole) << "nothing is thrown away";
}

TEST(SuiteRunner, NeedsASuite) {
  const FakeSuite fake;
  RunRequest request;
  request.folder = fake.out();
  EXPECT_EQ(error_of(request), "no suite is given");
  EXPECT_EQ(error_of(only_resumed(fake)),
            "no suite is given, and there is no run in " + fake.out());
  EXPECT_FALSE(std::filesystem::exists(fake.out()));
}

TEST(SuiteRunner, RefusesAFolderWithARunAndOtherSettings) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000"});
  const RunRequest request = request_for(fake);
  run_suites(request);
  EXPECT_EQ(error_of(request),
            "there is a run in " + fake.out() + " already (--resume continues it)");
  RunRequest longer = resumed(request);
  longer.settings.plan.timeout_s = 4.0;
  EXPECT_EQ(error_of(longer), "the run in " + fake.out() +
                                  " was begun with timeout_s = 0.0, not 4.0; give the same, or no "
                                  "folders at all to take all its settings");
  RunRequest more = resumed(request);
  more.jobs = 2;
  EXPECT_EQ(error_of(more), "") << "jobs change no record";
}

TEST(SuiteRunner, RefusesSuitesThatHaveChanged) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000", "unsat_001"});
  run_suites(request_for(fake));
  const std::string changed =
      "the suites have changed since the run in " + fake.out() + " was begun: ";
  fake.add("a", {"unsat_000", "unsat_001", "unsat_002"});
  EXPECT_EQ(error_of(only_resumed(fake)), changed + "onnx/net.onnx vnnlib/unsat_002.vnnlib is new");
  fake.add("a", {"unsat_000"});
  EXPECT_EQ(error_of(only_resumed(fake)),
            changed + "a\tonnx/net.onnx\tvnnlib/unsat_001.vnnlib is gone");
}

TEST(SuiteRunner, CountsTheCoresThatItMayUse) {
  cpu_set_t before, one;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(suite::available_cores(), CPU_COUNT(&before));
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(suite::available_cores(), 1);
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_GT(suite::machine_memory_gb(), 0.01);
}

suite::PlannedInstance planned(const std::string& name, const std::string& vnnlib) {
  suite::PlannedInstance instance;
  instance.suite = name;
  instance.vnnlib = vnnlib;
  return instance;
}

Record ended(const std::string& name, Outcome outcome, double seconds) {
  Record record;
  record.suite = name;
  record.outcome = outcome;
  record.seconds = seconds;
  return record;
}

using Words = std::vector<std::string>;

TEST(SummaryTable, HasARowPerSuiteAndTheirSum) {
  suite::Run run;
  run.planned = {planned("a", "p"), planned("a", "q"), planned("a", "r"), planned("b", "p")};
  run.records = {ended("a", Outcome::unsat, 1.5), ended("a", Outcome::unknown, 2.25),
                 ended("b", Outcome::sat, 0.5)};
  run.records[1].reason = "out of memory";
  const std::vector<std::string> lines = lines_of(suite::summary_table(run));
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(words_of(lines[0]), (Words{"suite", "of", "done", "solved", "unsat", "sat", "unknown",
                                       "timeout", "memory", "error", "seconds"}));
  EXPECT_EQ(words_of(lines[1]), (Words{"a", "3", "2", "1", "1", "0", "1", "0", "1", "0", "3.75"}));
  EXPECT_EQ(words_of(lines[2]), (Words{"b", "1", "1", "1", "0", "1", "0", "0", "0", "0", "0.50"}));
  EXPECT_EQ(words_of(lines[3]),
            (Words{"total", "4", "3", "2", "1", "1", "1", "0", "1", "0", "4.25"}));
  for (const std::string& line : lines) EXPECT_EQ(line.size(), lines[0].size());
}

TEST(SummaryTable, OfOneSuiteHasNoSum) {
  suite::Run run;
  EXPECT_EQ(lines_of(suite::summary_table(run)).size(), 1u);
  run.planned = {planned("a", "p"), planned("a", "q")};
  run.records = {ended("a", Outcome::timeout, 10.0), ended("a", Outcome::error, 0.25)};
  const std::vector<std::string> lines = lines_of(suite::summary_table(run));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(words_of(lines[1]), (Words{"a", "2", "2", "0", "0", "0", "0", "1", "0", "1", "10.25"}));
}

TEST(SummaryTable, CountsRecordsThatNobodyPlanned) {
  suite::Run run;
  run.records = {ended("a", Outcome::sat, 1.0)};
  const std::vector<std::string> lines = lines_of(suite::summary_table(run));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(words_of(lines[1]), (Words{"a", "0", "1", "1", "0", "1", "0", "0", "0", "0", "1.00"}));
}

}  // namespace
}  // namespace clipbound::test
