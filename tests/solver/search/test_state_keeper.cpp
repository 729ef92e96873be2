// What searches leave of their clauses, and what they find of an earlier process.
#include "solver/search/state_keeper.h"

#include <gtest/gtest.h>

#include "specs/vnnlib/vnnlib.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

constexpr std::uint64_t kLowered = 77;

Query one_clause() {
  return parse_vnnlib(
      "(declare-const X_0 Real)\n(declare-const Y_0 Real)\n"
      "(assert (>= X_0 0.0))\n(assert (<= X_0 1.0))\n(assert (>= Y_0 5.0))\n",
      "test.vnnlib");
}

/// All is closed but the last 2^-depth.
ClauseState closed_but(int depth, std::uint64_t lowered) {
  ClauseState state;
  state.lowered = lowered;
  Share rest = Share::whole();
  for (int k = 0; k < depth; ++k) {
    Share half = rest.split();
    half.close(state.closed);
  }
  Subproblem open;
  open.share = std::move(rest);
  open.decisions = {{0, static_cast<std::uint32_t>(depth), 0.0, 1.0}};
  state.open.push_back(std::move(open));
  return state;
}

SearchState state_of(ClauseState clause) {
  SearchState state;
  state.clauses.push_back(std::move(clause));
  return state;
}

TEST(StateKeeper, WithoutAnEarlierProcessClausesBeginAnew) {
  const Query query = one_clause();
  StateKeeper keeper(query, nullptr);
  const Clause& clause = query.clauses[0];
  keeper.keep(clause, closed_but(3, kLowered));
  EXPECT_EQ(keeper.resumed_boxes(clause), nullptr);
  EXPECT_FALSE(keeper.latest_decisions(clause, kLowered))
      << "trees of one's own begin whole after a pass, which has better bounds for all of them";
  EXPECT_EQ(keeper.take().clauses[0].closed.value(), 0.875);
}

TEST(StateKeeper, AResumedTreeGoesOnWhereItsLastSearchEnded) {
  const Query query = one_clause();
  const SearchState resumed = state_of(closed_but(2, kLowered));
  StateKeeper keeper(query, &resumed);
  const Clause& clause = query.clauses[0];
  ASSERT_TRUE(keeper.latest_decisions(clause, kLowered));
  EXPECT_EQ(keeper.latest_decisions(clause, kLowered)->open[0].decisions[0].neuron, 2U);
  keeper.keep(clause, closed_but(5, kLowered));
  EXPECT_EQ(keeper.latest_decisions(clause, kLowered)->open[0].decisions[0].neuron, 5U);
  keeper.keep(clause, closed_but(4, kLowered));
  EXPECT_EQ(keeper.latest_decisions(clause, kLowered)->open[0].decisions[0].neuron, 5U)
      << "less was closed";
  EXPECT_EQ(keeper.resumed_boxes(clause), nullptr) << "decisions are no boxes";
}

TEST(StateKeeper, DecisionsOnAnotherLoweredNetworkAreNotTaken) {
  const Query query = one_clause();
  const SearchState resumed = state_of(closed_but(2, kLowered));
  StateKeeper keeper(query, &resumed);
  EXPECT_FALSE(keeper.latest_decisions(query.clauses[0], kLowered + 1));
  // Boxes that another search left meanwhile, with more closed, do not take their place either.
  keeper.keep(query.clauses[0], closed_but(6, 0));
  ASSERT_TRUE(keeper.latest_decisions(query.clauses[0], kLowered));
  EXPECT_EQ(keeper.latest_decisions(query.clauses[0], kLowered)->open[0].decisions[0].neuron, 2U);
  EXPECT_EQ(keeper.take().clauses[0].open[0].decisions[0].neuron, 6U);
}

TEST(StateKeeper, AClosedClauseStaysClosed) {
  const Query query = one_clause();
  ClauseState closed;
  closed.closed.add(0);
  const SearchState resumed = state_of(std::move(closed));
  StateKeeper keeper(query, &resumed);
  const Clause& clause = query.clauses[0];
  ASSERT_NE(keeper.resumed_boxes(clause), nullptr);
  EXPECT_TRUE(keeper.resumed_boxes(clause)->closed.is_one());
  EXPECT_TRUE(keeper.latest_decisions(clause, kLowered)->closed.is_one());
  keeper.keep(clause, closed_but(5, kLowered));
  EXPECT_TRUE(keeper.take().clauses[0].closed.is_one());
}

/// A part has a quarter of the clause; the rest is elsewhere.
SearchState a_quarter() {
  SearchState state = state_of(closed_but(2, 0));
  state.clauses[0].elsewhere = std::exchange(state.clauses[0].closed, {});
  return state;
}

TEST(StateKeeper, WhatIsElsewhereCountsAsClosedAndIsToldApart) {
  const Query query = one_clause();
  const SearchState part = a_quarter();
  StateKeeper keeper(query, &part);
  const Clause& clause = query.clauses[0];
  ASSERT_NE(keeper.resumed_boxes(clause), nullptr);
  EXPECT_EQ(keeper.resumed_boxes(clause)->closed.value(), 0.75);
  EXPECT_FALSE(keeper.was_refuted(clause));
  EXPECT_EQ(keeper.now().clauses[0].elsewhere.value(), 0.75) << "before anything is searched";
  EXPECT_TRUE(keeper.now().clauses[0].closed.is_zero());
  // The search has closed all but an eighth.
  keeper.keep(clause, closed_but(3, 0));
  EXPECT_EQ(keeper.now().clauses[0].elsewhere.value(), 0.75);
  EXPECT_EQ(keeper.now().clauses[0].closed.value(), 0.125);
  // Another proof says all of the clause.
  keeper.keep_refuted(clause);
  EXPECT_TRUE(keeper.now().clauses[0].closed.is_one());
  EXPECT_TRUE(keeper.take().clauses[0].elsewhere.is_zero());
}

TEST(StateKeeper, WhatAnotherProofRefutesIsThePartAlone) {
  const Query query = one_clause();
  const SearchState part = a_quarter();
  StateKeeper keeper(query, &part);
  keeper.keep_all_refuted();
  const SearchState state = keeper.take();
  EXPECT_EQ(state.clauses[0].elsewhere.value(), 0.75);
  EXPECT_EQ(state.clauses[0].closed.value(), 0.25);
  EXPECT_TRUE(state.clauses[0].open.empty());
}

TEST(StateKeeper, WhereSubproblemsWereLostWhatWasKnownBeforeCounts) {
  const Query query = one_clause();
  StateKeeper keeper(query, nullptr);
  keeper.keep(query.clauses[0], closed_but(3, 0));
  ClauseState lost = closed_but(5, 0);
  lost.open.clear();
  keeper.keep(query.clauses[0], std::move(lost));
  EXPECT_EQ(keeper.now().clauses[0].closed.value(), 0.875);
}

TEST(StateKeeper, AClauseThatIsElsewhereIsNotProvedHere) {
  const Query query = one_clause();
  SearchState part = state_of({});
  part.clauses[0].elsewhere.add(1, 2);
  StateKeeper keeper(query, &part);
  EXPECT_TRUE(keeper.was_refuted(query.clauses[0])) << "there is nothing to do";
  keeper.keep_refuted(query.clauses[0]);
  const SearchState state = keeper.take();
  EXPECT_TRUE(state.clauses[0].closed.is_zero());
  EXPECT_TRUE(state.clauses[0].elsewhere.is_one());
}

}  // namespace
}  // namespace clipbound::test
