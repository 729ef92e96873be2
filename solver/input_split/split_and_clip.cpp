// Idea: From bounded subproblems to their children: choose an input, fold stable neurons, split,
// clip, push. Source, guarantees, legend: worker.h.
#include <algorithm>
#include <cmath>

#include "solver/input_split/worker.h"

namespace clipbound::solver {

namespace {

constexpr double kNarrowest = 0x1p-36;  // of the root's width: narrower sides are not split, boxes
                                        // of such sides are unsplittable

/// Where an input of a lane's box is split.
double middle_of(const BoxBatch& boxes, std::size_t input, int lane) {
  return 0.5 * (boxes.lower_x[input][lane] + boxes.upper_x[input][lane]);
}

}  // namespace

void InputSplitWorker::choose_inputs() {
  const Level& level = this->level();
  const BoxBatch& boxes = level.boxes;
  const BranchingView view{boxes, level.rows, batches_};
  settings_.branching->score(view, score_.data());
  Vec sum = {};
  for (const Vec& score : score_) sum += score;
  // Where nothing is relaxed any more, only the rows' linear bounds are left to go by.
  const Mask linear = ~(sum > Vec{});
  if (any(linear)) {
    score_by_slopes(view, fallback_.data());
    for (std::size_t i = 0; i < score_.size(); ++i)
      score_[i] = select(linear, fallback_[i], score_[i]);
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    split_[lane] = -1;
    if (open_[lane] == 0) continue;
    double best = -1.0;
    for (std::size_t i = 0; i < score_.size(); ++i) {
      const double l = boxes.lower_x[i][lane], u = boxes.upper_x[i][lane],
                   middle = middle_of(boxes, i, lane);
      if (!(l < middle && middle < u) || u - l < kNarrowest * root_->width[i]) continue;
      if (score_[i][lane] > best) {
        best = score_[i][lane];
        split_[lane] = static_cast<std::int64_t>(i);
      }
    }
  }
}

bool InputSplitWorker::worth_folding(const Level& from) {
  const int U = from.problem->neurons;
  const int unstable = from.problem->find_phases(from.boxes, open_, phase_);
  return U - unstable >= 2 && unstable * 10 <= U * 8;
}

/// A batch costs the same for one lane as for all: where the stack has run dry, split the few open
/// lanes into free ones first.
void InputSplitWorker::fill_lanes() {
  Level& level = this->level();
  BoxBatch& boxes = level.boxes;
  RowBounds& rows = level.rows;
  int used = 0;
  for (int lane = 0; lane < kLanes; ++lane) used += open_[lane] != 0 ? 1 : 0;
  for (; level.open.empty() && used > 0 && 4 * used <= kLanes; used *= 2) {
    int free = 0;
    const Mask before = open_;
    for (int lane = 0; lane < kLanes; ++lane) {
      if (before[lane] == 0) continue;
      while (open_[free] != 0) ++free;
      for (auto* array :
           {&boxes.lower_x, &boxes.upper_x, &boxes.lower_z, &boxes.upper_z, &boxes.halfspaces,
            &rows.lower, &rows.linear_bound, &rows.branching_score}) {
        for (Vec& v : *array) v[free] = v[lane];
      }
      const auto k = static_cast<std::size_t>(split_[lane]);
      shares_[free] = split_shares(clause_, shares_[lane], place_of(level, lane), Half::upper);
      boxes.upper_x[k][lane] = boxes.lower_x[k][free] = middle_of(boxes, k, lane);
      rows.branching_score[k][lane] = rows.branching_score[k][free] =
          0.5 * rows.branching_score[k][lane];
      open_[free] = -1;
    }
    choose_inputs();
    drop_unsplittable();
  }
}

/// Boxes no side of which is wide enough to be split: nothing more can be said of them.
void InputSplitWorker::drop_unsplittable() {
  for (int lane = 0; lane < kLanes; ++lane) {
    if (open_[lane] == 0) continue;
    if (split_[lane] >= 0) {
      ++statistics.splits;
      continue;
    }
    give_up_lane(lane);
    open_[lane] = 0;
  }
}

/// In the published order a box is clipped after it was chosen how to split it: what is left may be
/// too narrow to be split any further, but has yet to be bounded.
void InputSplitWorker::clip() {
  if (settings_.clip_boxes == nullptr || settings_.order != ClipOrder::parents || root_->is_joint())
    return;
  Level& level = this->level();
  BoxBatch& boxes = level.boxes;
  const Mask empty =
      settings_.clip_boxes(level.problem->inputs, boxes.lower_x.data(), boxes.upper_x.data(),
                           level.problem->rows, level.rows.linear_bound.data());
  for (int lane = 0; lane < kLanes; ++lane) {
    if (open_[lane] == 0 || empty[lane] == 0) continue;
    ++statistics.pruned_clip;
    close_lane(lane, NodeEnd::clipped);
    open_[lane] = 0;
  }
}

/// The level's problem without the neurons that are stable in all open lanes.
std::shared_ptr<const BatchProblem> InputSplitWorker::fold(const Level& from) const {
  const BoxBatch& boxes = from.boxes;
  std::vector<double> upper(boxes.upper_z.size(), 0.0), largest_x(boxes.lower_x.size(), 0.0);
  for (int lane = 0; lane < kLanes; ++lane) {
    if (open_[lane] == 0) continue;
    for (std::size_t v = 0; v < upper.size(); ++v)
      upper[v] = std::max(upper[v], boxes.upper_z[v][lane]);
    for (std::size_t i = 0; i < largest_x.size(); ++i) {
      largest_x[i] = std::max(
          {largest_x[i], std::fabs(boxes.lower_x[i][lane]), std::fabs(boxes.upper_x[i][lane])});
    }
  }
  return from.problem->fold(phase_, upper, largest_x);
}

void InputSplitWorker::branch() {
  choose_inputs();
  drop_unsplittable();
}

void InputSplitWorker::split() {
  if (!any(open_)) return;
  if (settings_.order == ClipOrder::children) fill_lanes();
  Level& parents = level();
  SubproblemStack* target = &parents.open;
  if (worth_folding(parents)) {
    auto folded = fold(parents);
    ++statistics.compilations;
    target = &enter_level(std::move(folded)).open;
  } else {
    phase_.assign(phase_.size(), Phase::unstable);
  }
  for (const Side side : {Side::lower, Side::upper}) split_side(parents, side);
  push_children(parents, *target);
}

void InputSplitWorker::inherit_halfspaces(const Level& from, Children& children) const {
  const BoxBatch& boxes = from.boxes;
  const auto N = static_cast<std::size_t>(from.problem->inputs), width = N + 1;
  const int new_rows = std::min(from.problem->rows, halfspaces_);
  const auto copied = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(new_rows) * width);
  std::copy_n(from.rows.linear_bound.begin(), copied, children.halfspaces.begin());
  std::fill(children.halfspaces.begin() + copied, children.halfspaces.end(), Vec{});
  // How deep each cuts: 1 where all of the box lies outside, -1 where all of it lies inside (then
  // it says nothing).
  Vec depth[kMostHalfspaces];
  for (int k = 0; k < halfspaces_; ++k) {
    const Vec* g = boxes.halfspaces.data() + static_cast<std::size_t>(k) * width;
    Vec at = g[N], spread = broadcast(1e-300);
    for (std::size_t i = 0; i < N; ++i) {
      at += g[i] * 0.5 * (children.lower[i] + children.upper[i]);
      spread += vabs(g[i]) * 0.5 * (children.upper[i] - children.lower[i]);
    }
    depth[k] = at / spread;
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int kept = new_rows; kept < halfspaces_; ++kept) {
      int best = -1;
      for (int k = 0; k < halfspaces_; ++k) {
        if (depth[k][lane] > -0.999 && (best < 0 || depth[k][lane] > depth[best][lane])) best = k;
      }
      if (best < 0) break;
      depth[best][lane] = -2.0;
      for (std::size_t i = 0; i < width; ++i) {
        children.halfspaces[static_cast<std::size_t>(kept) * width + i][lane] =
            boxes.halfspaces[static_cast<std::size_t>(best) * width + i][lane];
      }
    }
  }
}

/// A lane's child, with the bounds of the neurons that `target` keeps.
void InputSplitWorker::push_child(const Level& from, const Children& children, int lane,
                                  TreeShares share, SubproblemStack& target) const {
  const Record record = target.push(std::move(share));
  store_lane(children.lower, lane, record.lower_x());
  store_lane(children.upper, lane, record.upper_x());
  const std::span<double> lower_z = record.lower_z(), upper_z = record.upper_z();
  std::size_t kept = 0;
  for (std::size_t v = 0; v < phase_.size(); ++v) {
    if (phase_[v] != Phase::unstable) continue;
    lower_z[kept] = from.boxes.lower_z[v][lane];
    upper_z[kept] = from.boxes.upper_z[v][lane];
    ++kept;
  }
  store_lane(children.halfspaces, lane, record.halfspaces());
}

void InputSplitWorker::split_side(const Level& from, Side side) {
  const BoxBatch& boxes = from.boxes;
  const int N = from.problem->inputs;
  Children& children = children_[static_cast<std::size_t>(side)];
  children.lower = boxes.lower_x;
  children.upper = boxes.upper_x;
  for (int lane = 0; lane < kLanes; ++lane) {
    if (open_[lane] == 0) continue;
    const auto k = static_cast<std::size_t>(split_[lane]);
    (side == Side::upper ? children.lower : children.upper)[k][lane] = middle_of(boxes, k, lane);
  }
  children.empty = Mask{};
  const bool clips = settings_.clip_boxes != nullptr && !root_->is_joint();
  if (clips && settings_.order == ClipOrder::children) {
    children.empty = settings_.clip_boxes(N, children.lower.data(), children.upper.data(),
                                          from.problem->rows, from.rows.linear_bound.data());
    children.empty |= settings_.clip_boxes(N, children.lower.data(), children.upper.data(),
                                           halfspaces_, boxes.halfspaces.data());
  }
  if (clips && root_->ball != nullptr)
    children.empty |=
        clip_boxes_to_ball(*root_->ball, root_->kept, children.lower.data(), children.upper.data());
  if (clips) inherit_halfspaces(from, children);
  if (clips && root_->ball != nullptr) touch_ball(from, children);
}

SplitAt InputSplitWorker::place_of(const Level& from, int lane) const {
  const auto k = static_cast<std::size_t>(split_[lane]);
  return {SplitAt::Of::input, -1, root_->kept[k], middle_of(from.boxes, k, lane)};
}

void InputSplitWorker::note_clipped(const Level& from, const Children& children, int lane,
                                    Share& share) {
  double part = 1.0;
  for (std::size_t i = 0; i < children.lower.size(); ++i) {
    const double l = from.boxes.lower_x[i][lane], u = from.boxes.upper_x[i][lane],
                 whole = static_cast<std::int64_t>(i) == split_[lane] ? 0.5 * (u - l) : u - l;
    if (whole > 0.0)
      part *= std::max(0.0, children.upper[i][lane] - children.lower[i][lane]) / whole;
  }
  trace_.kept(share, std::min(part, 1.0));
}

/// Both children of a box side by side: the next batches are of few parents then, so that more
/// neurons are stable in all lanes and are folded (decision 54).
void InputSplitWorker::push_children(const Level& from, SubproblemStack& target) {
  for (int lane = 0; lane < kLanes; ++lane) {
    if (open_[lane] == 0) continue;
    const SplitAt place = place_of(from, lane);
    for (const Side side : {Side::lower, Side::upper}) {
      const Children& children = children_[static_cast<std::size_t>(side)];
      TreeShares share = side == Side::lower
                             ? split_shares(clause_, shares_[lane], place, Half::lower)
                             : std::move(shares_[lane]);
      if (trace_ && share.of(0).exists()) note_clipped(from, children, lane, share.of(0));
      if (children.empty[lane] != 0) {
        ++statistics.pruned_clip;
        close(clause_, share.of(0), NodeEnd::clipped);
      } else {
        push_child(from, children, lane, std::move(share), target);
      }
    }
  }
}

}  // namespace clipbound::solver
