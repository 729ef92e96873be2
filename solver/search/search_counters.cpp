#include "solver/search/search_counters.h"

#include <algorithm>
#include <cmath>

namespace clipbound::solver {

namespace {

std::uint64_t count_of(const ShareSum& shares) {
  std::uint64_t count = 0;
  for (const std::uint64_t times : shares.counts()) count += times;
  return count;
}

}  // namespace

void SettledHistory::note(double now_s, double settled_share) {
  if (now_s < next_s_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  if (now_s < next_s_.load(std::memory_order_relaxed)) return;
  samples_.push_back({now_s, settled_share});
  next_s_.store(now_s + std::max(least_step_s_, 0.02 * (now_s - begin_s_)),
                std::memory_order_relaxed);
}

double SettledHistory::at_half(double now_s) const {
  const double half_s = begin_s_ + 0.5 * (now_s - begin_s_);
  const std::lock_guard lock(mutex_);
  double settled = 0.0;
  for (const Sample& sample : samples_) {
    if (sample.seconds > half_s) break;
    settled = sample.settled;
  }
  return settled;
}

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
  const auto more = static_cast<std::int64_t>(state.open.size()) - 1;
  open.fetch_add(more);
  open_bounds.add_unknown(more + static_cast<std::int64_t>(count_of(state.unsplittable)));
}

ClauseState SearchCounters::state_of(std::size_t clause) const {
  ClauseState state;
  state.closed = shares_.closed(clause);
  state.unsplittable = shares_.unsplittable(clause);
  return state;
}

std::optional<OpenRow> SearchCounters::last_open() const {
  const double bound = last_bound_.load(std::memory_order_relaxed);
  if (std::isnan(bound)) return std::nullopt;
  return OpenRow{last_clause_.load(std::memory_order_relaxed),
                 last_row_.load(std::memory_order_relaxed), bound};
}

void SearchCounters::saw_given_up(const OpenRow& row) {
  const std::lock_guard lock(mutex_);
  if (!given_up_ || row.bound < given_up_->bound) given_up_ = row;
}

std::optional<OpenRow> SearchCounters::given_up() const {
  const std::lock_guard lock(mutex_);
  return given_up_;
}

std::uint64_t SearchCounters::still_open() const {
  return static_cast<std::uint64_t>(
             std::max<std::int64_t>(0, open.load(std::memory_order_relaxed))) +
         unsplittable.load(std::memory_order_relaxed);
}

SearchOutcome SearchCounters::outcome() const {
  SearchOutcome outcome;
  outcome.unsplittable = unsplittable.load();
  outcome.open = still_open();
  outcome.given_up = given_up();
  outcome.holds_in_reals = holds_in_reals.load();
  outcome.exhausted = shares_.all_refuted();
  for (std::size_t k = 0; k < shares_.clauses(); ++k)
    outcome.open_share += (1.0 - shares_.closed(k).value()) / clauses;
  return outcome;
}

}  // namespace clipbound::solver
