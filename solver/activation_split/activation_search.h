#pragma once
// Branch-and-bound on activations: a subproblem decides the sign of some neurons' pre-activations
// (beta-CROWN, Wang et al., NeurIPS 2021). For networks with many inputs, where halving an input
// gains next to nothing.
#include <memory>
#include <vector>

#include "base/options.h"
#include "base/stats.h"
#include "bounds/alpha_beta/intermediate_bounds.h"
#include "bounds/alpha_beta/sparse_network.h"
#include "solver/attack/pgd.h"
#include "solver/search/candidate_judge.h"
#include "solver/search/parallel_search.h"
#include "solver/solve.h"

namespace clipbound::solver {

/// Rows of one clause among those of a ActivationProblem.
struct ActivationClause {
  const Clause* clause = nullptr;
  std::int64_t first_row = 0, rows = 0;
};

/// Open clauses on one box. The network's bounds are shared by them: no rows entered.
struct ActivationProblem {
  std::shared_ptr<const SparseNetwork> network;
  SparseNetworkRows rows;
  std::vector<std::uint8_t> strict;  ///< [rows]
  std::vector<ActivationClause> clauses;
  IntermediateBounds root;  ///< of all rows
  std::vector<SparseNetworkRows>
      neurons;  ///< per layer: the rows of its slots, for bounding them again in subproblems
  std::vector<std::int32_t> first_slot;  ///< [layers + 1]
  bool refuted(std::int64_t row, double lower) const {
    return strict[static_cast<std::size_t>(row)] != 0 ? lower >= 0.0 : lower > 0.0;
  }
};

/// What came of a search on neurons.
struct ActivationOutcome {
  SearchOutcome search;
  std::vector<char> refuted;  ///< [clauses] whose trees are closed
};

/// Searches one box's clauses on `threads` workers until exhausted, a counterexample is found
/// (judge.found()), the deadline, or the slice is over.
ActivationOutcome search_neurons(const ActivationProblem& problem, SearchSlice slice, int threads,
                                 const Options& options, const SolveContext& context,
                                 const Deadline& deadline, CandidateJudge& judge, PgdAttack* attack,
                                 Statistics& statistics);

}  // namespace clipbound::solver
