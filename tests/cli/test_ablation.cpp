// clipbound ablation on suites made of examples/: one property that root bounds prove, one that
// needs a search, one violated.
#include <gtest/gtest.h>
#include <signal.h>
#include <zlib.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/child.h"
#include "tests/cli/networks.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

const char* const kNames[] = {"none",       "relaxed",    "relaxed-no-reorder",
                              "complete-1", "complete-2", "complete-8"};

/// A suite folder with the files of examples/ in sub-folders.
class ExampleSuite {
 public:
  ExampleSuite() {
    const std::string examples = CLIPBOUND_SOURCE_DIR "/examples/";
    std::filesystem::create_directories(scratch / "suite/onnx/small");
    std::filesystem::create_directories(scratch / "suite/vnnlib");
    std::filesystem::copy_file(examples + "waves.onnx", scratch / "suite/onnx/small/waves.onnx");
    for (const char* name : {"easy", "hard", "violated"}) {
      const std::string file = std::string(name) + ".vnnlib";
      std::filesystem::copy_file(examples + file, scratch / ("suite/vnnlib/" + file));
    }
    list(
        "onnx/small/waves.onnx,vnnlib/easy.vnnlib,60\nonnx/small/waves.onnx,vnnlib/hard.vnnlib,60\n"
        "onnx/small/waves.onnx,vnnlib/violated.vnnlib,60\n");
  }
  void list(const std::string& text) const { scratch.write("suite/instances.csv", text); }
  Ended ablate(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"ablation", scratch / "suite", "--json",
                                          scratch / "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments, {}, 120.0);
  }
  nlohmann::json json() const { return nlohmann::json::parse(contents_of(scratch / "json")); }

  const Scratch scratch;
};

/// The words of the table's row of a configuration.
std::vector<std::string> row_of(const std::string& out, const std::string& name) {
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::vector<std::string> row;
    for (std::string word; words >> word;) row.push_back(word);
    if (row.size() > 6 && row[0] == name) return row;
  }
  return {};
}

TEST(Ablation, TheTableCountsVerifiedFalsifiedAndOpen) {
  const ExampleSuite suite;
  const Ended ended = suite.ablate();
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  for (const char* name : kNames) {
    const auto row = row_of(ended.out, name);
    ASSERT_GE(row.size(), 10u) << name << "\n" << ended.out;
    EXPECT_GT(std::stoi(row[2]), 1) << name;  // hard.vnnlib needs splits
    EXPECT_EQ(row[3], "2") << name;
    EXPECT_EQ(row[4], "1") << name;
    EXPECT_EQ(row[5], "0") << name;
    EXPECT_EQ(row.back(), name == std::string("none") ? "-" : "2") << name;
  }
  EXPECT_NE(ended.out.find("3 of 3 instances done"), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find("no clipping): none"), std::string::npos) << ended.out;
  EXPECT_EQ(ended.out.find("DISAGREEMENT"), std::string::npos) << ended.out;
  EXPECT_NE(ended.err.find("[3/3]"), std::string::npos) << ended.err;
}

TEST(Ablation, TheJsonHasEveryRunAndAgreesWithTheTable) {
  const ExampleSuite suite;
  const Ended ended = suite.ablate({"--threads", "1"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto json = suite.json();
  EXPECT_FALSE(json["interrupted"].get<bool>());
  EXPECT_EQ(json["instances_done"], 3);
  ASSERT_EQ(json["configurations"].size(), 6u);
  ASSERT_EQ(json["instances"].size(), 3u);
  EXPECT_EQ(json["instances"][0]["onnx"], "onnx/small/waves.onnx");
  EXPECT_EQ(json["instances"][1]["timeout_s"], 60.0);
  const auto base = json["instances"][1]["runs"]["none"]["subproblems"].get<double>();
  for (std::size_t c = 0; c < 6; ++c) {
    const auto& summary = json["configurations"][c];
    SCOPED_TRACE(kNames[c]);
    EXPECT_EQ(summary["name"], kNames[c]);
    const auto runs = [&](std::size_t i) { return json["instances"][i]["runs"][kNames[c]]; };
    EXPECT_EQ(runs(0)["verdict"], "unsat");
    EXPECT_EQ(runs(1)["verdict"], "unsat");
    EXPECT_EQ(runs(2)["verdict"], "sat");
    // What the search for a counterexample did is left out: easy.vnnlib is refuted at the root.
    EXPECT_EQ(summary["subproblems"],
              runs(0)["subproblems"].get<int>() + runs(1)["subproblems"].get<int>());
    EXPECT_EQ(row_of(ended.out, kNames[c])[2], std::to_string(summary["subproblems"].get<int>()));
    EXPECT_NEAR(summary["subproblems_change"].get<double>(),
                runs(1)["subproblems"].get<double>() / base - 1.0, 1e-9);
    EXPECT_EQ(summary["compared"], 2);
  }
  EXPECT_EQ(json["configurations"][0]["options"]["clipping"], "none");
  EXPECT_EQ(json["configurations"][2]["options"]["reorder"], "false");
  EXPECT_EQ(json["configurations"][5]["options"]["clip-passes"], "8");
}

TEST(Ablation, InstancesComeInManySpellings) {
  const ExampleSuite suite;
  const std::string path = suite.scratch / "suite/onnx/small/waves.onnx";
  const std::string contents = contents_of(path);
  gzFile file = gzopen((path + ".gz").c_str(), "wb");
  gzwrite(file, contents.data(), static_cast<unsigned>(contents.size()));
  gzclose(file);
  std::filesystem::remove(path);
  suite.list(
      "./onnx/small/waves.onnx,./vnnlib/easy.vnnlib,60.5\r\n\r\n"
      "# a remark\r\nonnx/small/waves.onnx.gz, vnnlib/violated.vnnlib.gz ,1e1");
  const Ended ended = suite.ablate({"--configs", "none,complete-3"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto json = suite.json();
  ASSERT_EQ(json["instances"].size(), 2u);
  EXPECT_EQ(json["instances"][0]["vnnlib"], "vnnlib/easy.vnnlib");
  EXPECT_EQ(json["instances"][0]["timeout_s"], 60.5);
  EXPECT_EQ(json["instances"][1]["timeout_s"], 10.0);
  EXPECT_EQ(json["instances"][1]["runs"]["complete-3"]["verdict"], "sat");
}

TEST(Ablation, SelectionAndLimits) {
  const ExampleSuite suite;
  const auto selected = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--configs", "none"});
    EXPECT_EQ(suite.ablate(more).exit_code, 0);
    std::string names;
    const auto json = suite.json();
    for (const auto& row : json["instances"]) {
      const auto name = row["vnnlib"].get<std::string>();
      names += name.substr(7, 4) + ":" +
               std::to_string(static_cast<int>(row["timeout_s"].get<double>())) + " ";
    }
    return names;
  };
  EXPECT_EQ(selected({}), "easy:60 hard:60 viol:60 ");
  EXPECT_EQ(selected({"--stride", "2"}), "easy:60 viol:60 ");
  EXPECT_EQ(selected({"--limit", "2"}), "easy:60 hard:60 ");
  EXPECT_EQ(selected({"--filter", "(hard|violated).vnnlib"}), "hard:60 viol:60 ");
  EXPECT_EQ(selected({"--filter", "hard|viol", "--stride", "2", "--limit", "5"}), "hard:60 ");
  EXPECT_EQ(selected({"--limit", "1", "--timeout", "7"}), "easy:7 ");
  EXPECT_EQ(selected({"--limit", "1", "--timeout-scale", "0.5"}), "easy:30 ");
}

TEST(Ablation, WithoutABaselineNothingIsCompared) {
  const ExampleSuite suite;
  const Ended ended = suite.ablate({"--configs", "relaxed", "--limit", "1"});
  EXPECT_EQ(ended.exit_code, 0);
  const auto row = row_of(ended.out, "relaxed");
  ASSERT_GE(row.size(), 10u) << ended.out;
  EXPECT_EQ(row[7], "-");
  EXPECT_TRUE(suite.json()["configurations"][0]["subproblems_change"].is_null());
}

TEST(Ablation, BadSuitesAreRefusedBeforeAnythingRuns) {
  const ExampleSuite suite;
  const auto refused = [&](const std::string& text, const std::string& message) {
    SCOPED_TRACE(text);
    suite.list(text);
    const Ended ended = suite.ablate();
    EXPECT_EQ(ended.exit_code, 2) << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_NE(ended.err.find(message), std::string::npos) << ended.err;
  };
  const std::string good = "onnx/small/waves.onnx,vnnlib/easy.vnnlib,60\n";
  refused("", "no instance");
  refused(good + "onnx/small/waves.onnx,vnnlib/easy.vnnlib\n", "instances.csv:2");
  refused(good + "a,b,60,extra\n", "instances.csv:2");
  refused("onnx/small/waves.onnx,vnnlib/easy.vnnlib,soon\n", "instances.csv:1: the timeout 'soon'");
  refused("onnx/small/waves.onnx,vnnlib/easy.vnnlib,-1\n", "instances.csv:1");
  refused("onnx/small/waves.onnx,vnnlib/easy.vnnlib,inf\n", "instances.csv:1");
  refused(good + good + "onnx/absent.onnx,vnnlib/easy.vnnlib,60\n",
          "instances.csv:3: there is no file");
  refused("onnx/small,vnnlib/easy.vnnlib,60\n", "instances.csv:1");
  EXPECT_EQ(run({"ablation", suite.scratch / "absent"}).exit_code, 2);
  EXPECT_EQ(run({"ablation", suite.scratch / "suite/vnnlib"}).exit_code, 2);
  suite.list(good);
  const Ended unwritable =
      run({"ablation", suite.scratch / "suite", "--json", suite.scratch / "no/such/json"});
  EXPECT_EQ(unwritable.exit_code, 2);
  EXPECT_EQ(unwritable.out, "");
}

TEST(Ablation, MistakesOnTheCommandLine) {
  const ExampleSuite suite;
  const std::vector<std::vector<std::string>> mistakes = {
      {"--configs", "none,fancy"},
      {"--configs", ""},
      {"--configs", "none,none"},
      {"--configs", "complete-0"},
      {"--configs", "complete-x"},
      {"--configs", "none,"},
      {"--filter", "("},
      {"--limit", "0"},
      {"--stride", "0"},
      {"--timeout", "0"},
      {"--threads", "-1"},
      {"--timeout-scale", "0"},
      {"--timeout", "1", "--timeout-scale", "2"}};
  for (const auto& mistake : mistakes) {
    const Ended ended = suite.ablate(mistake);
    EXPECT_EQ(ended.exit_code, 1) << mistake[0] << " " << mistake[1] << ": " << ended.err;
    EXPECT_EQ(ended.out, "");
  }
  EXPECT_EQ(run({"ablation"}).exit_code, 1);
}

TEST(Ablation, AnInstanceThatCannotBeReadIsNotCountedAndShowsInTheExitCode) {
  const ExampleSuite suite;
  suite.scratch.write("suite/strange.onnx", one_node_model("Bernoulli", 3));
  suite.scratch.write("suite/garbage.onnx", "\x08\xff\xff garbage");
  const std::string good = "onnx/small/waves.onnx,vnnlib/easy.vnnlib,60\n";
  suite.list("strange.onnx,vnnlib/easy.vnnlib,60\n" + good);
  const Ended strange = suite.ablate({"--configs", "none,relaxed"});
  EXPECT_EQ(strange.exit_code, 3) << strange.err;
  EXPECT_NE(strange.out.find("1 of 2 instances done"), std::string::npos) << strange.out;
  EXPECT_NE(strange.out.find("Bernoulli"), std::string::npos) << strange.out;
  EXPECT_EQ(row_of(strange.out, "relaxed")[3], "1") << strange.out;
  suite.list(good + "garbage.onnx,vnnlib/easy.vnnlib,60\n");
  EXPECT_EQ(suite.ablate({"--configs", "none"}).exit_code, 2);
  EXPECT_FALSE(suite.json()["instances"][1]["error"].is_null());
}

/// A suite whose second instance takes for ever.
void add_endless_instance(const ExampleSuite& suite) {
  suite.scratch.write("suite/endless.onnx", hard_model());
  suite.scratch.write("suite/endless.vnnlib", hard_query());
  suite.list("onnx/small/waves.onnx,vnnlib/easy.vnnlib,60\nendless.onnx,endless.vnnlib,600\n");
}

TEST(Ablation, WhatTimeEndsIsOpen) {
  const ExampleSuite suite;
  add_endless_instance(suite);
  const Ended ended = suite.ablate({"--configs", "none,complete-2", "--timeout", "0.3"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  for (const char* name : {"none", "complete-2"}) {
    const auto row = row_of(ended.out, name);
    ASSERT_GE(row.size(), 10u) << ended.out;
    EXPECT_EQ(row[3], "1");
    EXPECT_EQ(row[5], "1");
    EXPECT_EQ(suite.json()["instances"][1]["runs"][name]["verdict"], "timeout");
  }
}

TEST(Ablation, AnInterruptPrintsWhatIsDone) {
  const ExampleSuite suite;
  add_endless_instance(suite);
  bool asked = false;
  // Once the first instance is done; the second one would go on for minutes.
  const Ended ended =
      run_in_terminal({"ablation", suite.scratch / "suite", "--json", suite.scratch / "json",
                       "--configs", "none,relaxed"},
                      200, [&](int pid, const std::string& text) {
                        if (asked || text.find("[1/2] relaxed") == std::string::npos) return;
                        asked = true;
                        ::kill(pid, SIGINT);
                      });
  EXPECT_TRUE(asked) << ended.err;
  EXPECT_EQ(ended.signal, 0);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("1 of 2 instances done"), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find("interrupted"), std::string::npos) << ended.out;
  ASSERT_FALSE(row_of(ended.out, "relaxed").empty()) << ended.out;
  EXPECT_EQ(row_of(ended.out, "relaxed")[3], "1");
  EXPECT_TRUE(suite.json()["interrupted"].get<bool>());
  EXPECT_FALSE(suite.json()["instances"][1]["complete"].get<bool>());
}

}  // namespace
}  // namespace clipbound::test
