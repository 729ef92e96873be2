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

class StateKeeper {
 public:
  /// `resumed` may be nullptr; it outlives the keeper.
  StateKeeper(const Query& query, const SearchState* resumed) : query_(query), resumed_(resumed) {}

  /// What an earlier process left of a clause whose subproblems are boxes; nullptr: nothing that
  /// helps, the clause begins anew.
  const ClauseState* resumed_boxes(const Clause& clause) const;
  /// Where an earlier process left decisions on the neurons of the lowered network of this
  /// fingerprint: what is open of the clause by now. Nothing: the clause begins anew.
  std::optional<ClauseState> latest_decisions(const Clause& clause, std::uint64_t lowered) const;
  /// What is known of a clause now; it counts unless more was closed before. Safe from many
  /// threads.
  void keep(const Clause& clause, ClauseState state);
  /// Nothing of the clause is open.
  void keep_refuted(const Clause& clause);
  std::uint32_t number_of(const Clause& clause) const {
    return static_cast<std::uint32_t>(&clause - query_.clauses.data());
  }
  /// Everything; clauses that no search has kept are as they were at the beginning.
  SearchState take(std::uint64_t fingerprint);

 private:
  const Query& query_;
  const SearchState* const resumed_;
  mutable std::mutex mutex_;
  std::map<std::uint32_t, ClauseState> kept_;
};

}  // namespace clipbound::solver
