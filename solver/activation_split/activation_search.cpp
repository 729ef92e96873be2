#include "solver/activation_split/activation_search.h"

#include <optional>

#include "solver/activation_split/values.h"
#include "solver/activation_split/worker.h"
#include "solver/search/tree_search.h"

namespace clipbound::solver {

namespace {

/// The trees of all clauses: whole, or what is open of those that an earlier process left.
std::vector<ActivationTask> begin_trees(const ActivationProblem& problem, StateKeeper* keeper,
                                        std::uint64_t lowered, SearchCounters& counters) {
  std::vector<ActivationTask> frontier(problem.clauses.size());
  for (std::size_t k = 0; k < frontier.size(); ++k) {
    std::optional<ClauseState> latest;
    if (keeper != nullptr) latest = keeper->latest_decisions(*problem.clauses[k].clause, lowered);
    if (!latest) {
      frontier[k].push_back(root_of(problem, k, Share::whole()));
      continue;
    }
    counters.resume(k, *latest);
    for (const Subproblem& value : latest->open) frontier[k].push_back(restored(problem, k, value));
  }
  return frontier;
}

/// The clauses' states but for what is open.
std::vector<ClauseState> states_of(std::uint64_t lowered, const SearchCounters& counters) {
  std::vector<ClauseState> states;
  for (std::size_t k = 0; k < counters.shares().clauses(); ++k) {
    states.push_back(counters.state_of(k));
    states.back().lowered = lowered;
  }
  return states;
}

void keep(const ActivationProblem& problem, std::vector<ClauseState> states, StateKeeper& keeper) {
  for (std::size_t k = 0; k < states.size(); ++k)
    keeper.keep(*problem.clauses[k].clause, std::move(states[k]));
}

}  // namespace

ActivationOutcome search_activations(const ActivationProblem& problem, TimeSlice time_slice,
                                     const SearchContext& context, Keeping keeping) {
  time_slice.begin_s = context.deadline.spent_s();
  SearchCounters counters(problem.clauses.size());
  const bool keeps = context.keeper != nullptr && keeping != Keeping::nothing;
  const std::uint64_t lowered = keeps ? fingerprint_of(problem.network->system()) : 0;
  std::vector<ActivationTask> frontier =
      begin_trees(problem, keeps ? context.keeper : nullptr, lowered, counters);
  RefinementModel model(context.threads);
  std::vector<const Clause*> clauses;
  for (const ActivationClause& c : problem.clauses) clauses.push_back(c.clause);
  TreeSearch<ActivationSplitWorker> search(
      context, counters, time_slice, strategy::kActivationSplitAttack,
      context.begin_traced("activation", clauses), [&](SearchTeam& team) {
        return std::make_unique<ActivationSplitWorker>(team, problem, model);
      });
  if (keeps) {
    search.at_cut([&](const TreeSearch<ActivationSplitWorker>::Stopped& stopped) {
      std::vector<ClauseState> states = states_of(lowered, counters);
      for (const auto& worker : stopped.paused) worker->copy_open(states);
      for (const ActivationTask& task : stopped.waiting) copy_open(problem, task, states);
      keep(problem, std::move(states), *context.keeper);
    });
  }
  {
    const WatchedSearch watched(context.progress, counters, clauses, context.statistics);
    search.run(frontier);
  }
  ActivationOutcome result{counters.outcome(), {}};
  for (std::size_t k = 0; k < problem.clauses.size(); ++k)
    result.refuted.push_back(counters.shares().is_refuted(k) ? 1 : 0);
  if (keeps) {
    std::vector<ClauseState> states = states_of(lowered, counters);
    for (const ActivationTask& task : frontier) copy_open(problem, task, states);
    keep(problem, std::move(states), *context.keeper);
  }
  context.write_if_due();
  return result;
}

}  // namespace clipbound::solver
