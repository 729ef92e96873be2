#include "solver/search_stage.h"

#include <algorithm>

#include "solver/input_split/input_search.h"
#include "solver/split_portfolio.h"

namespace clipbound::solver {

namespace {

SearchOutcome search_boxes(OpenRoots& roots, RootStage& stage, const SearchContext& context) {
  InputSearch inputs(std::move(roots.boxes), context);
  const auto make_schedule = [&stage](BoxClauses box) { return stage.schedule(std::move(box)); };
  const SearchOutcome outcome =
      SplitPortfolio(inputs, make_schedule, roots.budgets.first_slice_s(roots.spent_s), context)
          .run();
  inputs.keep();
  return outcome;
}

}  // namespace

SearchOutcome search_roots(OpenRoots roots, RootStage& stage, const SearchContext& context) {
  SearchOutcome outcome;
  outcome.exhausted = true;
  const double parts =
      static_cast<double>(roots.schedules.size()) + (roots.boxes.empty() ? 0.0 : 1.0);
  if (!roots.boxes.empty()) outcome = search_boxes(roots, stage, context);
  outcome.open_share /= std::max(parts, 1.0);
  for (const auto& schedule : roots.schedules) {
    if (context.judge.found()) break;
    const SearchOutcome part = schedule->run().search;
    outcome.exhausted = outcome.exhausted && part.exhausted;
    outcome.open += part.open;
    outcome.unsplittable += part.unsplittable;
    outcome.open_share += part.open_share / parts;
  }
  return outcome;
}

SearchOutcome search_all_cases(const std::vector<CaseProblem>& cases,
                               const SearchContext& context) {
  SearchOutcome outcome;
  outcome.exhausted = true;
  for (const CaseProblem& problem : cases) {
    if (context.judge.found()) break;
    const SearchOutcome part = search_cases(problem, context);
    outcome.exhausted = outcome.exhausted && part.exhausted;
    outcome.open += part.open;
    outcome.unsplittable += part.unsplittable;
    outcome.open_share += part.open_share / static_cast<double>(cases.size());
  }
  return outcome;
}

}  // namespace clipbound::solver
