#pragma once
// Idea: how far a search is, as a value, and who is told.
// Source: own.
// Guarantees: figures for people; nothing is proved or decided by them.
#include <cstdint>
#include <functional>
#include <string>

#include "base/floors.h"

namespace clipbound::solver {

/// How far a search is.
struct SearchProgress {
  double elapsed_s = 0.0;
  std::uint64_t subproblems = 0;  ///< bounded so far
  std::uint64_t open = 0;         ///< waiting
  /// Smallest lower bound minus threshold among what was last seen open (negative).
  double worst_bound = 0.0;
  double settled_share = 0.0;  ///< of the clauses' trees, in [0, 1]
};

/// Called now and then, from any thread, one call at a time.
using ProgressCallback = std::function<void(const SearchProgress&)>;
/// Called with level 1 for stages, 2 for details, 3 for everything.
using LogCallback = std::function<void(int level, const std::string& message)>;

}  // namespace clipbound::solver
