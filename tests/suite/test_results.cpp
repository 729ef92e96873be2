// Tables of results: instances that occur more than once, messages of files that are none.
// (Spellings of all years: test_compare.cpp.)
#include "benchmarks/suite/results.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "benchmarks/suite/run_folder.h"
#include "tests/cli/child.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using suite::match_key;
using suite::Outcome;
using suite::read_results;
using suite::ResultRow;
using suite::ResultTable;

ResultRow row(const std::string& suite, const std::string& onnx, const std::string& vnnlib,
              Outcome outcome = Outcome::unknown, int repeat = 1) {
  ResultRow result;
  result.suite = suite;
  result.onnx = onnx;
  result.vnnlib = vnnlib;
  result.outcome = outcome;
  result.repeat = repeat;
  return result;
}

std::string error_of(const std::string& source) {
  try {
    read_results(source);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(MatchKey, ForgetsHowSuitesAreSpelled) {
  const std::string key = match_key(row("2025_mnist-FC", "n.onnx", "p.vnnlib"));
  EXPECT_EQ(key, "mnistfc\tn.onnx\tp.vnnlib");
  EXPECT_EQ(match_key(row("MNIST_fc", "n.onnx", "p.vnnlib")), key);
  EXPECT_NE(match_key(row("mnist_fc_2024", "n.onnx", "p.vnnlib")), key) << "a year behind counts";
  EXPECT_EQ(match_key(row("2025_", "n", "p")), "2025\tn\tp") << "there is no name but the year";
  EXPECT_EQ(match_key(row("20ab_x", "n", "p")), "20abx\tn\tp");
  EXPECT_EQ(match_key(row("a", "n", "p", Outcome::sat, 2)), "a\tn\tp\t2");
}

TEST(MatchKey, TakesPathsBelowTheSuite) {
  for (const char* path :
       {"onnx/n.onnx", "./onnx/n.onnx", "././onnx/n.onnx.gz", "1.0/onnx/n.onnx", "2.0/onnx/n.onnx",
        "s/onnx/n.onnx", "/all/s/1.0/onnx/n.onnx.gz", "s/s/onnx/n.onnx"}) {
    EXPECT_EQ(match_key(row("s", path, "p")), "s\tonnx/n.onnx\tp") << path;
  }
  EXPECT_EQ(match_key(row("s", "3.0/n.onnx", "p")), "s\t3.0/n.onnx\tp");
  EXPECT_EQ(match_key(row("s", "is/n.onnx", "p")), "s\tis/n.onnx\tp");
}

TEST(ResultTable, NumbersRepetitionsAsTheyCome) {
  ResultTable table("t");
  table.add(row("s", "n", "p", Outcome::sat, 7));
  table.add(row("S", "./n", "p", Outcome::unsat, 7));
  table.add(row("s", "n", "q", Outcome::timeout, 7));
  ASSERT_EQ(table.rows().size(), 3u);
  EXPECT_EQ(table.rows()[0].repeat, 1);
  EXPECT_EQ(table.rows()[1].repeat, 2);
  EXPECT_EQ(table.rows()[2].repeat, 1);
}

TEST(ResultTable, FindsTheRepetitionOrElseTheFirst) {
  ResultTable table("t");
  EXPECT_EQ(table.find(row("s", "n", "p")), nullptr);
  table.add(row("s", "n", "p", Outcome::sat));
  table.add(row("s", "n", "p", Outcome::unsat));
  EXPECT_EQ(table.find(row("s", "n", "p", Outcome::unknown, 1))->outcome, Outcome::sat);
  EXPECT_EQ(table.find(row("s", "n", "p", Outcome::unknown, 2))->outcome, Outcome::unsat);
  EXPECT_EQ(table.find(row("s", "n", "p", Outcome::unknown, 3))->outcome, Outcome::sat);
  EXPECT_EQ(table.find(row("s", "n", "q")), nullptr);
}

TEST(ResultTable, IsTimedWhereAnyRowIs) {
  ResultTable table("t");
  EXPECT_FALSE(table.timed());
  table.add(row("s", "n", "p"));
  EXPECT_FALSE(table.timed());
  ResultRow timed = row("s", "n", "q");
  timed.seconds = 0.0;
  table.add(timed);
  EXPECT_TRUE(table.timed());
  table.rename("other");
  EXPECT_EQ(table.name(), "other");
}

TEST(SplitLabel, StandsBeforeTheFirstEqualsSign) {
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(suite::split_label("new=out/run"), Pair("new", "out/run"));
  EXPECT_EQ(suite::split_label("a=b=c"), Pair("a", "b=c"));
  EXPECT_EQ(suite::split_label("out/run"), Pair("", "out/run"));
  EXPECT_EQ(suite::split_label("out/t=3/run"), Pair("", "out/t=3/run"));
  EXPECT_EQ(suite::split_label("=run"), Pair("", "=run"));
  EXPECT_EQ(suite::split_label(""), Pair("", ""));
}

TEST(ReadResults, LinesOfOneInstanceAreItsRepetitions) {
  const Scratch scratch;
  const ResultTable table =
      read_results("mine=" + scratch.write("results.csv",
                                           "s,n.onnx,p.vnnlib,1,sat,2\n\n"
                                           "s,n.onnx,q.vnnlib,1,unsat,3\r\n"
                                           "s,./n.onnx,p.vnnlib,1,timeout,4"));
  EXPECT_EQ(table.name(), "mine");
  ASSERT_EQ(table.rows().size(), 3u);
  EXPECT_EQ(table.rows()[0].outcome, Outcome::sat);
  EXPECT_EQ(table.rows()[0].repeat, 1);
  EXPECT_EQ(table.rows()[1].seconds, 3.0);
  EXPECT_EQ(table.rows()[2].outcome, Outcome::timeout);
  EXPECT_EQ(table.rows()[2].repeat, 2);
  EXPECT_TRUE(std::isnan(table.rows()[2].timeout_s)) << "the format has no limits";
}

TEST(ReadResults, WhatIsNoNumberIsNotKnown) {
  const Scratch scratch;
  const ResultTable table =
      read_results(scratch.write("results.csv",
                                 "s,n,a,1,sat,abc\ns,n,b,1,sat,\ns,n,c,1,sat,1e999\n"
                                 "s,n,d,1,sat,1e-2\n"));
  ASSERT_EQ(table.rows().size(), 4u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(std::isnan(table.rows()[i].seconds)) << i;
  EXPECT_EQ(table.rows()[3].seconds, 0.01);
}

TEST(ReadResults, ShortLinesOfATableWithAHeaderAreSkipped) {
  const Scratch scratch;
  const ResultTable table = read_results(scratch.write("truth.csv",
                                                       "vnnlib,verdict,onnx,suite,seconds\n\n"
                                                       "p,unsat\np,unsat,n,s,2.5\nq,holds,n\n"));
  EXPECT_EQ(table.name(), "truth");
  ASSERT_EQ(table.rows().size(), 2u);
  EXPECT_EQ(match_key(table.rows()[0]), "s\tn\tp");
  EXPECT_EQ(table.rows()[0].seconds, 2.5);
  EXPECT_EQ(match_key(table.rows()[1]), "\tn\tq");
  EXPECT_EQ(table.rows()[1].outcome, Outcome::unsat);
  EXPECT_TRUE(std::isnan(table.rows()[1].seconds));
}

TEST(ReadResults, SaysWhatIsMissing) {
  const Scratch scratch;
  const auto file = [&](const std::string& text) { return scratch.write("a.csv", text); };
  const std::string path = scratch / "a.csv";
  EXPECT_EQ(error_of(scratch / "absent.csv"), "cannot read " + (scratch / "absent.csv"));
  EXPECT_EQ(error_of(file("")), path + " is empty");
  EXPECT_EQ(error_of(file("\n\n")), path + " is empty");
  EXPECT_EQ(error_of(file("s,n,p,1,unsat,2\nx,y\n")),
            path + ":2: expected category,network,property,prepare time,result,run time");
  EXPECT_EQ(error_of(file("s,n,p,1,unsat,2\n") + ":tool"),
            path + " has no header, so it has no column or tool tool");
  EXPECT_EQ(error_of(file("suite,onnx,verdict\n")), path + ": there is no column vnnlib");
  EXPECT_EQ(error_of(file("suite,onnx,vnnlib\n")), path + ": there is no column verdict");
  EXPECT_EQ(error_of(file("onnx,vnnlib,verdict\n") + ":x"), path + ": there is no column x_result");
  EXPECT_EQ(error_of(file("onnx,vnnlib,verdict\n")), path + ": no row is of any instance");
  const std::string tools = "onnx,vnnlib,verdict,tool\nn,p,sat,X\n";
  EXPECT_EQ(error_of(file(tools)), path + ": say which tool's rows, as " + path + ":TOOL");
  EXPECT_EQ(error_of(file(tools) + ":Y"), path + ": no row is of Y");
  EXPECT_EQ(error_of(file(tools) + ":X"), "");
}

TEST(ReadResults, AFolderIsThatOfARun) {
  const Scratch scratch;
  const std::string folder = scratch / "empty";
  std::filesystem::create_directories(folder);
  EXPECT_EQ(error_of(folder),
            folder + " is not the folder of a run: there is no " + folder + "/run.json");
}

suite::PlannedInstance planned(const std::string& vnnlib, int repeat) {
  suite::PlannedInstance instance;
  instance.suite = "s";
  instance.onnx = "n";
  instance.vnnlib = vnnlib;
  instance.repeat = repeat;
  return instance;
}

suite::Record ended(const std::string& vnnlib, int repeat, Outcome outcome) {
  suite::Record record;
  record.suite = "s";
  record.onnx = "n";
  record.vnnlib = vnnlib;
  record.repeat = repeat;
  record.outcome = outcome;
  record.seconds = 0.5;
  record.timeout_s = 20.0;
  record.reason = "because";
  return record;
}

TEST(ResultsOf, ARunInTheOrderOfItsPlan) {
  suite::Run run;
  run.folder = "out/fifth/";
  run.planned = {planned("p", 1), planned("q", 1), planned("p", 2)};
  // As they ended: the second of two equal lines first, the other line not yet.
  run.records = {ended("p", 2, Outcome::sat), ended("p", 1, Outcome::timeout)};
  const ResultTable table = suite::results_of(run);
  EXPECT_EQ(table.name(), "fifth");
  ASSERT_EQ(table.rows().size(), 2u);
  EXPECT_EQ(table.rows()[0].outcome, Outcome::timeout);
  EXPECT_EQ(table.rows()[0].repeat, 1);
  EXPECT_EQ(table.rows()[1].outcome, Outcome::sat);
  EXPECT_EQ(table.rows()[1].repeat, 2);
  EXPECT_EQ(table.rows()[1].seconds, 0.5);
  EXPECT_EQ(table.rows()[1].timeout_s, 20.0);
  EXPECT_EQ(table.rows()[1].reason, "because");
  run.folder = "out/sixth";
  EXPECT_EQ(suite::results_of(run).name(), "sixth");
}

}  // namespace
}  // namespace clipbound::test
