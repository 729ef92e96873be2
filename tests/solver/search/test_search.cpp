// What searches have around their workers: counters, time slices, attacks, who judges candidates.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>

#include "solver/search/search_counters.h"
#include "solver/search/search_worker.h"
#include "tests/solver/search/surroundings.h"

namespace clipbound::test {
namespace {

TEST(CandidateJudge, SnapsToFloatsInsideTheDecimalBox) {
  const Surroundings around;
  for (const double x : {-HUGE_VAL, -1.0, 0.1, 0.123456789, 0.2, 0.3, 5.0, HUGE_VAL,
                         std::numeric_limits<double>::quiet_NaN()}) {
    const std::vector<double> point =
        around.judge.snap(around.query.clauses[0], std::vector<double>{x});
    ASSERT_EQ(point.size(), 1U);
    EXPECT_EQ(point[0], static_cast<double>(static_cast<float>(point[0]))) << x;
    EXPECT_GE(point[0], 0.1) << x;
    EXPECT_LE(point[0], 0.3) << x;
    if (x > 0.1 && x < 0.3) {
      EXPECT_NEAR(point[0], x, 1e-8);
    }
  }
}

TEST(CandidateJudge, KeepsTheFirstPointThatHolds) {
  Surroundings around;
  const Clause& clause = around.query.clauses[0];
  EXPECT_FALSE(around.judge.offer(clause, std::vector<double>{0.15}));
  EXPECT_FALSE(around.judge.found());
  EXPECT_TRUE(around.judge.offer(clause, std::vector<double>{0.25}));
  EXPECT_TRUE(around.judge.offer(clause, std::vector<double>{0.28}));
  EXPECT_TRUE(around.context(1).ended());
  EXPECT_EQ(around.judge.input(), std::vector<double>{0.25});
  EXPECT_EQ(around.judge.output(), std::vector<double>{0.25});
  EXPECT_EQ(around.judge.replayed(), 2U);
}

TEST(CandidateJudge, SaysWhyPointsAreNoCounterexamples) {
  Surroundings around;
  const Clause& clause = around.query.clauses[0];
  EXPECT_EQ(around.judge.why_not(), "");
  around.judge.offer(clause, std::vector<double>{0.15});
  const std::string once = around.judge.why_not();
  EXPECT_TRUE(once.starts_with("1 point looked like")) << once;
  EXPECT_NE(once.find("no clause hold"), std::string::npos) << once;
  around.judge.offer(clause, std::vector<double>{0.16});
  EXPECT_TRUE(around.judge.why_not().starts_with("2 points")) << around.judge.why_not();
}

TEST(SearchCounters, EveryClauseBeginsAsOneOpenSubproblem) {
  SearchCounters counters(4);
  EXPECT_EQ(counters.still_open(), 4U);
  EXPECT_FALSE(counters.last_open().has_value());
  EXPECT_FALSE(counters.given_up().has_value());
  EXPECT_FALSE(counters.outcome().exhausted);
  for (std::size_t clause = 0; clause < 3; ++clause) counters.refute(clause, 1);
  EXPECT_DOUBLE_EQ(counters.settled.load(), 3.0);
  EXPECT_DOUBLE_EQ(counters.outcome().open_share, 0.25);
  EXPECT_FALSE(counters.outcome().exhausted);
  ClauseShares last(4);
  Share whole = Share::whole();
  last.close(3, whole);
  counters.take(last);
  EXPECT_TRUE(counters.outcome().exhausted);
  EXPECT_EQ(counters.outcome().open_share, 0.0);
}

/// Figures may say what they like: shares alone decide.
TEST(SearchCounters, NoOpenSubproblemIsNoProof) {
  SearchCounters counters(1);
  counters.open.fetch_sub(1);
  counters.settle(1.0);
  EXPECT_EQ(counters.outcome().open, 0U);
  EXPECT_FALSE(counters.outcome().exhausted);
}

TEST(SearchCounters, UnsplittableSubproblemsStayOpen) {
  SearchCounters counters(1);
  ClauseShares shares(1);
  Share whole = Share::whole();
  shares.give_up(0, whole);
  counters.take(shares);
  counters.open.fetch_sub(1);
  counters.unsplittable.fetch_add(1);
  EXPECT_EQ(counters.outcome().open, 1U);
  EXPECT_EQ(counters.outcome().unsplittable, 1U);
  EXPECT_FALSE(counters.outcome().exhausted);
}

TEST(TimeSlice, GoesOnWhileTheShareThatIsSettledPromisesAnEnd) {
  const TimeSlice slice{.seconds = 1.0, .times = 8.0, .begin_s = 10.0};
  EXPECT_FALSE(slice.over(10.5, 0.0, 0.0));
  EXPECT_TRUE(slice.over(11.5, 0.0, 0.0));
  EXPECT_FALSE(slice.over(11.5, 0.25, 0.125));  // an end after 6 s, within 8 slices
  EXPECT_TRUE(slice.over(13.0, 0.25, 0.125));
  EXPECT_TRUE(slice.over(12.0, 0.9, 0.9));     // easy clauses have ended, nothing since
  EXPECT_FALSE(slice.over(12.0, 0.9, 0.875));  // 0.025 in a second, 0.1 are left
  EXPECT_TRUE(slice.over(18.5, 0.9, 0.4));     // its slices have passed
  EXPECT_FALSE(TimeSlice{}.over(1e9, 0.0, 0.0));
}

TEST(SettledHistory, KnowsWhatWasSettledAtHalfOfTheTime) {
  SettledHistory history({.seconds = 1.0, .times = 8.0, .begin_s = 10.0});
  EXPECT_EQ(history.at_half(10.0), 0.0);
  for (int k = 0; k <= 1000; ++k) history.note(10.0 + 0.004 * k, 0.001 * k);
  // At 12 of 10 to 14: a half, to the distance of two notes.
  EXPECT_LE(history.at_half(14.0), 0.5);
  EXPECT_GE(history.at_half(14.0), 0.48);
  EXPECT_LE(history.at_half(10.5), 0.0625);
  EXPECT_GE(history.at_half(10.5), 0.055);
}

/// A worker that only attacks.
class Attacker : public SearchWorker {
 public:
  explicit Attacker(SearchTeam& team) : SearchWorker(team) {}
  void attack() { attack_now_and_then(); }
};

TEST(SearchWorker, AttacksWhenItIsTimeAndNobodyElseDoes) {
  Surroundings around;
  SearchContext context = around.context(1);
  SearchCounters counters(1);
  double asked_s = 0.0;
  SearchTeam* busy = nullptr;
  context.attack = [&](double seconds, Statistics&) {
    asked_s += seconds;
    if (busy != nullptr) Attacker(*busy).attack();  // a second one meanwhile: does nothing
  };
  SearchTeam later(context, counters, {}, {.every_s = 1e9, .seconds = 0.5});
  Attacker(later).attack();
  EXPECT_EQ(asked_s, 0.0);
  SearchTeam now(context, counters, {}, {.every_s = 0.0, .seconds = 0.5});
  busy = &now;
  Attacker(now).attack();
  EXPECT_EQ(asked_s, 0.5);
}

TEST(SearchTeam, IsOverWithItsTimeSliceAnErrorOrTheContext) {
  Surroundings around;
  const SearchContext context = around.context(1);
  SearchCounters counters(1);
  SearchTeam team(context, counters, {}, {.every_s = 1.0, .seconds = 0.5});
  EXPECT_FALSE(team.is_over());
  EXPECT_TRUE(SearchTeam(context, counters, {.seconds = 0.0, .times = 0.0},
                         {.every_s = 1.0, .seconds = 0.5})
                  .is_over());
  team.stopped.store(true);
  EXPECT_TRUE(team.is_over());
  SearchTeam other(context, counters, {}, {.every_s = 1.0, .seconds = 0.5});
  around.deadline.interrupt();
  EXPECT_TRUE(other.is_over());
}

}  // namespace
}  // namespace clipbound::test
