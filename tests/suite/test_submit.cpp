// Suites as jobs of Slurm: the scripts run under a batch system of five lines, which loses jobs.
// (scripts/slurm_local runs them under the real one.)
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "benchmarks/suite/job_script.h"
#include "benchmarks/suite/run_folder.h"
#include "tests/suite/fake.h"

namespace clipbound::test {
namespace {

using suite::Outcome;
using suite::Record;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Commands of Slurm: srun runs its step here, scontrol notes what is to be requeued, sbatch notes
/// what is submitted and in which order.
class FakeSlurm {
 public:
  FakeSlurm() {
    command("srun", "while [[ $1 == --* ]]; do shift; done; exec \"$@\"");
    command("scontrol", "echo \"$@\" >>" + scratch / "scontrol.log");
    command("sbatch", "echo \"$PWD $@\" >>" + (scratch / "sbatch.log") + "; wc -l <" +
                          scratch / "sbatch.log");
    command("module", "echo \"$@\" >>" + scratch / "module.log");
  }
  /// Runs a script as task `task` of an array; its exit code.
  int run_script(const std::string& script, int task = 1) const {
    const std::string line = "PATH=" + scratch / "bin" +
                             ":$PATH SLURM_JOB_ID=" + std::to_string(100 + task) +
                             " SLURM_ARRAY_TASK_ID=" + std::to_string(task) + " bash " + script +
                             " >>" + scratch / "said" + " 2>&1";
    return WEXITSTATUS(std::system(line.c_str()));
  }
  std::string log(const std::string& of) const { return contents_of(scratch / (of + ".log")); }

  const Scratch scratch;

 private:
  void command(const std::string& name, const std::string& body) const {
    std::filesystem::create_directories(scratch / "bin");
    std::filesystem::permissions(scratch.write("bin/" + name, "#!/bin/bash\n" + body + "\n"),
                                 std::filesystem::perms::owner_all);
  }
};

std::vector<std::string> submit_arguments(const FakeSuite& fake,
                                          const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"suite",
                                        "submit",
                                        fake.suites(),
                                        "--out",
                                        fake.out(),
                                        "--program",
                                        fake.scratch / "verifier",
                                        "--partition",
                                        "short"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::vector<std::string> many(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back("unsat_0" + std::to_string(10 + i));
  return names;
}

TEST(SuiteSubmit, TasksThatAreKilledAndRequeuedLoseNothingAndRunNothingTwice) {
  const FakeSuite fake;
  const FakeSlurm slurm;
  fake.add("a", many(11));
  fake.add("b", {"sat_020", "stops_once", "unsat_021"});
  const Ended ended = run(submit_arguments(fake, {"--tasks", "4", "--threads", "1"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, fake.out() + "/submit.sh\n");
  const std::string job = fake.out() + "/job.sh";
  int requeued = 0;
  for (int task = 1; task <= 3; ++task) {  // the fourth never starts
    int code = slurm.run_script(job, task);
    if (code == 75) {
      ++requeued;
      EXPECT_EQ(slurm.log("scontrol"), "requeue " + std::to_string(100 + task) + "\n");
      code = slurm.run_script(job, task);
    }
    EXPECT_EQ(code, 0) << contents_of(slurm.scratch / "said");
  }
  EXPECT_EQ(requeued, 1);
  ASSERT_EQ(slurm.run_script(fake.out() + "/merge.sh"), 0) << contents_of(slurm.scratch / "said");
  const suite::Run merged = suite::read_run(fake.out("run/all"));
  EXPECT_EQ(merged.planned.size(), 14u);
  std::set<std::string> keys;
  for (const Record& record : merged.records) {
    EXPECT_TRUE(keys.insert(record.key()).second) << "twice: " << record.key();
    EXPECT_NE(record.outcome, Outcome::error) << record.reason;
  }
  EXPECT_EQ(keys.size(), 14u);
  for (const auto& [name, count] : fake.calls())
    EXPECT_EQ(count, name == "stops_once" ? 2 : 1) << name;
  EXPECT_TRUE(std::filesystem::exists(fake.out("run/all/report/results.csv")));
  // Merged again, nothing changes.
  ASSERT_EQ(slurm.run_script(fake.out() + "/merge.sh"), 0);
  EXPECT_EQ(suite::read_run(fake.out("run/all")).records.size(), 14u);
}

TEST(SuiteSubmit, BothJobsAreHandedToSbatchOneAfterTheOther) {
  const FakeSuite fake;
  const FakeSlurm slurm;
  fake.add("a", many(3));
  ASSERT_EQ(run(submit_arguments(fake, {"--module", "gcc/12", "--sbatch=--account=x"})).exit_code,
            0);
  ASSERT_EQ(slurm.run_script(fake.out() + "/submit.sh"), 0);
  EXPECT_EQ(slurm.log("sbatch"), fake.out() + " --parsable job.sh\n" + fake.out() +
                                     " --parsable --dependency=afterany:1 merge.sh\n");
  const std::string job = contents_of(fake.out() + "/job.sh");
  EXPECT_TRUE(contains(job, "--array=1-3 ")) << job;  // never more tasks than instances
  EXPECT_TRUE(contains(job, "#SBATCH --account=x\n")) << job;
  EXPECT_TRUE(contains(job, "--time=0-04:00:00 --signal=USR1@120\n")) << job;
  EXPECT_LT(job.rfind("#SBATCH"), job.find("\ncd ")) << "directives after a command are ignored";
  ASSERT_EQ(slurm.run_script(fake.out() + "/job.sh"), 0);
  EXPECT_EQ(slurm.log("module"), "load gcc/12\n");
}

TEST(SuiteSubmit, RanksOfAnInstanceRunUnderMpirun) {
  const FakeSuite fake;
  const FakeSlurm slurm;
  fake.add("a", {"unsat_000"});
  // clipbound-mpi under mpirun: here the fake verifier, told what it was called with.
  slurm.scratch.write("bin/mpirun", "#!/bin/bash\nprintf '%s ' \"$@\" >" +
                                        (slurm.scratch / "mpirun.log") +
                                        "\nwhile [ \"$1\" != verify ]; do shift; done\nexec " +
                                        (fake.scratch / "verifier") + " \"$@\"\n");
  std::filesystem::permissions(slurm.scratch / "bin/mpirun", std::filesystem::perms::owner_all);
  ASSERT_EQ(run({"suite", "submit", fake.suites(), "--out", fake.out(), "--partition", "p",
                 "--ranks", "8", "--threads", "16", "--memory", "10"})
                .exit_code,
            0);
  EXPECT_TRUE(contains(contents_of(fake.out() + "/job.sh"), "--ntasks=8 --cpus-per-task=16\n"));
  ASSERT_EQ(slurm.run_script(fake.out() + "/job.sh"), 0) << contents_of(slurm.scratch / "said");
  EXPECT_TRUE(slurm.log("mpirun").starts_with("-n 8 --map-by slot:PE=16 ")) << slurm.log("mpirun");
  EXPECT_FALSE(contains(slurm.log("mpirun"), "--progress-to"));
  EXPECT_EQ(suite::read_run(fake.out() + "/part-1").records.at(0).outcome, Outcome::unsat);
}

TEST(SuiteSubmit, WhatCannotWorkIsRefusedBeforeAnythingIsWritten) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000"}, "3600");
  const auto refused = [&](const std::vector<std::string>& more, const std::string& why) {
    const Ended ended = run(submit_arguments(fake, more));
    EXPECT_EQ(ended.exit_code, 2) << ended.err;
    EXPECT_TRUE(contains(ended.err, why)) << ended.err;
    EXPECT_FALSE(std::filesystem::exists(fake.out()));
  };
  refused({"--hours", "1"}, "has a time limit of 3600 s");
  refused({"--sbatch=--account=x y"}, "one word");
  refused({"--sbatch=account"}, "no option of sbatch");
  refused({"--ranks", "2", "--jobs", "2"}, "--jobs has to be 1");
  refused({"--ranks", "2"}, "not --program");
  refused({"--filter", "nothing like it"}, "no instance");
  EXPECT_EQ(run({"suite", "submit", fake.suites(), "--out", fake.out()}).exit_code, 1);
  EXPECT_EQ(run(submit_arguments(fake, {})).exit_code, 0);
  EXPECT_EQ(run(submit_arguments(fake, {})).exit_code, 2) << "scripts are there already";
}

TEST(SuiteSubmit, SettingsReachTheShardsAsTheyWereGiven) {
  suite::RunSettings settings;
  settings.folders = {"/suites/it's here"};
  settings.plan.selection = {"-prop_[12]", 3, 7};
  settings.plan.timeout_s = 0.25;
  settings.options = {{"clipping", "none"}};
  const std::vector<std::string> expected = {"/suites/it's here",
                                             "--filter=-prop_[12]",
                                             "--stride",
                                             "3",
                                             "--limit",
                                             "7",
                                             "--timeout",
                                             "0.25",
                                             "--set",
                                             "clipping=none"};
  EXPECT_EQ(suite::words_of(settings), expected);
}

TEST(SuiteSubmit, FoldersWithSpacesAndQuotesAreFound) {
  const FakeSuite fake;
  const FakeSlurm slurm;
  fake.add("it's a suite", {"unsat_000"});
  ASSERT_EQ(run({"suite", "submit", fake.suites() + "/it's a suite", "--out", fake.out("o 'u' t"),
                 "--program", fake.scratch / "verifier", "--partition", "p"})
                .exit_code,
            0);
  ASSERT_EQ(slurm.run_script("\"" + fake.out("o 'u' t") + "/job.sh\""), 0)
      << contents_of(slurm.scratch / "said");
  EXPECT_EQ(suite::read_run(fake.out("o 'u' t") + "/part-1").records.size(), 1u);
}

}  // namespace
}  // namespace clipbound::test
