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

StateKeeper::StateKeeper(const Query& query, const SearchState* resumed) : query_(query) {
  if (resumed == nullptr) return;
  resumed_.emplace();
  for (const ClauseState& state : resumed->clauses) {
    resumed_->clauses.push_back(copy_of(state));
    resumed_->clauses.back().closed.add(state.elsewhere);
    elsewhere_.push_back(std::exchange(resumed_->clauses.back().elsewhere, {}));
  }
}

const ClauseState* StateKeeper::resumed_boxes(const Clause& clause) const {
  if (!resumed_) return nullptr;
  const ClauseState& state = resumed_->clauses[number_of(clause)];
  return can_resume(state, 0) ? &state : nullptr;
}

bool StateKeeper::was_refuted(const Clause& clause) const {
  return resumed_ && resumed_->clauses[number_of(clause)].closed.is_one();
}

std::optional<ClauseState> StateKeeper::latest_decisions(const Clause& clause,
                                                         std::uint64_t lowered) const {
  const std::uint32_t number = number_of(clause);
  if (!resumed_ || !can_resume(resumed_->clauses[number], lowered)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto kept = kept_.find(number);
  return copy_of(kept != kept_.end() && can_resume(kept->second, lowered)
                     ? kept->second
                     : resumed_->clauses[number]);
}

void StateKeeper::keep(const Clause& clause, ClauseState state) {
  const std::uint32_t number = number_of(clause);
  if (!adds_up(state)) return;
  for (Subproblem& open : state.open) open.clause = number;
  const std::lock_guard lock(mutex_);
  const auto kept = kept_.find(number);
  const ClauseState* before = kept != kept_.end() ? &kept->second
                              : resumed_          ? &resumed_->clauses[number]
                                                  : nullptr;
  if (before != nullptr && before->closed.value() > state.closed.value()) return;
  kept_[number] = std::move(state);
}

void StateKeeper::keep_refuted(const Clause& clause) {
  if (was_refuted(clause)) return;  // by whom is known
  ClauseState state;
  state.closed.add(0);
  keep(clause, std::move(state));
}

void StateKeeper::keep_all_refuted() {
  const std::lock_guard lock(mutex_);
  for (std::uint32_t k = 0; k < query_.clauses.size(); ++k) {
    const auto kept = kept_.find(k);
    if (kept != kept_.end() && kept->second.closed.is_one()) continue;
    // What is elsewhere is nobody's proof here: what this run began with is closed, and no more.
    ClauseState state = at_beginning(k);
    state.closed.add(std::exchange(state.unsplittable, {}));
    for (const Subproblem& open : state.open) state.closed.add(open.share.depth());
    state.open.clear();
    kept_[k] = std::move(state);
  }
}

ClauseState StateKeeper::at_beginning(std::uint32_t clause) const {
  return resumed_ ? copy_of(resumed_->clauses[clause]) : unknown_clause(clause);
}

ClauseState StateKeeper::told(std::uint32_t clause, ClauseState state) const {
  if (!resumed_) return state;
  // Where another proof has refuted the clause, or it was begun anew as a whole, what others have
  // of it is not among what is closed; but then that is true of all of it.
  if (std::optional<ShareSum> own = state.closed.without(elsewhere_[clause])) {
    state.closed = *std::move(own);
    state.elsewhere = elsewhere_[clause];
  }
  return state;
}

SearchState StateKeeper::now() const {
  const std::lock_guard lock(mutex_);
  SearchState state;
  for (std::uint32_t k = 0; k < query_.clauses.size(); ++k) {
    const auto kept = kept_.find(k);
    state.clauses.push_back(told(k, kept != kept_.end() ? copy_of(kept->second) : at_beginning(k)));
  }
  return state;
}

SearchState StateKeeper::take() {
  const std::lock_guard lock(mutex_);
  SearchState state;
  for (std::uint32_t k = 0; k < query_.clauses.size(); ++k) {
    const auto kept = kept_.find(k);
    state.clauses.push_back(
        told(k, kept != kept_.end() ? std::move(kept->second) : at_beginning(k)));
  }
  kept_.clear();
  return state;
}

}  // namespace clipbound::solver
