// Results read from everywhere, compared and checked.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "benchmarks/suite/check.h"
#include "benchmarks/suite/compare.h"
#include "benchmarks/suite/run_folder.h"
#include "tests/suite/fake.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using suite::Outcome;
using suite::parse_outcome;
using suite::read_results;
using suite::ResultRow;
using suite::ResultTable;

TEST(SuiteResults, WordsOfAllYears) {
  for (const char* word : {"unsat", "holds", "UNSAT"})
    EXPECT_EQ(parse_outcome(word), Outcome::unsat);
  for (const char* word : {"sat", "violated"}) EXPECT_EQ(parse_outcome(word), Outcome::sat);
  for (const char* word : {"timeout", "timed-out", "run_instance_timeout", "timeout(X_00"}) {
    EXPECT_EQ(parse_outcome(word), Outcome::timeout);
  }
  for (const char* word : {"unknown", "", "no_result_in_file"})
    EXPECT_EQ(parse_outcome(word), Outcome::unknown);
  for (const char* word : {"error", "error_exit_code_1", "prepare_instance_timeout"}) {
    EXPECT_EQ(parse_outcome(word), Outcome::error);
  }
}

TEST(SuiteResults, PublishedTablesAreFoundByInstance) {
  const Scratch scratch;
  const ResultTable published = read_results(scratch.write(
      "results.csv",
      "2025_acasxu,vnncomp2025_benchmarks/benchmarks/2025_acasxu/onnx/a.onnx,"
      "vnncomp2025_benchmarks/benchmarks/2025_acasxu/vnnlib/p.vnnlib,20.5,unsat,8.25\n"
      "mnistfc,./benchmarks/mnistfc/net.onnx,./benchmarks/mnistfc/q.vnnlib,1,violated,3\r\n"
      "new,b/benchmarks/new/2.0/onnx/a.onnx.gz,b/benchmarks/new/2.0/vnnlib/"
      "p.vnnlib,0,timeout,100\n"));
  ASSERT_EQ(published.rows().size(), 3u);
  const auto find = [&](const char* suite, const char* onnx, const char* vnnlib) {
    return published.find({suite, onnx, vnnlib, 1, Outcome::unknown, 0, 0, ""});
  };
  ASSERT_NE(find("acasxu", "onnx/a.onnx", "./vnnlib/p.vnnlib.gz"), nullptr);
  EXPECT_EQ(find("acasxu", "onnx/a.onnx", "vnnlib/p.vnnlib")->seconds, 8.25);
  EXPECT_EQ(find("acasxu", "onnx/a.onnx", "vnnlib/p.vnnlib")->outcome, Outcome::unsat);
  ASSERT_NE(find("mnist_fc", "net.onnx", "q.vnnlib"), nullptr);
  ASSERT_NE(find("new", "onnx/a.onnx", "vnnlib/p.vnnlib"), nullptr);
  EXPECT_EQ(find("other", "net.onnx", "q.vnnlib"), nullptr);
  EXPECT_EQ(find("mnist_fc", "net.onnx", "r.vnnlib"), nullptr);
}

TEST(SuiteResults, TablesWithAHeaderAndTheirTools) {
  const Scratch scratch;
  const std::string truth =
      scratch.write("truth.csv",
                    "benchmark,onnx,vnnlib,timeout_s,verdict,fast_result,fast_time_s,notes\n"
                    "a,n.onnx,p.vnnlib,116,unsat,holds,2.5,\"one, two\"\n"
                    "a,n.onnx,q.vnnlib,116,unknown,,,\n");
  EXPECT_EQ(read_results(truth).rows().size(), 2u);
  EXPECT_FALSE(read_results(truth).timed());
  const ResultTable fast = read_results(truth + ":fast");
  ASSERT_EQ(fast.rows().size(), 1u);
  EXPECT_EQ(fast.name(), "fast");
  EXPECT_EQ(fast.rows()[0].seconds, 2.5);
  EXPECT_EQ(fast.rows()[0].timeout_s, 116);
  EXPECT_THROW(read_results(truth + ":absent"), InputError);
  const std::string tools =
      scratch.write("tools.csv",
                    "suite,onnx,vnnlib,tool,verdict,wall_s,cpu_s\na,n.onnx,p.vnnlib,X,sat,1,2\n"
                    "a,n.onnx,p.vnnlib,Y,timeout,3,4\n");
  EXPECT_THROW(read_results(tools), InputError);
  ASSERT_EQ(read_results(tools + ":Y").rows().size(), 1u);
  EXPECT_EQ(read_results(tools + ":Y").rows()[0].outcome, Outcome::timeout);
  EXPECT_THROW(read_results(scratch.write("short.csv", "a,b,c\n")), InputError);
  EXPECT_THROW(read_results(scratch / "absent.csv"), InputError);
}

ResultTable table(const std::string& name, const std::vector<std::pair<Outcome, double>>& results) {
  ResultTable rows(name);
  for (std::size_t i = 0; i < results.size(); ++i) {
    rows.add({"s", "n.onnx", "p" + std::to_string(i) + ".vnnlib", 1, results[i].first,
              results[i].second, 10.0, ""});
  }
  return rows;
}

TEST(SuiteCompare, SortsInstancesAndSumsTimes) {
  using enum Outcome;
  const ResultTable a =
      table("A", {{sat, 1}, {unsat, 2}, {unsat, 3}, {timeout, 10}, {unknown, 4}, {unsat, 8}});
  const ResultTable b =
      table("B", {{sat, 4}, {timeout, 10}, {sat, 3}, {unsat, 5}, {error, 1}, {unsat, 2}, {sat, 1}});
  const suite::Comparison found = suite::compare(a, b);
  EXPECT_EQ(found.common, 6u);
  EXPECT_EQ(found.only_second, 1u);
  EXPECT_EQ(found.disagreements.size(), 1u);
  EXPECT_EQ(found.disagreements[0].first->vnnlib, "p2.vnnlib");
  EXPECT_EQ(found.gained.size(), 1u);
  EXPECT_EQ(found.lost.size(), 1u);
  EXPECT_EQ(found.other_changes.size(), 1u);
  EXPECT_EQ(found.both.size(), 2u);
  EXPECT_DOUBLE_EQ(found.par2_first_s, (1 + 2 + 3 + 20 + 20 + 8) / 6.0);
  EXPECT_DOUBLE_EQ(found.par2_second_s, (4 + 20 + 3 + 5 + 20 + 2) / 6.0);
  const std::string text = suite::to_text(found, a, b, 20);
  EXPECT_LT(text.find("DISAGREEMENTS, sat against unsat: 1"), text.find("times over 2"));
  // The geometric mean of 1/4 and 8/2 is 1.
  EXPECT_NE(text.find("B is 1.00 times as fast"), std::string::npos) << text;
  EXPECT_NE(text.find("A 9.00 s, B 6.00 s"), std::string::npos) << text;
  EXPECT_THROW(suite::compare(a, table("C", {})), InputError);
}

TEST(SuiteCompare, ExitCodes) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000", "sat_000", "unknown_000"});
  ASSERT_EQ(fake.run_all().exit_code, 0);
  const auto against = [&](const std::string& text) {
    return run({"suite", "compare", fake.out(), fake.scratch.write("other.csv", text)});
  };
  const std::string head = "suite,onnx,vnnlib,verdict\n", name = "a,onnx/net.onnx,vnnlib/";
  EXPECT_EQ(against(head + name + "unsat_000.vnnlib,unsat\n" + name + "sat_000.vnnlib,timeout\n")
                .exit_code,
            0);
  const Ended wrong =
      against(head + name + "unsat_000.vnnlib,unsat\n" + name + "sat_000.vnnlib,unsat\n");
  EXPECT_EQ(wrong.exit_code, 5);
  EXPECT_NE(wrong.out.find("DISAGREEMENTS, sat against unsat: 1"), std::string::npos) << wrong.out;
  EXPECT_EQ(against(head + "b,x,y,sat\n").exit_code, 2);
  EXPECT_EQ(run({"suite", "compare", fake.out(), fake.out()}).exit_code, 0);
  EXPECT_EQ(run({"suite", "compare", fake.out()}).exit_code, 1);
}

TEST(SuiteCheck, ReadsCounterexamples) {
  EXPECT_EQ(suite::parse_counterexample("((X_0 0.5)\n(X_1 -1e-3)\n(Y_0 7))\n"),
            (std::vector<double>{0.5, -1e-3}));
  EXPECT_THROW(suite::parse_counterexample("((X_1 0.5))"), InputError);
  EXPECT_THROW(suite::parse_counterexample("((X_0 half))"), InputError);
  EXPECT_THROW(suite::parse_counterexample(""), InputError);
}

TEST(SuiteCheck, ReadsCounterexamplesOfVersion2) {
  const std::vector<suite::WitnessVariable> variables = {{"X", "float32", {1, 2}, true},
                                                         {"H", "float32", {1}, false},
                                                         {"Y", "float32", {}, false},
                                                         {"U", "float32", {1}, true}};
  const std::string good =
      "X float32 [1,2]\n0.5\n-0.25\nH real [1]\n9\nY float32 []\n3\nU Float32 [ 1 ]\n7\n";
  EXPECT_EQ(suite::parse_counterexample(good, variables), (std::vector<double>{0.5, -0.25, 7}));
  EXPECT_EQ(suite::parse_counterexample("sat\n" + good, variables).size(), 3u);
  const auto refused = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    EXPECT_THROW(suite::parse_counterexample(text, variables), InputError) << text;
  };
  refused("0.5\n", "");
  refused("[1,2]", "[2]");
  refused("X float32", "X float64");
  refused("H real", "Z real");
  refused("-0.25", "half");
  refused("7\n", "7\n8\n");
  refused("U Float32 [ 1 ]\n7\n", "");
}

TEST(SuiteCheck, RefusesACounterexampleThatDoesNotHold) {
  const Scratch scratch;
  // The real verifier on examples/: violated.vnnlib has counterexamples.
  const std::string examples = CLIPBOUND_SOURCE_DIR "/examples/";
  std::filesystem::create_directories(scratch / "suite");
  for (const char* file : {"waves.onnx", "violated.vnnlib", "easy.vnnlib"}) {
    std::filesystem::copy_file(examples + file, scratch / (std::string("suite/") + file));
  }
  scratch.write("suite/instances.csv",
                "waves.onnx,violated.vnnlib,60\nwaves.onnx,easy.vnnlib,60\n");
  ASSERT_EQ(run({"suite", "run", scratch / "suite", "--out", scratch / "run"}).exit_code, 0);
  const Ended good = run({"suite", "check", scratch / "run"});
  EXPECT_EQ(good.exit_code, 0) << good.out;
  EXPECT_NE(good.out.find("1 of 1 counterexamples hold"), std::string::npos) << good.out;
  const suite::Run done = suite::read_run(scratch / "run");
  EXPECT_TRUE(suite::read_check(scratch / "run").at(done.records[0].key()));

  const std::string file = scratch / ("run/" + done.records[0].counterexample);
  const std::string text = contents_of(file);
  const std::size_t first = text.find("X_0 ") + 4;
  scratch.write("run/" + done.records[0].counterexample,
                text.substr(0, first) + "100" + text.substr(text.find(')')));
  const Ended outside = run({"suite", "check", scratch / "run"});
  EXPECT_EQ(outside.exit_code, 4) << outside.out;
  EXPECT_NE(outside.out.find("WRONG"), std::string::npos) << outside.out;
  EXPECT_FALSE(suite::read_check(scratch / "run").at(done.records[0].key()));
  std::filesystem::remove(file);
  EXPECT_EQ(run({"suite", "check", scratch / "run"}).exit_code, 4);
}

}  // namespace
}  // namespace clipbound::test
