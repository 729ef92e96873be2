#include "solver/input_split/worker.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/rounding.h"
#include "solver/input_split/coarse_boxes.h"

namespace clipbound::solver {

namespace {
// Half-spaces of ancestors that enter concretizations; the others only clip boxes (decision 26).
constexpr int kConcretizedOlder = 1;
// A row's bound that is nearer to 0 than so many of its slacks may be open by rounding alone: its
// own bound is off by a few of them.
constexpr double kSlacks = 16.0;
}  // namespace

SearchSettings search_settings(const Options& options) {
  const ClippingMethod& method = clipping_method(options.clipping);
  SearchSettings settings;
  settings.clipping.complete = method.complete_clipping;
  settings.clipping.passes = options.clip_passes;
  settings.clip_boxes = method.clip_boxes;
  settings.order = options.reorder ? ClipOrder::children : ClipOrder::parents;
  settings.branching = &branching_rule(options.branching);
  return settings;
}

InputSplitWorker::InputSplitWorker(SearchTeam& team, const SearchSettings& settings)
    : SearchWorker(team), settings_(settings) {}

void InputSplitWorker::search_coarse(BoxSubproblems task) {
  if (task.root->is_joint()) return search_coarse_jointly(std::move(task));
  CrownBounder::Bounds bounds = bound_coarse(task, deadline_);
  deadline_.work(crown_work(task.root->bounder->system()));
  RowsVerdict rows = bound_rows(*task.root, bounds);
  if (!rows.refuted && rows.blurred && !deadline_.expired() && lower_coarse_anew(task)) {
    deadline_.work(lowering_work(task.root->bounder->system()));
    bounds = bound_coarse(task, deadline_);
    rows = bound_rows(*task.root, bounds);
  }
  if (deadline_.expired()) return pending_.push_back(std::move(task));
  count_bounded(1);
  bounded(task.clause, task.share.of(0), rows.bound);
  if (rows.refuted) {
    ++statistics.pruned_bound;
    return close(task.clause, task.share.of(0));
  }
  std::optional<CoarseSplit> where = coarse_split(task);
  if (!rows.blurred || !where) {
    if (auto reduced = reduced_task(task, bounds)) return enter_subtree(std::move(*reduced));
  }
  team_.counters.saw_open({task.clause, rows.row, rows.bound});
  if (!where) return give_up({task.clause, rows.row, rows.bound}, task.share.of(0));
  if (rows.blurred) {
    if (const auto pole = pole_split(task, bounds)) where = pole;
  }
  ++statistics.splits;
  const SplitAt place{SplitAt::Of::input, -1, task.root->kept[where->column], where->at};
  BoxSubproblems upper =
      split_coarse(task, *where, split_shares(task.clause, task.share, place, Half::upper));
  pending_.push_back(std::move(upper));
  pending_.push_back(std::move(task));
}

InputSplitWorker::Level& InputSplitWorker::enter_level(
    std::shared_ptr<const BatchProblem> problem) {
  if (depth_ == levels_.size()) levels_.push_back(std::make_unique<Level>());
  Level& level = *levels_[depth_++];
  level.open = SubproblemStack(
      {.inputs = problem->inputs, .neurons = problem->neurons, .halfspaces = halfspaces_});
  level.bounder = problem->make_bounder(halfspaces_, std::move(level.bounder));
  level.boxes.resize(problem->inputs, problem->neurons, halfspaces_);
  level.rows.resize(problem->inputs, problem->rows);
  level.rounding.clear();
  for (int s = 0; s < problem->rows; ++s) level.rounding.push_back(kSlacks * problem->row_slack(s));
  level.problem = std::move(problem);
  return level;
}

void InputSplitWorker::enter_subtree(BoxSubproblems task) {
  clause_ = task.clause;
  root_ = task.root;
  row_ends_.clear();
  for (std::size_t m = 0, end = 0; m < std::max<std::size_t>(root_->members.size(), 1); ++m)
    row_ends_.push_back(end += root_->member(m).strict.size());
  without_rows_ = task.without_rows;
  clipping_ = settings_.clipping;
  clipping_.most_halfspaces = std::min(task.problem->rows, kMostInheritedRows) + kConcretizedOlder;
  if (root_->ball != nullptr) ++clipping_.most_halfspaces;
  if (without_rows_) clipping_.complete = false;
  halfspaces_ = task.open.shape().halfspaces;
  depth_ = 0;
  full_point_.resize(root_->lower.size());
  const auto N = static_cast<std::size_t>(task.problem->inputs);
  for (auto* array : {&point_, &score_, &fallback_}) array->resize(N);
  values_.resize(static_cast<std::size_t>(task.problem->rows));
  for (Children& children : children_)
    children.halfspaces.assign(static_cast<std::size_t>(halfspaces_) * (N + 1), Vec{});
  Level& first = enter_level(task.problem);
  first.open = std::move(task.open);
}

bool InputSplitWorker::has_open() {
  while (depth_ > 0 && level().open.empty()) --depth_;
  return depth_ > 0 || !pending_.empty();
}

void InputSplitWorker::between_batches() {
  report_figures();
  const bool coarse = depth_ == 0;
  if (coarse || (batches_ & 15U) == 0) attack_now_and_then();
  if (coarse || (batches_ & 1023U) == 0) watch_memory();
}

std::optional<BoxSubproblems> InputSplitWorker::share() {
  if (pending_.size() > 1 || (depth_ > 0 && !pending_.empty())) {
    BoxSubproblems oldest = std::move(pending_.front());
    pending_.erase(pending_.begin());
    return oldest;
  }
  // The outermost level holds the largest boxes. What the innermost one has shall fill a batch:
  // fewer lanes cost as much as all, and end in splits that only fill them (decision 53).
  for (std::size_t k = 0; k < depth_; ++k) {
    Level& level = *levels_[k];
    if (level.open.count() >= (k + 1 == depth_ ? std::size_t{kLanes} : 1))
      return subtree_of(level, level.open.take_every_second());
  }
  return std::nullopt;
}

BoxSubproblems InputSplitWorker::subtree_of(const Level& level, SubproblemStack open) const {
  BoxSubproblems part;
  part.clause = clause_;
  part.root = root_;
  part.problem = level.problem;
  part.without_rows = without_rows_;
  part.open = std::move(open);
  return part;
}

std::vector<BoxSubproblems> InputSplitWorker::rest() {
  std::vector<BoxSubproblems> all = std::exchange(pending_, {});
  for (; depth_ > 0; --depth_) {
    if (!level().open.empty())
      all.push_back(subtree_of(level(), std::exchange(level().open, SubproblemStack())));
  }
  return all;
}

void InputSplitWorker::copy_open(std::vector<ClauseState>& states) const {
  for (const BoxSubproblems& task : pending_) solver::copy_open(task, states);
  for (std::size_t k = depth_; k-- > 0;)
    solver::copy_open(*root_, clause_, without_rows_, levels_[k]->open, states);
}

/// Up to kLanes subproblems of the stack's top into the level's lanes; spare lanes repeat the
/// first.
bool InputSplitWorker::take_batch() {
  if (depth_ == 0) {
    BoxSubproblems task = std::move(pending_.back());
    pending_.pop_back();
    task.problem == nullptr ? search_coarse(std::move(task)) : enter_subtree(std::move(task));
    return false;
  }
  Level& level = this->level();
  BoxBatch& boxes = level.boxes;
  count_ = static_cast<int>(std::min<std::size_t>(kLanes, level.open.count()));
  boxes.halfspace_count = halfspaces_;
  for (int lane = 0; lane < kLanes; ++lane) {
    const ConstRecord record =
        level.open.from_top(static_cast<std::size_t>(lane < count_ ? lane : 0));
    load_lane(record.lower_x(), lane, boxes.lower_x);
    load_lane(record.upper_x(), lane, boxes.upper_x);
    load_lane(record.lower_z(), lane, boxes.lower_z);
    load_lane(record.upper_z(), lane, boxes.upper_z);
    load_lane(record.halfspaces(), lane, boxes.halfspaces);
  }
  for (int lane = 0; lane < count_; ++lane) shares_[lane] = level.open.pop();
  return true;
}

void InputSplitWorker::bound() {
  Level& level = this->level();
  if (root_->is_joint()) ask_for_rows();
  level.bounder->bound(level.boxes, clipping_, level.rows);
  // A bounder that does not tell clauses apart would refute all of them by one's row.
  CLIPBOUND_CHECK(!root_->is_joint() || level.rows.excluded.size() == level.rows.lower.size());
  ++batches_;
  ++statistics.batches;
  count_bounded(static_cast<std::size_t>(count_));
  const BatchProblem& problem = *level.problem;
  deadline_.work(kLanes * static_cast<double>(problem.neurons + problem.rows) *
                 static_cast<double>(problem.neurons + problem.inputs + 1));
}

bool InputSplitWorker::prune() {
  const RowBounds& rows = level().rows;
  open_ = ~rows.refuted;
  double worst = kInfinity;
  nearest_ = -kInfinity;
  int worst_lane = -1;
  for (int lane = 0; lane < kLanes; ++lane) {
    if (lane >= count_) open_[lane] = 0;
    if (lane < count_) note_bounds(lane);
    if (lane < count_ && open_[lane] != 0 && root_->is_joint()) close_excluded(lane);
    if (lane < count_ && open_[lane] == 0) {
      ++statistics.pruned_bound;
      close_lane(lane);
    }
    if (open_[lane] == 0) continue;
    const double best = best_row(lane).bound;
    nearest_ = std::max(nearest_, best);
    if (worst_lane < 0 || best < worst) {
      worst = best;
      worst_lane = lane;
    }
  }
  if (!any(open_)) return false;
  team_.counters.saw_open(best_row(worst_lane));
  return true;
}

OpenRow InputSplitWorker::best_row(int lane) const {
  if (!root_->is_joint()) return best_row_of(0, lane);
  OpenRow worst{clause_, 0, kInfinity};
  for (std::size_t m = 0; m < root_->members.size(); ++m) {
    if (!shares_[lane].of(m).exists()) continue;
    if (const OpenRow best = best_row_of(m, lane); best.bound < worst.bound) worst = best;
  }
  return worst;
}

OpenRow InputSplitWorker::best_row_of(std::size_t m, int lane) const {
  const std::vector<Vec>& rows = levels_[depth_ - 1]->rows.lower;
  OpenRow best{clause_ + m, 0, -kInfinity};
  for (std::size_t s = first_row(m); s < row_ends_[m]; ++s) {
    if (rows[s][lane] > best.bound) best = {clause_ + m, s - first_row(m), rows[s][lane]};
  }
  return best;
}

void InputSplitWorker::note_bounds(int lane) {
  const bool is_open = open_[lane] != 0;
  for (std::size_t m = 0; m < shares_[lane].clauses() && (is_open || trace_); ++m) {
    if (Share& share = shares_[lane].of(m); share.exists())
      bounded(clause_ + m, share, best_row_of(m, lane).bound);
  }
}

TreeShares InputSplitWorker::split_shares(std::size_t clause, TreeShares& shares, const SplitAt& at,
                                          Half half) {
  std::size_t m = 0;
  return shares.split([&](Share& share) {
    while (&shares.of(m) != &share) ++m;
    return SearchWorker::split(clause + m, share, at, half);
  });
}

void InputSplitWorker::try_points() {
  const Mask spurious = check_candidates();
  for (int lane = 0; lane < kLanes; ++lane) {
    if (spurious[lane] == 0) continue;
    open_[lane] = 0;
    restart_without_rows(lane);
  }
  const std::vector<double>& rounding = level().rounding;
  const auto widest = std::max_element(rounding.begin(), rounding.end());
  if (widest != rounding.end() && nearest_ > -*widest) settle_touching();
}

}  // namespace clipbound::solver
