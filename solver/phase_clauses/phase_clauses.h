#pragma once
// Idea: a clause on one box, where its rows are impossible only together and phases decide it like
//   variables of a formula. CaDiCaL assigns all phases. Propagation, and where that finds nothing
//   the linear program of all rows, which is exact then, say which of them cannot be together: a
//   clause that is learned. Assignments that nothing learned excludes get fewer, until one is a
//   counterexample or there is none.
// Source: lazy SMT (Barrett et al., Handbook of Satisfiability, 2009, chapter 26); for ReLUs Katz et
//   al., CAV 2017, and Ehlers, ATVA 2017. Ours differs: every learned clause is proved from the
//   whole box, by propagation or by a sum of constraints, rounded outward, and several are learned
//   of an assignment.
// Guarantees: `refuted` means that every assignment of phases is excluded by clauses proved so (S15).
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "bounds/triangle/phase_propagation.h"
#include "bounds/triangle/triangle_program.h"
#include "solver/phase_clauses/propositional.h"
#include "solver/search/search_context.h"
#include "specs/query/query.h"

namespace clipbound::solver {

class PhaseClauses {
 public:
  enum class Answer : std::uint8_t {
    open,        ///< out of time
    refuted,     ///< the clause is
    found,       ///< the judge has a counterexample
    unresolved,  ///< an assignment is possible within tolerances, and no counterexample
  };

  PhaseClauses(std::shared_ptr<const SparseNetwork> network, const ClauseRows& rows,
               const Clause& clause, const SearchContext& context);

  /// Goes on for about so long.
  Answer run(double seconds);
  /// Whether what was learned so far is short enough to exclude much: of a deep network's clauses
  /// hardly any is.
  bool promises() const;
  /// Whether enough was learned to tell.
  bool knows() const;
  std::uint64_t learned() const { return learned_; }
  double mean_length() const {
    return learned_ == 0 ? 0.0 : length_ / static_cast<double>(learned_);
  }

 private:
  bool is_over() const { return context_.deadline.spent_s() >= end_s_ || context_.ended(); }
  void watch_memory() const;
  /// What propagation has done so far is told to the deadline.
  void count_work() { context_.deadline.work(propagation_.take_work() + shrinking_.take_work()); }
  Answer try_assignment();
  void exclude(const std::vector<DecidedPhase>& core);
  /// Every conflict that propagation meets on its way through the assignment; true if there is one.
  /// What follows from the neurons before is not decided: the assignment may have it otherwise.
  bool learn_by_propagation();
  /// Learns from a conflict of propagation.
  void learn_conflict();
  /// Learns why phases follow that are not as they are assigned: those of `core` among the first
  /// `end` that were set.
  void learn_why(std::vector<DecidedPhase> core, const std::vector<DecidedPhase>& set,
                 std::size_t end);
  /// A clause of the phases before set[end] and the opposite of it, or, at the end, of all.
  std::vector<DecidedPhase> core_at(const std::vector<DecidedPhase>& set, std::size_t end);
  /// The first few of these phases that propagation says cannot be together; empty where it does
  /// not.
  std::vector<DecidedPhase> first_conflict(const std::vector<DecidedPhase>& phases);
  /// Leaves out what propagation needs not.
  void shrink_by_propagation(std::vector<DecidedPhase>& phases);
  /// The program under the phases of the neurons that matter, and if it is possible under all.
  Answer try_program();
  /// Learns from an impossible program; false where that is not proved.
  bool learn_by_program();
  /// Leaves out phases one by one, as long as the program stays impossible.
  std::vector<DecidedPhase> shrink_by_program(std::vector<DecidedPhase> core);
  base::Simplex::Answer solve();

  const std::shared_ptr<const ClauseConstraints> constraints_;
  const Clause& clause_;
  const SearchContext& context_;
  PhasePropagation propagation_, shrinking_;
  std::unique_ptr<TriangleProgram> program_;  ///< made when it is first needed
  double end_s_ = 0.0;                        ///< of the turn
  bool has_begun_ = false;
  bool begin();
  void order_neurons();
  PhaseAssignments assignments_;
  std::vector<DecidedPhase> assignment_;  ///< [U]
  /// Neurons that may bend: of the others the relaxation is next to exact once the clause's rows
  /// hold. Those come first of which most follows.
  std::vector<Unstable> bending_;
  std::vector<std::uint32_t> occurs_;  ///< [U] in learned clauses
  bool is_refuted_ = false;            ///< a clause without phases was learned
  std::uint64_t assignments_tried_ = 0, learned_ = 0;
  double length_ = 0.0;  ///< of all that were learned
  std::int64_t counted_pivots_ = 0;
};

}  // namespace clipbound::solver
