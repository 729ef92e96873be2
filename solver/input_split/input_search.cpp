#include "solver/input_split/input_search.h"

#include <algorithm>
#include <map>

#include "solver/search/tree_search.h"

namespace clipbound::solver {

namespace {

/// Numbers the tasks' clauses.
std::vector<const Clause*> number_clauses(std::vector<BoxSubproblems>& tasks) {
  std::vector<const Clause*> clauses;
  for (BoxSubproblems& task : tasks) {
    if (task.root->is_joint()) {
      task.clause = clauses.size();
      for (const auto& member : task.root->members) clauses.push_back(member->clause);
      continue;
    }
    if (clauses.empty() || clauses.back() != task.root->clause)
      clauses.push_back(task.root->clause);
    task.clause = clauses.size() - 1;
  }
  return clauses;
}

}  // namespace

InputSearch::InputSearch(std::vector<BoxSubproblems> tasks, const SearchContext& context)
    : context_(context),
      settings_(search_settings(context.options)),
      clauses_(number_clauses(tasks)),
      counters_(clauses_.size()),
      tasks_(std::move(tasks)) {
  if (context.keeper == nullptr) return;
  for (std::size_t k = 0; k < clauses_.size(); ++k) {
    if (const ClauseState* resumed = context.keeper->resumed_boxes(*clauses_[k]))
      counters_.resume(k, *resumed);
  }
}

std::vector<ClauseState> InputSearch::states() const {
  std::vector<ClauseState> states;
  for (std::size_t k = 0; k < clauses_.size(); ++k) states.push_back(counters_.state_of(k));
  return states;
}

void InputSearch::keep(std::vector<ClauseState> states) const {
  for (std::size_t k = 0; k < clauses_.size(); ++k)
    context_.keeper->keep(*clauses_[k], std::move(states[k]));
}

void InputSearch::keep() const {
  if (context_.keeper == nullptr) return;
  std::vector<ClauseState> states = this->states();
  for (const BoxSubproblems& task : tasks_) copy_open(task, states);
  keep(std::move(states));
}

SearchOutcome InputSearch::run(TimeSlice time_slice) {
  time_slice.begin_s = context_.deadline.spent_s();
  TreeSearch<InputSplitWorker> search(
      context_, counters_, time_slice, strategy::kInputSplitAttack,
      context_.begin_traced("input", clauses_),
      [this](SearchTeam& team) { return std::make_unique<InputSplitWorker>(team, settings_); });
  search.at_cut([this](const TreeSearch<InputSplitWorker>::Stopped& stopped) {
    std::vector<ClauseState> states = this->states();
    for (const auto& worker : stopped.paused) worker->copy_open(states);
    for (const BoxSubproblems& task : stopped.waiting) copy_open(task, states);
    keep(std::move(states));
  });
  const WatchedSearch watched(context_.progress, counters_, clauses_, context_.statistics);
  search.run(tasks_);
  // Checkpoints are written while other searches run, too.
  if (context_.cuts != nullptr) keep();
  return counters_.outcome();
}

void InputSearch::drop(const std::set<const Clause*>& refuted) {
  std::map<std::size_t, std::uint64_t> dropped;  // clause, subproblems
  std::erase_if(tasks_, [&](BoxSubproblems& task) {
    bool is_open = false;
    for (std::size_t m = 0; m < std::max<std::size_t>(task.root->members.size(), 1); ++m) {
      const std::size_t count = task.count_of(m);
      if (refuted.contains(task.root->member(m).clause)) {
        dropped[task.clause + m] += count;
        task.drop(m);
      } else {
        is_open = is_open || count > 0;
      }
    }
    return !is_open;
  });
  for (std::size_t k = 0; k < clauses_.size(); ++k) {
    // What no split made smaller has left no subproblem behind.
    if (refuted.contains(clauses_[k]) && !counters_.shares().is_refuted(k))
      counters_.refute(k, dropped[k]);
  }
}

std::vector<std::shared_ptr<const ClauseRoot>> InputSearch::open_roots() const {
  std::vector<std::shared_ptr<const ClauseRoot>> roots;
  for (const BoxSubproblems& task : tasks_) {
    if (!task.root->is_joint()) roots.push_back(task.root);
    for (std::size_t m = 0; m < task.root->members.size(); ++m) {
      if (task.count_of(m) > 0) roots.push_back(task.root->members[m]);
    }
  }
  return roots;
}

bool InputSearch::is_refuted(const Clause& clause) const {
  const auto at = std::find(clauses_.begin(), clauses_.end(), &clause);
  return at != clauses_.end() &&
         counters_.shares().is_refuted(static_cast<std::size_t>(at - clauses_.begin()));
}

}  // namespace clipbound::solver
