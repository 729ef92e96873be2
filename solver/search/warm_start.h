#pragma once
// Idea: what a stopped search knows serves a query whose clauses ask for more on the same boxes.
// Source: own.
// Guarantees: a point that an added row excludes is no counterexample any more, so that what was
// refuted stays refuted, half-spaces stay true, and shares still add up (S10).
#include <cstdint>
#include <span>

#include "solver/search/subproblem.h"

namespace clipbound::solver {

/// A copy, which shares have only on purpose.
ClauseState copy_of(const ClauseState& state);
/// Nothing is known of the clause of this number.
ClauseState unknown_clause(std::uint32_t clause);

/// The state for a query whose clause k has the box and all rows of clause from[k] of the state's
/// query, and more rows. What could not be split begins anew: with more rows it may be refuted.
SearchState strengthened(const SearchState& state, std::span<const std::uint32_t> from,
                         std::uint64_t fingerprint);

}  // namespace clipbound::solver
