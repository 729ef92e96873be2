#pragma once
// Idea: searches what the root bounds leave open: boxes, phases or integer cases, one kind after
// the other.
// Source: own; each kind of search cites its papers.
// Guarantees: the outcome is exhausted only where every part is (S10).
#include <functional>
#include <vector>

#include "solver/root_stage.h"

namespace clipbound::solver {

/// Boxes by the input split or the portfolio, then the schedules of the activation split. `stage`
/// makes schedules for the portfolio.
SearchOutcome search_roots(OpenRoots roots, RootStage& stage, const SearchContext& context);

/// Integer cases, box by box: for a moment, then once the attack, where there is one, unless it
/// finds a counterexample to their end.
SearchOutcome search_all_cases(const std::vector<CaseProblem>& cases, const SearchContext& context,
                               const std::function<bool()>& attack);

}  // namespace clipbound::solver
