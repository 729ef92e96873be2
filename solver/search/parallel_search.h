#pragma once
// Idea: what every search has around its workers: counters that all of them add to, reports of
// progress, and what came of it.
// Source: own.
// Guarantees: a search counts as exhausted only where no subproblem is open and none was lost
// (S10).
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <new>

#include "base/parallel.h"
#include "solver/search/progress_reporter.h"
#include "solver/search/search_context.h"

namespace clipbound::solver {

/// What came of a search.
struct SearchOutcome {
  bool exhausted = false;          ///< no subproblem is open: every clause is refuted
  std::uint64_t open = 0;          ///< subproblems left
  std::uint64_t unsplittable = 0;  ///< of these, those that no split can make smaller any more
  double worst_bound = 0.0;  ///< smallest of the last open subproblems' bounds (best row of each)
  double open_share = 0.0;   ///< of the clauses that is still open, by volume or by depth in the
                             ///< tree, summed over clauses
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

/// Shared by the workers of one search; written with relaxed atomics, read for progress.
struct SearchCounters {
  /// Every clause begins as one open subproblem.
  explicit SearchCounters(std::size_t clause_count)
      : clauses(static_cast<double>(clause_count)), open(static_cast<std::int64_t>(clause_count)) {}

  const double clauses;
  std::atomic<std::uint64_t> subproblems{0};
  std::atomic<std::int64_t> open;
  std::atomic<std::uint64_t> unsplittable{0};
  std::atomic<double> settled{0.0};  ///< shares of clauses, summed
  std::atomic<double> worst_bound{0.0};

  /// A share of one clause is done with. Other workers may say so at the same time: none gets lost.
  void settle(double share) { settled.fetch_add(share, std::memory_order_relaxed); }
  /// At any time of a search.
  SearchProgress progress(double elapsed_s) const;
  /// After a search; it is exhausted where nothing is open and it was `complete`: no
  /// counterexample, nothing lost on the way.
  SearchOutcome outcome(bool complete) const;
};

/// Runs make_worker(number)->run() on every thread of the context until all are done, and reports
/// how far they are. The workers' statistics are added to the context's. False where memory ran out
/// and subproblems are lost with it; other exceptions stop the queue and are thrown here.
template <typename Queue, typename MakeWorker>
bool run_search(const SearchContext& context, Queue& queue, const SearchCounters& counters,
                const MakeWorker& make_worker) {
  ProgressReporter reporter(
      context.progress ? [&] { context.progress(counters.progress(context.deadline.elapsed_s())); }
                       : std::function<void()>());
  std::mutex mutex;
  std::atomic<bool> lost{false};
  run_workers(context.threads, [&](int number) {
    decltype(make_worker(number)) worker;
    try {
      worker = make_worker(number);
      worker->run();
    } catch (const std::bad_alloc&) {
      lost.store(true);  // subproblems in flight are in nobody's count any more
      context.deadline.out_of_memory();
      queue.stop();
    } catch (...) {
      queue.stop();
      throw;
    }
    if (worker == nullptr) return;
    const std::lock_guard lock(mutex);
    context.statistics += worker->statistics;
  });
  reporter.stop();
  return !lost.load();
}

}  // namespace clipbound::solver
