// Why there is no verdict, in words.
#include "solver/search/reason.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

#include "specs/vnnlib/vnnlib.h"
#include "tests/support/floors.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

Query two_clauses() {
  return parse_vnnlib(
      "(declare-const X_0 Real)\n(declare-const Y_0 Real)\n(declare-const Y_1 Real)\n"
      "(assert (>= X_0 0))\n(assert (<= X_0 1))\n"
      "(assert (or\n  (and (<= Y_0 Y_1))\n  (and (>= Y_0 0.5) (< (+ Y_0 (* 2 X_0)) 3))))\n",
      "test.vnnlib");
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Reason, NamesClauseRowAndWhatItLacks) {
  const Query query = two_clauses();
  const std::string first = describe(query, {0, 0, -0.25});
  EXPECT_TRUE(contains(first, "(1 of 2)")) << first;
  EXPECT_TRUE(contains(first, "Y_0 - Y_1 <= 0")) << first;
  EXPECT_TRUE(contains(first, "lacks 0.25")) << first;
  const std::string second = describe(query, {1, 1, -std::numeric_limits<double>::infinity()});
  EXPECT_TRUE(contains(second, "row 2 of 2 (2 X_0 + Y_0 < 3)")) << second;
  EXPECT_TRUE(contains(second, "no finite bound")) << second;
  Query built = query;
  built.clauses[0].line = 0;
  built.clauses[1].rows.clear();
  EXPECT_TRUE(contains(describe(built, {0, 0, -1.0}), "clause 1, "));
  EXPECT_TRUE(contains(describe(built, {1, 0, -1.0}), "no row"));
}

TEST(Reason, ManyTermsAreCut) {
  Query query = two_clauses();
  Row& row = query.clauses[0].rows[0];
  const Term term = row.terms[0];
  for (int k = 0; k < 50; ++k) row.terms.push_back(term);
  EXPECT_LT(describe(query, {0, 0, -1.0}).size(), 120U);
  EXPECT_TRUE(contains(describe(query, {0, 0, -1.0}), "+ ... <="));
}

TEST(Reason, EveryStageHasItsWords) {
  SearchProgress progress;
  progress.clauses = 4;
  std::set<std::string> words;
  for (const Stage stage :
       {Stage::reading, Stage::attack, Stage::lowering, Stage::root, Stage::search}) {
    progress.stage = stage;
    words.insert(where(progress));
    EXPECT_FALSE(what_would_help(progress, StopReason::time).empty());
  }
  EXPECT_EQ(words.size(), 5U);
  progress.stage = Stage::root;
  progress.bounded = 3;
  progress.refuted = 1;
  EXPECT_TRUE(contains(where(progress), "3 of 4 clauses bounded, 1 refuted"));
}

TEST(Reason, WhatWouldHelpDependsOnWhereItIs) {
  SearchProgress progress;
  progress.clauses = progress.bounded = 4;
  progress.stage = Stage::search;
  progress.settled_share = 0.25;
  progress.statistics.search_s = 10.0;
  progress.subproblems = 40;
  progress.weakest = OpenRow{0, 0, -0.5};
  EXPECT_TRUE(contains(what_would_help(progress, StopReason::time), "about 30 s"));
  EXPECT_TRUE(contains(what_would_help(progress, StopReason::memory), "memory"));
  progress.settled_share = 0.0;
  EXPECT_TRUE(contains(what_would_help(progress, StopReason::time), "not in sight"));
  progress.weakest->bound = -std::numeric_limits<double>::infinity();
  EXPECT_TRUE(contains(what_would_help(progress, StopReason::time), "finite"));
  progress.subproblems = 0;
  progress.weakest->bound = -0.5;
  EXPECT_TRUE(contains(what_would_help(progress, StopReason::time), "hardly begun"));
  progress.stage = Stage::root;
  progress.bounded = 1;
  EXPECT_TRUE(contains(what_would_help(progress, StopReason::time), "3 clauses"));
}

/// y = (x, 2 x) on [0, 1].
TEST(Reason, OnlyWhatRoundingsComeToIsBelowTheArithmetic) {
  const auto network = TinyNetwork{{1, 2}, {{1.0F, 2.0F}}, {{0.0F, 0.0F}}}.build();
  const Query query = two_clauses();
  EXPECT_TRUE(within_rounding(*network, query, {0, 0, 0.0}));
  EXPECT_TRUE(within_rounding(*network, query, {0, 0, -1e-13}));
  EXPECT_TRUE(within_rounding(*network, query, {0, 0, -1e-7}));
  EXPECT_FALSE(within_rounding(*network, query, {0, 0, -1e-3}));
  EXPECT_FALSE(within_rounding(*network, query, {1, 0, -0.2}));
  EXPECT_FALSE(within_rounding(*network, query, {1, 0, -std::numeric_limits<double>::infinity()}));
}

}  // namespace
}  // namespace clipbound::test
