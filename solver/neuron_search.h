#pragma once
// Branch-and-bound on activations: a subproblem decides the sign of some neurons' pre-activations (beta-CROWN, Wang et al.,
// NeurIPS 2021). For networks with many inputs, where halving an input gains next to nothing.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/options.h"
#include "base/stats.h"
#include "bounds/sweep_network.h"
#include "bounds/sweep_root.h"
#include "solver/attack_pgd.h"
#include "solver/candidate.h"
#include "solver/input_search.h"
#include "solver/solve.h"

namespace clipbound {

/// Rows of one clause among those of a NeuronProblem.
struct NeuronClause {
  const Clause* clause = nullptr;
  std::int64_t first_row = 0, rows = 0;
};

/// Open clauses on one box. The network's bounds are shared by them: no rows entered.
struct NeuronProblem {
  std::shared_ptr<const SweepNetwork> network;
  SweepRows rows;
  std::vector<std::uint8_t> strict;         ///< [rows]
  std::vector<NeuronClause> clauses;
  SweepRowBounds root;                      ///< of all rows
  bool refuted(std::int64_t row, double lower) const { return strict[static_cast<std::size_t>(row)] != 0 ? lower >= 0.0 : lower > 0.0; }
};

/// Root bounds of clauses on one box, in passes of growing effort: CROWN, then optimised slopes everywhere. Clauses refuted on the
/// way are dropped; what is left (none: all refuted) is returned with the best bounds.
struct NeuronRootSettings {
  int threads = 1;
  double pass_share = 0.15;  ///< of the remaining time that one pass may take
  std::function<bool(double seconds)> attack;                 ///< tried between passes; true: a counterexample is known
  std::function<void(const std::string&)> log;
};
NeuronProblem bound_neuron_root(std::shared_ptr<const LayeredSystem> system, std::vector<double> lower, std::vector<double> upper,
                                const std::vector<const Clause*>& clauses, const NeuronRootSettings& settings, const Deadline& deadline);

/// Searches one box's clauses on `threads` workers until exhausted, a counterexample is found (judge.found()) or the deadline.
SearchOutcome search_neurons(const NeuronProblem& problem, int threads, const Options& options, const SolveContext& context, const Deadline& deadline,
                             CandidateJudge& judge, PgdAttack* attack, Statistics& statistics);

}  // namespace clipbound
