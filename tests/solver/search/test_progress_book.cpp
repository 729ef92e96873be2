// What a run says of itself: what claims never to fall does not, and nothing is said where nothing
// is known.
#include "solver/search/progress_book.h"

#include <gtest/gtest.h>

#include "base/rounding.h"
#include "solver/search/search_counters.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// Three clauses of two rows each, on one box.
Query three_clauses() {
  return parse_vnnlib(
      "(declare-const X_0 Real)\n(declare-const Y_0 Real)\n(declare-const Y_1 Real)\n"
      "(assert (>= X_0 0))\n(assert (<= X_0 1))\n"
      "(assert (or (and (>= Y_0 1) (<= Y_1 0)) (and (>= Y_0 2) (<= Y_1 0)) (and (>= Y_0 3) (<= Y_1 "
      "0))))\n",
      "test.vnnlib");
}

struct Book {
  Query query = three_clauses();
  Statistics statistics;
  ProgressBook book{query};
  const Clause* clause(std::size_t k) const { return &query.clauses[k]; }
};

void close(SearchCounters& counters, std::size_t clause) {
  ClauseShares shares(counters.shares().clauses());
  Share whole = Share::whole();
  shares.close(clause, whole);
  counters.take(shares);
  counters.open.fetch_sub(1);
  counters.settle(1.0);
}

TEST(ProgressBook, BeginsWithNothingKnown) {
  Book b;
  const SearchProgress now = b.book.now(0.5);
  EXPECT_EQ(now.elapsed_s, 0.5);
  EXPECT_EQ(now.stage, Stage::lowering);
  EXPECT_EQ(now.clauses, 3U);
  EXPECT_EQ(now.bounded, 0U);
  EXPECT_EQ(now.open, 3U);
  EXPECT_FALSE(now.weakest.has_value());
  EXPECT_EQ(now.settled_share, 0.0);
}

TEST(ProgressBook, RootBoundsCount) {
  Book b;
  b.book.enter(Stage::root, 0.25, b.statistics);
  b.book.root_open(*b.clause(0), 1, -0.5);
  b.book.root_refuted(*b.clause(1));
  SearchProgress now = b.book.now(1.0);
  EXPECT_EQ(now.stage, Stage::root);
  EXPECT_EQ(now.bounded, 2U);
  EXPECT_EQ(now.refuted, 1U);
  EXPECT_EQ(now.open, 2U);
  EXPECT_DOUBLE_EQ(now.settled_share, 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(now.statistics.root_s, 0.75);
  b.book.root_open(*b.clause(2), 0, -2.0);
  now = b.book.now(1.0);
  ASSERT_TRUE(now.weakest.has_value());
  EXPECT_EQ(now.weakest->clause, 2U);
  EXPECT_EQ(now.weakest->row, 0U);
  EXPECT_EQ(now.weakest->bound, -2.0);
  // Better bounds refute it.
  b.book.root_refuted(*b.clause(2));
  EXPECT_EQ(b.book.now(1.0).weakest->clause, 0U);
}

TEST(ProgressBook, FollowsASearchByTheQuerysNumbers) {
  Book b;
  b.book.root_refuted(*b.clause(0));
  SearchCounters counters(2);  // of clauses 2 and 1, in this order
  {
    const WatchedSearch watched(&b.book, counters, {b.clause(2), b.clause(1)}, b.statistics);
    EXPECT_FALSE(b.book.now(1.0).weakest.has_value());
    counters.subproblems.fetch_add(7);
    counters.open.fetch_add(9);
    counters.saw_open({0, 1, -0.125});
    const SearchProgress now = b.book.now(1.0);
    EXPECT_EQ(now.subproblems, 7U);
    EXPECT_EQ(now.open, 11U);
    ASSERT_TRUE(now.weakest.has_value());
    EXPECT_EQ(now.weakest->clause, 2U);
    EXPECT_EQ(now.weakest->row, 1U);
    EXPECT_EQ(now.weakest->bound, -0.125);
    counters.saw_given_up({1, 0, -0.5});
    counters.saw_given_up({1, 1, -0.25});
    close(counters, 0);
  }
  const SearchProgress now = b.book.now(1.0);
  EXPECT_EQ(now.refuted, 2U);
  EXPECT_EQ(now.open, 10U);
  EXPECT_EQ(now.subproblems, 7U);
  ASSERT_TRUE(b.book.given_up().has_value());
  EXPECT_EQ(b.book.given_up()->clause, 1U);
  EXPECT_EQ(b.book.given_up()->bound, -0.5);
  b.book.root_refuted(*b.clause(1));
  EXPECT_FALSE(b.book.given_up().has_value());
}

/// A second search of the same clause begins its tree anew; a third one gets further.
TEST(ProgressBook, NothingFallsWhereSearchesBeginAnew) {
  Book b;
  double settled = 0.0;
  std::uint64_t subproblems = 0;
  for (const double share : {0.5, 0.25, 0.75}) {
    SearchCounters counters(3);
    const WatchedSearch watched(&b.book, counters, {b.clause(0), b.clause(1), b.clause(2)},
                                b.statistics);
    for (int step = 0; step < 4; ++step) {
      const SearchProgress now = b.book.now(1.0);
      EXPECT_GE(now.settled_share, settled);
      EXPECT_GE(now.subproblems, subproblems);
      settled = now.settled_share;
      subproblems = now.subproblems;
      counters.settle(share / 4.0);
      counters.subproblems.fetch_add(3);
    }
    b.book.root_open(*b.clause(0), 0, -1.0);
  }
  EXPECT_EQ(b.book.now(1.0).subproblems, 36U);
  EXPECT_LT(b.book.now(1.0).settled_share, 0.5);
}

/// However near the sums of doubles come.
TEST(ProgressBook, AllIsSettledOnlyWhereNothingIsOpen) {
  Book b;
  SearchCounters counters(3);
  {
    const WatchedSearch watched(&b.book, counters, {b.clause(0), b.clause(1), b.clause(2)},
                                b.statistics);
    counters.settle(3.0);
    EXPECT_LT(b.book.now(1.0).settled_share, 1.0);
    EXPECT_GT(b.book.now(1.0).open, 0U);
    counters.settle(-100.0);
    EXPECT_GE(b.book.now(1.0).settled_share, 0.0);
  }
  for (std::size_t k = 0; k < 3; ++k) b.book.root_refuted(*b.clause(k));
  EXPECT_EQ(b.book.now(1.0).settled_share, 1.0);
  EXPECT_EQ(b.book.now(1.0).open, 0U);
}

TEST(ProgressBook, StagesTellWhatTheyHaveCostSoFar) {
  Book b;
  b.book.enter(Stage::attack, 1.0, b.statistics);
  EXPECT_DOUBLE_EQ(b.book.now(1.5).statistics.attack_s, 0.5);
  b.statistics.attack_s = 2.0;
  b.book.enter(Stage::search, 3.0, b.statistics);
  EXPECT_DOUBLE_EQ(b.book.now(4.0).statistics.attack_s, 2.0);
  EXPECT_DOUBLE_EQ(b.book.now(4.0).statistics.search_s, 1.0);
  // An attack in the middle of the search belongs to both.
  b.book.enter(Stage::attack, 5.0, b.statistics);
  EXPECT_DOUBLE_EQ(b.book.now(6.0).statistics.search_s, 3.0);
  EXPECT_DOUBLE_EQ(b.book.now(6.0).statistics.attack_s, 3.0);
}

TEST(ProgressBook, TheWorstBoundIsOfEverythingOpenAndNeverFalls) {
  Book b;
  EXPECT_FALSE(b.book.now(0.0).worst_bound.has_value());
  b.book.root_open(*b.clause(0), 0, -0.5);
  b.book.root_open(*b.clause(1), 0, -2.0);
  EXPECT_FALSE(b.book.now(0.0).worst_bound.has_value()) << "nothing is known of the third";
  b.book.root_open(*b.clause(2), 0, -8.0);
  EXPECT_EQ(b.book.now(0.0).worst_bound, -8.0);
  SearchCounters counters(2);  // of clauses 1 and 2
  OpenBoundsChanges changes;
  const auto move = [&](double from, double to) {
    changes.add(from < -1e30 ? std::uint16_t{0} : level_of(from), -1);
    changes.add(level_of(to), 1);
    counters.open_bounds.take(changes);
  };
  {
    const WatchedSearch watched(&b.book, counters, {b.clause(1), b.clause(2)}, b.statistics);
    EXPECT_EQ(b.book.now(0.0).worst_bound, -8.0) << "the search knows nothing yet";
    move(-kInfinity, -6.0);
    EXPECT_EQ(b.book.now(0.0).worst_bound, -8.0) << "one of two is known";
    move(-kInfinity, -1.0);
    const double both = *b.book.now(0.0).worst_bound;
    EXPECT_LE(both, -6.0);
    EXPECT_GT(both, -6.4);
    move(-6.0, -0.25);
    EXPECT_LE(*b.book.now(0.0).worst_bound, -1.0);
    EXPECT_GT(*b.book.now(0.0).worst_bound, -1.1);
  }
  // The next search begins anew; what was known of the query stays known.
  SearchCounters again(2);
  const WatchedSearch watched(&b.book, again, {b.clause(1), b.clause(2)}, b.statistics);
  EXPECT_GT(*b.book.now(0.0).worst_bound, -1.1);
  b.book.root_refuted(*b.clause(1));
  b.book.root_refuted(*b.clause(2));
  EXPECT_EQ(b.book.now(0.0).worst_bound, -0.5) << "the first is left";
  b.book.root_refuted(*b.clause(0));
  EXPECT_FALSE(b.book.now(0.0).worst_bound.has_value()) << "nothing is open";
}

}  // namespace
}  // namespace clipbound::test
