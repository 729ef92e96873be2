#pragma once
// Branch-and-bound on activations: a subproblem decides the sign of some neurons' pre-activations
// (beta-CROWN, Wang et al., NeurIPS 2021). For networks with many inputs, where halving an input
// gains next to nothing.
#include <vector>

#include "solver/activation_split/problem.h"
#include "solver/search/parallel_search.h"

namespace clipbound::solver {

/// What came of a search on neurons.
struct ActivationOutcome {
  SearchOutcome search;
  std::vector<char> refuted;  ///< [clauses] whose trees are closed
};

/// Searches one box's clauses on the context's threads until exhausted, a counterexample is found
/// (judge.found()), the deadline, or the time slice is over.
ActivationOutcome search_neurons(const ActivationProblem& problem, TimeSlice time_slice,
                                 const SearchContext& context);

}  // namespace clipbound::solver
