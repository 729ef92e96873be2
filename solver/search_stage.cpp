#include "solver/search_stage.h"

#include <algorithm>
#include <memory>
#include <set>

#include "solver/input_split/input_search.h"
#include "solver/split_portfolio.h"

namespace clipbound::solver {

namespace {

// The first search of cases, before what may take longer: few cases are done with at once.
constexpr double kFirstCases_s = 1.0, kFirstCasesShare = 0.025;  // of the time that is left

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

BoxClauses open_of(const ActivationSplitSchedule& schedule) {
  const ActivationProblem& problem = schedule.problem();
  BoxClauses open{problem.network->lower_x, problem.network->upper_x, {}};
  for (const ActivationClause& c : problem.clauses) open.clauses.push_back(c.clause);
  return open;
}

/// Drops what the cases have refuted; true where nothing is left.
bool drop_refuted(ActivationSplitSchedule& schedule, const CaseSearch& cases) {
  std::set<const Clause*> refuted;
  for (const ActivationClause& c : schedule.problem().clauses) {
    if (cases.is_refuted(*c.clause)) refuted.insert(c.clause);
  }
  if (!refuted.empty()) schedule.drop(refuted);
  return schedule.problem().clauses.empty();
}

/// The activation split, and where steps have to be decided or operators are enclosed by intervals
/// alone, cases: for a moment before it, because it halves arguments of steps without an end, and
/// to their end once it has nothing left to split.
SearchOutcome search_activations(ActivationSplitSchedule& schedule, const RootStage& stage,
                                 bool have_cases, const SearchContext& context) {
  if (!have_cases) return schedule.run().search;
  const std::unique_ptr<CaseSearch> cases = stage.cases(open_of(schedule));
  cases->run({.seconds = kFirstCases_s, .times = 1.0});
  SearchOutcome outcome;
  outcome.exhausted = drop_refuted(schedule, *cases);
  if (outcome.exhausted || context.ended()) return outcome;
  const ActivationOutcome result = schedule.run();
  outcome = result.search;
  if (outcome.exhausted || outcome.open != outcome.unsplittable || context.ended()) return outcome;
  cases->run({});
  outcome.exhausted = true;
  const std::vector<ActivationClause>& clauses = schedule.problem().clauses;
  for (std::size_t k = 0; k < clauses.size(); ++k) {
    const bool refuted = result.refuted.size() == clauses.size() && result.refuted[k] != 0;
    if (!refuted && !cases->is_refuted(*clauses[k].clause)) outcome.exhausted = false;
  }
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
    const SearchOutcome part = search_activations(*schedule, stage, roots.have_cases, context);
    outcome.exhausted = outcome.exhausted && part.exhausted;
    outcome.open += part.open;
    outcome.unsplittable += part.unsplittable;
    outcome.holds_in_reals = outcome.holds_in_reals || part.holds_in_reals;
    outcome.open_share += part.open_share / parts;
  }
  return outcome;
}

SearchOutcome search_all_cases(const std::vector<CaseProblem>& cases, const SearchContext& context,
                               const std::function<bool()>& attack) {
  std::vector<std::unique_ptr<CaseSearch>> searches;
  for (const CaseProblem& problem : cases)
    searches.push_back(std::make_unique<CaseSearch>(problem, context));
  const auto run = [&](const TimeSlice& slice) {
    SearchOutcome outcome;
    outcome.exhausted = true;
    for (const auto& search : searches) {
      if (context.judge.found()) break;
      const SearchOutcome part = search->run(slice);
      outcome.exhausted = outcome.exhausted && part.exhausted;
      outcome.open += part.open;
      outcome.unsplittable += part.unsplittable;
      outcome.open_share += part.open_share / static_cast<double>(cases.size());
    }
    return outcome;
  };
  SearchOutcome outcome;
  bool ended = false;
  if (attack) {
    const double seconds = std::min(kFirstCases_s, kFirstCasesShare * context.deadline.left_s());
    outcome = run({.seconds = seconds / static_cast<double>(cases.size()), .times = 1.0});
    ended = outcome.exhausted || context.ended() || attack();
  }
  if (!ended) outcome = run({});
  for (const auto& search : searches) search->keep();
  return outcome;
}

}  // namespace clipbound::solver
