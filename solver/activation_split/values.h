#pragma once
// Idea: subproblems of the activation split as values that another process can take over, and back.
// Source: own.
// Guarantees: a value stands for at least the points of its subproblem: what the new process's
//   network does not know (a neuron that is stable there) is left out, which enlarges it (S10).
#include <vector>

#include "solver/activation_split/problem.h"
#include "solver/activation_split/subproblem.h"
#include "solver/search/subproblem.h"

namespace clipbound::solver {

/// A clause's whole box, with the row that the root bounds left nearest to being excluded.
ActivationSubproblem root_of(const ActivationProblem& problem, std::size_t clause, Share share);

/// An unstable neuron, restricted to a range, by its number in the system's layer.
Decision decision_on(const SparseNetwork& network, Unstable u, double lower, double upper);

/// Says whether decisions of another process number the neurons of this lowered network. How a
/// network is lowered depends on the boxes that share it, and that on the time at hand. Not 0.
std::uint64_t fingerprint_of(const LayeredSystem& system);

/// A copy; whoever keeps it says which clause of the query it is of.
Subproblem value_of(const ActivationProblem& problem, const ActivationSubproblem& subproblem);
/// Adds copies of subproblems to the states of their clauses, by the numbers in the problem.
void copy_open(const ActivationProblem& problem, const ActivationTask& task,
               std::vector<ClauseState>& states);
/// `clause` is the number in the problem. Slopes start where those of the root ended.
ActivationSubproblem restored(const ActivationProblem& problem, std::size_t clause,
                              const Subproblem& value);

}  // namespace clipbound::solver
