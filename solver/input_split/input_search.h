#pragma once
// Idea: Branch-and-bound over the input boxes of clauses: bound, prune, split, clip the children
// with the parent's linear bounds. Each worker dives depth-first in its own subtree, on a problem
// reduced to the neurons that are unstable there; idle workers get the oldest (largest) subproblems
// of busy ones.
// Source: Zhou et al., "Clip-and-Verify", NeurIPS 2025, Algorithm 1; ours differs in the order of
// clipping and bounding (worker.h).
// Guarantees: a clause whose subproblems are all refuted has no counterexample (S10, S11).
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "solver/input_split/worker.h"

namespace clipbound::solver {

/// Open subproblems of clauses, and how far their search is.
class InputSearch {
 public:
  /// The first worker spends a share of its time on the context's attack.
  InputSearch(std::vector<BoxSubproblems> tasks, const SearchContext& context);
  /// Searches until exhausted, a counterexample is found (judge.found()), the deadline, or the time
  /// slice is over; then it can be called again.
  SearchOutcome run(TimeSlice time_slice);
  /// Tasks that are left over, and those of which nothing is known yet.
  const std::deque<BoxSubproblems>& tasks() const { return tasks_; }
  /// Another proof has refuted these clauses: their subproblems are done with.
  void drop(const std::set<const Clause*>& refuted);

 private:
  const SearchContext& context_;
  const SearchSettings settings_;
  SearchCounters counters_;
  std::deque<BoxSubproblems> tasks_;
  bool lost_ = false;  // subproblems, with the memory that they needed
};

}  // namespace clipbound::solver
