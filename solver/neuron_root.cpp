// Root of the activation split: which clauses the bounds refute at once, and the best bounds for the search.
#include <algorithm>

#include "solver/neuron_search.h"

namespace clipbound {

namespace {

/// Rows of all clauses one after the other.
AffineForm join(std::vector<AffineForm> forms) {
  std::vector<const AffineForm*> pointers;
  std::vector<Pick> picks;
  for (std::size_t f = 0; f < forms.size(); ++f) {
    pointers.push_back(&forms[f]);
    for (std::int64_t i = 0; i < forms[f].size(); ++i) picks.push_back({static_cast<std::int32_t>(f), i});
  }
  return gather(pointers, picks);
}

/// Compiles the clauses' rows on the problem's network, bounds them and drops the clauses that are refuted.
void bound_clauses(NeuronProblem& problem, const std::vector<const Clause*>& clauses, const SweepOptimizer& optimizer, int threads, const Deadline& deadline) {
  problem.clauses.clear();
  problem.strict.clear();
  std::vector<AffineForm> forms;
  std::vector<std::int64_t> which;
  for (const Clause* clause : clauses) {
    forms.push_back(lower_rows(problem.network->system(), *clause));
    problem.clauses.push_back({clause, static_cast<std::int64_t>(problem.strict.size()), static_cast<std::int64_t>(clause->rows.size())});
    for (const Row& row : clause->rows) problem.strict.push_back(row.strict ? 1 : 0);
  }
  for (std::size_t r = 0; r < problem.strict.size(); ++r) which.push_back(static_cast<std::int64_t>(r));
  problem.rows = problem.network->compile_rows(join(std::move(forms)), which);
  problem.root = bound_rows_by_sweeps(*problem.network, problem.rows, optimizer, threads, deadline);
  std::erase_if(problem.clauses, [&](const NeuronClause& c) {
    for (std::int64_t r = c.first_row; r < c.first_row + c.rows; ++r) {
      if (problem.refuted(r, problem.root.lower[static_cast<std::size_t>(r)])) return true;
    }
    return false;
  });
}

/// ", bounds a, b, ..." of the open clauses' first rows.
std::string bounds_of(const NeuronProblem& problem) {
  std::string text = ", bounds";
  for (std::size_t c = 0; c < std::min<std::size_t>(problem.clauses.size(), 20); ++c) {
    text += " " + std::to_string(problem.root.lower[static_cast<std::size_t>(problem.clauses[c].first_row)]);
  }
  return text;
}

}  // namespace

NeuronProblem bound_neuron_root(std::shared_ptr<const LayeredSystem> system, std::vector<double> lower, std::vector<double> upper,
                                const std::vector<const Clause*>& clauses, const NeuronRootSettings& settings, const Deadline& deadline) {
  NeuronProblem problem;
  SweepBudget budget;
  budget.threads = settings.threads;
  SweepOptimizer optimizer;
  problem.network = bound_by_sweeps(system, lower, upper, nullptr, budget, deadline);
  bound_clauses(problem, clauses, optimizer, settings.threads, deadline);
  if (settings.log) settings.log("CROWN leaves " + std::to_string(problem.clauses.size()) + " of " + std::to_string(clauses.size()) + " clauses after " + std::to_string(deadline.elapsed_s()) + " s" + bounds_of(problem));
  if (problem.clauses.empty() || deadline.expired()) return problem;
  budget.iterations = 20;
  budget.seconds = settings.seconds;
  std::vector<const Clause*> open;
  for (const NeuronClause& c : problem.clauses) open.push_back(c.clause);
  problem.network = bound_by_sweeps(system, std::move(lower), std::move(upper), problem.network.get(), budget, deadline);
  optimizer.iterations = 40;
  bound_clauses(problem, open, optimizer, settings.threads, deadline);
  return problem;
}

}  // namespace clipbound
