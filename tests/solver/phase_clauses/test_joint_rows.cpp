// Clauses of several rows against exact enumeration: with thresholds that one point reaches, often
// only a vertex where the rows touch, they are never refuted; a little below, always.
#include <gtest/gtest.h>

#include "solver/phase_clauses/leaf_programs.h"
#include "solver/phase_clauses/phase_clauses.h"
#include "tests/support/planted_clause.h"
#include "tests/support/properties.h"

namespace clipbound::test {
namespace {

using solver::PhaseClauses;

const std::vector<std::vector<int>> kShapes = {{2, 6, 2},    {2, 4, 4, 3},    {3, 5, 2},
                                               {1, 5, 4, 2}, {2, 3, 3, 2, 3}, {3, 4, 3, 2}};

/// Thresholds of all outputs such that the last one is the least that the others allow: the rows
/// touch, and the point is there exactly (the last threshold may lie above it by a rounding).
struct Touching {
  Touching(Dice& dice, int trial)
      : net(random_tiny(dice, kShapes[static_cast<std::size_t>(trial) % kShapes.size()],
                        trial % 2 == 0)) {
    for (int i = 0; i < net.sizes.front(); ++i) {
      lower.push_back(-1.0 + 0.25 * dice.whole(0, 3));
      upper.push_back(lower.back() + 0.5 * dice.whole(1, 4));
    }
    std::vector<double> x;
    for (std::size_t i = 0; i < lower.size(); ++i) x.push_back(dice.endpoint(lower[i], upper[i]));
    const Rationals y = exact_outputs(net, x);
    std::vector<PatternSearch::Threshold> fixed;
    for (std::size_t j = 0; j + 1 < y.size(); ++j) {
      thresholds.push_back(up(y[j]));
      fixed.emplace_back(j, Rational(thresholds.back()));
    }
    Rationals last(y.size(), Rational(0));
    last.back() = 1;
    PatternSearch search(net, last, fixed);
    least = search.minimum(rationals(lower), rationals(upper)).first;
    thresholds.push_back(up(least));
  }
  /// The same with room that all rows together lack.
  std::vector<double> below() const {
    std::vector<double> result = thresholds;
    result.back() = down(least) - 0.03 * (1.0 + std::fabs(least.get_d()));
    return result;
  }
  Property property(const std::vector<double>& t) const {
    Property p{lower, upper, static_cast<int>(t.size()), {{}}};
    for (std::size_t j = 0; j < t.size(); ++j)
      p.clauses.front().push_back(y_at_most(static_cast<int>(j), t[j]));
    return p;
  }
  BoundedClause bounded(const std::vector<double>& t) const {
    std::vector<std::pair<std::size_t, Rational>> pairs;
    for (std::size_t j = 0; j < t.size(); ++j) pairs.emplace_back(j, Rational(t[j]));
    return {net, lower, upper, clause_of(pairs, t.size())};
  }

  TinyNetwork net;
  std::vector<double> lower, upper, thresholds;
  Rational least;
};

PhaseClauses::Answer learned(const Touching& touching, const std::vector<double>& t) {
  const BoundedClause bounded = touching.bounded(t);
  const Query query = parse_vnnlib(touching.property(t).text(), "test.vnnlib");
  const Options options;
  const Deadline deadline(Deadline::Clock::now(), 60.0, 0.0);
  solver::CandidateJudge judge(touching.net.build(), query);
  Statistics statistics;
  const solver::SearchContext context{options, deadline, judge, statistics, 1,
                                      {},      nullptr,  {},    nullptr};
  PhaseClauses clauses(bounded.network, bounded.clause_rows(), query.clauses.front(), context);
  return clauses.run(60.0);
}

TEST(JointRows, PhaseClausesRefuteBelowTheTouchingPointAlone) {
  Dice dice(7401);
  int refuted = 0, open = 0;
  for (int trial = 0; trial < 90; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const Touching touching(dice, trial);
    // Without an open neuron there is nothing to learn.
    if (touching.bounded(touching.thresholds).network->unstable_count() == 0) continue;
    const auto at_point = learned(touching, touching.thresholds);
    EXPECT_NE(at_point, PhaseClauses::Answer::refuted);
    EXPECT_NE(at_point, PhaseClauses::Answer::open) << "out of time";
    const auto below = learned(touching, touching.below());
    EXPECT_EQ(below, PhaseClauses::Answer::refuted);
    ++(below == PhaseClauses::Answer::refuted ? refuted : open);
  }
  EXPECT_GT(refuted, 60);
  EXPECT_EQ(open, 0);
}

TEST(JointRows, SolveRefutesBelowTheTouchingPointAlone) {
  Dice dice(7402);
  for (int trial = 0; trial < 40; ++trial) {
    const Touching touching(dice, trial);
    for (const int threads : {1, 3}) {
      SCOPED_TRACE("trial " + std::to_string(trial) + " threads " + std::to_string(threads));
      Way way;
      way.split = "neurons";
      way.threads = threads;
      way.seconds = 30.0;
      const auto network = touching.net.build();
      EXPECT_NE(solve_text(network, touching.property(touching.thresholds).text(), way).verdict,
                Verdict::unsat);
      const SolveResult below =
          solve_text(network, touching.property(touching.below()).text(), way);
      EXPECT_EQ(name_of(below.verdict), "unsat") << below.reason;
    }
  }
}

TEST(JointRows, SeveralClausesKeepTheOneThatIsReached) {
  Dice dice(7403);
  for (int trial = 0; trial < 30; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const Touching touching(dice, trial);
    Property both = touching.property(touching.below());
    both.clauses.push_back(touching.property(touching.thresholds).clauses.front());
    both.clauses.push_back(both.clauses.front());
    Way way;
    way.split = "neurons";
    way.threads = 1 + trial % 2;
    way.seconds = 30.0;
    EXPECT_NE(solve_text(touching.net.build(), both.text(), way).verdict, Verdict::unsat);
  }
}

TEST(JointRows, LeafProgramsKeepPlantedPhases) {
  if (!bounds::TriangleProgram::is_available()) GTEST_SKIP() << "libClp.so.1 is not installed";
  Dice dice(7404);
  int refuted = 0;
  for (int trial = 0; trial < 60; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const PlantedClause clause(dice, kShapes[static_cast<std::size_t>(trial) % kShapes.size()]);
    solver::LeafPrograms programs;
    // One after the other in one program, as a worker's leaves come.
    for (int leaf = 0; leaf < 20; ++leaf) {
      const Rationals& z = clause.planted[static_cast<std::size_t>(
          dice.whole(0, static_cast<int>(clause.planted.size()) - 1))];
      std::vector<DecidedPhase> phases;
      for (std::size_t u = 0; u < z.size(); ++u) {
        if (dice.chance(0.2)) continue;
        const bool active = z[u] == 0 ? dice.chance(0.5) : (z[u] > 0) != dice.chance(0.1);
        phases.push_back({Unstable{static_cast<std::int32_t>(u)},
                          active ? ReluPhase::active : ReluPhase::inactive});
      }
      const bool planted =
          std::any_of(clause.planted.begin(), clause.planted.end(),
                      [&](const Rationals& other) { return has_all(other, phases); });
      const bool is_refuted = programs.refute(clause.bounded->network, leaf % 2,
                                              clause.bounded->clause_rows(), phases, Deadline());
      EXPECT_FALSE(planted && is_refuted) << "leaf " << leaf;
      refuted += is_refuted ? 1 : 0;
    }
  }
  EXPECT_GT(refuted, 50);
}

}  // namespace
}  // namespace clipbound::test
