#pragma once
// Idea: the books of a search: which shares of its clauses are closed, which cannot be split any
// further, and figures for progress.
// Source: own.
// Guarantees: a clause counts as refuted where its closed shares add up to exactly 1, and a search
// as exhausted where all its clauses are (S10).
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <vector>

#include "solver/search/open_bounds.h"
#include "solver/search/progress.h"
#include "solver/search/share.h"
#include "solver/search/subproblem.h"

namespace clipbound::solver {

/// What came of a search.
struct SearchOutcome {
  bool exhausted = false;          ///< every clause is refuted
  std::uint64_t open = 0;          ///< subproblems left
  std::uint64_t unsplittable = 0;  ///< of these, those that no split can make smaller any more
  bool holds_in_reals = false;     ///< a counterexample of real arithmetic is known
  double open_share = 0.0;         ///< of the clauses' trees that is still open, in [0, 1]
  /// Of the unsplittable ones: the row that lacks the most, where bounds are known.
  std::optional<OpenRow> given_up;
};

/// How long a search may take before something else is tried: after `seconds` it goes on only while
/// what it settled in the later half of its time promises an end within `times` slices. (All of its
/// time would promise too much where easy clauses ended first and a hard one is left; decision 70.)
struct TimeSlice {
  double seconds = 1e30;
  double times = 8.0;
  double begin_s = 0.0;  ///< of the deadline's clock
  /// `settled_at_half`: the share that was settled when half of the time until now had passed.
  bool over(double now_s, double settled_share, double settled_at_half) const {
    const double time = now_s - begin_s;
    if (time < seconds) return false;
    const double left = (1.0 - settled_share) * (0.5 * time);
    return left > (times * seconds - time) * (settled_share - settled_at_half);
  }
};

/// The share that a search has settled, by time: samples some hundredths of the time apart. Safe
/// from many threads.
class SettledHistory {
 public:
  explicit SettledHistory(const TimeSlice& slice)
      : begin_s_(slice.begin_s), least_step_s_(slice.seconds / 64.0), next_s_(slice.begin_s) {}
  /// Notes what is settled now, where the last note is old enough.
  void note(double now_s, double settled_share);
  /// What was settled when half of the time until now had passed, to the last note before.
  double at_half(double now_s) const;

 private:
  struct Sample {
    double seconds, settled;
  };
  const double begin_s_, least_step_s_;
  std::atomic<double> next_s_;
  mutable std::mutex mutex_;
  std::vector<Sample> samples_;  // guarded by mutex_, times rise
};

/// Shares of every clause of a search that are done with. Not synchronised: each worker has its own
/// and hands it over now and then.
class ClauseShares {
 public:
  explicit ClauseShares(std::size_t clauses) : closed_(clauses), unsplittable_(clauses) {}
  void close(std::size_t clause, Share& share) {
    touch(clause);
    share.close(closed_[clause]);
  }
  /// No split can make the subproblem smaller any more: its clause stays open.
  void give_up(std::size_t clause, Share& share) {
    touch(clause);
    share.close(unsplittable_[clause]);
  }
  /// Another proof has refuted the clause, whatever its shares say.
  void refute(std::size_t clause);
  /// Takes over what the other one holds, which is empty then.
  void take(ClauseShares& from);
  bool is_refuted(std::size_t clause) const { return closed_[clause].is_one(); }
  bool all_refuted() const;
  std::size_t clauses() const { return closed_.size(); }
  const ShareSum& closed(std::size_t clause) const { return closed_[clause]; }
  const ShareSum& unsplittable(std::size_t clause) const { return unsplittable_[clause]; }
  /// Takes over what an earlier process has closed.
  void resume(std::size_t clause, const ClauseState& state) {
    closed_[clause] = state.closed;
    unsplittable_[clause] = state.unsplittable;
  }

 private:
  void touch(std::size_t clause) {
    if (closed_[clause].is_zero() && unsplittable_[clause].is_zero()) touched_.push_back(clause);
  }

  std::vector<ShareSum> closed_, unsplittable_;
  std::vector<std::size_t> touched_;  // clauses with shares, since the last take()
};

/// Shared by the workers of one search. The figures are written with relaxed atomics and read for
/// progress; what is proved stands in the shares alone.
class SearchCounters {
 public:
  /// Every clause begins as one open subproblem.
  explicit SearchCounters(std::size_t clause_count)
      : clauses(static_cast<double>(clause_count)),
        open(static_cast<std::int64_t>(clause_count)),
        open_bounds(static_cast<std::int64_t>(clause_count)),
        shares_(clause_count) {}

  const double clauses;
  std::atomic<std::uint64_t> subproblems{0};
  std::atomic<std::int64_t> open;
  OpenBounds open_bounds;
  std::atomic<std::uint64_t> unsplittable{0};
  std::atomic<bool> holds_in_reals{false};
  std::atomic<double> settled{0.0};  ///< shares of clauses, summed

  /// A share of one clause is done with: a figure for progress.
  void settle(double share) { settled.fetch_add(share, std::memory_order_relaxed); }
  /// Takes over what a worker has closed. Safe from many threads.
  void take(ClauseShares& from) {
    const std::lock_guard lock(mutex_);
    shares_.take(from);
  }
  /// The worst row (the best of its subproblem) of a batch that stays open. Whoever reads while
  /// others write may mix two of them.
  void saw_open(const OpenRow& row) {
    last_clause_.store(row.clause, std::memory_order_relaxed);
    last_row_.store(row.row, std::memory_order_relaxed);
    last_bound_.store(row.bound, std::memory_order_relaxed);
  }
  std::optional<OpenRow> last_open() const;
  /// The best row of a subproblem that no split makes smaller. Safe from many threads.
  void saw_given_up(const OpenRow& row);
  std::optional<OpenRow> given_up() const;
  /// Subproblems that are not refuted. At any time of a search.
  std::uint64_t still_open() const;
  /// Another proof has refuted a clause of which so many subproblems were open.
  void refute(std::size_t clause, std::uint64_t subproblems_dropped);
  /// While no worker runs.
  const ClauseShares& shares() const { return shares_; }
  /// Before a search: what an earlier process has closed of a clause, and left open.
  void resume(std::size_t clause, const ClauseState& state);
  /// After a search: the clause without what is open.
  ClauseState state_of(std::size_t clause) const;

  /// After a search.
  SearchOutcome outcome() const;

 private:
  mutable std::mutex mutex_;
  ClauseShares shares_;
  std::atomic<double> last_bound_{kNothing};  // NaN while nothing was seen
  std::atomic<std::size_t> last_clause_{0}, last_row_{0};
  std::optional<OpenRow> given_up_;  // guarded by mutex_

  static constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace clipbound::solver
