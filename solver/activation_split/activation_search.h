#pragma once
// Idea: branch-and-bound on phases of neurons, for networks with many inputs, where halving an input
//   gains next to nothing.
// Source: Bunel et al., JMLR 2020; Wang et al., "Beta-CROWN", NeurIPS 2021.
// Guarantees: a clause counts as refuted only where its tree is closed and nothing was lost (S10).
#include <cstdint>
#include <vector>

#include "solver/activation_split/problem.h"
#include "solver/search/search_context.h"
#include "solver/search/search_counters.h"

namespace clipbound::solver {

/// What came of a search.
struct ActivationOutcome {
  SearchOutcome search;
  std::vector<char> refuted;  ///< [clauses] whose trees are closed
};

/// What a search has to do with other processes.
enum class Keeping : std::uint8_t {
  nothing,  ///< its trees are nobody else's business
  trees,    ///< it goes on with what an earlier process left, and leaves what is open
};

/// Searches one box's clauses on the context's threads until exhausted, a counterexample is found
/// (judge.found()), the deadline, or the time slice is over.
ActivationOutcome search_activations(const ActivationProblem& problem, TimeSlice time_slice,
                                     const SearchContext& context,
                                     Keeping keeping = Keeping::nothing);

}  // namespace clipbound::solver
