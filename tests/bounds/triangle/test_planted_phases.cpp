// Proofs about phases against points that fulfil a clause: whatever is decided, in whatever order,
// taken back and decided anew, nothing that is said to be impossible holds at one of them. Where z
// is 0, a point has both phases.
#include <gtest/gtest.h>

#include <set>

#include "bounds/triangle/phase_propagation.h"
#include "bounds/triangle/triangle_program.h"
#include "tests/support/planted_clause.h"

namespace clipbound::test {
namespace {

const std::vector<std::vector<int>> kShapes = {{2, 6, 2},       {3, 5, 4, 2}, {2, 4, 4, 3, 2},
                                               {4, 8, 3},       {1, 6, 5, 2}, {3, 4, 4, 4, 3},
                                               {2, 10, 6, 1, 3}};

PlantedClause random_clause(Dice& dice, int trial) {
  return {dice, kShapes[static_cast<std::size_t>(trial) % kShapes.size()]};
}

/// Phases of one planted point, in a random order, some of them turned round.
std::vector<DecidedPhase> random_phases(Dice& dice, const PlantedClause& clause, double turned) {
  const Rationals& z = clause.planted[static_cast<std::size_t>(
      dice.whole(0, static_cast<int>(clause.planted.size()) - 1))];
  std::vector<DecidedPhase> phases;
  for (std::size_t u = 0; u < z.size(); ++u) {
    const bool either = z[u] == 0 && dice.chance(0.5);
    const bool active = (z[u] > 0) != (either || dice.chance(turned));
    phases.push_back(
        {Unstable{static_cast<std::int32_t>(u)}, active ? ReluPhase::active : ReluPhase::inactive});
  }
  for (std::size_t k = phases.size(); k > 1; --k)
    std::swap(phases[k - 1],
              phases[static_cast<std::size_t>(dice.whole(0, static_cast<int>(k) - 1))]);
  return phases;
}

bool is_planted(const PlantedClause& clause, const std::vector<DecidedPhase>& phases) {
  return std::any_of(clause.planted.begin(), clause.planted.end(),
                     [&](const Rationals& z) { return has_all(z, phases); });
}

std::vector<double> gaps(const PhasePropagation& propagation, std::int32_t neurons) {
  std::vector<double> result;
  for (std::int32_t u = 0; u < neurons; ++u) {
    result.push_back(propagation.gap(Unstable{u}));
    result.push_back(propagation.is_active(Unstable{u}) ? 1.0 : 0.0);
    result.push_back(propagation.is_inactive(Unstable{u}) ? 1.0 : 0.0);
  }
  return result;
}

TEST(PlantedPhases, PropagationExcludesNone) {
  Dice dice(7201);
  int conflicts = 0, followed = 0, planted = 0;
  for (int trial = 0; trial < 120; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const PlantedClause clause = random_clause(dice, trial);
    const auto constraints = clause.bounded->constraints();
    PhasePropagation propagation(constraints);
    ASSERT_TRUE(propagation.begin());
    planted += static_cast<int>(clause.planted.size());
    for (int round = 0; round < 20; ++round) {
      propagation.take_back(static_cast<std::size_t>(
          round % 3 == 0 ? 0 : dice.whole(0, static_cast<int>(propagation.decisions()))));
      for (const DecidedPhase& phase : random_phases(dice, clause, round < 4 ? 0.0 : 0.3)) {
        const std::vector<double> before = gaps(propagation, constraints->neurons());
        if (!propagation.decide(phase)) {
          ++conflicts;
          EXPECT_FALSE(is_planted(clause, propagation.conflict()));
          propagation.take_back(propagation.decisions() - 1);
          EXPECT_EQ(gaps(propagation, constraints->neurons()), before);
        }
      }
      // What follows holds at every point that has the reasons. A neuron whose z is 0 may be set to
      // both, one after the other: the reasons are those of the first.
      std::set<std::int32_t> seen;
      for (const DecidedPhase& phase : propagation.phases_set()) {
        if (!seen.insert(raw(phase.neuron)).second) continue;
        ++followed;
        const std::vector<DecidedPhase> reasons = propagation.reasons_of(phase.neuron);
        for (const Rationals& z : clause.planted)
          EXPECT_TRUE(!has_all(z, reasons) || has_phase(z, phase));
      }
    }
  }
  EXPECT_GT(conflicts, 200);
  EXPECT_GT(followed, 1000);
  EXPECT_GT(planted, 120);
}

TEST(PlantedPhases, PropagationOfManyAtOnceExcludesNone) {
  Dice dice(7202);
  int conflicts = 0;
  for (int trial = 0; trial < 120; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const PlantedClause clause = random_clause(dice, trial);
    PhasePropagation propagation(clause.bounded->constraints());
    ASSERT_TRUE(propagation.begin());
    for (int round = 0; round < 40; ++round) {
      propagation.take_back(0);
      const std::vector<DecidedPhase> phases = random_phases(dice, clause, round < 4 ? 0.0 : 0.2);
      if (propagation.decide_all(phases)) continue;
      ++conflicts;
      EXPECT_FALSE(is_planted(clause, propagation.conflict()));
    }
  }
  EXPECT_GT(conflicts, 500);
}

/// Whether a core names only what was decided.
bool is_part_of(const std::vector<DecidedPhase>& core, const std::vector<DecidedPhase>& decided) {
  return std::all_of(core.begin(), core.end(), [&](const DecidedPhase& phase) {
    return std::any_of(decided.begin(), decided.end(), [&](const DecidedPhase& other) {
      return other.neuron == phase.neuron && other.phase == phase.phase;
    });
  });
}

TEST(PlantedPhases, SumsOfConstraintsExcludeNone) {
  if (!TriangleProgram::is_available()) GTEST_SKIP() << "libClp.so.1 is not installed";
  Dice dice(7203);
  int cores = 0, shorter = 0;
  for (int trial = 0; trial < 80; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const PlantedClause clause = random_clause(dice, trial);
    TriangleProgram program(clause.bounded->constraints());
    for (int round = 0; round < 12; ++round) {
      for (const DecidedPhase& phase : program.decided()) {
        if (dice.chance(0.5)) program.undecide(phase.neuron);
      }
      const double part = dice.chance(0.4) ? 1.0 : dice.uniform(0.2, 1.0);
      for (const DecidedPhase& phase : random_phases(dice, clause, round < 3 ? 0.0 : 0.25)) {
        if (dice.chance(part)) program.decide(phase);
      }
      if (program.solve(10.0) != base::Simplex::Answer::infeasible) continue;
      const auto core = program.core();
      if (!core) continue;
      ++cores;
      shorter += core->size() < program.decided().size() ? 1 : 0;
      EXPECT_TRUE(is_part_of(*core, program.decided()));
      EXPECT_FALSE(is_planted(clause, *core));
    }
  }
  EXPECT_GT(cores, 300);
  EXPECT_GT(shorter, 150);
}

/// The inputs with all these phases that fulfil the clause with its thresholds moved by `slack`, as
/// forms that are at most 0.
std::vector<RationalForm> half_spaces(const PlantedClause& clause,
                                      const std::vector<DecidedPhase>& phases,
                                      const Rational& slack) {
  const ClauseConstraints constraints(clause.bounded->network, clause.bounded->clause_rows());
  const std::size_t n = clause.lower.size();
  std::vector<RationalForm> of_column(constraints.columns(), {Rationals(n), 0}), result;
  for (std::size_t i = 0; i < n; ++i) of_column[i].coefficients[i] = 1;
  const auto is_active = [&](std::int32_t u) {
    return std::any_of(phases.begin(), phases.end(), [&](const DecidedPhase& phase) {
      return raw(phase.neuron) == u && phase.phase == ReluPhase::active;
    });
  };
  const base::LinearRows& rows = constraints.rows;
  std::int64_t neurons = 0;
  for (int k = 0; k < clause.bounded->network->layers(); ++k)
    neurons += clause.bounded->network->layer(k).count;
  for (std::int64_t r = 0; r < rows.count(); ++r) {
    const auto first = static_cast<std::size_t>(at(rows.start, r)),
               end = static_cast<std::size_t>(at(rows.start, r + 1));
    RationalForm sum{Rationals(n), 0};
    const bool of_clause = std::isinf(at(rows.lower, r));
    for (std::size_t e = of_clause ? first : first + 1; e < end; ++e) {
      const RationalForm& part = at(of_column, rows.column[e]);
      const Rational c = of_clause ? rows.value[e] : -rows.value[e];
      for (std::size_t i = 0; i < n; ++i) sum.coefficients[i] += c * part.coefficients[i];
      sum.constant += c * part.constant;
    }
    if (of_clause) {
      sum.constant -= Rational(at(rows.upper, r)) + slack;
      result.push_back(sum);
      continue;
    }
    if (r >= neurons) continue;  // an equation between them
    const std::int32_t z = rows.column[first];
    sum.constant += (Rational(at(rows.lower, r)) + Rational(at(rows.upper, r))) / 2;
    at(of_column, z) = sum;
    const std::int32_t u = at(constraints.unstable, z);
    if (u < 0) continue;
    RationalForm sign = sum;
    if (is_active(u)) {
      at(of_column, z + 1) = sum;
      for (Rational& c : sign.coefficients) c = -c;
      sign.constant = -sign.constant;
    }
    sign.constant -= slack;
    result.push_back(sign);
  }
  return result;
}

bool has_point(const PlantedClause& clause, const std::vector<DecidedPhase>& phases,
               const Rational& slack) {
  Polytope region(rationals(clause.lower), rationals(clause.upper));
  for (const RationalForm& form : half_spaces(clause, phases, slack)) {
    region.cut(form);
    if (region.empty()) return false;
  }
  return true;
}

TEST(PlantedPhases, ProgramsOfAllPhasesAreExact) {
  if (!TriangleProgram::is_available()) GTEST_SKIP() << "libClp.so.1 is not installed";
  Dice dice(7204);
  int possible = 0, impossible = 0;
  for (int trial = 0; trial < 70; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const PlantedClause clause = random_clause(dice, trial);
    TriangleProgram program(clause.bounded->constraints());
    for (int round = 0; round < 8; ++round) {
      const std::vector<DecidedPhase> phases = random_phases(dice, clause, round < 2 ? 0.0 : 0.15);
      for (const DecidedPhase& phase : phases) program.decide(phase);
      const auto answer = program.solve(10.0);
      if (has_point(clause, phases, 0)) {
        ++possible;
        EXPECT_TRUE(answer != base::Simplex::Answer::infeasible || !program.core());
      } else if (!has_point(clause, phases, Rational(1, 10000))) {
        ++impossible;
        ASSERT_EQ(answer, base::Simplex::Answer::infeasible);
        EXPECT_TRUE(program.core().has_value());
      }
    }
  }
  EXPECT_GT(possible, 50);
  EXPECT_GT(impossible, 50);
}

}  // namespace
}  // namespace clipbound::test
