#pragma once
// Idea: branch-and-bound on phases of neurons, for networks with many inputs, where halving an
// input
//   gains next to nothing: workers on all threads share the clauses' trees.
// Source: Bunel et al., JMLR 2020; Wang et al., "Beta-CROWN", NeurIPS 2021.
// Guarantees: a clause counts as refuted only where its tree is closed and nothing was lost (S10).
#include <vector>

#include "solver/activation_split/problem.h"
#include "solver/search/parallel_search.h"

namespace clipbound::solver {

/// What came of a search.
struct ActivationOutcome {
  SearchOutcome search;
  std::vector<char> refuted;  ///< [clauses] whose trees are closed
};

/// Searches one box's clauses on the context's threads until exhausted, a counterexample is found
/// (judge.found()), the deadline, or the time slice is over.
ActivationOutcome search_activations(const ActivationProblem& problem, TimeSlice time_slice,
                                     const SearchContext& context);

}  // namespace clipbound::solver
