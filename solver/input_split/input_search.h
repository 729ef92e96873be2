#pragma once
// Idea: Branch-and-bound over the input boxes of clauses: bound, prune, split, clip the children
// with the parent's linear bounds, on problems reduced to the neurons that are unstable in a
// subtree.
// Source: Zhou et al., "Clip-and-Verify", NeurIPS 2025, Algorithm 1; ours differs in the order of
// clipping and bounding (worker.h).
// Guarantees: a clause whose subproblems are all refuted has no counterexample (S10, S11).
#include <set>
#include <vector>

#include "solver/input_split/worker.h"

namespace clipbound::solver {

/// Open subproblems of clauses, and how far their search is.
class InputSearch {
 public:
  /// Tasks of one clause follow each other: its whole box, or what the context's keeper resumes.
  InputSearch(std::vector<BoxSubproblems> tasks, const SearchContext& context);
  /// Searches until exhausted, a counterexample is found (judge.found()), the deadline, or the time
  /// slice is over; then it can be called again.
  SearchOutcome run(TimeSlice time_slice);
  /// Open subtrees.
  const std::vector<BoxSubproblems>& tasks() const { return tasks_; }
  /// The roots of clauses with open subtrees; a clause may be there more than once.
  std::vector<std::shared_ptr<const ClauseRoot>> open_roots() const;
  /// After a run: leaves what is open with the context's keeper, if there is one.
  void keep() const;
  /// Another proof has refuted these clauses: their subproblems are done with.
  void drop(const std::set<const Clause*>& refuted);
  bool is_refuted(const Clause& clause) const;
  SearchOutcome outcome() const { return counters_.outcome(); }

 private:
  /// The clauses' states but for what is open.
  std::vector<ClauseState> states() const;
  void keep(std::vector<ClauseState> states) const;

  const SearchContext& context_;
  const SearchSettings settings_;
  const std::vector<const Clause*> clauses_;  // by their numbers in the search
  SearchCounters counters_;
  std::vector<BoxSubproblems> tasks_;
};

}  // namespace clipbound::solver
