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
    const bool coarse = task.problem == nullptr;
    const std::size_t boxes = coarse ? 1 : task.open.count();
    counters_.open.fetch_sub(static_cast<std::int64_t>(boxes));
    for (std::size_t k = 0; k < boxes; ++k) {
      if (coarse) {
        counters_.settle(share_of(*task.root, task.lower, task.upper));
        continue;
      }
      const ConstRecord record = task.open.from_top(k);
      counters_.settle(share_of(*task.root, record.lower_x(), record.upper_x()));
    }
    return true;
  });
}

}  // namespace clipbound::solver
