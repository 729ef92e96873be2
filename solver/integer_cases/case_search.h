#pragma once
// Idea: boxes on which integers made of inputs choose what is computed (an index that says where
// something is put). They are cut where those integers change, until every operator that is
// enclosed by intervals alone depends on constants only. Each case is then a problem of its own,
// without that operator.
// Source: own.
// Guarantees: the cases cover the box; each point is in one of them (S10).
#include <vector>

#include "solver/activation_split/schedule.h"
#include "solver/search/search_context.h"
#include "solver/search/search_counters.h"

namespace clipbound::solver {

struct CaseProblem {
  std::shared_ptr<const Network> network;  ///< simplified
  BoxClauses box;
};

/// Searches a box case by case: all by their root bounds, then those that are left by searches, one
/// after the other. Points of the cases are offered to the judge on the way. Each case counts as
/// one subproblem, and as open once per clause. Every case is taken once, and cut or left to those
/// searches: the search ends because every cut leaves both parts fewer whole numbers.
SearchOutcome search_cases(const CaseProblem& problem, const SearchContext& context);

}  // namespace clipbound::solver
