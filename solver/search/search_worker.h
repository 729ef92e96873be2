#pragma once
// Idea: what the workers of both splits share: when to stop, when to attack, how much memory there
// is.
// Source: own.
// Guarantees: none; it decides only when work ends.
#include "solver/search/parallel_search.h"
#include "solver/strategy.h"

namespace clipbound::solver {

/// Base of a search's workers. Not copied: it belongs to one thread.
class SearchWorker {
 public:
  SearchWorker(const SearchWorker&) = delete;
  SearchWorker& operator=(const SearchWorker&) = delete;
  Statistics statistics;

 protected:
  /// The search's worker `number`; only number 0 attacks.
  SearchWorker(const SearchContext& context, SearchCounters& counters, const TimeSlice& time_slice,
               AttackRhythm rhythm, int number);
  ~SearchWorker() = default;

  /// True where the search is to end: the context says so, or its time slice is over.
  bool is_over() const;
  void attack_now_and_then();
  /// Ends the whole solve() where the process holds more memory than it may.
  void watch_memory() const;
  /// Calls search(task) for every task until the queue is done or the search is over, which ends it
  /// for the other workers too.
  template <typename Queue, typename Search>
  void run_tasks(Queue& queue, const Search& search) const {
    while (auto task = queue.take()) {
      search(std::move(*task));
      if (!is_over()) continue;
      queue.stop();
      return;
    }
  }
  /// Subproblems that were bounded.
  void count_bounded(std::size_t subproblems) {
    statistics.subproblems += subproblems;
    counters_.subproblems.fetch_add(subproblems, std::memory_order_relaxed);
  }

  const SearchContext& context_;
  const Deadline& deadline_;
  CandidateJudge& judge_;
  SearchCounters& counters_;

 private:
  const TimeSlice time_slice_;
  const AttackRhythm rhythm_;
  const bool attacks_;
  double next_attack_s_;
};

}  // namespace clipbound::solver
