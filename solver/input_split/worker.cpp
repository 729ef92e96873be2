#include "solver/input_split/worker.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "solver/input_split/coarse_boxes.h"

namespace clipbound::solver {

namespace {
// Half-spaces of ancestors that enter concretizations; the others only clip boxes (decision 26).
constexpr int kConcretizedOlder = 1;
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

InputSplitWorker::InputSplitWorker(const SearchContext& context, const InputSplitTeam& team,
                                   int number)
    : SearchWorker(context, team.counters, team.time_slice, strategy::kInputSplitAttack, number),
      settings_(team.settings),
      queue_(team.queue) {}

void InputSplitWorker::run() {
  run_tasks(queue_, [this](BoxSubproblems task) {
    if (task.problem != nullptr) return search_subtree(std::move(task));
    if (auto reduced = search_coarse(std::move(task))) search_subtree(std::move(*reduced));
  });
}

std::optional<BoxSubproblems> InputSplitWorker::search_coarse(BoxSubproblems task) {
  attack_now_and_then();
  watch_memory();
  const CrownBounder::Bounds bounds = bound_coarse(task, deadline_);
  if (deadline_.expired()) return std::nullopt;
  count_bounded(1);
  const double share = share_of(*task.root, task.lower, task.upper);
  if (rows_refuted(*task.root, bounds)) {
    ++statistics.pruned_bound;
    counters_.open.fetch_sub(1, std::memory_order_relaxed);
    counters_.settle(share);
    return std::nullopt;
  }
  if (auto reduced = reduced_task(task, bounds)) return reduced;
  std::vector<BoxSubproblems> halves = split_coarse(task);
  counters_.open.fetch_add(static_cast<std::int64_t>(halves.size()) - 1, std::memory_order_relaxed);
  if (halves.empty()) counters_.unsplittable.fetch_add(1, std::memory_order_relaxed);
  if (!halves.empty()) ++statistics.splits;
  for (BoxSubproblems& half : halves) queue_.put(std::move(half));
  return std::nullopt;
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
  level.problem = std::move(problem);
  return level;
}

void InputSplitWorker::search_subtree(BoxSubproblems task) {
  root_ = task.root;
  without_rows_ = task.without_rows;
  clipping_ = settings_.clipping;
  clipping_.most_halfspaces = std::min(task.problem->rows, kMostInheritedRows) + kConcretizedOlder;
  if (without_rows_) clipping_.complete = false;
  halfspaces_ = task.open.shape().halfspaces;
  depth_ = 0;
  full_point_.resize(root_->lower.size());
  const auto N = static_cast<std::size_t>(task.problem->inputs);
  for (auto* array : {&child_lower_, &child_upper_, &point_, &score_, &fallback_}) array->resize(N);
  values_.resize(static_cast<std::size_t>(task.problem->rows));
  child_halfspaces_.assign(static_cast<std::size_t>(halfspaces_) * (N + 1), Vec{});
  Level& first = enter_level(task.problem);
  first.open = std::move(task.open);
  while (depth_ > 0) {
    if (levels_[depth_ - 1]->open.empty()) {
      --depth_;
      continue;
    }
    if (is_over()) break;
    if ((batches_ & 15U) == 0) attack_now_and_then();
    if ((batches_ & 1023U) == 0) watch_memory();
    if (queue_.has_idle_workers()) share_work(task);
    if (!levels_[depth_ - 1]->open.empty()) process_batch();
  }
  for (; depth_ > 0; --depth_) give(task, *levels_[depth_ - 1], levels_[depth_ - 1]->open.count());
}

void InputSplitWorker::share_work(const BoxSubproblems& task) {
  // The outermost level holds the largest boxes. From the innermost one keep half.
  for (std::size_t k = 0; k < depth_; ++k) {
    Level& level = *levels_[k];
    const std::size_t count = level.open.count();
    const std::size_t given = k + 1 < depth_ ? (count + 1) / 2 : count / 2;
    if (given == 0 || (k + 1 == depth_ && count < 4)) continue;
    give(task, level, given);
    return;
  }
}

void InputSplitWorker::give(const BoxSubproblems& task, Level& level, std::size_t count) {
  if (count == 0) return;
  BoxSubproblems part;
  part.root = task.root;
  part.problem = level.problem;
  part.without_rows = task.without_rows;
  part.open = level.open.take_oldest(count);
  queue_.put(std::move(part));
}

/// Up to kLanes subproblems of the stack's top into the level's lanes; spare lanes repeat the
/// first.
int InputSplitWorker::load(Level& level) {
  BoxBatch& boxes = level.boxes;
  const int count = static_cast<int>(std::min<std::size_t>(kLanes, level.open.count()));
  boxes.halfspace_count = halfspaces_;
  for (int lane = 0; lane < kLanes; ++lane) {
    const ConstRecord record =
        level.open.from_top(static_cast<std::size_t>(lane < count ? lane : 0));
    load_lane(record.lower_x(), lane, boxes.lower_x);
    load_lane(record.upper_x(), lane, boxes.upper_x);
    load_lane(record.lower_z(), lane, boxes.lower_z);
    load_lane(record.upper_z(), lane, boxes.upper_z);
    load_lane(record.halfspaces(), lane, boxes.halfspaces);
  }
  level.open.pop(static_cast<std::size_t>(count));
  return count;
}

double InputSplitWorker::share_of_lane(const std::vector<Vec>& lower, const std::vector<Vec>& upper,
                                       int lane) const {
  double share = 1.0;
  for (std::size_t i = 0; i < root_->width.size(); ++i)
    share *= (upper[i][lane] - lower[i][lane]) / root_->width[i];
  return share;
}

void InputSplitWorker::process_batch() {
  Level& level = *levels_[depth_ - 1];
  const int count = load(level);
  level.bounder->bound(level.boxes, clipping_, level.rows);
  ++batches_;
  ++statistics.batches;
  count_bounded(static_cast<std::size_t>(count));
  Mask open = ~level.rows.refuted;
  double settled = 0.0, worst = kInfinity;
  int open_count = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    if (lane >= count) open[lane] = 0;
    if (lane < count && open[lane] == 0) {
      ++statistics.pruned_bound;
      settled += share_of_lane(level.boxes.lower_x, level.boxes.upper_x, lane);
    }
    if (open[lane] == 0) continue;
    ++open_count;
    double best = -kInfinity;
    for (const Vec& row : level.rows.lower) best = std::max(best, row[lane]);
    worst = std::min(worst, best);
  }
  counters_.open.fetch_sub(count, std::memory_order_relaxed);
  if (open_count > 0) {
    counters_.worst_bound.store(worst, std::memory_order_relaxed);
    const Mask spurious = check_candidates(level, open);
    for (int lane = 0; lane < kLanes; ++lane) {
      if (spurious[lane] == 0) continue;
      open[lane] = 0;
      --open_count;
      restart_without_rows(level, lane);
    }
    if (open_count > 0) branch(level, open);
  }
  // A plain load and store: a lost update of this progress figure costs nothing.
  counters_.settle(settled);
}

}  // namespace clipbound::solver
