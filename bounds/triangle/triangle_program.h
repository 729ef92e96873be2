#pragma once
// Idea: all rows of a clause together with the triangle relaxation of every unstable ReLU, under the
//   phases of some of them, as one linear program. Where all are decided it is exact. Its
//   multipliers are proposals: the constraints are added up with them anew, rounded outward, and
//   decided phases that the sum does not need are left out of what is proved.
// Source: Ehlers, "Formal Verification of Piece-Wise Linear Feed-Forward Neural Networks", ATVA 2017
//   (the program); Neumaier and Shcherbina, "Safe bounds in linear and mixed-integer programming",
//   Math. Programming 2004 (the sum). Leaving out decided phases is own.
// Guarantees: no counterexample of the box has the phases that core() names (S15).
// Legend: rows: those of the constraints, then per unstable neuron a - z >= 0 and the chord
//   a <= s z + t.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/simplex.h"
#include "bounds/triangle/clause_constraints.h"

namespace clipbound::bounds {

class TriangleProgram {
 public:
  static bool is_available() { return base::Simplex::is_available(); }
  explicit TriangleProgram(std::shared_ptr<const ClauseConstraints> constraints);

  void decide(DecidedPhase phase);
  void undecide(Unstable neuron);
  bool is_decided(Unstable neuron) const { return at(states_, neuron) != State::undecided; }
  std::vector<DecidedPhase> decided() const { return phases_of(states_); }
  base::Simplex::Answer solve(double most_seconds);
  /// After `infeasible`: decided phases under which no counterexample is, proved; nothing where the
  /// sum of the constraints proves nothing (Clp has tolerances).
  std::optional<std::vector<DecidedPhase>> core() const;
  /// After `feasible`: the inputs.
  std::vector<double> inputs() const;
  std::int64_t pivots() const { return simplex_->pivots(); }
  std::int64_t entries() const { return static_cast<std::int64_t>(rows_.value.size()); }

 private:
  enum class State : std::uint8_t { undecided, inactive, active };
  struct Interval {
    double lower, upper;
  };
  void add_relaxation(Unstable u);
  void tell_simplex(Unstable u);
  // The bounds of a neuron's columns and of its first row, as they are in a state.
  Interval z_in(Unstable u, State state) const;
  Interval a_in(Unstable u, State state) const;
  static double most_above_in(State state);
  std::int64_t row_above(std::size_t u) const {
    return constraints_->rows.count() + 2 * static_cast<std::int64_t>(u);
  }
  /// The unstable neuron whose row a - z >= 0 this is, or -1.
  std::int64_t neuron_above(std::int64_t row) const {
    const std::int64_t k = row - constraints_->rows.count();
    return k >= 0 && k % 2 == 0 ? k / 2 : -1;
  }
  static std::vector<DecidedPhase> phases_of(const std::vector<State>& states);
  double upper_of(std::int64_t row, const std::vector<State>& states) const;

  /// A sum of the constraints: how far it is from being possible, and what each decided phase adds.
  struct Sum {
    double margin = 0.0;           ///< above 0: impossible
    std::vector<double> of_phase;  ///< [U] what the margin loses at most without the phase
  };
  Sum sum_up(std::span<const double> multipliers, const std::vector<State>& states) const;
  std::optional<std::vector<DecidedPhase>> prove(std::span<const double> multipliers) const;

  std::shared_ptr<const ClauseConstraints> constraints_;
  base::LinearRows rows_;
  std::vector<State> states_;  ///< [U]
  std::unique_ptr<base::Simplex> simplex_;
};

}  // namespace clipbound::bounds
