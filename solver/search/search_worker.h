#pragma once
// Idea: what the workers of all splits share: when to stop, when to attack, how much memory there
// is, and their own books. A worker is the state of an engine. Building one costs more than most
// subtrees, so that they are kept in a pool; one belongs to a task while that runs, not to a
// thread.
// Source: own.
// Guarantees: what a worker closes is counted once (S10); it decides only when work ends.
#include <atomic>
#include <cstdint>
#include <optional>

#include "base/stats.h"
#include "solver/search/search_context.h"
#include "solver/search/search_counters.h"
#include "solver/strategy.h"

namespace clipbound::solver {

/// What the workers of one search share.
struct SearchTeam {
  SearchTeam(const SearchContext& of, SearchCounters& books, TimeSlice slice, AttackRhythm attack,
             std::uint16_t traced = 0)
      : context(of),
        counters(books),
        time_slice(slice),
        history(slice),
        rhythm(attack),
        number(traced),
        next_attack_s(of.deadline.spent_s() + attack.every_s) {}

  /// True where the search is to end: it was stopped, the context says so, or its time slice is
  /// over; from then on for all workers.
  bool is_over();
  /// True where all workers are to stop for a cut, and to go on after it.
  bool pauses() {
    if (context.cuts == nullptr) return false;
    if (!pausing.load(std::memory_order_relaxed) && context.cuts->is_due()) pausing.store(true);
    return pausing.load(std::memory_order_relaxed);
  }

  const SearchContext& context;
  SearchCounters& counters;
  const TimeSlice time_slice;
  SettledHistory history;
  const AttackRhythm rhythm;
  const std::uint16_t number;          ///< in the trace
  std::atomic<bool> pausing{false};    ///< for a cut
  std::atomic<bool> stopped{false};    ///< by an error, or once it was over
  std::atomic<bool> attacking{false};  ///< one worker at a time
  std::atomic<double> next_attack_s;
};

/// Base of a search's workers.
class SearchWorker {
 public:
  SearchWorker(const SearchWorker&) = delete;
  SearchWorker& operator=(const SearchWorker&) = delete;
  /// Adds what was closed, and the figures, to the search's.
  void hand_over();
  /// What the trace is told from now on happens now.
  void stamp() {
    if (trace_) trace_.stamp(deadline_.elapsed_s());
  }
  Statistics statistics;

 protected:
  explicit SearchWorker(SearchTeam& team);
  ~SearchWorker() = default;

  /// Where nobody else does and it is time.
  void attack_now_and_then();
  /// Ends the whole solve() where the process holds more memory than it may.
  void watch_memory() const;
  /// Subproblems that were bounded.
  void count_bounded(std::size_t subproblems) {
    statistics.subproblems += subproblems;
    bounded_ += subproblems;
  }
  /// The best row of a subproblem has this lower bound minus its threshold.
  void bounded(std::size_t clause, Share& share, double bound);
  /// The subproblem is refuted, or (`clipped`) nothing is left of it.
  void close(std::size_t clause, Share& share, NodeEnd how = NodeEnd::refuted);
  /// No split can make it smaller any more; `row` is its clause's that lacks the least.
  void give_up(const OpenRow& row, Share& share);
  /// The same where no bounds are known.
  void give_up(std::size_t clause, Share& share);
  /// Its rows are within their rounding of 0: no split makes them decide. `in_reals`: a point of it
  /// satisfies them in real arithmetic.
  void give_up_touching(const OpenRow& row, Share& share, bool in_reals);
  /// One subproblem has become two; what is returned is that half.
  Share split(std::size_t clause, Share& share, const SplitAt& at, Half half) {
    ++open_;
    open_bounds_.add(share.marks.level, 1);
    Share other = share.split();
    trace_.split(clause, share, other, at, half);
    return other;
  }
  /// Adds the figures to the search's.
  void report_figures();

  SearchTeam& team_;
  const SearchContext& context_;
  const Deadline& deadline_;
  CandidateJudge& judge_;
  TraceHand trace_;

 private:
  ClauseShares shares_;
  std::uint64_t bounded_ = 0, unsplittable_ = 0;
  std::int64_t open_ = 0;
  double settled_ = 0.0;
  OpenBoundsChanges open_bounds_;
  std::optional<OpenRow> given_up_;
};

}  // namespace clipbound::solver
