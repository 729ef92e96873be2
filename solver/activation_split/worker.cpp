#include "solver/activation_split/worker.h"

#include <algorithm>
#include <cmath>

#include "bounds/clip/clipping.h"

namespace clipbound::solver {

namespace {
constexpr int kIterations = 10;       // of slopes and multipliers, per batch
constexpr int kLeafIterations = 400;  // where nothing is left to split
}  // namespace

ActivationSplitWorker::ActivationSplitWorker(const SearchContext& context,
                                             const ActivationProblem& problem,
                                             ActivationSplitTeam& team, int number)
    : SearchWorker(context, team.counters, team.time_slice, strategy::kActivationSplitAttack,
                   number),
      problem_(problem),
      team_(team),
      branching_(branching_strategy(context.options.branching)),
      lanes_(problem),
      refinement_(lanes_, context.deadline,
                  clipping_method(context.options.clipping).refine_intermediate_bounds),
      begin_s_(context.deadline.elapsed_s()) {}

void ActivationSplitWorker::run() {
  run_tasks(team_.queue, [this](ActivationTask task) {
    stack_ = std::move(task);
    while (!stack_.empty() && !is_over()) {
      if ((batches_ & 15U) == 0) watch_memory();
      attack_now_and_then();
      if (team_.queue.has_idle_workers()) share_work();
      process_batch();
    }
  });
}

void ActivationSplitWorker::share_work() {
  if (stack_.size() < 2) return;
  // The oldest are the largest; every second one goes.
  ActivationTask part, rest;
  for (std::size_t k = 0; k < stack_.size(); ++k)
    (k % 2 == 0 ? part : rest).push_back(std::move(stack_[k]));
  stack_ = std::move(rest);
  team_.queue.put(std::move(part));
}

void ActivationSplitWorker::close(const ActivationSubproblem& subproblem) {
  counters_.open.fetch_sub(1, std::memory_order_relaxed);
  at(team_.open, subproblem.clause).fetch_sub(1, std::memory_order_relaxed);
  counters_.settle(std::ldexp(1.0, -std::min(subproblem.depth, 1000)));
}

ActivationSplitWorker::Batch ActivationSplitWorker::take_batch() {
  Batch batch;
  while (!stack_.empty() && batch.size() < kLanes) {
    batch.push_back(std::move(stack_.back()));
    stack_.pop_back();
  }
  return batch;
}

std::vector<char> ActivationSplitWorker::bound_batch(Batch& batch) {
  const double begin = deadline_.elapsed_s();
  lanes_.load(batch);
  SlopeSchedule schedule;
  schedule.iterations = kIterations;
  const Vec bound = lanes_.optimizer.maximize(lanes_.bounder, lanes_.cone, lanes_.rows, schedule);
  ++batches_;
  ++statistics.batches;
  count_bounded(batch.size());
  std::vector<char> open(batch.size(), 0);
  double worst = 0.0;
  for (std::size_t lane = 0; lane < batch.size(); ++lane) {
    ActivationSubproblem& subproblem = batch[lane];
    subproblem.bound = std::max(subproblem.bound, bound[static_cast<int>(lane)]);
    refinement_.learn(subproblem,
                      (deadline_.elapsed_s() - begin) / static_cast<double>(batch.size()));
    worst = std::min(worst, subproblem.bound);
    open[lane] = problem_.refuted(subproblem.row, subproblem.bound) ? 0 : 1;
    if (open[lane] != 0) continue;
    ++statistics.pruned_bound;
    close(subproblem);
  }
  if (std::any_of(open.begin(), open.end(), [](char o) { return o != 0; }))
    counters_.worst_bound.store(worst, std::memory_order_relaxed);
  return open;
}

void ActivationSplitWorker::process_batch() {
  Batch batch = take_batch();
  const std::vector<char> open = bound_batch(batch);
  if (std::all_of(open.begin(), open.end(), [](char o) { return o == 0; })) return;
  // Once more with the best parameters: coefficients, corners and values of these are what
  // branching looks at.
  lanes_.bounder.lower_bound(lanes_.cone, lanes_.rows);
  try_corners(batch, open);
  if (judge_.found()) return;
  lanes_.bounder.differentiate(lanes_.cone);
  for (std::size_t lane = 0; lane < batch.size(); ++lane) {
    if (open[lane] != 0) continue_with(std::move(batch[lane]), static_cast<int>(lane));
  }
}

void ActivationSplitWorker::continue_with(ActivationSubproblem subproblem, int lane) {
  if (another_row_excluded(subproblem, lane)) {
    ++statistics.pruned_bound;
    return close(subproblem);
  }
  if (!refinement_.pays(subproblem)) return branch(std::move(subproblem), lane);
  if (refinement_.refine(subproblem, lane)) {
    stack_.push_back(std::move(subproblem));
    return;
  }
  ++statistics.pruned_clip;
  close(subproblem);
}

void ActivationSplitWorker::try_corners(const Batch& batch, const std::vector<char>& open) {
  lanes_.bounder.evaluate_corner(lanes_.cone);
  for (int lane = 0; lane < static_cast<int>(batch.size()); ++lane) {
    if (at(open, lane) == 0) continue;
    const ActivationClause& clause = at(problem_.clauses, at(batch, lane).clause);
    bool unsafe = true;
    for (std::int64_t r = clause.first_row; r < clause.first_row + clause.rows; ++r)
      unsafe = unsafe && lanes_.bounder.row_value(problem_.rows, r, lane) <= 0.0;
    const double now = deadline_.elapsed_s();
    if (!unsafe || judging_s_ > strategy::kReplayShare * (now - begin_s_) + 0.1) continue;
    std::vector<double> point;
    for (const Vec& x : lanes_.bounder.corner()) point.push_back(x[lane]);
    if (judge_.offer(*clause.clause, point)) return;
    judging_s_ += deadline_.elapsed_s() - now;
  }
}

bool ActivationSplitWorker::another_row_excluded(ActivationSubproblem& subproblem, int lane) {
  const ActivationClause& clause = at(problem_.clauses, subproblem.clause);
  if (clause.rows == 1) return false;
  LaneRows rows = lanes_.begin_probe(lane, subproblem.row);
  for (std::int64_t first = 0; first < clause.rows; first += kLanes) {
    for (int k = 0; k < kLanes; ++k)
      rows.which[k] = clause.first_row + std::min<std::int64_t>(first + k, clause.rows - 1);
    const Vec bound = lanes_.probe.lower_bound(lanes_.cone, rows);
    for (int k = 0; k < kLanes; ++k) {
      if (problem_.refuted(rows.which[k], bound[k])) return true;
      if (bound[k] > subproblem.bound) {
        subproblem.bound = bound[k];
        subproblem.row = rows.which[k];
      }
    }
  }
  return false;
}

void ActivationSplitWorker::branch(ActivationSubproblem parent, int lane) {
  const std::optional<ChosenSplit> split = choose_split(branching_, lanes_, parent, lane);
  if (!split) return finish_leaf(parent, lane);
  ++statistics.splits;
  parent.alpha_or_beta = lanes_.save_parameters(lane);
  lanes_.save_multipliers(parent, lane);
  counters_.open.fetch_add(1, std::memory_order_relaxed);
  at(team_.open, parent.clause).fetch_add(1, std::memory_order_relaxed);
  for (const SplitSide side : kSplitSides) push_child(parent, lane, *split, side);
}

void ActivationSplitWorker::push_child(const ActivationSubproblem& parent, int lane,
                                       const ChosenSplit& split, SplitSide side) {
  const auto k = static_cast<std::size_t>(side);
  ActivationSubproblem child = parent;
  lanes_.add_split(child, lane, split.neuron, side);
  child.before = parent.bound;
  child.just_refined = false;
  child.bound = std::max(parent.bound, split.bound[k]);
  if (problem_.refuted(child.row, child.bound)) {
    ++statistics.pruned_bound;
    count_bounded(1);
    refinement_.learn(child, refinement_.subproblem_s());
    return close(child);
  }
  child.newest_start = split.start[k];
  stack_.push_back(std::move(child));
}

void ActivationSplitWorker::finish_leaf(const ActivationSubproblem& subproblem, int lane) {
  const LaneRows rows = lanes_.begin_probe(lane, subproblem.row);
  SlopeSchedule schedule;
  schedule.iterations = kLeafIterations;
  schedule.decay = 0.99;
  const Vec bound = lanes_.optimizer.maximize(lanes_.probe, lanes_.cone, rows, schedule);
  if (problem_.refuted(subproblem.row, bound[0])) {
    ++statistics.pruned_bound;
    return close(subproblem);
  }
  counters_.unsplittable.fetch_add(1, std::memory_order_relaxed);
  counters_.open.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace clipbound::solver
