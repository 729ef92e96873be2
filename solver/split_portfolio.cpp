#include "solver/split_portfolio.h"

#include <algorithm>

#include "solver/strategy.h"

namespace clipbound::solver {

SplitPortfolio::SplitPortfolio(InputSearch& inputs, MakeSchedule make, MakeCases make_cases,
                               double first_slice_s, const SearchContext& context)
    : inputs_(inputs),
      make_(std::move(make)),
      make_cases_(std::move(make_cases)),
      first_slice_s_(first_slice_s),
      context_(context) {
  if (!make_cases_) return;
  for (const std::shared_ptr<const ClauseRoot>& root : inputs.open_roots()) {
    if (roots_.empty() || roots_.back()->clause != root->clause) roots_.push_back(root);
  }
}

bool SplitPortfolio::find_boxes() {
  std::set<const Clause*> open;
  for (const std::shared_ptr<const ClauseRoot>& open_root : inputs_.open_roots()) {
    const ClauseRoot& root = *open_root;
    if (root.clause->rows.empty()) return false;
    open.insert(root.clause);
    const auto same = [&](const OpenBox& box) {
      return box.lower == root.lower && box.upper == root.upper;
    };
    auto box = std::find_if(boxes_.begin(), boxes_.end(), same);
    if (box == boxes_.end()) {
      if (boxes_.size() == strategy::kMostPortfolioBoxes) return false;
      box = boxes_.insert(box, OpenBox{root.lower, root.upper, {}, nullptr, nullptr});
    }
    box->clauses.insert(root.clause);
  }
  for (OpenBox& box : boxes_) {
    std::set<const Clause*> refuted;
    for (const Clause* clause : box.clauses) {
      if (!open.contains(clause)) refuted.insert(clause);
    }
    for (const Clause* clause : refuted) box.clauses.erase(clause);
    if (box.schedule != nullptr && !refuted.empty()) box.schedule->drop(refuted);
  }
  std::erase_if(boxes_, [](const OpenBox& box) { return box.clauses.empty(); });
  return true;
}

void SplitPortfolio::search(OpenBox& box, double seconds) {
  if (box.schedule == nullptr) {
    box.schedule = make_({box.lower, box.upper, {box.clauses.begin(), box.clauses.end()}});
    if (box.schedule == nullptr) return;
    box.schedule->begin();
    seconds = std::max(seconds, strategy::kFirstActivationSlice * box.schedule->spent_s());
  }
  if (!box.schedule->problem().clauses.empty() && !context_.deadline.expired()) {
    const ActivationOutcome outcome = box.schedule->run(context_.deadline.spent_s() + seconds);
    if (outcome.search.exhausted) return inputs_.drop(box.clauses);
    box.open_share = outcome.search.open_share;
  }
  std::set<const Clause*> refuted = box.clauses;
  for (const ActivationClause& c : box.schedule->problem().clauses) refuted.erase(c.clause);
  inputs_.drop(refuted);
}

void SplitPortfolio::search_cases(OpenBox& box, TimeSlice slice) {
  if (box.cases == nullptr)
    box.cases = make_cases_({box.lower, box.upper, {box.clauses.begin(), box.clauses.end()}});
  box.cases->run(slice);
  std::set<const Clause*> refuted;
  for (const Clause* clause : box.clauses) {
    if (box.cases->is_refuted(*clause)) refuted.insert(clause);
  }
  inputs_.drop(refuted);
}

SearchOutcome SplitPortfolio::finish_by_cases() {
  for (const auto& root : roots_) {
    if (context_.ended()) break;
    if (root->clause->rows.empty() || inputs_.is_refuted(*root->clause)) continue;
    const auto known = std::find_if(boxes_.begin(), boxes_.end(), [&](const OpenBox& box) {
      return box.cases != nullptr && box.clauses.contains(root->clause);
    });
    if (known != boxes_.end()) {
      search_cases(*known, {});
      continue;
    }
    OpenBox box{root->lower, root->upper, {}, nullptr, nullptr};
    for (const auto& other : roots_) {
      if (other->lower == box.lower && other->upper == box.upper && !other->clause->rows.empty() &&
          !inputs_.is_refuted(*other->clause))
        box.clauses.insert(other->clause);
    }
    boxes_.push_back(std::move(box));
    search_cases(boxes_.back(), {});
  }
  return inputs_.outcome();
}

SplitPortfolio::Progress SplitPortfolio::progress() const {
  Progress sum;
  for (const OpenBox& box : boxes_) {
    sum.clauses += box.clauses.size();
    sum.open_share += box.open_share;
    sum.gap_to_refutation += box.schedule == nullptr ? std::numeric_limits<double>::infinity()
                                                     : box.schedule->gap_to_refutation();
  }
  return sum;
}

bool SplitPortfolio::split_activations(double seconds) {
  const Progress before = progress();
  for (OpenBox& box : boxes_) {
    if (context_.ended()) return true;
    search(box, seconds / static_cast<double>(boxes_.size()));
  }
  if (context_.ended()) return true;  // the last box may have no schedule then
  const Progress after = progress();
  std::size_t open = 0;
  for (const OpenBox& box : boxes_) open += box.schedule->problem().clauses.size();
  return open < before.clauses ||
         after.gap_to_refutation < strategy::kProgress * before.gap_to_refutation ||
         after.open_share < strategy::kProgress * before.open_share;
}

bool SplitPortfolio::has_coarse_boxes() const {
  const auto roots = inputs_.open_roots();
  return std::all_of(roots.begin(), roots.end(), [](const auto& root) {
    return root->problem == nullptr && root->kept.size() > kMostForwardSplitInputs;
  });
}

SearchOutcome SplitPortfolio::run() {
  TimeSlice slice;
  slice.seconds = first_slice_s_;
  if (make_cases_) {
    // Boxes along a jump are halved without an end, and their settled share promises one: slices
    // are short and as long as they are said to be.
    constexpr double kFirstSlice_s = 0.25;
    slice.seconds = std::min(slice.seconds, kFirstSlice_s);
    slice.times = 1.0;
  }
  double share = 1.0;
  for (bool is_first = true;; is_first = false) {
    // Where the input split gets all of the time, somebody has asked for it.
    const bool coarse = !make_cases_ && first_slice_s_ < TimeSlice{}.seconds && has_coarse_boxes();
    TimeSlice boxes = slice;
    if (coarse) boxes.seconds *= strategy::kCoarseShare;
    const SearchOutcome outcome = is_first && coarse ? inputs_.outcome() : inputs_.run(boxes);
    if (context_.ended() || outcome.exhausted) return outcome;
    if (inputs_.tasks().empty()) return make_cases_ ? finish_by_cases() : outcome;
    if (!find_boxes()) {
      slice = {};
      boxes_.clear();
      continue;
    }
    const double begin = context_.deadline.spent_s();
    for (OpenBox& box : boxes_) {
      if (!make_cases_ || context_.ended()) break;
      search_cases(box,
                   {.seconds = slice.seconds / static_cast<double>(boxes_.size()), .times = 1.0});
    }
    if (context_.ended() || inputs_.tasks().empty()) continue;
    ++context_.statistics.neuron_turns;
    const bool gained = split_activations(share * slice.seconds);
    share = gained ? 1.0 : std::max(strategy::kSmallestShare, 0.5 * share);
    slice.seconds = std::max(2.0 * slice.seconds, context_.deadline.spent_s() - begin);
  }
}

}  // namespace clipbound::solver
