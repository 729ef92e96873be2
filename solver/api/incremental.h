#pragma once
// Idea: what Solver needs of solve(): runs that go on with a tree, and counterexamples that are
// tried without a search.
// Source: own.
// Guarantees: those of solve().
#include "solver/api/implementation.h"
#include "solver/solve.h"

namespace clipbound {

/// solve() that begins with `resume` and leaves what is open in `left`; either may be nullptr.
Result solve_from(const Network& network, const Query& query, const Options& options,
                  const Callbacks& callbacks, const solver::SearchState* resume,
                  solver::SearchState* left);

/// solve() that goes breadth-first until so many subproblems are open, and leaves them in `left`.
/// `unknown` then.
Result solve_breadth_first(const Network& network, const Query& query, const Options& options,
                           const Callbacks& callbacks, std::size_t open, solver::SearchState& left);

/// The result where this input is a counterexample of the query, by the judge; else nothing.
std::optional<Result> counterexample_at(const Network& network, const Query& query,
                                        std::span<const double> input);

}  // namespace clipbound
