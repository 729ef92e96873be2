// Idea: boxes of an input split within the query's ball: half-spaces that touch it take part in
// clipping, and points are tried in it alone.
// Source: cuts as of Kelley 1960; here they are chosen by the row's linear bound on each box.
// Guarantees: the half-spaces hold on the ball (S16); where a box is cut to what the ball leaves of
// it, no point of the ball is lost.
#include <algorithm>

#include "solver/input_split/worker.h"

namespace clipbound::solver {

void InputSplitWorker::touch_ball(const Level& from, Children& children) {
  const auto N = static_cast<std::size_t>(from.problem->inputs), width = N + 1;
  ball_.attach(root_->ball);
  ball_.restrict_to(root_->kept);
  // In each lane of the row that is nearest to being excluded.
  const std::vector<Vec>& bounds = from.rows.lower;
  for (std::size_t i = 0; i < N; ++i) {
    Vec slope = from.rows.linear_bound[i], best = bounds[0];
    for (std::size_t s = 1; s < bounds.size(); ++s) {
      slope = select(bounds[s] > best, from.rows.linear_bound[s * width + i], slope);
      best = select(bounds[s] > best, bounds[s], best);
    }
    ball_.set(i, slope, children.lower[i], children.upper[i]);
  }
  ball_.minimum(Vec{});
  // Before those of ancestors, of which the last one goes.
  const auto place = static_cast<std::size_t>(std::min(from.problem->rows, kMostInheritedRows)),
             last = static_cast<std::size_t>(halfspaces_) - 1;
  auto first = children.halfspaces.begin();
  const auto at = [&](std::size_t k) { return first + static_cast<std::ptrdiff_t>(k * width); };
  std::copy_backward(at(place), at(last), at(last + 1));
  const Vec edge = ball_.edge();
  const Mask known = vabs(edge) < kOverflow;
  for (std::size_t i = 0; i < N; ++i)
    at(place)[static_cast<std::ptrdiff_t>(i)] = select(known, -ball_.support(i), Vec{});
  at(place)[static_cast<std::ptrdiff_t>(N)] = select(known, edge, Vec{});
}

void InputSplitWorker::pull_into_ball() {
  const BoxBatch& boxes = level().boxes;
  std::vector<double> x(root_->lower.size());
  for (int lane = 0; lane < kLanes; ++lane) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.5 * root_->lower[i] + 0.5 * root_->upper[i];
    for (std::size_t k = 0; k < root_->kept.size(); ++k)
      x[static_cast<std::size_t>(root_->kept[k])] = point_[k][lane];
    root_->ball->pull_inside(x);
    for (std::size_t k = 0; k < root_->kept.size(); ++k) {
      double& to = x[static_cast<std::size_t>(root_->kept[k])];
      to = std::max(std::min(to, boxes.upper_x[k][lane]), boxes.lower_x[k][lane]);
      point_[k][lane] = to;
    }
    if (!root_->ball->certainly_holds(x)) may_be_unsafe_[lane] = 0;
  }
}

}  // namespace clipbound::solver
