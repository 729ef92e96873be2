// Which instances a run has: layouts of all years, shards, merging.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "benchmarks/suite/csv.h"
#include "benchmarks/suite/merge.h"
#include "benchmarks/suite/plan.h"
#include "tests/suite/fake.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using suite::find_suites;
using suite::make_plan;

/// A folder with a list of instances, whose files need not exist.
void make_suite(const Scratch& scratch, const std::string& folder, const std::string& list,
                const std::string& name = "instances.csv") {
  std::filesystem::create_directories(scratch / folder);
  scratch.write(folder + "/" + name, list);
}

std::string names_of(const std::vector<suite::SuiteFolder>& suites) {
  std::string text;
  for (const auto& suite : suites) text += suite.name + " ";
  return text;
}

TEST(SuitePlan, LayoutsOfAllYears) {
  const Scratch scratch;
  const std::string line = "onnx/a.onnx,vnnlib/p.vnnlib,10\n";
  make_suite(scratch, "2021/benchmarks/acasxu", line, "acasxu_instances.csv");
  make_suite(scratch, "2023/benchmarks/cgan_2023", line);
  make_suite(scratch, "2023/benchmarks/acasxu_2023", line);
  make_suite(scratch, "2026/benchmarks/both/1.0", line);
  make_suite(scratch, "2026/benchmarks/both/2.0", line + line);
  make_suite(scratch, "2026/benchmarks/only_new/2.0", line);
  EXPECT_EQ(names_of(find_suites({scratch / "2021"})), "acasxu ");
  EXPECT_EQ(names_of(find_suites({scratch / "2023/benchmarks"})), "acasxu_2023 cgan_2023 ");
  EXPECT_EQ(names_of(find_suites({scratch / "2023/benchmarks/cgan_2023", scratch / "2021"})),
            "cgan_2023 acasxu ");
  EXPECT_EQ(names_of(find_suites({scratch / "2026"})), "both only_new ");
  EXPECT_TRUE(find_suites({scratch / "2026"})[0].path.ends_with("both/1.0"));
  EXPECT_TRUE(find_suites({scratch / "2026"})[1].path.ends_with("only_new/2.0"));
  EXPECT_EQ(names_of(find_suites({scratch / "2026"}, "all")), "both/1.0 both/2.0 only_new/2.0 ");
  EXPECT_TRUE(find_suites({scratch / "2026"}, "2.0")[0].path.ends_with("both/2.0"));
  EXPECT_EQ(names_of(find_suites({scratch / "2026/benchmarks/both/2.0"})), "both ");
  EXPECT_THROW(find_suites({scratch / "2026/benchmarks/only_new"}, "1.0"), InputError);
  EXPECT_THROW(find_suites({scratch / "absent"}), InputError);
}

TEST(SuitePlan, SuitesOfOneNameAreToldApart) {
  const Scratch scratch;
  make_suite(scratch, "2021/nn4sys", "a.onnx,p.vnnlib,1\n");
  make_suite(scratch, "2022/nn4sys", "a.onnx,p.vnnlib,1\n");
  EXPECT_EQ(names_of(find_suites({scratch / "2021", scratch / "2022"})),
            "2021/nn4sys 2022/nn4sys ");
  EXPECT_THROW(find_suites({scratch / "2021", scratch / "2021"}), InputError);
}

TEST(SuitePlan, LinesWithQuotesAndSeveralNetworks) {
  const Scratch scratch;
  make_suite(
      scratch, "iso",
      "\"[('f', 'onnx/a.onnx'), ('g', './onnx/b.onnx')]\",./vnnlib/p.vnnlib,100\r\n# remark\r\n\r\n"
      "./onnx/a.onnx.gz,vnnlib/p.vnnlib,1.5e1");
  const auto plan = make_plan(find_suites({scratch / "iso"}), {});
  ASSERT_EQ(plan.size(), 2u);
  ASSERT_EQ(plan[0].instance.networks.size(), 2u);
  EXPECT_EQ(plan[0].instance.networks[1].name, "g");
  EXPECT_TRUE(plan[0].instance.networks[1].path.ends_with("/onnx/b.onnx"));
  EXPECT_FALSE(plan[0].instance.missing.empty());
  EXPECT_EQ(plan[1].timeout_s, 15.0);
  EXPECT_EQ(plan[1].instance.networks[0].name, "");
  EXPECT_EQ(suite::csv_fields("a,\"b,\"\"c\"\"\",d")[1], "b,\"c\"");
  EXPECT_EQ(suite::csv_line({"a", "b,\"c\""}), "a,\"b,\"\"c\"\"\"\n");
}

TEST(SuitePlan, ShardsPartition) {
  const Scratch scratch;
  for (const char* name : {"a", "b", "c"}) {
    std::string list;
    for (int i = 0; i < 7; ++i)
      list += "n.onnx," + std::string(name) + std::to_string(i % 5) + ".vnnlib,1\n";
    make_suite(scratch, std::string("s/") + name, list);
  }
  const auto suites = find_suites({scratch / "s"});
  const auto keys = [&](int index, int count) {
    std::set<std::string> result;
    suite::PlanSettings settings;
    settings.shard = {index, count};
    const auto plan = make_plan(suites, settings);
    for (const auto& task : plan) result.insert(key_of(task));
    EXPECT_EQ(result.size(), plan.size());
    return result;
  };
  const auto all = keys(1, 1);
  EXPECT_EQ(all.size(), 21u);
  for (const int count : {2, 3, 8, 21, 30}) {
    std::set<std::string> together;
    std::size_t sum = 0;
    for (int i = 1; i <= count; ++i) {
      const auto part = keys(i, count);
      EXPECT_LE(part.size(), static_cast<std::size_t>((21 + count - 1) / count));
      sum += part.size();
      together.insert(part.begin(), part.end());
    }
    EXPECT_EQ(sum, 21u);
    EXPECT_EQ(together, all);
  }
}

TEST(SuitePlan, ShardsBySlurmsVariables) {
  EXPECT_EQ(suite::parse_shard("3/8").index, 3);
  EXPECT_EQ(suite::parse_shard("3/8").count, 8);
  for (const char* wrong : {"0/3", "4/3", "3", "a/b", "1/3x", ""})
    EXPECT_THROW(suite::parse_shard(wrong), InputError);
  ::unsetenv("SLURM_ARRAY_TASK_ID");
  EXPECT_THROW(suite::parse_shard("slurm"), InputError);
  const auto set = [](const char* id, const char* count, const char* min, const char* step) {
    ::setenv("SLURM_ARRAY_TASK_ID", id, 1);
    ::setenv("SLURM_ARRAY_TASK_COUNT", count, 1);
    ::setenv("SLURM_ARRAY_TASK_MIN", min, 1);
    ::setenv("SLURM_ARRAY_TASK_STEP", step, 1);
    return suite::parse_shard("slurm");
  };
  EXPECT_EQ(set("0", "4", "0", "1").index, 1);
  EXPECT_EQ(set("8", "3", "4", "2").index, 3);
  EXPECT_EQ(set("8", "3", "4", "2").count, 3);
  EXPECT_THROW(set("7", "3", "4", "2"), InputError);
  EXPECT_THROW(set("9", "3", "4", "1"), InputError);
}

TEST(SuiteMerge, ShardsMergeToTheWholeRun) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000", "sat_001", "unknown_000"});
  fake.add("b", {"sat_000", "exit2", "unsat_000", "unsat_001"});
  for (const char* part : {"1", "2", "3"}) {
    ASSERT_EQ(
        fake.run_all({"--shard", std::string(part) + "/3"}, std::string("part") + part).exit_code,
        0);
  }
  ASSERT_EQ(fake.run_all({}, "whole").exit_code, 0);
  // In any order.
  const Ended merged = run({"suite", "merge", fake.out("part3"), fake.out("part1"),
                            fake.out("part2"), "--out", fake.out("all")});
  ASSERT_EQ(merged.exit_code, 0) << merged.err;
  const suite::Run all = suite::read_run(fake.out("all")),
                   whole = suite::read_run(fake.out("whole"));
  ASSERT_EQ(all.planned.size(), 7u);
  ASSERT_EQ(all.records.size(), 7u);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(all.planned[i].key(), whole.planned[i].key());
  for (const suite::Record& record : whole.records) {
    ASSERT_NE(all.find(record.key()), nullptr);
    EXPECT_EQ(all.find(record.key())->outcome, record.outcome);
    if (record.outcome != suite::Outcome::sat) continue;
    EXPECT_FALSE(
        contents_of(fake.out("all") + "/" + all.find(record.key())->counterexample).empty());
  }
}

TEST(SuiteMerge, RefusesWhatDoesNotBelongTogether) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000", "unsat_001"});
  fake.run_all({"--shard", "1/2"}, "one");
  fake.run_all({"--shard", "2/2", "--timeout", "9"}, "longer");
  const auto merge = [&](const std::string& a, const std::string& b) {
    return run({"suite", "merge", fake.out(a), fake.out(b), "--out", fake.out("out")});
  };
  EXPECT_EQ(merge("one", "longer").exit_code, 2);
  EXPECT_NE(merge("one", "longer").err.find("timeout_s"), std::string::npos);
  EXPECT_EQ(merge("one", "one").exit_code, 2);
  EXPECT_EQ(merge("one", "absent").exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(fake.out("out")));
}

TEST(SuiteMerge, AnUnfinishedPartIsContinuedAfterwards) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000", "unsat_001", "unsat_002"});
  ASSERT_EQ(fake.run_all({"--shard", "1/2"}, "one").exit_code, 0);
  ASSERT_EQ(fake.run_all({"--shard", "2/2"}, "two").exit_code, 0);
  std::filesystem::remove(fake.out("two") + "/records.jsonl");
  const Ended merged =
      run({"suite", "merge", fake.out("one"), fake.out("two"), "--out", fake.out("all")});
  ASSERT_EQ(merged.exit_code, 0) << merged.err;
  EXPECT_NE(merged.err.find("1 instances have no record"), std::string::npos) << merged.err;
  ASSERT_EQ(run({"suite", "run", "--resume", "--out", fake.out("all")}).exit_code, 0);
  EXPECT_EQ(suite::read_run(fake.out("all")).records.size(), 3u);
}

}  // namespace
}  // namespace clipbound::test
