#include "solver/neuron_search.h"

#include <algorithm>
#include <mutex>

#include "base/parallel.h"
#include "solver/neuron_worker.h"
#include "solver/progress_reporter.h"

namespace clipbound {

namespace {

/// A clause's whole box, with the row that the root bounds left nearest to being excluded.
NeuronNode root_node(const NeuronProblem& problem, std::size_t clause) {
  const NeuronClause& c = problem.clauses[clause];
  NeuronNode node;
  node.clause = static_cast<std::int32_t>(clause);
  node.row = c.first_row;
  for (std::int64_t r = c.first_row; r < c.first_row + c.rows; ++r) {
    if (problem.root.lower[static_cast<std::size_t>(r)] > problem.root.lower[static_cast<std::size_t>(node.row)]) node.row = r;
  }
  node.bound = problem.root.lower[static_cast<std::size_t>(node.row)];
  node.theta = std::make_shared<const std::vector<float>>(problem.root.theta[static_cast<std::size_t>(node.row)]);
  return node;
}

}  // namespace

NeuronOutcome search_neurons(const NeuronProblem& problem, double slice_s, int threads, const Options& options, const SolveContext& context,
                             const Deadline& deadline, CandidateJudge& judge, PgdAttack* attack, Statistics& statistics) {
  NeuronQueue queue(threads);
  SearchCounters counters;
  const auto clauses = static_cast<double>(problem.clauses.size());
  counters.open.store(static_cast<std::int64_t>(problem.clauses.size()));
  NeuronShared shared(problem.clauses.size());
  shared.begin_s = deadline.elapsed_s();
  shared.slice_s = slice_s;
  for (std::size_t k = 0; k < problem.clauses.size(); ++k) {
    shared.open[k].store(1);
    queue.put({root_node(problem, k)});
  }
  const auto report = [&] {
    SearchProgress progress;
    progress.elapsed_s = deadline.elapsed_s();
    progress.subproblems = counters.subproblems.load(std::memory_order_relaxed);
    progress.open = static_cast<std::uint64_t>(std::max<std::int64_t>(0, counters.open.load(std::memory_order_relaxed)));
    progress.worst_bound = counters.worst_bound.load(std::memory_order_relaxed);
    progress.settled_share = std::clamp(counters.settled.load(std::memory_order_relaxed) / clauses, 0.0, 1.0);
    context.progress(progress);
  };
  ProgressReporter reporter(context.progress ? std::function<void()>(report) : nullptr);
  std::mutex mutex;
  std::atomic<bool> lost{false};
  run_workers(threads, [&](int worker_number) {
    try {
      NeuronWorker worker(problem, options, deadline, judge, queue, counters, shared, worker_number == 0 ? attack : nullptr);
      worker.run();
      const std::lock_guard lock(mutex);
      statistics += worker.statistics;
    } catch (const std::bad_alloc&) {
      lost.store(true);  // subproblems in flight are in nobody's count any more
      deadline.out_of_memory();
      queue.stop();
    } catch (...) {
      queue.stop();
      throw;
    }
  });
  reporter.stop();

  SearchOutcome outcome;
  outcome.stuck = counters.stuck.load();
  outcome.open = static_cast<std::uint64_t>(std::max<std::int64_t>(0, counters.open.load())) + outcome.stuck;
  outcome.worst_bound = counters.worst_bound.load();
  outcome.open_share = std::clamp(1.0 - counters.settled.load() / clauses, 0.0, 1.0);
  outcome.exhausted = outcome.open == 0 && !lost.load() && !judge.found();
  NeuronOutcome result{outcome, std::vector<char>(problem.clauses.size(), 0)};
  for (std::size_t k = 0; k < problem.clauses.size(); ++k) result.refuted[k] = !lost.load() && shared.open[k].load() == 0 ? 1 : 0;
  return result;
}

}  // namespace clipbound
