#pragma once
// Idea: decides a query on a network. This is the roof of the solver: no file below it includes it.
// Source: own; the searches cite their papers.
// Guarantees: sat only after replay, unsat only when every clause is refuted (S11).
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/options.h"
#include "base/stats.h"
#include "solver/search/progress.h"
#include "solver/search/search_trace.h"
#include "solver/search/subproblem.h"
#include "solver/verdict.h"
#include "specs/network/network.h"
#include "specs/query/query.h"

namespace clipbound::solver {

/// What the search may talk to. All members are optional; the object must outlive solve().
struct SolveContext {
  const Deadline* deadline = nullptr;
  ProgressCallback progress;
  LogCallback log;
  /// What an earlier process left of the same network and query; it goes on from there.
  const SearchState* resume = nullptr;
  /// Where to put what is left, unless a counterexample is found; nullptr: nobody asks. After
  /// `unsat`, every clause's closed shares are whole.
  SearchState* left = nullptr;
  /// Takes a state now and then while the search runs, and what has been counted until then; every
  /// `checkpoint_s` seconds or more seldom, so that it costs at most 1 % of the time. Empty: nobody
  /// asks.
  std::function<void(const SearchState& state, const Statistics& so_far)> checkpoint = {};
  double checkpoint_s = 60.0;
  /// Not 0: the search goes breadth-first until so many subproblems of one box are open, and ends;
  /// `enough` is called then, and has to interrupt the deadline.
  std::size_t divide = 0;
  std::function<void()> enough = {};
  /// Records what the search does; nullptr: nobody looks.
  SearchTrace* trace = nullptr;
  /// Ends after the root bounds and an attack: `unknown` where these do not decide.
  bool only_root = false;
};

struct SolveResult {
  Verdict verdict = Verdict::unknown;
  std::string reason;          ///< why it is unknown/timeout, or by what it was decided
  std::vector<double> input;   ///< sat: the counterexample, on the grid of the network's input type
  std::vector<double> output;  ///< sat: the network's value there, natural order
  SearchProgress progress;     ///< at the end
  Statistics statistics;
};

/// Decides `query` on `network` (as read; solve simplifies by itself). Safe to call from many
/// threads at once. Throws InputError/Unsupported/ContractError; running out of time or memory is a
/// verdict, not an error.
SolveResult solve(std::shared_ptr<const Network> network, const Query& query,
                  const Options& options, const SolveContext& context);
/// The same without a proof: looks for a counterexample until the deadline, for ever where there is
/// none.
SolveResult search_counterexample(std::shared_ptr<const Network> network, const Query& query,
                                  const Options& options, const SolveContext& context);

}  // namespace clipbound::solver
