// Idea: Steps of InputSplitWorker where several clauses on one box are searched together: neurons are
// bounded once for all of them, and a subproblem is open while one of its clauses is. No half-space
// holds for all of them, so that nothing is clipped.
// Source: own. Guarantees: each clause has shares of its own (S10). Legend: worker.h.
#include <algorithm>

#include "solver/input_split/coarse_boxes.h"
#include "solver/input_split/worker.h"

namespace clipbound::solver {

void InputSplitWorker::close_lane(int lane, NodeEnd how) {
  for (std::size_t m = 0; m < shares_[lane].clauses(); ++m) {
    if (Share& share = shares_[lane].of(m); share.exists()) close(clause_ + m, share, how);
  }
}

void InputSplitWorker::give_up_lane(int lane) {
  if (root_->is_joint()) return take_lane_apart(lane);
  give_up(best_row(lane), shares_[lane].of(0));
}

void InputSplitWorker::take_lane_apart(int lane) {
  const BoxBatch& boxes = level().boxes;
  std::vector<double> lower(boxes.lower_x.size()), upper(lower.size());
  store_lane(boxes.lower_x, lane, lower);
  store_lane(boxes.upper_x, lane, upper);
  take_apart(*root_, clause_, lower, upper, std::move(shares_[lane]), pending_);
}

void InputSplitWorker::ask_for_rows() {
  RowBounds& rows = level().rows;
  rows.asked.assign(rows.lower.size(), Mask{});
  for (int lane = 0; lane < count_; ++lane) {
    for (std::size_t m = 0; m < row_ends_.size(); ++m) {
      if (!shares_[lane].of(m).exists()) continue;
      for (std::size_t s = first_row(m); s < row_ends_[m]; ++s) rows.asked[s][lane] = -1;
    }
  }
}

void InputSplitWorker::close_excluded(int lane) {
  const RowBounds& rows = level().rows;
  bool any_open = false;
  for (std::size_t m = 0; m < row_ends_.size(); ++m) {
    Share& share = shares_[lane].of(m);
    if (!share.exists()) continue;
    bool excluded = false;
    for (std::size_t s = first_row(m); s < row_ends_[m]; ++s)
      excluded = excluded || rows.excluded[s][lane] != 0;
    if (excluded) {
      close(clause_ + m, share);
    } else {
      any_open = true;
    }
  }
  if (!any_open) open_[lane] = 0;
}

void InputSplitWorker::search_coarse_jointly(BoxSubproblems task) {
  const ClauseRoot& root = *task.root;
  const CrownBounder::Bounds bounds = bound_coarse(task, deadline_);
  deadline_.work(crown_work(root.bounder->system()));
  std::optional<OpenRow> worst;
  for (std::size_t m = 0; m < root.members.size() && !deadline_.expired(); ++m) {
    Share& share = task.share.of(m);
    if (!share.exists()) continue;
    const RowsVerdict rows = bound_rows(*root.members[m], bounds);
    bounded(task.clause + m, share, rows.bound);
    if (rows.refuted) {
      close(task.clause + m, share);
    } else if (!worst || rows.bound < worst->bound) {
      worst = {task.clause + m, rows.row, rows.bound};
    }
  }
  if (deadline_.expired()) return pending_.push_back(std::move(task));
  count_bounded(1);
  if (task.share.count() == 0) {
    ++statistics.pruned_bound;
    return;
  }
  if (auto reduced = reduced_task(task, bounds)) return enter_subtree(std::move(*reduced));
  if (worst) team_.counters.saw_open(*worst);
  const std::optional<CoarseSplit> where = coarse_split(task);
  if (!where) {
    return take_apart(root, task.clause, task.lower, task.upper, std::move(task.share), pending_);
  }
  ++statistics.splits;
  const SplitAt place{SplitAt::Of::input, -1, root.kept[where->column], where->at};
  BoxSubproblems upper =
      split_coarse(task, *where, split_shares(task.clause, task.share, place, Half::upper));
  pending_.push_back(std::move(upper));
  pending_.push_back(std::move(task));
}

}  // namespace clipbound::solver
