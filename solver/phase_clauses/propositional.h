#pragma once
// Idea: clauses over phases of neurons, and an assignment that fulfils them.
// Source: CaDiCaL (Biere, Fazekas, Fleury, Heisinger 2020).
// Guarantees: as CaDiCaL's: `impossible` means that no assignment fulfils the clauses.
// Legend: variable u is true where neuron u is active.
#include <cstdint>
#include <memory>
#include <span>

#include "base/deadline.h"
#include "bounds/triangle/clause_constraints.h"

namespace clipbound::solver {

class PhaseAssignments {
 public:
  enum class Answer : std::uint8_t { found, impossible, stopped };

  /// Of so many neurons. Stops when the deadline has come.
  PhaseAssignments(std::int32_t neurons, const Deadline& deadline);
  ~PhaseAssignments();
  PhaseAssignments(const PhaseAssignments&) = delete;
  PhaseAssignments& operator=(const PhaseAssignments&) = delete;

  /// Not all of these phases together. None: nothing is possible.
  void exclude(std::span<const DecidedPhase> phases);
  /// Which phase is tried first.
  void prefer(DecidedPhase phase);
  /// After at most so many conflicts.
  Answer next(int most_conflicts);
  /// After `found`.
  ReluPhase phase(Unstable neuron) const;

 private:
  struct Solver;
  std::unique_ptr<Solver> solver_;
};

}  // namespace clipbound::solver
