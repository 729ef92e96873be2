#pragma once
// Branch-and-bound over the input box of clauses (Clip-and-Verify, Zhou et al., NeurIPS 2025, Algorithm 1), reordered:
// bound, prune, split, clip the children with the parent's planes. Each worker dives depth-first in its own subtree, on a
// network reduced to the neurons that are undecided there; idle workers get the oldest (largest) subproblems of busy ones.
#include <memory>
#include <vector>

#include "base/options.h"
#include "base/stats.h"
#include "solver/attack_pgd.h"
#include "solver/candidate.h"
#include "solver/clause_task.h"
#include "solver/parallel_search.h"
#include "solver/solve.h"

namespace clipbound {

/// Searches all tasks on `threads` workers until exhausted, a counterexample is found (judge.found()) or the deadline. The first worker
/// spends a share of its time on `attack` (nullptr: none).
SearchOutcome search_inputs(std::vector<ClauseTask> tasks, int threads, const Options& options, const SolveContext& context,
                            const Deadline& deadline, CandidateJudge& judge, PgdAttack* attack, Statistics& statistics);

/// A task with one subproblem: the box [lower, upper] (kept columns) on the root's network.
ClauseTask root_task(std::shared_ptr<const ClauseRoot> root, const std::vector<double>& lower, const std::vector<double>& upper);

}  // namespace clipbound
