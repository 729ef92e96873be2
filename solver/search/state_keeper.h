#pragma once
// Idea: where searches leave what they have not finished, and find what an earlier process left: one
// entry per clause.
// Source: own.
// Guarantees: none of its own; shares add up by construction (S10).
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "solver/search/subproblem.h"
#include "specs/query/query.h"

namespace clipbound::solver {

/// While a search runs, what others have of it (ClauseState::elsewhere) counts as closed: it is
/// done once the rest is.
class StateKeeper {
 public:
  /// `resumed` may be nullptr.
  StateKeeper(const Query& query, const SearchState* resumed);

  /// What an earlier process left of a clause whose subproblems are boxes; nullptr: nothing that
  /// helps, the clause begins anew.
  const ClauseState* resumed_boxes(const Clause& clause) const;
  /// Where an earlier process left decisions on the neurons of the lowered network of this
  /// fingerprint: what is open of the clause by now. Nothing: the clause begins anew.
  std::optional<ClauseState> latest_decisions(const Clause& clause, std::uint64_t lowered) const;
  /// True where an earlier process left nothing open of the clause.
  bool was_refuted(const Clause& clause) const;
  /// What is known of a clause now; it counts unless more was closed before, or subproblems were
  /// lost (memory ran out). Safe from many threads.
  void keep(const Clause& clause, ClauseState state);
  /// Nothing of the clause is open.
  void keep_refuted(const Clause& clause);
  /// Everything is refuted, by whatever proof.
  void keep_all_refuted();
  std::uint32_t number_of(const Clause& clause) const {
    return static_cast<std::uint32_t>(&clause - query_.clauses.data());
  }
  /// Everything; clauses that no search has kept are as they were at the beginning. Its `problem`
  /// is for the caller to set. Safe from many threads.
  SearchState now() const;
  /// The same, and nothing is kept any more.
  SearchState take();

 private:
  ClauseState at_beginning(std::uint32_t clause) const;
  /// The state as a file has it: what is elsewhere is told apart, where it can be.
  ClauseState told(std::uint32_t clause, ClauseState state) const;

  const Query& query_;
  std::optional<SearchState> resumed_;  ///< what is elsewhere is among what is closed
  std::vector<ShareSum> elsewhere_;     ///< [clauses] of `resumed_`
  mutable std::mutex mutex_;
  std::map<std::uint32_t, ClauseState> kept_;
};

}  // namespace clipbound::solver
