#include "solver/input_split/input_search.h"

#include <iterator>

namespace clipbound::solver {

InputSearch::InputSearch(std::vector<BoxSubproblems> tasks, const SearchContext& context)
    : context_(context),
      settings_(search_settings(context.options)),
      counters_(tasks.size()),
      tasks_(std::make_move_iterator(tasks.begin()), std::make_move_iterator(tasks.end())) {}

SearchOutcome InputSearch::run(TimeSlice time_slice) {
  time_slice.begin_s = context_.deadline.elapsed_s();
  TaskQueue queue(context_.threads);
  for (BoxSubproblems& task : tasks_) queue.put(std::move(task));
  tasks_.clear();
  const InputSplitTeam team{settings_, queue, counters_, time_slice};
  if (!run_search(context_, queue, counters_, [&](int number) {
        return std::make_unique<InputSplitWorker>(context_, team, number);
      })) {
    lost_ = true;
  }
  tasks_ = std::move(queue.left_over());
  return counters_.outcome(!lost_ && !context_.judge.found());
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
