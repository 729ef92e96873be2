#include "solver/input_split/input_search.h"

#include <algorithm>
#include <iterator>

#include "solver/search/shared_queue.h"

namespace clipbound::solver {

BoxSubproblems root_task(std::shared_ptr<const ClauseRoot> root, const std::vector<double>& lower,
                         const std::vector<double>& upper) {
  BoxSubproblems task;
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

InputSearch::InputSearch(std::vector<BoxSubproblems> tasks, int threads, const Options& options,
                         const SolveContext& context, const Deadline& deadline,
                         CandidateJudge& judge, PgdAttack* attack)
    : settings_(search_settings(options)),
      threads_(threads),
      context_(context),
      deadline_(deadline),
      judge_(judge),
      attack_(attack),
      counters_(tasks.size()),
      tasks_(std::make_move_iterator(tasks.begin()), std::make_move_iterator(tasks.end())) {}

SearchOutcome InputSearch::run(SearchSlice slice, Statistics& statistics) {
  slice.begin_s = deadline_.elapsed_s();
  TaskQueue queue(threads_);
  for (BoxSubproblems& task : tasks_) queue.put(std::move(task));
  tasks_.clear();
  if (!run_search(threads_, queue, counters_, context_, deadline_, statistics, [&](int worker) {
        return std::make_unique<InputSplitWorker>(settings_, deadline_, judge_, queue, counters_,
                                                  slice, worker == 0 ? attack_ : nullptr);
      })) {
    lost_ = true;
  }
  tasks_ = std::move(queue.left_over());
  return counters_.outcome(!lost_ && !judge_.found());
}

void InputSearch::drop(const std::set<const Clause*>& refuted) {
  std::erase_if(tasks_, [&](const BoxSubproblems& task) {
    if (!refuted.contains(task.root->clause)) return false;
    const std::size_t boxes = task.network == nullptr ? 1 : task.open.count();
    counters_.open.fetch_sub(static_cast<std::int64_t>(boxes));
    for (std::size_t k = 0; k < boxes; ++k) {
      const double* lower = task.network == nullptr ? task.lower.data() : task.open.from_top(k);
      const double* upper =
          task.network == nullptr ? task.upper.data() : lower + task.root->width.size();
      double share = 1.0;
      for (std::size_t i = 0; i < task.root->width.size(); ++i)
        share *= (upper[i] - lower[i]) / task.root->width[i];
      counters_.settle(share);
    }
    return true;
  });
}

}  // namespace clipbound::solver
