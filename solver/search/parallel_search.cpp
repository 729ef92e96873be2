#include "solver/search/parallel_search.h"

#include <algorithm>

namespace clipbound::solver {

SearchProgress SearchCounters::progress(double elapsed_s) const {
  SearchProgress progress;
  progress.elapsed_s = elapsed_s;
  progress.subproblems = subproblems.load(std::memory_order_relaxed);
  progress.open =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, open.load(std::memory_order_relaxed)));
  progress.worst_bound = worst_bound.load(std::memory_order_relaxed);
  progress.settled_share = std::clamp(settled.load(std::memory_order_relaxed) / clauses, 0.0, 1.0);
  return progress;
}

SearchOutcome SearchCounters::outcome(bool complete) const {
  SearchOutcome outcome;
  outcome.unsplittable = unsplittable.load();
  outcome.open =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, open.load())) + outcome.unsplittable;
  outcome.worst_bound = worst_bound.load();
  outcome.open_share = std::clamp(1.0 - settled.load() / clauses, 0.0, 1.0);
  outcome.exhausted = complete && outcome.open == 0;
  return outcome;
}

}  // namespace clipbound::solver
