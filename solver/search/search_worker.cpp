#include "solver/search/search_worker.h"

#include <algorithm>

namespace clipbound::solver {

SearchWorker::SearchWorker(const SearchContext& context, SearchCounters& counters,
                           const TimeSlice& time_slice, AttackRhythm rhythm, int number)
    : context_(context),
      deadline_(context.deadline),
      judge_(context.judge),
      counters_(counters),
      time_slice_(time_slice),
      rhythm_(rhythm),
      attacks_(number == 0 && context.attack),
      next_attack_s_(context.deadline.elapsed_s() + rhythm.every_s) {}

bool SearchWorker::is_over() const {
  return context_.ended() ||
         time_slice_.over(deadline_.elapsed_s(),
                          counters_.settled.load(std::memory_order_relaxed) / counters_.clauses);
}

void SearchWorker::attack_now_and_then() {
  if (!attacks_ || deadline_.elapsed_s() < next_attack_s_) return;
  const double begin = deadline_.elapsed_s();
  context_.attack(rhythm_.seconds, statistics);
  const double now = deadline_.elapsed_s();
  statistics.attack_s += now - begin;
  // One step of the attack may outlast its time.
  next_attack_s_ =
      now + std::max(rhythm_.every_s, (now - begin) * (rhythm_.every_s / rhythm_.seconds));
}

void SearchWorker::watch_memory() const {
  if (static_cast<double>(resident_bytes()) > context_.options.memory_limit_gb * 1e9)
    deadline_.out_of_memory();
}

}  // namespace clipbound::solver
