#pragma once
// Idea: an open subproblem as a value that another process with the same network and query can take
// over: what of its clause's tree it is. What can be recomputed (bounds of neurons, slopes, reduced
// networks) is not in it.
// Source: own.
// Guarantees: a search that begins with the subproblems and closed shares of a stopped one proves
// what that one would have proved (S10).
// Legend: n inputs of the network; N of them vary on the clause's box.
#include <compare>
#include <cstdint>
#include <vector>

#include "solver/search/share.h"

namespace clipbound::solver {

/// An input whose interval is not the clause's.
struct InputRange {
  std::uint32_t input = 0;
  double lower = 0.0, upper = 0.0;
  /// Integer cases: the end itself belongs to the neighbour.
  bool lower_open = false, upper_open = false;
  friend auto operator<=>(const InputRange&, const InputRange&) = default;
};

/// A neuron whose pre-activation z is restricted to [lower, upper] (infinite ends: a phase), by its
/// number in the lowered network of the clause's box.
struct Decision {
  std::uint32_t layer = 0, neuron = 0;
  double lower = 0.0, upper = 0.0;
  friend bool operator==(const Decision&, const Decision&) = default;
};

/// What of its clause a subproblem is, and what is known there.
struct Restrictions {
  std::uint32_t clause = 0;     ///< of the query
  double bound = 0.0;           ///< that is known of a row, minus its threshold; -infinity: none
  bool without_rows = false;    ///< the clause's rows may not enter neurons' bounds any more
  std::vector<InputRange> box;  ///< ascending inputs
  std::vector<Decision> decisions;  ///< oldest first
  /// g [N] x + g_0 <= 0 at every counterexample in the subproblem.
  std::vector<std::vector<double>> halfspaces;
};

struct Subproblem : Restrictions {
  Share share;
};

/// Everything that a stopped search knows of one clause: closed, unsplittable and open shares, and
/// what others have of it, add up to 1.
struct ClauseState {
  /// Of the lowered network that decisions number the neurons of; 0: there are none.
  std::uint64_t lowered = 0;
  ShareSum closed, unsplittable;
  /// What is nobody's business here: other parts of a divided search have it, or had.
  ShareSum elsewhere = {};
  std::vector<Subproblem> open;
};

/// A search that was stopped.
struct SearchState {
  std::uint64_t problem = 0;         ///< problem_fingerprint() of network and query
  std::vector<ClauseState> clauses;  ///< in the query's order
};

}  // namespace clipbound::solver
