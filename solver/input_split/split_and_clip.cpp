// From bounded subproblems to their children: choose an input, fold decided neurons, split, clip,
// push.
#include <algorithm>
#include <cmath>

#include "bounds/clip/relaxed_clipping.h"
#include "solver/input_split/worker.h"

namespace clipbound::solver {

namespace {
constexpr double kNarrowest = 0x1p-36;  // of the root's width: narrower sides are not split, boxes
                                        // of such sides are unsplittable
}  // namespace

void InputSplitWorker::choose_dimensions(Level& level, Mask open) {
  ReducedBounder& b = level.bounder;
  const int N = level.network->inputs, S = level.network->rows;
  Vec sum = {};
  for (int i = 0; i < N; ++i) {
    const auto k = static_cast<std::size_t>(i);
    const Vec width = b.upper_x[k] - b.lower_x[k];
    Vec steepest = {};
    for (int s = 0; s < S; ++s)
      steepest = vmax(steepest, vabs(b.row_plane[static_cast<std::size_t>(s * (N + 1) + i)]));
    using Branching = SearchSettings::Branching;
    score_[k] = settings_.branching == Branching::widest  ? width
                : settings_.branching == Branching::smart ? steepest * width
                                                          : b.split_gain[k];
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

bool InputSplitWorker::worth_folding(Level& level, Mask open) {
  ReducedBounder& b = level.bounder;
  const int U = level.network->neurons;
  phase_.assign(static_cast<std::size_t>(U), Phase::unstable);
  int unstable = 0;
  for (int v = 0; v < U; ++v) {
    const auto i = static_cast<std::size_t>(v);
    if (level.network->activation[i].curve != Curve::relu) {
      ++unstable;  // never decided
      continue;
    }
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

/// A batch costs the same for one lane as for all: where the stack has run dry, split the few open
/// lanes into free ones first.
void InputSplitWorker::fill_lanes(Level& level, Mask& open) {
  ReducedBounder& b = level.bounder;
  int used = 0;
  for (int lane = 0; lane < kLanes; ++lane) used += open[lane] != 0 ? 1 : 0;
  for (; level.open.empty() && used > 0 && 4 * used <= kLanes; used *= 2) {
    int free = 0;
    const Mask before = open;
    for (int lane = 0; lane < kLanes; ++lane) {
      if (before[lane] == 0) continue;
      while (open[free] != 0) ++free;
      for (auto* array : {&b.lower_x, &b.upper_x, &b.lower_z, &b.upper_z, &b.constraint,
                          &b.row_plane, &b.split_gain}) {
        for (Vec& v : *array) v[free] = v[lane];
      }
      const auto k = static_cast<std::size_t>(dimension_[lane]);
      b.upper_x[k][lane] = b.lower_x[k][free] = 0.5 * (b.lower_x[k][lane] + b.upper_x[k][lane]);
      b.split_gain[k][lane] = b.split_gain[k][free] = 0.5 * b.split_gain[k][lane];
      open[free] = -1;
    }
    choose_dimensions(level, open);
    drop_unsplittable(open);
  }
}

/// Boxes no side of which is wide enough to be split: nothing more can be said of them.
void InputSplitWorker::drop_unsplittable(Mask& open) {
  for (int lane = 0; lane < kLanes; ++lane) {
    if (open[lane] == 0) continue;
    if (dimension_[lane] >= 0) {
      ++statistics.splits;
      continue;
    }
    counters_.unsplittable.fetch_add(1, std::memory_order_relaxed);
    open[lane] = 0;
  }
}

void InputSplitWorker::clip_parents(Level& level, Mask& open) {
  ReducedBounder& b = level.bounder;
  double before = 0.0, after = 0.0;
  for (int lane = 0; lane < kLanes; ++lane) {
    if (open[lane] != 0) before += volume(b.lower_x.data(), b.upper_x.data(), lane);
  }
  const Mask empty = clip_input(level.network->inputs, b.lower_x.data(), b.upper_x.data(),
                                level.network->rows, b.row_plane.data(), 1);
  for (int lane = 0; lane < kLanes; ++lane) {
    if (open[lane] == 0) continue;
    if (empty[lane] == 0) {
      after += volume(b.lower_x.data(), b.upper_x.data(), lane);
      continue;
    }
    ++statistics.pruned_clip;
    open[lane] = 0;
  }
  counters_.settle(before - after);
}

void InputSplitWorker::branch(Level& level, Mask open) {
  ReducedBounder& b = level.bounder;
  choose_dimensions(level, open);
  drop_unsplittable(open);
  // In the regular order a box is clipped after it was chosen how to split it: what is left may be
  // too thin to be split any further, but has yet to be bounded.
  if (settings_.clip_inputs && !settings_.reorder) clip_parents(level, open);
  if (!any(open)) return;
  if (settings_.reorder) fill_lanes(level, open);
  SubproblemStack* target = &level.open;
  if (worth_folding(level, open)) {
    const int N = level.network->inputs, U = level.network->neurons;
    std::vector<double> upper(static_cast<std::size_t>(U), 0.0),
        reach(static_cast<std::size_t>(N), 0.0);
    for (int lane = 0; lane < kLanes; ++lane) {
      if (open[lane] == 0) continue;
      for (std::size_t v = 0; v < upper.size(); ++v)
        upper[v] = std::max(upper[v], b.upper_z[v][lane]);
      for (std::size_t i = 0; i < reach.size(); ++i)
        reach[i] =
            std::max({reach[i], std::fabs(b.lower_x[i][lane]), std::fabs(b.upper_x[i][lane])});
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

void InputSplitWorker::inherit_halfspaces(Level& level) {
  ReducedBounder& b = level.bounder;
  const int N = level.network->inputs, fresh = std::min(level.network->rows, constraints_);
  const auto width = static_cast<std::size_t>(N) + 1;
  std::copy(
      b.row_plane.begin(),
      b.row_plane.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(fresh) * width),
      child_halfspaces_.begin());
  std::fill(child_halfspaces_.begin() +
                static_cast<std::ptrdiff_t>(static_cast<std::size_t>(fresh) * width),
            child_halfspaces_.end(), Vec{});
  // How deep each cuts: 1 where all of the box lies outside, -1 where all of it lies inside (then
  // it says nothing).
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
        child_halfspaces_[static_cast<std::size_t>(slot) * width + i][lane] =
            b.constraint[static_cast<std::size_t>(best) * width + i][lane];
      }
    }
  }
}

void InputSplitWorker::split_side(Level& level, Mask open, bool high, SubproblemStack& target) {
  ReducedBounder& b = level.bounder;
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
            clip_input(N, child_lower_.data(), child_upper_.data(), constraints_,
                       b.constraint.data(), 1);
  }
  if (settings_.clip_inputs) inherit_halfspaces(level);
  std::int64_t pushed = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    if (open[lane] == 0) continue;
    const auto k = static_cast<std::size_t>(dimension_[lane]);
    const double whole = volume(b.lower_x.data(), b.upper_x.data(), lane);
    const double middle = 0.5 * (b.lower_x[k][lane] + b.upper_x[k][lane]);
    const double part = (high ? b.upper_x[k][lane] - middle : middle - b.lower_x[k][lane]) /
                        (b.upper_x[k][lane] - b.lower_x[k][lane]);
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
      if (phase_[static_cast<std::size_t>(v)] == Phase::unstable)
        *record++ = b.lower_z[static_cast<std::size_t>(v)][lane];
    }
    for (int v = 0; v < U; ++v) {
      if (phase_[static_cast<std::size_t>(v)] == Phase::unstable)
        *record++ = b.upper_z[static_cast<std::size_t>(v)][lane];
    }
    for (int j = 0; j < constraints_ * (N + 1); ++j)
      *record++ = child_halfspaces_[static_cast<std::size_t>(j)][lane];
    ++pushed;
  }
  counters_.open.fetch_add(pushed, std::memory_order_relaxed);
  counters_.settle(volume_in - volume_out);
}

}  // namespace clipbound::solver
