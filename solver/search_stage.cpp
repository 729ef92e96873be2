#include "solver/search_stage.h"

#include <algorithm>

#include "solver/input_split/input_search.h"
#include "solver/split_portfolio.h"

namespace clipbound::solver {

namespace {

SearchOutcome search_boxes(OpenRoots& roots, RootStage& stage, const SearchContext& context) {
  InputSearch inputs(std::move(roots.boxes), context);
  const auto make_schedule = [&stage](BoxClauses box) { return stage.schedule(std::move(box)); };
  const auto make_cases = [&stage](BoxClauses box) { return stage.cases(std::move(box)); };
  const SearchOutcome outcome =
      SplitPortfolio(inputs, make_schedule,
                     roots.have_cases ? make_cases : SplitPortfolio::MakeCases(),
                     roots.budgets.first_slice_s(roots.spent_s), context)
          .run();
  inputs.keep();
  return outcome;
}

/// Runs the activation split to its end; what it leaves open.
BoxClauses run_schedule(ActivationSplitSchedule& schedule, SearchOutcome& outcome) {
  const ActivationOutcome result = schedule.run();
  outcome = result.search;
  BoxClauses left{schedule.problem().network->lower_x, schedule.problem().network->upper_x, {}};
  const std::vector<ActivationClause>& clauses = schedule.problem().clauses;
  for (std::size_t k = 0; k < clauses.size() && !outcome.exhausted; ++k) {
    const bool refuted = result.refuted.size() == clauses.size() && result.refuted[k] != 0;
    if (!refuted) left.clauses.push_back(clauses[k].clause);
  }
  return left;
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
    SearchOutcome part;
    const BoxClauses left = run_schedule(*schedule, part);
    if (roots.have_cases && !left.clauses.empty() && part.open == part.unsplittable &&
        !context.ended())
      part = stage.cases(left)->run({});
    outcome.exhausted = outcome.exhausted && part.exhausted;
    outcome.open += part.open;
    outcome.unsplittable += part.unsplittable;
    outcome.holds_in_reals = outcome.holds_in_reals || part.holds_in_reals;
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
