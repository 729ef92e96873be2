#include "solver/activation_split/worker.h"

#include <algorithm>
#include <cmath>

#include "bounds/clip/clipping.h"
#include "solver/activation_split/values.h"

namespace clipbound::solver {

namespace {
constexpr int kIterations = 10;       // of slopes and multipliers, per batch
constexpr int kLeafIterations = 400;  // where nothing is left to split
}  // namespace

ActivationSplitWorker::ActivationSplitWorker(SearchTeam& team, const ActivationProblem& problem,
                                             RefinementModel& model)
    : SearchWorker(team),
      problem_(problem),
      branching_(branching_strategy(context_.options.branching)),
      lanes_(problem),
      refinement_(lanes_, model, deadline_,
                  clipping_method(context_.options.clipping).refine_intermediate_bounds),
      begin_s_(deadline_.spent_s()) {}

void ActivationSplitWorker::between_batches() {
  report_figures();
  if ((batches_ & 15U) == 0) watch_memory();
  attack_now_and_then();
}

std::optional<ActivationTask> ActivationSplitWorker::share() {
  if (stack_.size() < 2) return std::nullopt;
  // Both parts get large ones, which are the oldest, and small ones.
  ActivationTask part, kept;
  for (std::size_t k = 0; k < stack_.size(); ++k)
    (k % 2 == 0 ? part : kept).push_back(std::move(stack_[k]));
  stack_ = std::move(kept);
  return part;
}

std::vector<ActivationTask> ActivationSplitWorker::rest() {
  std::vector<ActivationTask> all;
  if (!stack_.empty()) all.push_back(std::exchange(stack_, {}));
  return all;
}

void ActivationSplitWorker::copy_open(std::vector<ClauseState>& states) const {
  solver::copy_open(problem_, stack_, states);
}

void ActivationSplitWorker::close(ActivationSubproblem& subproblem, NodeEnd how) {
  SearchWorker::close(static_cast<std::size_t>(subproblem.clause), subproblem.share, how);
}

bool ActivationSplitWorker::take_batch() {
  batch_.clear();
  while (!stack_.empty() && batch_.size() < kLanes) {
    batch_.push_back(std::move(stack_.back()));
    stack_.pop_back();
  }
  return true;
}

void ActivationSplitWorker::bound() {
  deadline_.work(lanes_.take_work());
  const double begin = deadline_.spent_s();
  lanes_.load(batch_);
  SlopeSchedule schedule;
  schedule.iterations = kIterations;
  bound_ = lanes_.optimizer.maximize(lanes_.bounder, lanes_.cone, lanes_.rows, schedule);
  ++batches_;
  ++statistics.batches;
  count_bounded(batch_.size());
  deadline_.work(lanes_.take_work());
  const double each_s = (deadline_.spent_s() - begin) / static_cast<double>(batch_.size());
  for (std::size_t lane = 0; lane < batch_.size(); ++lane) {
    batch_[lane].bound = std::max(batch_[lane].bound, bound_[static_cast<int>(lane)]);
    refinement_.learn(batch_[lane], each_s);
  }
}

bool ActivationSplitWorker::prune() {
  const ActivationSubproblem* worst = nullptr;
  bool any_open = false;
  for (std::size_t lane = 0; lane < batch_.size(); ++lane) {
    ActivationSubproblem& subproblem = batch_[lane];
    bounded(static_cast<std::size_t>(subproblem.clause), subproblem.share, subproblem.bound);
    const bool refuted = problem_.refuted(subproblem.row, subproblem.bound);
    next_[lane] = refuted ? Next::closed : Next::split;
    any_open = any_open || !refuted;
    if (!refuted) {
      if (worst == nullptr || subproblem.bound < worst->bound) worst = &subproblem;
      continue;
    }
    ++statistics.pruned_bound;
    close(subproblem);
  }
  if (any_open) team_.counters.saw_open(open_row(*worst));
  return any_open;
}

OpenRow ActivationSplitWorker::open_row(const ActivationSubproblem& subproblem) const {
  const ActivationClause& clause = at(problem_.clauses, subproblem.clause);
  return {static_cast<std::size_t>(subproblem.clause),
          static_cast<std::size_t>(subproblem.row - clause.first_row), subproblem.bound};
}

void ActivationSplitWorker::try_points() {
  // Once more with the best parameters: coefficients, corners and values of these are what
  // branching looks at.
  lanes_.bounder.lower_bound(lanes_.cone, lanes_.rows);
  lanes_.bounder.evaluate_corner(lanes_.cone);
  for (int lane = 0; lane < static_cast<int>(batch_.size()); ++lane) {
    if (next_[lane] == Next::closed) continue;
    const ActivationClause& clause = at(problem_.clauses, at(batch_, lane).clause);
    bool unsafe = true;
    for (std::int64_t r = clause.first_row; r < clause.first_row + clause.rows; ++r)
      unsafe = unsafe && lanes_.bounder.row_value(problem_.rows, r, lane) <= 0.0;
    const double now = deadline_.spent_s();
    if (!unsafe || judging_s_ > strategy::kReplayShare * (now - begin_s_) + 0.1) continue;
    std::vector<double> point;
    for (const Vec& x : lanes_.bounder.corner()) point.push_back(x[lane]);
    if (judge_.offer(*clause.clause, point)) return;
    deadline_.work(strategy::kReplayWork);
    judging_s_ += deadline_.spent_s() - now;
  }
}

bool ActivationSplitWorker::another_row_excluded(ActivationSubproblem& subproblem, int lane) {
  const ActivationClause& clause = at(problem_.clauses, subproblem.clause);
  if (clause.rows == 1) return false;
  LaneRows rows = lanes_.begin_probe(lane, subproblem.row);
  for (std::int64_t first = 0; first < clause.rows; first += kLanes) {
    for (int k = 0; k < kLanes; ++k)
      rows.which[k] = clause.first_row + std::min<std::int64_t>(first + k, clause.rows - 1);
    const Vec bound = lanes_.probe.lower_bound(lanes_.cone, rows);
    for (int k = 0; k < kLanes; ++k) {
      if (problem_.refuted(rows.which[k], bound[k])) return true;
      if (bound[k] > subproblem.bound) {
        subproblem.bound = bound[k];
        subproblem.row = rows.which[k];
      }
    }
  }
  return false;
}

void ActivationSplitWorker::branch() {
  lanes_.bounder.differentiate(lanes_.cone);
  int refined = 0;
  for (std::size_t k = 0; k < batch_.size(); ++k) {
    ActivationSubproblem& subproblem = batch_[k];
    const int lane = static_cast<int>(k);
    if (next_[k] == Next::closed) continue;
    if (another_row_excluded(subproblem, lane)) {
      ++statistics.pruned_bound;
      close(subproblem);
      next_[k] = Next::closed;
    } else if (refinement_.pays(subproblem, refined)) {
      next_[k] = Next::refine;
      ++refined;
    } else {
      split_[k] = choose_split(branching_, lanes_, subproblem, lane);
    }
  }
}

void ActivationSplitWorker::clip() {
  for (std::size_t k = 0; k < batch_.size(); ++k) {
    if (next_[k] != Next::refine) continue;
    if (refinement_.refine(batch_[k], static_cast<int>(k))) continue;
    ++statistics.pruned_clip;
    close(batch_[k], NodeEnd::clipped);
    next_[k] = Next::closed;
  }
}

void ActivationSplitWorker::split() {
  for (std::size_t k = 0; k < batch_.size(); ++k) {
    if (next_[k] != Next::split) continue;
    ActivationSubproblem& parent = batch_[k];
    const int lane = static_cast<int>(k);
    if (!split_[k]) {
      finish_leaf(parent, lane);
      continue;
    }
    ++statistics.splits;
    parent.alpha_or_beta = lanes_.save_parameters(lane);
    lanes_.save_multipliers(parent, lane);
    const SplitAt where = trace_ ? place_of(*split_[k], parent, lane) : SplitAt{};
    const auto clause = static_cast<std::size_t>(parent.clause);
    for (const SplitSide side : kSplitSides) {
      Share share = side == SplitSide::lower
                        ? SearchWorker::split(clause, parent.share, where, Half::lower)
                        : std::move(parent.share);
      push_child(child_of(parent, std::move(share)), lane, *split_[k], side);
    }
  }
  // Refined ones come next, so that the model learns from them at once.
  for (std::size_t k = 0; k < batch_.size(); ++k) {
    if (next_[k] == Next::refine) stack_.push_back(std::move(batch_[k]));
  }
}

/// For people: the neuron's number in its layer and where its range is cut; or the input.
SplitAt ActivationSplitWorker::place_of(const ChosenSplit& split,
                                        const ActivationSubproblem& parent, int lane) const {
  SplitAt place;
  if (exists(split.neuron)) {
    const Decision of = decision_on(*problem_.network, split.neuron, 0.0, 0.0);
    place.of = SplitAt::Of::neuron;
    place.layer = static_cast<std::int32_t>(of.layer);
    place.index = static_cast<std::int32_t>(of.neuron);
    if (lanes_.bounder.lanes.is_nonlinear(split.neuron))
      place.at = lanes_.part_of(lane, split.neuron, SplitSide::lower).second;
    return place;
  }
  const std::vector<double>& upper =
      parent.box != nullptr ? parent.box->upper : problem_.network->upper_x;
  for (std::size_t i = 0; i < upper.size(); ++i) {
    if (split.halves[0]->upper[i] == upper[i]) continue;
    place.of = SplitAt::Of::input;
    place.index = static_cast<std::int32_t>(i);
    place.at = split.halves[0]->upper[i];
  }
  return place;
}

void ActivationSplitWorker::push_child(ActivationSubproblem child, int lane,
                                       const ChosenSplit& split, SplitSide side) {
  const auto k = static_cast<std::size_t>(side);
  if (exists(split.neuron)) {
    lanes_.add_split(child, lane, split.neuron, side);
  } else {
    lanes_.halve(child, lane, split.halves[k]);
  }
  child.bound = std::max(child.bound, split.bound[k]);
  bounded(static_cast<std::size_t>(child.clause), child.share, child.bound);
  if (problem_.refuted(child.row, child.bound)) {
    ++statistics.pruned_bound;
    count_bounded(1);
    refinement_.learn(child, refinement_.subproblem_s());
    return close(child);
  }
  child.newest_start = split.start[k];
  stack_.push_back(std::move(child));
}

void ActivationSplitWorker::finish_leaf(ActivationSubproblem& subproblem, int lane) {
  const LaneRows rows = lanes_.begin_probe(lane, subproblem.row);
  SlopeSchedule schedule;
  schedule.iterations = kLeafIterations;
  schedule.decay = 0.99;
  const Vec bound = lanes_.optimizer.maximize(lanes_.probe, lanes_.cone, rows, schedule);
  if (problem_.refuted(subproblem.row, bound[0]) || refuted_by_program(subproblem)) {
    ++statistics.pruned_bound;
    return close(subproblem);
  }
  subproblem.bound = std::max(subproblem.bound, bound[0]);
  bounded(static_cast<std::size_t>(subproblem.clause), subproblem.share, subproblem.bound);
  give_up(open_row(subproblem), subproblem.share);
}

bool ActivationSplitWorker::refuted_by_program(const ActivationSubproblem& subproblem) {
  std::vector<DecidedPhase> phases;
  if (subproblem.refined != nullptr) {
    for (const RefinedBounds& z : *subproblem.refined) {
      if (z.lower >= 0.0 || z.upper <= 0.0)
        phases.push_back({z.neuron, z.lower >= 0.0 ? ReluPhase::active : ReluPhase::inactive});
    }
  }
  for (const ReluSplit& split : subproblem.relus) phases.push_back({split.neuron, split.phase});
  const ActivationClause& clause = at(problem_.clauses, subproblem.clause);
  return programs_.refute(problem_.network, subproblem.clause,
                          {&problem_.rows, clause.first_row, clause.rows}, phases, deadline_);
}

}  // namespace clipbound::solver
