#include "solver/alternation.h"

#include <algorithm>

namespace clipbound::solver {

namespace {
constexpr std::size_t kMostBoxes =
    8;                            // each has a network and bounds of its own for the neurons' turns
constexpr double kGlances = 2.0;  // of a root's time, that its first search may last
constexpr double kSmallestShare =
    0.125;                     // of the inputs' turn, for neurons' turns that bring nothing
constexpr double kGain = 0.9;  // bounds and trees must shrink to this part for a turn to count
}  // namespace

SplitPortfolio::SplitPortfolio(InputSearch& inputs, MakeNeuronRoot make, double first_s,
                               const SearchContext& context)
    : inputs_(inputs), make_(std::move(make)), first_s_(first_s), context_(context) {}

bool SplitPortfolio::find_boxes() {
  std::set<const Clause*> open;
  for (const BoxSubproblems& task : inputs_.tasks()) {
    const ClauseRoot& root = *task.root;
    if (root.clause->rows.empty()) return false;
    open.insert(root.clause);
    const auto same = [&](const OpenBox& box) {
      return box.lower == root.lower && box.upper == root.upper;
    };
    auto box = std::find_if(boxes_.begin(), boxes_.end(), same);
    if (box == boxes_.end()) {
      if (boxes_.size() == kMostBoxes) return false;
      box = boxes_.insert(box, OpenBox{root.lower, root.upper, {}, nullptr});
    }
    box->clauses.insert(root.clause);
  }
  for (OpenBox& box : boxes_) {
    std::set<const Clause*> refuted;
    for (const Clause* clause : box.clauses) {
      if (!open.contains(clause)) refuted.insert(clause);
    }
    for (const Clause* clause : refuted) box.clauses.erase(clause);
    if (box.root != nullptr && !refuted.empty()) box.root->drop(refuted);
  }
  std::erase_if(boxes_, [](const OpenBox& box) { return box.clauses.empty(); });
  return true;
}

void SplitPortfolio::search(OpenBox& box, double seconds) {
  if (box.root == nullptr) {
    box.root = make_({box.lower, box.upper, {box.clauses.begin(), box.clauses.end()}});
    box.root->begin();
    seconds = std::max(seconds, kGlances * box.root->spent_s());
  }
  if (!box.root->problem().clauses.empty() && !context_.deadline.expired()) {
    const ActivationOutcome outcome = box.root->run(context_.deadline.elapsed_s() + seconds);
    if (outcome.search.exhausted) return inputs_.drop(box.clauses);
    box.open_share = outcome.search.open_share;
  }
  std::set<const Clause*> refuted = box.clauses;
  for (const ActivationClause& c : box.root->problem().clauses) refuted.erase(c.clause);
  inputs_.drop(refuted);
}

SplitPortfolio::Standing SplitPortfolio::standing() const {
  Standing sum;
  for (const OpenBox& box : boxes_) {
    sum.clauses += box.clauses.size();
    sum.open_share += box.open_share;
    sum.lacking += box.root == nullptr ? std::numeric_limits<double>::infinity()
                                       : box.root->gap_to_refutation();
  }
  return sum;
}

bool SplitPortfolio::decide_neurons(double seconds) {
  const Standing before = standing();
  for (OpenBox& box : boxes_) {
    if (context_.ended()) return true;
    search(box, seconds / static_cast<double>(boxes_.size()));
  }
  const Standing after = standing();
  std::size_t open = 0;
  for (const OpenBox& box : boxes_) open += box.root->problem().clauses.size();
  return open < before.clauses || after.lacking < kGain * before.lacking ||
         after.open_share < kGain * before.open_share;
}

SearchOutcome SplitPortfolio::run() {
  TimeSlice slice;
  slice.seconds = first_s_;
  double share = 1.0;
  for (;;) {
    const SearchOutcome outcome = inputs_.run(slice);
    if (context_.ended() || inputs_.tasks().empty()) return outcome;
    if (!find_boxes()) {
      slice = {};
      boxes_.clear();
      continue;
    }
    const double begin = context_.deadline.elapsed_s();
    ++context_.statistics.neuron_turns;
    const bool gained = decide_neurons(share * slice.seconds);
    share = gained ? 1.0 : std::max(kSmallestShare, 0.5 * share);
    slice.seconds = std::max(2.0 * slice.seconds, context_.deadline.elapsed_s() - begin);
  }
}

}  // namespace clipbound::solver
