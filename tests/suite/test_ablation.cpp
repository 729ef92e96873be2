// Ablations that were made up: what the table and the JSON say of them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "benchmarks/suite/ablation.h"
#include "benchmarks/suite/ablation_report.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

suite::Outcome outcome(Verdict verdict, double seconds, std::uint64_t subproblems) {
  suite::Outcome made;
  made.verdict = verdict;
  made.seconds = seconds;
  made.subproblems = subproblems;
  return made;
}

/// Two configurations: none and relaxed.
suite::AblationRun made_up(std::vector<std::pair<suite::Outcome, suite::Outcome>> outcomes) {
  suite::AblationRun run;
  run.request.suite = "made up";
  run.request.configurations = suite::parse_configurations("none,relaxed");
  for (auto& [none, relaxed] : outcomes) {
    suite::AblatedInstance& instance = run.instances.emplace_back();
    instance.instance.onnx = "f.onnx";
    instance.instance.vnnlib = "p" + std::to_string(run.instances.size()) + ".vnnlib";
    instance.outcomes = {none, relaxed};
  }
  return run;
}

TEST(Ablation, ParsesConfigurations) {
  const auto all = suite::parse_configurations(suite::kAllConfigurations);
  ASSERT_EQ(all.size(), 6u);
  EXPECT_EQ(all[0].name, suite::kBaselineConfiguration);
  EXPECT_EQ(all[5].settings.back().second, "8");
  EXPECT_THROW(suite::parse_configurations("none,none"), InputError);
  EXPECT_THROW(suite::parse_configurations("complete-x"), InputError);
  EXPECT_THROW(suite::parse_configurations("some"), InputError);
  EXPECT_THROW(suite::parse_configurations(""), InputError);
}

TEST(Ablation, ComparesOnlyWhatBothVerified) {
  const auto run = made_up({{outcome(Verdict::unsat, 4.0, 100), outcome(Verdict::unsat, 1.0, 50)},
                            {outcome(Verdict::timeout, 9.0, 900), outcome(Verdict::unsat, 8.0, 80)},
                            {outcome(Verdict::sat, 1.0, 7), outcome(Verdict::sat, 1.0, 8)}});
  const auto json = nlohmann::json::parse(suite::ablation_json(run));
  const auto& relaxed = json["configurations"][1];
  EXPECT_EQ(relaxed["compared"], 1);
  EXPECT_EQ(relaxed["verified"], 2);
  EXPECT_EQ(relaxed["falsified"], 1);
  EXPECT_EQ(relaxed["subproblems"], 130);
  EXPECT_EQ(relaxed["subproblems_change"], -0.5);
  EXPECT_EQ(relaxed["time_change"], -0.75);
  const std::string text = suite::ablation_text(run);
  EXPECT_NE(text.find("3 of 3 instances done"), std::string::npos) << text;
  EXPECT_NE(text.find("-50.0 %"), std::string::npos) << text;
  EXPECT_NE(text.find("  + relaxed"), std::string::npos) << text;
}

TEST(Ablation, NeverAveragesAContradiction) {
  const auto run = made_up({{outcome(Verdict::sat, 1.0, 1), outcome(Verdict::unsat, 1.0, 1)}});
  EXPECT_TRUE(run.instances[0].contradictory());
  EXPECT_NE(suite::ablation_text(run).find("*** DISAGREEMENT"), std::string::npos);
}

TEST(Ablation, IncompleteInstancesDoNotCount) {
  auto run = made_up({{outcome(Verdict::unsat, 4.0, 100), outcome(Verdict::unsat, 1.0, 50)}});
  run.instances[0].outcomes[1].reset();
  EXPECT_EQ(run.complete_count(), 0u);
  run.instances[0].error = "no such file";
  EXPECT_NE(suite::ablation_text(run).find("error, not counted"), std::string::npos);
}

}  // namespace
}  // namespace clipbound::test
