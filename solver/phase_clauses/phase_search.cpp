#include "solver/phase_clauses/phase_search.h"

#include <algorithm>
#include <string>

#include "solver/strategy.h"

namespace clipbound::solver {

bool PhaseSearch::suits(const SparseNetwork& network) {
  return network.unstable_count() > 0 && network.unstable_count() <= strategy::kMostPhaseNeurons &&
         ClauseConstraints::suit(network, strategy::kMostProgramEntries);
}

bool PhaseSearch::knows(const std::vector<Open>& open) const {
  return std::all_of(open.begin(), open.end(), [&](const Open& one) {
    const auto found = all_.find(one.clause);
    return found != all_.end() && found->second.clauses->knows();
  });
}

bool PhaseSearch::is_worth_a_turn(const std::vector<Open>& open) const {
  if (spent_s_ > strategy::kLongestFirstPhases_s && !knows(open)) return false;
  // All clauses have to be refuted: one that cannot be makes the others' turns no shorter.
  return std::all_of(open.begin(), open.end(), [&](const Open& one) {
    const auto found = all_.find(one.clause);
    return found == all_.end() ||
           (found->second.last == PhaseClauses::Answer::open && found->second.clauses->promises());
  });
}

double PhaseSearch::turn_s(const std::vector<Open>& open, double beside_s) const {
  const double share = promises(open) ? strategy::kPhaseShare : strategy::kFirstPhaseShare;
  return share * beside_s - spent_s_;
}

std::set<const Clause*> PhaseSearch::run(const std::shared_ptr<const SparseNetwork>& network,
                                         const std::vector<Open>& open, double seconds) {
  std::set<const Clause*> refuted;
  const double begin = context_.deadline.spent_s();
  const double each = seconds / static_cast<double>(std::max<std::size_t>(open.size(), 1));
  for (const Open& one : open) {
    if (context_.ended()) break;
    One& mine = all_[one.clause];
    if (mine.last != PhaseClauses::Answer::open) continue;
    if (mine.clauses == nullptr)
      mine.clauses = std::make_unique<PhaseClauses>(network, one.rows, *one.clause, context_);
    mine.last = mine.clauses->run(each);
    if (mine.last == PhaseClauses::Answer::refuted) refuted.insert(one.clause);
    context_.say(2, "phases of a clause: " + std::to_string(mine.clauses->learned()) +
                        " clauses learned, of " + std::to_string(mine.clauses->mean_length()) +
                        " phases on average");
  }
  spent_s_ += context_.deadline.spent_s() - begin;
  return refuted;
}

}  // namespace clipbound::solver
