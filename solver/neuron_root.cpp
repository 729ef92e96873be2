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

class NeuronRoot {
 public:
  NeuronRoot(std::shared_ptr<const LayeredSystem> system, const std::vector<const Clause*>& clauses, const NeuronRootSettings& settings, const Deadline& deadline)
      : system_(std::move(system)), open_(clauses), settings_(settings), deadline_(deadline) {}

  NeuronProblem run(std::vector<double> lower, std::vector<double> upper) {
    lower_ = std::move(lower);
    upper_ = std::move(upper);
    SweepBudget budget;
    budget.threads = settings_.threads;
    if (pass(budget, 20)) return std::move(problem_);
    budget.iterations = 20;
    if (pass(budget, 40)) return std::move(problem_);
    // Then neurons one by one. It goes on while the rows gain from it; what is left is for the search.
    for (int rounds = 2; rounds <= 64; rounds *= 2) {
      const double lacking = lacking_;
      budget.iterations = 10;
      budget.split_rounds = rounds;
      if (pass(budget, 40)) break;
      if (lacking_ > 0.8 * lacking) break;
    }
    return std::move(problem_);
  }

 private:
  /// Bounds everything once more. True where the root is done: all refuted, a counterexample found, or no time left.
  bool pass(SweepBudget& budget, int row_iterations) {
    const double begin = deadline_.elapsed_s();
    budget.seconds = std::min(kLongestPass, settings_.pass_share * deadline_.remaining_s());
    const std::vector<double> importance = problem_.root.cost;
    budget.importance = importance.empty() ? nullptr : &importance;
    problem_.network = bound_by_sweeps(system_, lower_, upper_, problem_.network.get(), budget, deadline_);
    SweepOptimizer optimizer;
    optimizer.iterations = row_iterations;
    bound_clauses(problem_, open_, optimizer, settings_.threads, deadline_);
    open_.clear();
    lacking_ = 0.0;
    for (const NeuronClause& c : problem_.clauses) {
      open_.push_back(c.clause);
      double nearest = problem_.root.lower[static_cast<std::size_t>(c.first_row)];
      for (std::int64_t r = c.first_row; r < c.first_row + c.rows; ++r) nearest = std::max(nearest, problem_.root.lower[static_cast<std::size_t>(r)]);
      lacking_ -= nearest;
    }
    const double end = deadline_.elapsed_s();
    if (settings_.log) {
      settings_.log("root pass, " + std::to_string(budget.split_rounds) + " rounds per neuron: " + std::to_string(open_.size()) + " clauses open, they lack " + std::to_string(lacking_) + ", " +
                    std::to_string(problem_.network->slots()) + " neurons undecided, " + std::to_string(end - begin) + " s");
    }
    if (open_.empty() || deadline_.expired()) return true;
    return settings_.attack && settings_.attack(std::max(0.05, kAttackShare * (end - begin)));
  }

  static constexpr double kLongestPass = 60.0, kAttackShare = 0.25;
  std::shared_ptr<const LayeredSystem> system_;
  std::vector<const Clause*> open_;
  const NeuronRootSettings& settings_;
  const Deadline& deadline_;
  std::vector<double> lower_, upper_;
  NeuronProblem problem_;
  double lacking_ = 0.0;  ///< sum over open clauses of what their best rows lack
};

}  // namespace

NeuronProblem bound_neuron_root(std::shared_ptr<const LayeredSystem> system, std::vector<double> lower, std::vector<double> upper,
                                const std::vector<const Clause*>& clauses, const NeuronRootSettings& settings, const Deadline& deadline) {
  return NeuronRoot(std::move(system), clauses, settings, deadline).run(std::move(lower), std::move(upper));
}

}  // namespace clipbound
