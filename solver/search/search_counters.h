#pragma once
// Idea: the books of a search: which shares of its clauses are closed, which cannot be split any
// further, and figures for progress.
// Source: own.
// Guarantees: a clause counts as refuted where its closed shares add up to exactly 1, and a search
// as exhausted where all its clauses are (S10).
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "solver/search/progress.h"
#include "solver/search/share.h"
#include "solver/search/subproblem.h"

namespace clipbound::solver {

/// What came of a search.
struct SearchOutcome {
  bool exhausted = false;          ///< every clause is refuted
  std::uint64_t open = 0;          ///< subproblems left
  std::uint64_t unsplittable = 0;  ///< of these, those that no split can make smaller any more
  std::uint64_t touching = 0;      ///< of these, those that are open by rounding alone
  bool holds_in_reals = false;     ///< a counterexample of real arithmetic is known
  double worst_bound = 0.0;  ///< smallest of the last open subproblems' bounds (best row of each)
  double open_share = 0.0;   ///< of the clauses' trees that is still open, in [0, 1]
};

/// How long a search may take before something else is tried: after `seconds` it goes on only while
/// the share that it has settled promises an end within `times` slices.
struct TimeSlice {
  double seconds = 1e30;
  double times = 8.0;
  double begin_s = 0.0;  ///< of the deadline's clock
  bool over(double now_s, double settled_share) const {
    const double time = now_s - begin_s;
    return time >= seconds && time > times * seconds * settled_share;
  }
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
        shares_(clause_count) {}

  const double clauses;
  std::atomic<std::uint64_t> subproblems{0};
  std::atomic<std::int64_t> open;
  std::atomic<std::uint64_t> unsplittable{0};
  std::atomic<std::uint64_t> touching{0};  ///< of these, those that are open by rounding alone
  std::atomic<bool> holds_in_reals{false};
  std::atomic<double> settled{0.0};  ///< shares of clauses, summed
  std::atomic<double> worst_bound{0.0};

  /// A share of one clause is done with: a figure for progress.
  void settle(double share) { settled.fetch_add(share, std::memory_order_relaxed); }
  /// Takes over what a worker has closed. Safe from many threads.
  void take(ClauseShares& from) {
    const std::lock_guard lock(mutex_);
    shares_.take(from);
  }
  /// Another proof has refuted a clause of which so many subproblems were open.
  void refute(std::size_t clause, std::uint64_t subproblems_dropped);
  /// While no worker runs.
  const ClauseShares& shares() const { return shares_; }
  /// Before a search: what an earlier process has closed of a clause, and left open.
  void resume(std::size_t clause, const ClauseState& state);
  /// After a search: the clause without what is open.
  ClauseState state_of(std::size_t clause) const;

  /// At any time of a search.
  SearchProgress progress(double elapsed_s) const;
  /// After a search.
  SearchOutcome outcome() const;

 private:
  std::mutex mutex_;
  ClauseShares shares_;
};

}  // namespace clipbound::solver
