#pragma once
// Branch-and-bound over the input box of clauses (Clip-and-Verify, Zhou et al., NeurIPS 2025,
// Algorithm 1), reordered: bound, prune, split, clip the children with the parent's planes. Each
// worker dives depth-first in its own subtree, on a network reduced to the neurons that are
// undecided there; idle workers get the oldest (largest) subproblems of busy ones.
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "solver/input_split/worker.h"

namespace clipbound::solver {

/// Open subproblems of clauses, and how far their search is.
class InputSearch {
 public:
  /// The first of `threads` workers spends a share of its time on `attack` (nullptr: none).
  InputSearch(std::vector<BoxSubproblems> tasks, int threads, const Options& options,
              const SolveContext& context, const Deadline& deadline, CandidateJudge& judge,
              PgdAttack* attack);
  /// Searches until exhausted, a counterexample is found (judge.found()), the deadline, or the
  /// slice is over; then it can be called again.
  SearchOutcome run(SearchSlice slice, Statistics& statistics);
  /// Tasks that are left over, and those of which nothing is known yet.
  const std::deque<BoxSubproblems>& tasks() const { return tasks_; }
  /// Another proof has refuted these clauses: their subproblems are done with.
  void drop(const std::set<const Clause*>& refuted);

 private:
  const SearchSettings settings_;
  const int threads_;
  const SolveContext& context_;
  const Deadline& deadline_;
  CandidateJudge& judge_;
  PgdAttack* const attack_;
  SearchCounters counters_;
  std::deque<BoxSubproblems> tasks_;
  bool lost_ = false;  // subproblems, with the memory that they needed
};

/// A task with one subproblem: the box [lower, upper] (kept columns) on the root's network.
BoxSubproblems root_task(std::shared_ptr<const ClauseRoot> root, const std::vector<double>& lower,
                         const std::vector<double>& upper);

}  // namespace clipbound::solver
