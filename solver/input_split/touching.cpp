// Idea: Subproblems that are open by rounding alone are not split: exact arithmetic decides them, or
// nothing does.
// Source: own.
// Guarantees: what it refutes holds no counterexample in real arithmetic (S13); what it gives up
// stays open (S10).
#include <algorithm>

#include "solver/input_split/worker.h"

namespace clipbound::solver {

/// The lane's box in rational arithmetic.
ExactAnswer InputSplitWorker::ask_exactly(int lane) {
  std::vector<double> lower = root_->lower, upper = root_->upper;
  const BoxBatch& boxes = level().boxes;
  for (std::size_t k = 0; k < root_->kept.size(); ++k) {
    const auto i = static_cast<std::size_t>(root_->kept[k]);
    lower[i] = boxes.lower_x[k][lane];
    upper[i] = boxes.upper_x[k][lane];
  }
  const CrownBounder::Bounds bounds = root_->exact->bound_neurons(lower, upper, deadline_);
  deadline_.work(strategy::kExactWork);
  return decide_exactly(root_->exact->system(), *root_->clause, bounds.layers, lower, upper,
                        ExactDepth::forms, strategy::kExactWork);
}

/// Where a row is bounded within its rounding of 0, a counterexample could pass the threshold by
/// that much at most. And a lane with a point at which no row is above its rounding stays open
/// however often it is split: the part with that point does. Both together: it is open by rounding
/// alone, and exact arithmetic decides it or nothing does. Without such a point exact arithmetic is
/// tried ever less often while it fails: a row that really reaches 0 stays so however small the box
/// is.
void InputSplitWorker::settle_touching() {
  const Level& level = this->level();
  for (int lane = 0; lane < kLanes; ++lane) {
    if (open_[lane] == 0) continue;
    const bool touches = touching_[lane] != 0;
    bool is_near = false;
    for (std::size_t s = 0; s < level.rounding.size(); ++s)
      is_near = is_near || level.rows.lower[s][lane] > -level.rounding[s];
    if (!is_near) continue;
    if (root_->is_joint()) {  // where a point looks unsafe, clause by clause from here on
      if (!touches) continue;
      take_lane_apart(lane);
      open_[lane] = 0;
      continue;
    }
    ExactAnswer answer = ExactAnswer::open;
    const std::uint64_t rarely = std::min<std::uint64_t>(failed_exact_ / 8, 16);
    if (root_->exact != nullptr &&
        (touches || (batches_ & ((std::uint64_t{1} << rarely) - 1)) == 0)) {
      answer = ask_exactly(lane);
      failed_exact_ = answer == ExactAnswer::refuted ? 0 : failed_exact_ + 1;
    }
    if (answer == ExactAnswer::refuted) {
      ++statistics.pruned_bound;
      close_lane(lane);
    } else if (touches) {
      give_up_touching(best_row(lane), shares_[lane].of(0), answer == ExactAnswer::holds);
    } else {
      continue;
    }
    open_[lane] = 0;
  }
}

}  // namespace clipbound::solver
