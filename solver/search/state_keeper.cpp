#include "solver/search/state_keeper.h"

#include "solver/search/warm_start.h"

namespace clipbound::solver {

namespace {

/// False where memory ran out and subproblems were lost.
bool adds_up(const ClauseState& state) {
  ShareSum sum = state.closed;
  sum.add(state.unsplittable);
  for (const Subproblem& subproblem : state.open) sum.add(subproblem.share.depth());
  return sum.is_one();
}

/// Of what could not be split only the sum of shares is known.
bool can_resume(const ClauseState& state, std::uint64_t lowered) {
  return state.closed.is_one() || (!state.open.empty() && state.lowered == lowered);
}

}  // namespace

const ClauseState* StateKeeper::resumed_boxes(const Clause& clause) const {
  if (resumed_ == nullptr) return nullptr;
  const ClauseState& state = resumed_->clauses[number_of(clause)];
  return can_resume(state, 0) ? &state : nullptr;
}

std::optional<ClauseState> StateKeeper::latest_decisions(const Clause& clause,
                                                         std::uint64_t lowered) const {
  const std::uint32_t number = number_of(clause);
  if (resumed_ == nullptr || !can_resume(resumed_->clauses[number], lowered)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto kept = kept_.find(number);
  return copy_of(kept != kept_.end() && can_resume(kept->second, lowered)
                     ? kept->second
                     : resumed_->clauses[number]);
}

void StateKeeper::keep(const Clause& clause, ClauseState state) {
  const std::uint32_t number = number_of(clause);
  const std::lock_guard lock(mutex_);
  const auto kept = kept_.find(number);
  const ClauseState* before = kept != kept_.end()   ? &kept->second
                              : resumed_ != nullptr ? &resumed_->clauses[number]
                                                    : nullptr;
  if (before != nullptr && before->closed.value() > state.closed.value()) return;
  kept_[number] = std::move(state);
}

void StateKeeper::keep_refuted(const Clause& clause) {
  ClauseState state;
  state.closed.add(0);
  keep(clause, std::move(state));
}

SearchState StateKeeper::take(std::uint64_t fingerprint) {
  SearchState state;
  state.problem = fingerprint;
  for (std::uint32_t k = 0; k < query_.clauses.size(); ++k) {
    const auto kept = kept_.find(k);
    ClauseState clause = kept != kept_.end()   ? std::move(kept->second)
                         : resumed_ != nullptr ? copy_of(resumed_->clauses[k])
                                               : unknown_clause(k);
    state.clauses.push_back(adds_up(clause) ? std::move(clause) : unknown_clause(k));
  }
  return state;
}

}  // namespace clipbound::solver
