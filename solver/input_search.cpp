#include "solver/input_search.h"

#include <algorithm>

#include "solver/input_worker.h"
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
  SearchCounters counters(tasks.size());
  for (ClauseTask& task : tasks) queue.put(std::move(task));
  const bool nothing_lost = run_search(threads, queue, counters, context, deadline, statistics, [&](int worker) {
    return std::make_unique<InputWorker>(settings, deadline, judge, queue, counters, worker == 0 ? attack : nullptr);
  });
  return counters.outcome(nothing_lost && !judge.found());
}

}  // namespace clipbound
