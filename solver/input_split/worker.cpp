#include "solver/input_split/worker.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "solver/input_split/coarse_boxes.h"

namespace clipbound::solver {

namespace {
constexpr AttackRhythm kRhythm = {.every_s = 0.05, .seconds = 0.015};
// Half-spaces of ancestors that enter concretizations; the others only clip boxes. Measured on ACAS
// Xu: a second one saves no more than one subproblem in a hundred and costs as much as the first.
constexpr int kRemembered = 1;
}  // namespace

SearchSettings search_settings(const Options& options) {
  SearchSettings settings;
  settings.clip.neurons = options.clipping == "complete";
  settings.clip.passes = options.clip_passes;
  settings.clip_inputs = options.clipping != "none";
  settings.reorder = options.reorder;
  using Branching = SearchSettings::Branching;
  settings.branching = options.branching == "widest" ? Branching::widest
                       : options.branching == "sb"   ? Branching::smart
                                                     : Branching::automatic;
  return settings;
}

InputSplitWorker::InputSplitWorker(const SearchContext& context, const InputSplitTeam& team,
                                   int number)
    : SearchWorker(context, team.counters, team.time_slice, kRhythm, number),
      settings_(team.settings),
      queue_(team.queue) {}

void InputSplitWorker::run() {
  run_tasks(queue_, [this](BoxSubproblems task) {
    if (task.network != nullptr) return search_subtree(std::move(task));
    if (auto reduced = search_coarse(std::move(task))) search_subtree(std::move(*reduced));
  });
}

std::optional<BoxSubproblems> InputSplitWorker::search_coarse(BoxSubproblems task) {
  attack_now_and_then();
  watch_memory();
  const CrownBounder::Bounds bounds = bound_coarse(task, deadline_);
  if (deadline_.expired()) return std::nullopt;
  count_bounded(1);
  double share = 1.0;
  for (std::size_t k = 0; k < task.lower.size(); ++k)
    share *= (task.upper[k] - task.lower[k]) / task.root->width[k];
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
    std::shared_ptr<const ReducedNetwork> network) {
  if (depth_ == levels_.size()) levels_.push_back(std::make_unique<Level>());
  Level& level = *levels_[depth_++];
  level.open = SubproblemStack(network->inputs, network->neurons, constraints_);
  level.bounder.attach(*network, constraints_);
  level.network = std::move(network);
  return level;
}

void InputSplitWorker::search_subtree(BoxSubproblems task) {
  root_ = task.root;
  plain_ = task.plain;
  clip_ = settings_.clip;
  clip_.most = std::min(task.network->rows, kMostConstraints) + kRemembered;
  if (plain_) clip_.neurons = false;
  constraints_ = task.constraints;
  depth_ = 0;
  full_point_.resize(root_->lower.size());
  const auto N = static_cast<std::size_t>(task.network->inputs);
  for (auto* array : {&child_lower_, &child_upper_, &point_, &score_, &fallback_}) array->resize(N);
  values_.resize(static_cast<std::size_t>(task.network->rows));
  child_halfspaces_.assign(static_cast<std::size_t>(constraints_) * (N + 1), Vec{});
  Level& first = enter_level(task.network);
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
  part.network = level.network;
  part.constraints = constraints_;
  part.plain = task.plain;
  part.open = level.open.take_oldest(count);
  queue_.put(std::move(part));
}

int InputSplitWorker::load(Level& level) {
  ReducedBounder& b = level.bounder;
  const int N = level.network->inputs, U = level.network->neurons;
  const int count = static_cast<int>(std::min<std::size_t>(kLanes, level.open.count()));
  b.constraints = constraints_;
  for (int lane = 0; lane < kLanes; ++lane) {
    const double* record = level.open.from_top(static_cast<std::size_t>(lane < count ? lane : 0));
    for (int i = 0; i < N; ++i) b.lower_x[static_cast<std::size_t>(i)][lane] = *record++;
    for (int i = 0; i < N; ++i) b.upper_x[static_cast<std::size_t>(i)][lane] = *record++;
    for (int v = 0; v < U; ++v) b.lower_z[static_cast<std::size_t>(v)][lane] = *record++;
    for (int v = 0; v < U; ++v) b.upper_z[static_cast<std::size_t>(v)][lane] = *record++;
    for (int k = 0; k < constraints_ * (N + 1); ++k)
      b.constraint[static_cast<std::size_t>(k)][lane] = *record++;
  }
  level.open.pop(static_cast<std::size_t>(count));
  return count;
}

double InputSplitWorker::volume(const Vec* lower, const Vec* upper, int lane) const {
  double share = 1.0;
  for (std::size_t i = 0; i < root_->width.size(); ++i)
    share *= (upper[i][lane] - lower[i][lane]) / root_->width[i];
  return share;
}

void InputSplitWorker::process_batch() {
  Level& level = *levels_[depth_ - 1];
  const int count = load(level);
  ReducedBounder& b = level.bounder;
  b.bound(clip_);
  ++batches_;
  ++statistics.batches;
  count_bounded(static_cast<std::size_t>(count));
  Mask open = ~b.refuted;
  double settled = 0.0, worst = std::numeric_limits<double>::infinity();
  int open_count = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    if (lane >= count) open[lane] = 0;
    if (lane < count && open[lane] == 0) {
      ++statistics.pruned_bound;
      settled += volume(b.lower_x.data(), b.upper_x.data(), lane);
    }
    if (open[lane] == 0) continue;
    ++open_count;
    double best = -std::numeric_limits<double>::infinity();
    for (const Vec& row : b.row_lower) best = std::max(best, row[lane]);
    worst = std::min(worst, best);
  }
  counters_.open.fetch_sub(count, std::memory_order_relaxed);
  if (open_count > 0) {
    counters_.worst_bound.store(worst, std::memory_order_relaxed);
    const Mask misled = check_candidates(level, open);
    for (int lane = 0; lane < kLanes; ++lane) {
      if (misled[lane] == 0) continue;
      open[lane] = 0;
      --open_count;
      start_afresh(level, lane);
    }
    if (open_count > 0) branch(level, open);
  }
  // A plain load and store: a lost update of this progress figure costs nothing.
  counters_.settle(settled);
}

}  // namespace clipbound::solver
