#include "solver/search/search_worker.h"

#include <algorithm>
#include <utility>

namespace clipbound::solver {

bool SearchTeam::is_over() {
  if (stopped.load(std::memory_order_relaxed) || context.ended()) return true;
  if (context.cuts != nullptr && context.cuts->divides()) return false;  // slices are for searches
  const double now = context.deadline.spent_s();
  const double settled = counters.settled.load(std::memory_order_relaxed) / counters.clauses;
  history.note(now, settled);
  if (now - time_slice.begin_s < time_slice.seconds ||
      !time_slice.over(now, settled, history.at_half(now)))
    return false;
  stopped.store(true, std::memory_order_relaxed);
  return true;
}

SearchWorker::SearchWorker(SearchTeam& team)
    : team_(team),
      context_(team.context),
      deadline_(team.context.deadline),
      judge_(team.context.judge),
      shares_(team.counters.shares().clauses()) {
  trace_.attach(context_.trace, team.number);
}

void SearchWorker::attack_now_and_then() {
  if (!context_.attack || deadline_.spent_s() < team_.next_attack_s.load()) return;
  if (team_.attacking.exchange(true, std::memory_order_acquire)) return;
  const double begin = deadline_.spent_s(), begin_s = deadline_.elapsed_s();
  if (begin >= team_.next_attack_s.load()) {
    context_.attack(team_.rhythm.seconds, statistics);
    const double now = deadline_.spent_s();
    statistics.attack_s += deadline_.elapsed_s() - begin_s;
    // One step of the attack may outlast its time.
    team_.next_attack_s.store(
        now + std::max(team_.rhythm.every_s,
                       (now - begin) * (team_.rhythm.every_s / team_.rhythm.seconds)));
  }
  team_.attacking.store(false, std::memory_order_release);
}

void SearchWorker::watch_memory() const {
  if (static_cast<double>(resident_bytes()) > context_.options.memory_limit_gb * 1e9)
    deadline_.out_of_memory();
}

void SearchWorker::bounded(std::size_t clause, Share& share, double bound) {
  trace_.bounded(clause, share, bound);
  const std::uint16_t level = level_of(bound);
  if (level <= share.marks.level) return;  // a parent's bound holds too
  open_bounds_.add(share.marks.level, -1);
  open_bounds_.add(level, 1);
  share.marks.level = level;
}

void SearchWorker::close(std::size_t clause, Share& share, NodeEnd how) {
  trace_.ended(clause, share, how);
  open_bounds_.add(share.marks.level, -1);
  settled_ += share_of_depth(share.depth());
  --open_;
  shares_.close(clause, share);
}

void SearchWorker::give_up(std::size_t clause, Share& share) {
  trace_.ended(clause, share, NodeEnd::given_up);
  ++unsplittable_;
  --open_;
  shares_.give_up(clause, share);
}

void SearchWorker::give_up(const OpenRow& row, Share& share) {
  if (!given_up_ || row.bound < given_up_->bound) given_up_ = row;
  give_up(row.clause, share);
}

void SearchWorker::give_up_touching(const OpenRow& row, Share& share, bool in_reals) {
  give_up(row, share);
  if (in_reals) team_.counters.holds_in_reals.store(true, std::memory_order_relaxed);
}

void SearchWorker::report_figures() {
  SearchCounters& counters = team_.counters;
  if (bounded_ != 0) counters.subproblems.fetch_add(bounded_, std::memory_order_relaxed);
  if (open_ != 0) counters.open.fetch_add(open_, std::memory_order_relaxed);
  if (unsplittable_ != 0) counters.unsplittable.fetch_add(unsplittable_, std::memory_order_relaxed);
  if (settled_ != 0.0) counters.settle(settled_);
  counters.open_bounds.take(open_bounds_);
  if (given_up_) counters.saw_given_up(*std::exchange(given_up_, std::nullopt));
  bounded_ = unsplittable_ = 0;
  open_ = 0;
  settled_ = 0.0;
}

void SearchWorker::hand_over() {
  report_figures();
  team_.counters.take(shares_);
}

}  // namespace clipbound::solver
