#include "solver/search/warm_start.h"

#include "base/rounding.h"

namespace clipbound::solver {

ClauseState copy_of(const ClauseState& state) {
  ClauseState copy;
  copy.lowered = state.lowered;
  copy.closed = state.closed;
  copy.unsplittable = state.unsplittable;
  copy.elsewhere = state.elsewhere;
  for (const Subproblem& open : state.open)
    copy.open.push_back({Restrictions(open), Share::restored(open.share.depth())});
  return copy;
}

ClauseState unknown_clause(std::uint32_t clause) {
  Subproblem subproblem;
  subproblem.clause = clause;
  subproblem.share = Share::whole();
  subproblem.bound = -kInfinity;
  ClauseState state;
  state.open.push_back(std::move(subproblem));
  return state;
}

SearchState strengthened(const SearchState& state, std::span<const std::uint32_t> from,
                         std::uint64_t fingerprint) {
  SearchState stronger;
  stronger.problem = fingerprint;
  for (std::uint32_t k = 0; k < from.size(); ++k) {
    const ClauseState& before = state.clauses[from[k]];
    if (!before.unsplittable.is_zero()) {
      stronger.clauses.push_back(unknown_clause(k));
      continue;
    }
    ClauseState clause = copy_of(before);
    for (Subproblem& open : clause.open) open.clause = k;
    stronger.clauses.push_back(std::move(clause));
  }
  return stronger;
}

}  // namespace clipbound::solver
