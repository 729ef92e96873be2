#pragma once
// Idea: phases are decided one after the other, and each tightens the bounds of what depends on it,
//   forward and backward through the constraints: what propagation does in a solver of formulas or
//   of integer programs. Each tightening remembers what it came from, so that an empty interval
//   names the phases behind it.
// Source: bound tightening as in mixed-integer programming (Savelsbergh 1994), its conflicts as
//   Achterberg, "Conflict analysis in mixed integer programming", 2007.
// Guarantees: every step is rounded outward: no counterexample of the box has all phases that
//   conflict() names (S15).
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bounds/triangle/clause_constraints.h"

namespace clipbound::bounds {

class PhasePropagation {
 public:
  explicit PhasePropagation(std::shared_ptr<const ClauseConstraints> constraints);

  /// What follows from the constraints alone: false where they are impossible.
  bool begin();
  /// Decides a phase; false where that is impossible: see conflict(). Then, or at any time,
  /// take_back() goes on.
  bool decide(DecidedPhase phase);
  /// The same for all of these at once, as one decision after the other: what they say together at
  /// once is found before what follows from some of them by many steps.
  bool decide_all(std::span<const DecidedPhase> phases);
  /// Decided phases that cannot be together: after a decide() or begin() that was impossible.
  std::vector<DecidedPhase> conflict() const;
  /// Decided phases that a neuron's phase follows from, where it is known.
  std::vector<DecidedPhase> reasons_of(Unstable neuron) const;
  /// Phases in the order in which they were set: decided ones, and such that followed from them.
  /// The last one may contradict another.
  std::vector<DecidedPhase> phases_set() const;
  /// Takes back the newest decisions, so that so many are left.
  void take_back(std::size_t decisions);
  std::size_t decisions() const { return decisions_.size(); }
  /// Bounds that were tightened since begin().
  std::size_t changes() const { return changes_.size(); }
  bool is_active(Unstable u) const { return at(lower_, at(constraints_->z, u)) >= 0.0; }
  bool is_inactive(Unstable u) const { return at(upper_, at(constraints_->z, u)) <= 0.0; }
  /// How far at most the relaxation of a ReLU on what its bounds are now is from the ReLU.
  double gap(Unstable u) const {
    const std::int32_t z = at(constraints_->z, u), a = at(constraints_->a, u);
    return std::min(-at(lower_, z), at(upper_, a));
  }
  /// Whether more of the neuron's interval is above 0 than below.
  bool is_mostly_active(Unstable u) const {
    const std::int32_t z = at(constraints_->z, u);
    return at(upper_, z) > -at(lower_, z);
  }
  /// Operations so far.
  double take_work();

 private:
  enum class Side : std::uint8_t { lower, upper };
  static constexpr std::int32_t kOfDecision = -1, kOfReLU = -2;  // instead of a row
  /// A bound that was tightened.
  struct Change {
    double before;
    std::int32_t column;
    std::int32_t earlier;  ///< the change of the same bound before this one, or -1
    std::int32_t reason;   ///< a row, or kOfDecision, kOfReLU
    Side side;
    bool sets_phase;  ///< of a z: its sign is known from here on
  };
  struct Decision {
    DecidedPhase phase;
    std::size_t first_change;
  };
  double& bound(std::int32_t column, Side side) {
    return side == Side::lower ? at(lower_, column) : at(upper_, column);
  }
  std::int32_t& latest(std::int32_t column, Side side) {
    return at(latest_, 2 * column + (side == Side::upper ? 1 : 0));
  }
  std::int32_t latest_before(std::int32_t column, Side side, std::int32_t change) const;
  /// False where nothing is left between the column's bounds.
  bool tighten(std::int32_t column, Side side, double value, std::int32_t reason);
  void wake_rows_of(std::int32_t column);
  bool set_phase(DecidedPhase phase);
  bool propagate();
  void clear_queue(std::size_t from);
  bool propagate_row(std::int32_t row);
  bool propagate_relu(std::int32_t u);
  void fail(std::int32_t column, Side side);
  /// The decided phases behind the marked changes.
  std::vector<DecidedPhase> decided_behind(std::vector<char> marked) const;
  DecidedPhase phase_of(const Change& change) const {
    return {Unstable{at(constraints_->unstable, change.column)},
            change.side == Side::lower ? ReluPhase::active : ReluPhase::inactive};
  }
  /// Marks what a change by this reason used, of what was there before it.
  void mark_used(std::int32_t reason, std::int32_t column, Side side, std::int32_t change,
                 std::vector<char>& marked) const;

  std::shared_ptr<const ClauseConstraints> constraints_;
  std::vector<double> lower_, upper_;  // [columns]
  std::vector<std::int32_t> latest_;   // [2 columns] newest change of each bound, or -1
  std::vector<Change> changes_;
  std::vector<Decision> decisions_;
  std::vector<std::int64_t> first_row_;  // [columns + 1] of rows_of_
  std::vector<std::int32_t> rows_of_;
  std::vector<std::int32_t> queue_;  // rows; neurons as -1 - u
  std::vector<char> in_queue_, neuron_in_queue_;
  // What went wrong: a bound past its opposite.
  std::int32_t failed_column_ = -1;
  Side failed_side_ = Side::lower;
  bool failed_ = false;
  double work_ = 0.0;
};

}  // namespace clipbound::bounds
