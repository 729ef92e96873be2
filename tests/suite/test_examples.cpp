// benchmarks/examples: the verdicts are those of the closed forms, every counterexample holds.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "benchmarks/suite/csv.h"
#include "benchmarks/suite/run_folder.h"
#include "tests/cli/child.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

struct Known {
  std::string verdict;
  bool may_be_open = false;
};

/// By property.
std::map<std::string, Known> known_verdicts(const std::string& path) {
  std::map<std::string, Known> known;
  const std::vector<std::string> lines = suite::lines_of(path);
  const auto header = suite::csv_fields(lines.at(0));
  const auto column = [&](const std::string& name) {
    return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
  };
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto fields = suite::csv_fields(lines[i]);
    known[fields.at(column("vnnlib"))] = {fields.at(column("verdict")),
                                          fields.at(column("may_be_open")) == "yes"};
  }
  return known;
}

TEST(Examples, EveryVerdictIsTheClosedForms) {
  const Scratch scratch;
  const std::string folder = CLIPBOUND_SOURCE_DIR "/benchmarks/examples",
                    truth = folder + "/ground_truth.csv";
  const Ended ended =
      run({"suite", "run", folder, "--out", scratch / "run", "--jobs", "2"}, {}, 300.0);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto known = known_verdicts(truth);
  const suite::Run done = suite::read_run(scratch / "run");
  ASSERT_GT(done.records.size(), 20u);
  ASSERT_EQ(done.records.size(), known.size());
  std::map<suite::Outcome, int> count;
  for (const suite::Record& record : done.records) {
    SCOPED_TRACE(record.vnnlib + ": " + record.reason);
    ++count[record.outcome];
    const Known& expected = known.at(record.vnnlib);
    const bool open =
        record.outcome == suite::Outcome::timeout || record.outcome == suite::Outcome::unknown;
    if (open && expected.may_be_open) continue;
    EXPECT_EQ(name_of(record.outcome), expected.verdict);
  }
  EXPECT_GE(count[suite::Outcome::sat], 10);
  EXPECT_GE(count[suite::Outcome::unsat], 10);
  EXPECT_EQ(run({"suite", "compare", scratch / "run", truth}).exit_code, 0);
  const Ended checked = run({"suite", "check", scratch / "run"});
  EXPECT_EQ(checked.exit_code, 0) << checked.out;
}

}  // namespace
}  // namespace clipbound::test
