#pragma once
// Idea: the root of a box of a large network of convolutions, by backward passes whose rows are
// never written: what they refute needs no other bounds, and what they leave open begins with them.
// Source: own; CROWN is cited where it is computed (bounds/windows).
// Guarantees: a clause that is refuted has no counterexample in the box (S5).
#include <memory>
#include <string>
#include <vector>

#include "bounds/layered/layered_system.h"
#include "solver/search/search_context.h"
#include "specs/query/query.h"

namespace clipbound::solver {

struct WindowRoot {
  /// With what is known of its neurons, on this box alone; nullptr: these passes are not for the
  /// system, or a clause has no rows.
  std::shared_ptr<const LayeredSystem> system;
  /// Not empty: why a search of what is open has no sense.
  std::string no_search;
};

/// Erases the clauses that are refuted on [lower, upper], and tells book and keeper of all.
WindowRoot refute_by_windows(const LayeredSystem& system, const std::vector<double>& lower,
                             const std::vector<double>& upper, std::vector<const Clause*>& clauses,
                             const SearchContext& context);

}  // namespace clipbound::solver
