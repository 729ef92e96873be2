// Counterexamples on the way: points of open subproblems, tried on the reduced network first.
#include <algorithm>
#include <cmath>

#include "solver/input_split/worker.h"

namespace clipbound::solver {

Mask InputSplitWorker::check_candidates(Level& level, Mask open) {
  // The corner that minimises one row's plane (the rows in turn), on the reduced network first: it
  // is the same function.
  ReducedBounder& b = level.bounder;
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
  // Within the reduced network's own rounding counts as unsafe here: such boxes stay open however
  // small they get.
  Mask candidate = open;
  for (int s = 0; s < S; ++s) {
    candidate &= values_[static_cast<std::size_t>(s)] <=
                 4.0 * level.network->slack[static_cast<std::size_t>(level.network->neurons + s)];
  }
  Mask misled = {};
  if (!any(candidate)) return misled;
  for (int lane = 0; lane < kLanes; ++lane) {
    if (candidate[lane] == 0) continue;
    if (!plain_ && clip_.neurons && level.network->forward == nullptr && is_misled(level, lane)) {
      misled[lane] = -1;
      continue;
    }
    // Points on the very edge of unsafety replay as safe again and again: try ever fewer of them.
    if (failed_candidates_ > 64 && (batches_ & ((failed_candidates_ >> 4) - 1)) != 0) continue;
    for (std::size_t i = 0; i < full_point_.size(); ++i)
      full_point_[i] = 0.5 * root_->lower[i] + 0.5 * root_->upper[i];
    for (int i = 0; i < N; ++i)
      full_point_[static_cast<std::size_t>(root_->kept[static_cast<std::size_t>(i)])] =
          point_[static_cast<std::size_t>(i)][lane];
    if (judge_.offer(*root_->clause, full_point_)) return misled;
    failed_candidates_ = std::min<std::uint64_t>(failed_candidates_ + 1, 1 << 16);
  }
  return misled;
}

/// Neurons that were folded on the strength of the clause's rows are decided only where these rows
/// hold: elsewhere the reduced network is another function, and its unsafe points may be safe.
/// There the search would split for ever. True where the clause's root network, which no row
/// entered, tells another value than the reduced one.
bool InputSplitWorker::is_misled(const Level& level, int lane) {
  const ReducedNetwork& net = *root_->network;
  std::vector<double> active(static_cast<std::size_t>(net.neurons));
  for (int v = 0; v < net.neurons + net.rows; ++v) {
    const double* row = net.row(v);
    double sum = row[net.constant()];
    for (int i = 0; i < net.inputs; ++i)
      sum += row[net.first_input() + i] * point_[static_cast<std::size_t>(i)][lane];
    for (int w = 0; w < std::min(v, net.neurons); ++w)
      sum += row[w] * active[static_cast<std::size_t>(w)];
    if (v < net.neurons) {
      const Activation& f = net.activation[static_cast<std::size_t>(v)];
      const bool product = f.curve == Curve::product;
      active[static_cast<std::size_t>(v)] = product ? sum : value_of(f, sum);
      if (is_second_factor(f)) active[static_cast<std::size_t>(v) - 1] *= sum;
      continue;
    }
    const auto s = static_cast<std::size_t>(v - net.neurons);
    const double noise =
        4.0 * (net.slack[static_cast<std::size_t>(v)] +
               level.network->slack[static_cast<std::size_t>(level.network->neurons) + s]);
    if (std::fabs(sum - values_[s][lane]) >
        noise + 1e-9 * net.magnitude[static_cast<std::size_t>(v)])
      return true;
  }
  return false;
}

/// Gives a misled subproblem back to the queue on the clause's root network, to be bounded without
/// the rows from there on (its box may stay as clipped as it is: what was cut off holds no
/// counterexample).
void InputSplitWorker::start_afresh(Level& level, int lane) {
  ReducedBounder& b = level.bounder;
  std::vector<double> lower, upper;
  for (std::size_t i = 0; i < b.lower_x.size(); ++i) {
    lower.push_back(b.lower_x[i][lane]);
    upper.push_back(b.upper_x[i][lane]);
  }
  BoxSubproblems task = root_task(root_, lower, upper);
  task.plain = true;
  ++statistics.restarts;
  counters_.open.fetch_add(1, std::memory_order_relaxed);
  queue_.put(std::move(task));
}

}  // namespace clipbound::solver
