#include "solver/input_worker.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "bounds/clip_input.h"
#include "solver/coarse.h"
#include "solver/input_search.h"

namespace clipbound {

namespace {
constexpr double kNarrowest = 0x1p-36;  // of the root's width: narrower sides are not split, boxes of such sides are stuck
constexpr double kAttackEvery = 0.05;   // the attacking worker searches this long
constexpr double kAttackSeconds = 0.015;  // between attacks as long as this
}

SearchSettings search_settings(const Options& options) {
  SearchSettings settings;
  settings.clip.neurons = options.clipping == "complete";
  settings.clip.passes = options.clip_passes;
  settings.clip_inputs = options.clipping != "none";
  settings.reorder = options.reorder;
  settings.memory_limit_bytes = options.memory_limit_gb * 1e9;
  using Branching = SearchSettings::Branching;
  settings.branching = options.branching == "widest" ? Branching::widest : options.branching == "sb" ? Branching::smart : Branching::automatic;
  return settings;
}

InputWorker::InputWorker(const SearchSettings& settings, const Deadline& deadline, CandidateJudge& judge, TaskQueue& queue,
                         SearchCounters& counters, PgdAttack* attack)
    : settings_(settings), deadline_(deadline), judge_(judge), queue_(queue), counters_(counters), attack_(attack),
      next_attack_s_(deadline.elapsed_s() + kAttackEvery) {}

void InputWorker::watch_memory() {
  if (static_cast<double>(resident_bytes()) > settings_.memory_limit_bytes) deadline_.out_of_memory();
}

void InputWorker::attack_now_and_then() {
  if (attack_ == nullptr || deadline_.elapsed_s() < next_attack_s_) return;
  const double begin = deadline_.elapsed_s();
  attack_->run(kAttackSeconds, deadline_, judge_, statistics);
  statistics.attack_s += deadline_.elapsed_s() - begin;
  const double now = deadline_.elapsed_s();
  next_attack_s_ = now + std::max(kAttackEvery, (now - begin) * (kAttackEvery / kAttackSeconds));  // one step may outlast its slice
}

void InputWorker::run() {
  while (auto task = queue_.take()) {
    if (task->network == nullptr) task = search_coarse(std::move(*task));
    if (task) search_subtree(std::move(*task));
    if (judge_.found() || deadline_.expired()) {
      queue_.stop();
      return;
    }
  }
}

std::optional<ClauseTask> InputWorker::search_coarse(ClauseTask task) {
  attack_now_and_then();
  watch_memory();
  const RootBounder::Bounds bounds = bound_coarse(task, deadline_);
  if (deadline_.expired()) return std::nullopt;
  ++statistics.subproblems;
  counters_.subproblems.fetch_add(1, std::memory_order_relaxed);
  double share = 1.0;
  for (std::size_t k = 0; k < task.lower.size(); ++k) share *= (task.upper[k] - task.lower[k]) / task.root->width[k];
  if (rows_refuted(*task.root, bounds)) {
    ++statistics.pruned_bound;
    counters_.open.fetch_sub(1, std::memory_order_relaxed);
    counters_.settled.store(counters_.settled.load(std::memory_order_relaxed) + share, std::memory_order_relaxed);
    return std::nullopt;
  }
  if (auto reduced = reduced_task(task, bounds)) return reduced;
  std::vector<ClauseTask> halves = split_coarse(task);
  counters_.open.fetch_add(static_cast<std::int64_t>(halves.size()) - 1, std::memory_order_relaxed);
  if (halves.empty()) counters_.stuck.fetch_add(1, std::memory_order_relaxed);
  if (!halves.empty()) ++statistics.splits;
  for (ClauseTask& half : halves) queue_.put(std::move(half));
  return std::nullopt;
}

InputWorker::Level& InputWorker::enter_level(std::shared_ptr<const ReducedNetwork> network) {
  if (depth_ == levels_.size()) levels_.push_back(std::make_unique<Level>());
  Level& level = *levels_[depth_++];
  level.open = SubproblemStack(network->inputs, network->neurons, constraints_);
  level.bounder.attach(*network, constraints_);
  level.network = std::move(network);
  return level;
}

void InputWorker::search_subtree(ClauseTask task) {
  root_ = task.root;
  plain_ = task.plain;
  clip_ = settings_.clip;
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
    if (deadline_.expired() || judge_.found()) break;
    if ((batches_ & 15U) == 0) attack_now_and_then();
    if ((batches_ & 1023U) == 0) watch_memory();
    if (queue_.hungry()) donate(task);
    if (!levels_[depth_ - 1]->open.empty()) process_batch();
  }
}

void InputWorker::donate(const ClauseTask& task) {
  // The outermost level holds the largest boxes. From the innermost one keep half.
  for (std::size_t k = 0; k < depth_; ++k) {
    Level& level = *levels_[k];
    const std::size_t count = level.open.count();
    const std::size_t give = k + 1 < depth_ ? (count + 1) / 2 : count / 2;
    if (give == 0 || (k + 1 == depth_ && count < 4)) continue;
    ClauseTask part;
    part.root = task.root;
    part.network = level.network;
    part.constraints = constraints_;
    part.plain = task.plain;
    part.open = level.open.take_oldest(give);
    queue_.put(std::move(part));
    return;
  }
}

int InputWorker::load(Level& level) {
  LaneBounder& b = level.bounder;
  const int N = level.network->inputs, U = level.network->neurons;
  const int count = static_cast<int>(std::min<std::size_t>(kLanes, level.open.count()));
  b.constraints = constraints_;
  for (int lane = 0; lane < kLanes; ++lane) {
    const double* record = level.open.from_top(static_cast<std::size_t>(lane < count ? lane : 0));
    for (int i = 0; i < N; ++i) b.lower_x[static_cast<std::size_t>(i)][lane] = *record++;
    for (int i = 0; i < N; ++i) b.upper_x[static_cast<std::size_t>(i)][lane] = *record++;
    for (int v = 0; v < U; ++v) b.lower_z[static_cast<std::size_t>(v)][lane] = *record++;
    for (int v = 0; v < U; ++v) b.upper_z[static_cast<std::size_t>(v)][lane] = *record++;
    for (int k = 0; k < constraints_ * (N + 1); ++k) b.constraint[static_cast<std::size_t>(k)][lane] = *record++;
  }
  level.open.pop(static_cast<std::size_t>(count));
  return count;
}

double InputWorker::volume(const Vec* lower, const Vec* upper, int lane) const {
  double share = 1.0;
  for (std::size_t i = 0; i < root_->width.size(); ++i) share *= (upper[i][lane] - lower[i][lane]) / root_->width[i];
  return share;
}

void InputWorker::process_batch() {
  Level& level = *levels_[depth_ - 1];
  const int count = load(level);
  LaneBounder& b = level.bounder;
  b.bound(clip_);
  ++batches_;
  ++statistics.batches;
  statistics.subproblems += static_cast<std::uint64_t>(count);
  counters_.subproblems.fetch_add(static_cast<std::uint64_t>(count), std::memory_order_relaxed);
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
  counters_.settled.store(counters_.settled.load(std::memory_order_relaxed) + settled, std::memory_order_relaxed);
}

Mask InputWorker::check_candidates(Level& level, Mask open) {
  // The corner that minimises one row's plane (the rows in turn), on the reduced network first: it is the same function.
  LaneBounder& b = level.bounder;
  const int N = level.network->inputs, S = level.network->rows;
  const auto turn = static_cast<int>(batches_ % static_cast<std::uint64_t>(S + 1));
  for (int i = 0; i < N; ++i) {
    const auto k = static_cast<std::size_t>(i);
    if (turn == S) {
      point_[k] = 0.5 * (b.lower_x[k] + b.upper_x[k]);
    } else {
      const Vec slope = b.row_plane[static_cast<std::size_t>(turn * (N + 1) + i)];
      point_[k] = select(slope < Vec{}, b.upper_x[k], b.lower_x[k]);
    }
  }
  b.evaluate(point_.data(), values_.data());
  // Within the reduced network's own rounding counts as unsafe here: such boxes stay open however small they get.
  Mask candidate = open;
  for (int s = 0; s < S; ++s) {
    candidate &= values_[static_cast<std::size_t>(s)] <= 4.0 * level.network->slack[static_cast<std::size_t>(level.network->neurons + s)];
  }
  Mask misled = {};
  if (!any(candidate)) return misled;
  for (int lane = 0; lane < kLanes; ++lane) {
    if (candidate[lane] == 0) continue;
    if (!plain_ && clip_.neurons && is_misled(level, lane)) {
      misled[lane] = -1;
      continue;
    }
    // Points on the very edge of unsafety replay as safe again and again: try ever fewer of them.
    if (failed_candidates_ > 64 && (batches_ & ((failed_candidates_ >> 4) - 1)) != 0) continue;
    for (std::size_t i = 0; i < full_point_.size(); ++i) full_point_[i] = 0.5 * root_->lower[i] + 0.5 * root_->upper[i];
    for (int i = 0; i < N; ++i) full_point_[static_cast<std::size_t>(root_->kept[static_cast<std::size_t>(i)])] = point_[static_cast<std::size_t>(i)][lane];
    if (judge_.offer(*root_->clause, full_point_)) return misled;
    failed_candidates_ = std::min<std::uint64_t>(failed_candidates_ + 1, 1 << 16);
  }
  return misled;
}

/// Neurons that were folded on the strength of the clause's rows are decided only where these rows hold: elsewhere the
/// reduced network is another function, and its unsafe points may be safe. There the search would split for ever.
/// True where the clause's root network, which no row entered, tells another value than the reduced one.
bool InputWorker::is_misled(const Level& level, int lane) {
  const ReducedNetwork& net = *root_->network;
  std::vector<double> active(static_cast<std::size_t>(net.neurons));
  for (int v = 0; v < net.neurons + net.rows; ++v) {
    const double* row = net.row(v);
    double sum = row[net.constant()];
    for (int i = 0; i < net.inputs; ++i) sum += row[net.first_input() + i] * point_[static_cast<std::size_t>(i)][lane];
    for (int w = 0; w < std::min(v, net.neurons); ++w) sum += row[w] * active[static_cast<std::size_t>(w)];
    if (v < net.neurons) {
      active[static_cast<std::size_t>(v)] = std::max(sum, 0.0);
      continue;
    }
    const auto s = static_cast<std::size_t>(v - net.neurons);
    const double noise = 4.0 * (net.slack[static_cast<std::size_t>(v)] + level.network->slack[static_cast<std::size_t>(level.network->neurons) + s]);
    if (std::fabs(sum - values_[s][lane]) > noise + 1e-9 * net.magnitude[static_cast<std::size_t>(v)]) return true;
  }
  return false;
}

/// Gives a misled subproblem back to the queue on the clause's root network, to be bounded without the rows from there on
/// (its box may stay as clipped as it is: what was cut off holds no counterexample).
void InputWorker::start_afresh(Level& level, int lane) {
  LaneBounder& b = level.bounder;
  std::vector<double> lower, upper;
  for (std::size_t i = 0; i < b.lower_x.size(); ++i) {
    lower.push_back(b.lower_x[i][lane]);
    upper.push_back(b.upper_x[i][lane]);
  }
  ClauseTask task = root_task(root_, lower, upper);
  task.plain = true;
  ++statistics.restarts;
  counters_.open.fetch_add(1, std::memory_order_relaxed);
  queue_.put(std::move(task));
}

void InputWorker::choose_dimensions(Level& level, Mask open) {
  LaneBounder& b = level.bounder;
  const int N = level.network->inputs, S = level.network->rows;
  Vec sum = {};
  for (int i = 0; i < N; ++i) {
    const auto k = static_cast<std::size_t>(i);
    const Vec width = b.upper_x[k] - b.lower_x[k];
    Vec steepest = {};
    for (int s = 0; s < S; ++s) steepest = vmax(steepest, vabs(b.row_plane[static_cast<std::size_t>(s * (N + 1) + i)]));
    using Branching = SearchSettings::Branching;
    score_[k] = settings_.branching == Branching::widest ? width : settings_.branching == Branching::smart ? steepest * width : b.split_gain[k];
    fallback_[k] = steepest * width;
    sum += score_[k];
  }
  // Where nothing is relaxed any more, only the rows' planes are left to go by.
  const Mask linear = ~(sum > Vec{});
  for (int i = 0; i < N; ++i) {
    const auto k = static_cast<std::size_t>(i);
    score_[k] = select(linear, fallback_[k], score_[k]);
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    dimension_[lane] = -1;
    if (open[lane] == 0) continue;
    double best = -1.0;
    for (int i = 0; i < N; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const double l = b.lower_x[k][lane], u = b.upper_x[k][lane], middle = 0.5 * (l + u);
      if (!(l < middle && middle < u) || u - l < kNarrowest * root_->width[k]) continue;
      if (score_[k][lane] > best) {
        best = score_[k][lane];
        dimension_[lane] = i;
      }
    }
  }
}

bool InputWorker::worth_folding(Level& level, Mask open) {
  LaneBounder& b = level.bounder;
  const int U = level.network->neurons;
  phase_.assign(static_cast<std::size_t>(U), Phase::unstable);
  int unstable = 0;
  for (int v = 0; v < U; ++v) {
    const auto i = static_cast<std::size_t>(v);
    if (all((b.lower_z[i] >= Vec{}) | ~open)) {
      phase_[i] = Phase::active;
    } else if (all((b.upper_z[i] <= Vec{}) | ~open)) {
      phase_[i] = Phase::inactive;
    } else {
      ++unstable;
    }
  }
  return U - unstable >= 2 && unstable * 10 <= U * 8;
}

/// A batch costs the same for one lane as for all: where the stack has run dry, split the few open lanes into free ones first.
void InputWorker::fill_lanes(Level& level, Mask& open) {
  LaneBounder& b = level.bounder;
  int used = 0;
  for (int lane = 0; lane < kLanes; ++lane) used += open[lane] != 0 ? 1 : 0;
  for (; level.open.empty() && used > 0 && 4 * used <= kLanes; used *= 2) {
    int free = 0;
    const Mask before = open;
    for (int lane = 0; lane < kLanes; ++lane) {
      if (before[lane] == 0) continue;
      while (open[free] != 0) ++free;
      for (auto* array : {&b.lower_x, &b.upper_x, &b.lower_z, &b.upper_z, &b.constraint, &b.row_plane, &b.split_gain}) {
        for (Vec& v : *array) v[free] = v[lane];
      }
      const auto k = static_cast<std::size_t>(dimension_[lane]);
      b.upper_x[k][lane] = b.lower_x[k][free] = 0.5 * (b.lower_x[k][lane] + b.upper_x[k][lane]);
      b.split_gain[k][lane] = b.split_gain[k][free] = 0.5 * b.split_gain[k][lane];
      open[free] = -1;
    }
    choose_dimensions(level, open);
    drop_stuck(open);
  }
}

/// Boxes no side of which is wide enough to be split: nothing more can be said of them.
void InputWorker::drop_stuck(Mask& open) {
  for (int lane = 0; lane < kLanes; ++lane) {
    if (open[lane] == 0) continue;
    if (dimension_[lane] >= 0) {
      ++statistics.splits;
      continue;
    }
    counters_.stuck.fetch_add(1, std::memory_order_relaxed);
    open[lane] = 0;
  }
}

void InputWorker::clip_parents(Level& level, Mask& open) {
  LaneBounder& b = level.bounder;
  double before = 0.0, after = 0.0;
  for (int lane = 0; lane < kLanes; ++lane) {
    if (open[lane] != 0) before += volume(b.lower_x.data(), b.upper_x.data(), lane);
  }
  const Mask empty = clip_input(level.network->inputs, b.lower_x.data(), b.upper_x.data(), level.network->rows, b.row_plane.data(), 1);
  for (int lane = 0; lane < kLanes; ++lane) {
    if (open[lane] == 0) continue;
    if (empty[lane] == 0) {
      after += volume(b.lower_x.data(), b.upper_x.data(), lane);
      continue;
    }
    ++statistics.pruned_clip;
    open[lane] = 0;
  }
  counters_.settled.store(counters_.settled.load(std::memory_order_relaxed) + before - after, std::memory_order_relaxed);
}

void InputWorker::branch(Level& level, Mask open) {
  LaneBounder& b = level.bounder;
  choose_dimensions(level, open);
  drop_stuck(open);
  // In the regular order a box is clipped after it was chosen how to split it: what is left may be too thin to be split
  // any further, but has yet to be bounded.
  if (settings_.clip_inputs && !settings_.reorder) clip_parents(level, open);
  if (!any(open)) return;
  if (settings_.reorder) fill_lanes(level, open);
  SubproblemStack* target = &level.open;
  if (worth_folding(level, open)) {
    const int N = level.network->inputs, U = level.network->neurons;
    std::vector<double> upper(static_cast<std::size_t>(U), 0.0), reach(static_cast<std::size_t>(N), 0.0);
    for (int lane = 0; lane < kLanes; ++lane) {
      if (open[lane] == 0) continue;
      for (std::size_t v = 0; v < upper.size(); ++v) upper[v] = std::max(upper[v], b.upper_z[v][lane]);
      for (std::size_t i = 0; i < reach.size(); ++i) reach[i] = std::max({reach[i], std::fabs(b.lower_x[i][lane]), std::fabs(b.upper_x[i][lane])});
    }
    auto folded = fold(*level.network, phase_, upper, reach);
    ++statistics.compilations;
    target = &enter_level(std::move(folded)).open;
  } else {
    phase_.assign(phase_.size(), Phase::unstable);
  }
  split_side(level, open, false, *target);
  split_side(level, open, true, *target);
}

void InputWorker::inherit_halfspaces(Level& level) {
  LaneBounder& b = level.bounder;
  const int N = level.network->inputs, fresh = std::min(level.network->rows, constraints_);
  const auto width = static_cast<std::size_t>(N) + 1;
  std::copy(b.row_plane.begin(), b.row_plane.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(fresh) * width), child_halfspaces_.begin());
  std::fill(child_halfspaces_.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(fresh) * width), child_halfspaces_.end(), Vec{});
  // How deep each cuts: 1 where all of the box lies outside, -1 where all of it lies inside (then it says nothing).
  Vec depth[kMostHalfspaces];
  for (int k = 0; k < constraints_; ++k) {
    const Vec* g = b.constraint.data() + static_cast<std::size_t>(k) * width;
    Vec at = g[N], reach = broadcast(1e-300);
    for (int i = 0; i < N; ++i) {
      const auto j = static_cast<std::size_t>(i);
      at += g[i] * 0.5 * (child_lower_[j] + child_upper_[j]);
      reach += vabs(g[i]) * 0.5 * (child_upper_[j] - child_lower_[j]);
    }
    depth[k] = at / reach;
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int slot = fresh; slot < constraints_; ++slot) {
      int best = -1;
      for (int k = 0; k < constraints_; ++k) {
        if (depth[k][lane] > -0.999 && (best < 0 || depth[k][lane] > depth[best][lane])) best = k;
      }
      if (best < 0) break;
      depth[best][lane] = -2.0;
      for (std::size_t i = 0; i < width; ++i) {
        child_halfspaces_[static_cast<std::size_t>(slot) * width + i][lane] = b.constraint[static_cast<std::size_t>(best) * width + i][lane];
      }
    }
  }
}

void InputWorker::split_side(Level& level, Mask open, bool high, SubproblemStack& target) {
  LaneBounder& b = level.bounder;
  const int N = level.network->inputs, U = level.network->neurons, S = level.network->rows;
  for (int i = 0; i < N; ++i) {
    const auto k = static_cast<std::size_t>(i);
    child_lower_[k] = b.lower_x[k];
    child_upper_[k] = b.upper_x[k];
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    if (open[lane] == 0) continue;
    const auto k = static_cast<std::size_t>(dimension_[lane]);
    const double middle = 0.5 * (b.lower_x[k][lane] + b.upper_x[k][lane]);
    (high ? child_lower_ : child_upper_)[k][lane] = middle;
  }
  double volume_in = 0.0, volume_out = 0.0;
  Mask empty = {};
  if (settings_.clip_inputs && settings_.reorder) {
    empty = clip_input(N, child_lower_.data(), child_upper_.data(), S, b.row_plane.data(), 1) |
            clip_input(N, child_lower_.data(), child_upper_.data(), constraints_, b.constraint.data(), 1);
  }
  if (settings_.clip_inputs) inherit_halfspaces(level);
  std::int64_t pushed = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    if (open[lane] == 0) continue;
    const auto k = static_cast<std::size_t>(dimension_[lane]);
    const double whole = volume(b.lower_x.data(), b.upper_x.data(), lane);
    const double middle = 0.5 * (b.lower_x[k][lane] + b.upper_x[k][lane]);
    const double part = (high ? b.upper_x[k][lane] - middle : middle - b.lower_x[k][lane]) / (b.upper_x[k][lane] - b.lower_x[k][lane]);
    volume_in += whole * part;
    if (empty[lane] != 0) {
      ++statistics.pruned_clip;
      continue;
    }
    volume_out += volume(child_lower_.data(), child_upper_.data(), lane);
    double* record = target.push();
    for (int i = 0; i < N; ++i) *record++ = child_lower_[static_cast<std::size_t>(i)][lane];
    for (int i = 0; i < N; ++i) *record++ = child_upper_[static_cast<std::size_t>(i)][lane];
    for (int v = 0; v < U; ++v) {
      if (phase_[static_cast<std::size_t>(v)] == Phase::unstable) *record++ = b.lower_z[static_cast<std::size_t>(v)][lane];
    }
    for (int v = 0; v < U; ++v) {
      if (phase_[static_cast<std::size_t>(v)] == Phase::unstable) *record++ = b.upper_z[static_cast<std::size_t>(v)][lane];
    }
    for (int j = 0; j < constraints_ * (N + 1); ++j) *record++ = child_halfspaces_[static_cast<std::size_t>(j)][lane];
    ++pushed;
  }
  counters_.open.fetch_add(pushed, std::memory_order_relaxed);
  counters_.settled.store(counters_.settled.load(std::memory_order_relaxed) + volume_in - volume_out, std::memory_order_relaxed);
}

}  // namespace clipbound
