#include "solver/input_search.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "base/parallel.h"
#include "solver/input_worker.h"
#include "solver/progress_reporter.h"
#include "solver/task_queue.h"

namespace clipbound {

ClauseTask root_task(std::shared_ptr<const ClauseRoot> root, const std::vector<double>& lower, const std::vector<double>& upper) {
  ClauseTask task;
  const ReducedNetwork& network = *root->network;
  task.constraints = std::min(network.rows, kMostConstraints) + kMemory;
  task.open = SubproblemStack(network.inputs, network.neurons, task.constraints);
  double* record = task.open.push();
  for (const std::vector<double>* part : {&lower, &upper, &root->lower_z, &root->upper_z}) {
    record = std::copy(part->begin(), part->end(), record);
  }
  // No constraint yet: 0 x + 0 <= 0 holds everywhere.
  std::fill(record, record + task.constraints * (network.inputs + 1), 0.0);
  task.network = root->network;
  task.root = std::move(root);
  return task;
}

SearchOutcome search_inputs(std::vector<ClauseTask> tasks, int threads, const Options& options, const SolveContext& context,
                            const Deadline& deadline, CandidateJudge& judge, PgdAttack* attack, Statistics& statistics) {
  const SearchSettings settings = search_settings(options);
  TaskQueue queue(threads);
  SearchCounters counters;
  const auto clauses = static_cast<double>(tasks.size());
  counters.open.store(static_cast<std::int64_t>(tasks.size()));
  for (ClauseTask& task : tasks) queue.put(std::move(task));

  std::mutex mutex;
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
  std::atomic<bool> lost{false};
  run_workers(threads, [&](int worker_number) {
    InputWorker worker(settings, deadline, judge, queue, counters, worker_number == 0 ? attack : nullptr);
    try {
      worker.run();
    } catch (const std::bad_alloc&) {
      lost.store(true);  // subproblems in flight are in nobody's count any more
      deadline.out_of_memory();
      queue.stop();
    } catch (...) {
      queue.stop();
      throw;
    }
    const std::lock_guard lock(mutex);
    statistics += worker.statistics;
  });
  reporter.stop();

  SearchOutcome outcome;
  outcome.stuck = counters.stuck.load();
  outcome.open = static_cast<std::uint64_t>(std::max<std::int64_t>(0, counters.open.load())) + outcome.stuck;
  outcome.worst_bound = counters.worst_bound.load();
  outcome.open_share = std::clamp(1.0 - counters.settled.load() / clauses, 0.0, 1.0);
  outcome.exhausted = outcome.open == 0 && !lost.load() && !judge.found();
  return outcome;
}

}  // namespace clipbound
