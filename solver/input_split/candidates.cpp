// Idea: Counterexamples on the way: points of open subproblems, tried on the level's problem first.
// Source: own.
// Guarantees: the judge replays every candidate on the real network (S11).
#include <algorithm>

#include "solver/input_split/worker.h"

namespace clipbound::solver {

/// The corner that minimises one row's linear bound (the rows by turns with the centre).
void InputSplitWorker::choose_points() {
  const Level& level = this->level();
  const BoxBatch& boxes = level.boxes;
  const auto N = static_cast<std::size_t>(level.problem->inputs),
             S = static_cast<std::size_t>(level.problem->rows);
  const std::size_t row = batches_ % (S + 1);
  for (std::size_t i = 0; i < N; ++i) {
    if (row == S) {
      point_[i] = 0.5 * (boxes.lower_x[i] + boxes.upper_x[i]);
    } else {
      const Vec slope = level.rows.linear_bound[row * (N + 1) + i];
      point_[i] = select(slope < Vec{}, boxes.upper_x[i], boxes.lower_x[i]);
    }
  }
  may_be_unsafe_ = ~Mask{};
  if (root_->ball != nullptr) pull_into_ball();
}

Mask InputSplitWorker::check_candidates() {
  Level& level = this->level();
  choose_points();
  // On the level's problem first: it is the same function where the phases hold.
  level.bounder->evaluate(point_.data(), values_.data());
  // Within the problem's own rounding counts as unsafe here: such boxes stay open however small
  // they get.
  touching_ = Mask{};
  for (std::size_t m = 0; m < row_ends_.size(); ++m) {
    Mask candidate = open_ & may_be_unsafe_;
    for (std::size_t s = first_row(m); s < row_ends_[m]; ++s)
      candidate &= values_[s] <= 4.0 * level.problem->row_slack(static_cast<int>(s));
    for (int lane = 0; lane < kLanes && root_->is_joint(); ++lane) {
      if (candidate[lane] != 0 && !shares_[lane].of(m).exists()) candidate[lane] = 0;
    }
    touching_ |= candidate;
    if (!any(candidate)) continue;
    if (const Mask spurious = offer(candidate, *root_->member(m).clause); any(spurious))
      return spurious;
  }
  return Mask{};
}

/// Offers the lanes' points to the judge. Returns the lanes whose problem was wrong there.
Mask InputSplitWorker::offer(Mask candidate, const Clause& clause) {
  Mask spurious = {};
  for (int lane = 0; lane < kLanes; ++lane) {
    if (candidate[lane] == 0) continue;
    if (!without_rows_ && clipping_.complete && is_spurious(lane)) {
      spurious[lane] = -1;
      continue;
    }
    // Points on the very edge of unsafety replay as safe again and again: try ever fewer of them.
    if (failed_candidates_ > 64 && (batches_ & ((failed_candidates_ >> 4) - 1)) != 0) continue;
    for (std::size_t i = 0; i < full_point_.size(); ++i)
      full_point_[i] = 0.5 * root_->lower[i] + 0.5 * root_->upper[i];
    for (std::size_t i = 0; i < root_->kept.size(); ++i)
      full_point_[static_cast<std::size_t>(root_->kept[i])] = point_[i][lane];
    if (judge_.offer(clause, full_point_)) return spurious;
    failed_candidates_ = std::min<std::uint64_t>(failed_candidates_ + 1, 1 << 16);
  }
  return spurious;
}

/// Neurons that were folded on the strength of the clause's rows are stable only where these rows
/// hold: elsewhere the folded problem is another function, and its unsafe points may be safe. There
/// the search would split for ever. True where the clause's root problem, which no row entered,
/// tells another value than the folded one.
bool InputSplitWorker::is_spurious(int lane) {
  std::vector<double> x(point_.size()), values(values_.size());
  store_lane(point_, lane, x);
  store_lane(values_, lane, values);
  return root_->problem->contradicts(*level().problem, x.data(), values.data());
}

/// Begins a subproblem with a spurious candidate again on the clause's root problem, to be bounded
/// without the rows from there on (its box may stay as clipped as it is: what was cut off holds no
/// counterexample).
void InputSplitWorker::restart_without_rows(int lane) {
  const BoxBatch& boxes = level().boxes;
  std::vector<double> lower(boxes.lower_x.size()), upper(lower.size());
  store_lane(boxes.lower_x, lane, lower);
  store_lane(boxes.upper_x, lane, upper);
  BoxSubproblems task = root_task(root_, lower, upper, std::move(shares_[lane]));
  task.clause = clause_;
  task.without_rows = true;
  ++statistics.restarts;
  pending_.push_back(std::move(task));
}

}  // namespace clipbound::solver
