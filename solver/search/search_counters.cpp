#include "solver/search/search_counters.h"

#include <algorithm>

namespace clipbound::solver {

namespace {

std::uint64_t count_of(const ShareSum& shares) {
  std::uint64_t count = 0;
  for (const std::uint64_t times : shares.counts()) count += times;
  return count;
}

}  // namespace

void ClauseShares::refute(std::size_t clause) {
  closed_[clause] = {};
  closed_[clause].add(0);
  unsplittable_[clause] = {};
}

void ClauseShares::take(ClauseShares& from) {
  for (const std::size_t k : from.touched_) {
    closed_[k].add(std::exchange(from.closed_[k], {}));
    unsplittable_[k].add(std::exchange(from.unsplittable_[k], {}));
  }
  from.touched_.clear();
}

bool ClauseShares::all_refuted() const {
  return std::all_of(closed_.begin(), closed_.end(),
                     [](const ShareSum& closed) { return closed.is_one(); });
}

void SearchCounters::refute(std::size_t clause, std::uint64_t subproblems_dropped) {
  const std::lock_guard lock(mutex_);
  settle(1.0 - shares_.closed(clause).value());
  unsplittable.fetch_sub(count_of(shares_.unsplittable(clause)));
  shares_.refute(clause);
  open.fetch_sub(static_cast<std::int64_t>(subproblems_dropped));
}

void SearchCounters::resume(std::size_t clause, const ClauseState& state) {
  const std::lock_guard lock(mutex_);
  shares_.resume(clause, state);
  settle(state.closed.value());
  unsplittable.fetch_add(count_of(state.unsplittable));
  open.fetch_add(static_cast<std::int64_t>(state.open.size()) - 1);
}

ClauseState SearchCounters::state_of(std::size_t clause) const {
  ClauseState state;
  state.closed = shares_.closed(clause);
  state.unsplittable = shares_.unsplittable(clause);
  return state;
}

SearchProgress SearchCounters::progress(double elapsed_s) const {
  SearchProgress progress;
  progress.elapsed_s = elapsed_s;
  progress.subproblems = subproblems.load(std::memory_order_relaxed);
  progress.open =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, open.load(std::memory_order_relaxed)));
  progress.worst_bound = worst_bound.load(std::memory_order_relaxed);
  progress.settled_share = std::clamp(settled.load(std::memory_order_relaxed) / clauses, 0.0, 1.0);
  return progress;
}

SearchOutcome SearchCounters::outcome() const {
  SearchOutcome outcome;
  outcome.unsplittable = unsplittable.load();
  outcome.open =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, open.load())) + outcome.unsplittable;
  outcome.touching = std::min(touching.load(), outcome.unsplittable);
  outcome.holds_in_reals = holds_in_reals.load();
  outcome.worst_bound = worst_bound.load();
  outcome.exhausted = shares_.all_refuted();
  for (std::size_t k = 0; k < shares_.clauses(); ++k)
    outcome.open_share += (1.0 - shares_.closed(k).value()) / clauses;
  return outcome;
}

}  // namespace clipbound::solver
