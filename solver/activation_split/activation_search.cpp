#include "solver/activation_split/activation_search.h"

#include "solver/activation_split/worker.h"

namespace clipbound::solver {

namespace {

/// A clause's whole box, with the row that the root bounds left nearest to being excluded.
ActivationSubproblem root_of(const ActivationProblem& problem, std::size_t clause) {
  const ActivationClause& c = problem.clauses[clause];
  ActivationSubproblem root;
  root.clause = static_cast<std::int32_t>(clause);
  root.row = c.first_row;
  for (std::int64_t r = c.first_row; r < c.first_row + c.rows; ++r) {
    if (problem.root.lower[static_cast<std::size_t>(r)] >
        problem.root.lower[static_cast<std::size_t>(root.row)])
      root.row = r;
  }
  root.bound = problem.root.lower[static_cast<std::size_t>(root.row)];
  root.alpha_or_beta = std::make_shared<const std::vector<float>>(
      problem.root.alpha_or_beta[static_cast<std::size_t>(root.row)]);
  return root;
}

}  // namespace

ActivationOutcome search_activations(const ActivationProblem& problem, TimeSlice time_slice,
                                     const SearchContext& context) {
  time_slice.begin_s = context.deadline.elapsed_s();
  ActivationQueue queue(context.threads);
  SearchCounters counters(problem.clauses.size());
  ActivationSplitTeam team{queue, counters, time_slice,
                           std::vector<std::atomic<std::int64_t>>(problem.clauses.size())};
  for (std::size_t k = 0; k < problem.clauses.size(); ++k) {
    team.open[k].store(1);
    queue.put({root_of(problem, k)});
  }
  const bool nothing_lost = run_search(context, queue, counters, [&](int number) {
    return std::make_unique<ActivationSplitWorker>(context, problem, team, number);
  });
  ActivationOutcome result{counters.outcome(nothing_lost && !context.judge.found()),
                           std::vector<char>(problem.clauses.size(), 0)};
  for (std::size_t k = 0; k < problem.clauses.size(); ++k)
    result.refuted[k] = nothing_lost && team.open[k].load() == 0 ? 1 : 0;
  return result;
}

}  // namespace clipbound::solver
