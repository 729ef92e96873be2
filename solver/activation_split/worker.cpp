#include "solver/activation_split/worker.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace clipbound::solver {

namespace {
constexpr int kCandidates = kLanes / 2;  // both children of each are bounded in one sweep
constexpr int kIterations = 10;          // of slopes and multipliers, per batch
constexpr int kLeafIterations = 400;     // where nothing is left to split
constexpr int kRefreshIterations = 1;    // of the slopes of a neuron that is bounded again
constexpr std::size_t kRefreshed = 64;   // such neurons per layer
constexpr double kLeastCost =
    1e-3;  // of what the bound lacks, that such a neuron's relaxation costs
constexpr double kNarrowest = 1e-6;  // relative width of a curved neuron's range that may be split
constexpr AttackRhythm kRhythm = {.every_s = 0.2, .seconds = 0.05};
constexpr double kJudgingShare = 0.05;  // of the time that replays of corners may take
}  // namespace

ActivationSplitWorker::ActivationSplitWorker(const SearchContext& context,
                                             const ActivationProblem& problem,
                                             ActivationSplitTeam& team, int number)
    : SearchWorker(context, team.counters, team.time_slice, kRhythm, number),
      problem_(problem),
      network_(*problem.network),
      team_(team),
      begin_s_(context.deadline.elapsed_s()),
      finder_(*problem.network) {
  sweep_.attach(network_);
  probe_.attach(network_);
  std::vector<std::int64_t> rows(static_cast<std::size_t>(problem_.rows.count()));
  std::iota(rows.begin(), rows.end(), 0);
  finder_.find(problem_.rows, rows, cone_);
  for (const Cone::Layer& layer : cone_.layers) {
    for (const auto* list : {&layer.unstable, &layer.curved}) {
      for (const std::int32_t place : *list)
        slots_.push_back(network_.slot_of[static_cast<std::size_t>(place)]);
    }
    for (const std::int32_t place : layer.products)
      parameters_.push_back(network_.parameter_of_product(place));
  }
  parameters_.insert(parameters_.end(), slots_.begin(), slots_.end());
  target_.rows = &problem_.rows;
  std::fill(target_.sign, target_.sign + kLanes, 1.0);
}

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

void ActivationSplitWorker::close(const ActivationSubproblem& node) {
  counters_.open.fetch_sub(1, std::memory_order_relaxed);
  team_.open[static_cast<std::size_t>(node.clause)].fetch_sub(1, std::memory_order_relaxed);
  const double share = std::ldexp(1.0, -std::min(node.depth, 1000));
  counters_.settle(share);
}

void ActivationSplitWorker::load(const std::vector<ActivationSubproblem>& batch) {
  sweep_.reset();
  for (int lane = 0; lane < kLanes; ++lane) {
    const ActivationSubproblem& node =
        batch[static_cast<std::size_t>(lane) < batch.size() ? static_cast<std::size_t>(lane) : 0];
    target_.which[lane] = node.row;
    if (node.tighter != nullptr) {
      for (const RefinedBounds& b : *node.tighter)
        sweep_.set_bounds(lane, b.slot, b.lower, b.upper);
    }
    for (const std::int32_t split : node.splits) sweep_.decide(lane, split >> 1, (split & 1) != 0);
    load_restrictions(node, lane);
    const std::vector<float>& theta = *node.theta;
    for (const std::int32_t u : parameters_)
      sweep_.theta[static_cast<std::size_t>(u)][lane] =
          static_cast<double>(theta[static_cast<std::size_t>(u)]);
    if (node.newest_slot >= 0)
      sweep_.theta[static_cast<std::size_t>(node.newest_slot)][lane] =
          static_cast<double>(node.newest);
  }
}

void ActivationSplitWorker::process_batch() {
  std::vector<ActivationSubproblem> batch;
  while (!stack_.empty() && batch.size() < kLanes) {
    batch.push_back(std::move(stack_.back()));
    stack_.pop_back();
  }
  const double begin = deadline_.elapsed_s();
  load(batch);
  SlopeOptimizer optimizer;
  optimizer.iterations = kIterations;
  const Vec bound = sweep_.maximize(cone_, target_, optimizer);
  ++batches_;
  ++statistics.batches;
  count_bounded(batch.size());
  std::vector<char> open(batch.size(), 0);
  bool any_open = false;
  double worst = 0.0;
  for (std::size_t lane = 0; lane < batch.size(); ++lane) {
    ActivationSubproblem& node = batch[lane];
    node.bound = std::max(node.bound, bound[static_cast<int>(lane)]);
    learn(node, (deadline_.elapsed_s() - begin) / static_cast<double>(batch.size()));
    worst = std::min(worst, node.bound);
    open[lane] = problem_.refuted(node.row, node.bound) ? 0 : 1;
    any_open = any_open || open[lane] != 0;
    if (open[lane] != 0) continue;
    ++statistics.pruned_bound;
    close(node);
  }
  if (!any_open) return;
  counters_.worst_bound.store(worst, std::memory_order_relaxed);
  // Once more with the best parameters: coefficients, corners and values of these are what
  // branching looks at.
  sweep_.lower_bound(cone_, target_);
  try_corners(batch, open);
  if (judge_.found()) return;
  sweep_.differentiate(cone_);
  for (std::size_t lane = 0; lane < batch.size(); ++lane) {
    if (open[lane] == 0) continue;
    if (another_row_excluded(batch[lane], static_cast<int>(lane))) {
      ++statistics.pruned_bound;
      close(batch[lane]);
      continue;
    }
    if (worth_refreshing(batch[lane])) {
      if (refresh(batch[lane], static_cast<int>(lane))) {
        stack_.push_back(std::move(batch[lane]));
      } else {
        ++statistics.pruned_clip;
        close(batch[lane]);
      }
      continue;
    }
    branch(std::move(batch[lane]), static_cast<int>(lane));
  }
}

void ActivationSplitWorker::try_corners(const std::vector<ActivationSubproblem>& batch,
                                        const std::vector<char>& open) {
  sweep_.evaluate_corner(cone_);
  for (std::size_t lane = 0; lane < batch.size(); ++lane) {
    if (open[lane] == 0) continue;
    const ActivationClause& clause = problem_.clauses[static_cast<std::size_t>(batch[lane].clause)];
    bool unsafe = true;
    for (std::int64_t r = clause.first_row; r < clause.first_row + clause.rows; ++r) {
      unsafe = unsafe && sweep_.row_value(problem_.rows, r, static_cast<int>(lane)) <= 0.0;
    }
    const double now = deadline_.elapsed_s();
    if (!unsafe || judging_s_ > kJudgingShare * (now - begin_s_) + 0.1) continue;
    std::vector<double> point;
    for (const Vec& x : sweep_.corner()) point.push_back(x[static_cast<int>(lane)]);
    if (judge_.offer(*clause.clause, point)) return;
    judging_s_ += deadline_.elapsed_s() - now;
  }
}

/// Clauses with several rows are refuted by any of them: tries the others with the node's
/// parameters; the nearest becomes the row.
bool ActivationSplitWorker::another_row_excluded(ActivationSubproblem& node, int lane) {
  const ActivationClause& clause = problem_.clauses[static_cast<std::size_t>(node.clause)];
  if (clause.rows == 1) return false;
  probe_.copy_lane(sweep_, lane);
  AlphaBetaBounder::Target target = target_;
  for (std::int64_t first = 0; first < clause.rows; first += kLanes) {
    for (int k = 0; k < kLanes; ++k)
      target.which[k] = clause.first_row + std::min<std::int64_t>(first + k, clause.rows - 1);
    const Vec bound = probe_.lower_bound(cone_, target);
    for (int k = 0; k < kLanes; ++k) {
      if (problem_.refuted(target.which[k], bound[k])) return true;
      if (bound[k] > node.bound) {
        node.bound = bound[k];
        node.row = target.which[k];
      }
    }
  }
  return false;
}

std::vector<std::int32_t> ActivationSplitWorker::choose_candidates(int lane) {
  // Half of them where the relaxation's gap is largest somewhere (BaBSR's intercept), half where it
  // is largest at the corner.
  struct Scored {
    double most, here;
    std::int32_t slot;
  };
  std::vector<Scored> list;
  for (const std::int32_t u : slots_) {
    if (sweep_.decided(lane, u)) continue;
    const auto place = static_cast<std::size_t>(network_.place_of[static_cast<std::size_t>(u)]);
    const double g = sweep_.coefficients()[place][lane], l = sweep_.lower_of(lane, u),
                 h = sweep_.upper_of(lane, u);
    if (const std::int32_t c = network_.curve_of[place]; c >= 0) {
      const CurveLanes& curves = sweep_.curved_lanes();
      if (!(h - l > kNarrowest * (std::fabs(l) + std::fabs(h))) || !(h - l < kOverflow)) continue;
      const double widest = std::fabs(g) * curves.gap(c, lane, l, h);
      if (widest > 0.0)
        list.push_back(
            {widest,
             std::fabs(g) * curves.gap_at(c, lane, std::clamp(curves.z_at_corner(c, lane), l, h)),
             u});
      continue;
    }
    const double planned = sweep_.values()[place][lane];  // the relaxation at the corner
    const double slope = g < 0.0 ? h / (h - l) : sweep_.theta[static_cast<std::size_t>(u)][lane];
    const double z = slope > 0.0 ? planned / slope + (g < 0.0 ? l : 0.0) : 0.0;
    const double widest =
        g < 0.0 ? g * l * h / (h - l) : g * (slope > 0.5 ? (1.0 - slope) * h : slope * -l);
    list.push_back({widest, std::fabs(g * (std::max(z, 0.0) - planned)), u});
  }
  std::vector<std::int32_t> chosen;
  const auto take = [&](auto member, std::size_t count) {
    count = std::min(count, list.size());
    std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count), list.end(),
                      [member](const Scored& a, const Scored& b) { return a.*member > b.*member; });
    for (std::size_t k = 0; k < count && chosen.size() < static_cast<std::size_t>(kCandidates);
         ++k) {
      if (std::find(chosen.begin(), chosen.end(), list[k].slot) == chosen.end())
        chosen.push_back(list[k].slot);
    }
  };
  take(&Scored::most, static_cast<std::size_t>(kCandidates / 2));
  take(&Scored::here, static_cast<std::size_t>(kCandidates));
  return chosen;
}

void ActivationSplitWorker::branch(ActivationSubproblem node, int lane) {
  const std::vector<std::int32_t> candidates = choose_candidates(lane);
  if (candidates.empty()) return finish_leaf(node, lane);
  probe_.copy_lane(sweep_, lane);
  AlphaBetaBounder::Target target = target_;
  std::fill(target.which, target.which + kLanes, node.row);
  // A child's multiplier starts where its bound is the parent's or better: the plane stays as it is
  // for positive coefficients; for negative ones the decided neuron itself lies above the chord.
  const auto start_of = [&](std::int32_t slot, bool active) {
    const auto u = static_cast<std::size_t>(slot);
    const double g = sweep_.coefficients()[static_cast<std::size_t>(network_.place_of[u])][lane],
                 slope = sweep_.theta[u][lane];
    return g <= 0.0 ? 0.0 : active ? (1.0 - slope) * g : slope * g;
  };
  for (int k = 0; k < kLanes; ++k) {
    const std::int32_t slot = candidates[static_cast<std::size_t>(k / 2) % candidates.size()];
    if (sweep_.curved(slot)) {
      const auto [low, high] = part_of(lane, slot, k % 2 == 1);
      probe_.restrict_curved_as_in(sweep_, lane, k, slot, low, high);
      continue;
    }
    probe_.decide(k, slot, k % 2 == 1);
    probe_.theta[static_cast<std::size_t>(slot)][k] = start_of(slot, k % 2 == 1);
  }
  const Vec bound = probe_.lower_bound(cone_, target);
  int best = 0;
  double best_score = -1.0;
  for (int c = 0; c < static_cast<int>(candidates.size()); ++c) {
    const double floor = 1e-9 * std::fabs(node.bound);
    const auto gain = [&](double b) { return std::max(std::min(b, 0.0) - node.bound, floor); };
    const double score = gain(bound[2 * c]) * gain(bound[2 * c + 1]);
    if (score > best_score) {
      best_score = score;
      best = c;
    }
  }
  ++statistics.splits;
  const auto theta = save_theta(lane);
  save_multipliers(node, lane);
  const std::int32_t slot = candidates[static_cast<std::size_t>(best)];
  counters_.open.fetch_add(1, std::memory_order_relaxed);
  team_.open[static_cast<std::size_t>(node.clause)].fetch_add(1, std::memory_order_relaxed);
  for (int active = 0; active < 2; ++active) {
    ActivationSubproblem child = node;
    split_child(child, lane, slot, active != 0);
    child.before = node.bound;
    child.fresh = false;
    child.bound = std::max(node.bound, bound[2 * best + active]);
    if (problem_.refuted(child.row, child.bound)) {
      ++statistics.pruned_bound;
      count_bounded(1);
      learn(child, experience_.node_s);
      close(child);
      continue;
    }
    child.theta = theta;
    child.newest =
        static_cast<float>(probe_.theta[static_cast<std::size_t>(slot)][2 * best + active]);
    stack_.push_back(std::move(child));
  }
}

void ActivationSplitWorker::learn(const ActivationSubproblem& node, double seconds) {
  constexpr int kRemembered = 64;  // events that a mean remembers
  Experience& e = experience_;
  // A bound that was none before (-infinity) gives no measure of what was gained; it must not get
  // into the means.
  const double gained = std::isfinite(node.before) ? std::min(node.bound, 0.0) - node.before : 0.0;
  if (node.fresh) {
    const double weight = 1.0 / std::min(++e.refreshes, kRemembered);
    e.refresh_share += weight * (gained / (1e-300 - node.before) - e.refresh_share);
  } else if (node.depth > 0) {
    const double weight = 1.0 / std::min(++e.splits, 8 * kRemembered);
    e.split_gain += weight * (gained - e.split_gain);
    e.node_s += weight * (seconds - e.node_s);
  }
}

/// A tree whose splits gain d each and whose root lacks L has about 2^(L / d) nodes; after a
/// refresh it lacks less. The first few are made to learn what they bring.
bool ActivationSplitWorker::worth_refreshing(const ActivationSubproblem& node) const {
  constexpr int kTrials = 4, kFewestSplits = 2;
  const Experience& e = experience_;
  const int since = node.depth - node.refreshed;
  if (context_.options.clipping == "none" || since < kFewestSplits) return false;
  if (e.refreshes < kTrials) return since >= 3;
  if (!(e.split_gain > 0.0)) return true;
  const double levels = std::min(-node.bound / e.split_gain, 60.0);
  const double saved = std::exp2(levels) - std::exp2(levels * (1.0 - e.refresh_share));
  return saved * e.node_s > e.refresh_s;
}

std::shared_ptr<std::vector<float>> ActivationSplitWorker::save_theta(int lane) const {
  auto theta =
      std::make_shared<std::vector<float>>(static_cast<std::size_t>(network_.parameters()), 0.0F);
  for (const std::int32_t u : parameters_)
    (*theta)[static_cast<std::size_t>(u)] =
        static_cast<float>(sweep_.theta[static_cast<std::size_t>(u)][lane]);
  return theta;
}

bool ActivationSplitWorker::refresh_layer(int layer, int lane, double least_cost,
                                          std::vector<RefinedBounds>& found) {
  const auto k = static_cast<std::size_t>(layer);
  std::vector<std::pair<double, std::int32_t>> list;
  for (std::int32_t u = problem_.first_slot[k]; u < problem_.first_slot[k + 1]; ++u) {
    const double cost = sweep_.cost_of(network_.place_of[static_cast<std::size_t>(u)], lane);
    if (cost > least_cost) list.emplace_back(-cost, u);
  }
  const std::size_t count = std::min(list.size(), kRefreshed);
  std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count), list.end());
  list.resize(count);
  // Neighbours read about the same places.
  std::sort(list.begin(), list.end(),
            [](const auto& a, const auto& b) { return a.second < b.second; });
  SlopeOptimizer optimizer;
  optimizer.iterations = kRefreshIterations;
  const std::size_t before = found.size();
  for (std::size_t first = 0; first < count; first += kLanes) {
    AlphaBetaBounder::Target target;
    target.rows = &problem_.neurons[k];
    const std::size_t used = std::min<std::size_t>(kLanes, count - first);
    std::vector<std::int64_t> which;
    for (std::size_t j = 0; j < kLanes; ++j) {
      target.which[j] = list[first + (j < used ? j : 0)].second - problem_.first_slot[k];
      which.push_back(target.which[j]);
    }
    finder_.find(problem_.neurons[k], which, neuron_cone_);
    Vec bound[2];
    for (int side = 0; side < 2; ++side) {
      std::fill(target.sign, target.sign + kLanes, side == 0 ? 1.0 : -1.0);
      probe_.reset_theta(neuron_cone_);
      bound[side] = probe_.maximize(neuron_cone_, target, optimizer);
    }
    probe_.leave(neuron_cone_);
    for (std::size_t j = 0; j < used; ++j) {
      const std::int32_t u = list[first + j].second;
      const double lower = std::max(sweep_.lower_of(lane, u), bound[0][static_cast<int>(j)]);
      const double upper = std::min(sweep_.upper_of(lane, u), -bound[1][static_cast<int>(j)]);
      if (lower > upper) return false;
      if (lower > sweep_.lower_of(lane, u) || upper < sweep_.upper_of(lane, u))
        found.push_back({u, lower, upper});
    }
  }
  for (std::size_t j = before; j < found.size(); ++j) {
    for (int l = 0; l < kLanes; ++l)
      probe_.set_bounds(l, found[j].slot, found[j].lower, found[j].upper);
  }
  return true;
}

bool ActivationSplitWorker::refresh(ActivationSubproblem& node, int lane) {
  const double begin = deadline_.elapsed_s();
  probe_.copy_lane(sweep_, lane);
  probe_.leave(cone_);  // coefficients of the rows' last bound: the neurons' cones are smaller, and
                        // read places just outside them
  // A counterexample lies where the row is <= 0, hence in the half-space where the row's plane is.
  if (auto plane = sweep_.plane(cone_, lane)) probe_.clip_to(std::move(*plane));
  std::vector<RefinedBounds> found;
  bool empty = false;
  for (int k = 0; k < network_.layers() && !empty; ++k)
    empty = !refresh_layer(k, lane, kLeastCost * std::max(-node.bound, 0.0), found);
  probe_.clip_nothing();
  if (empty) return false;
  const auto theta = save_theta(lane);
  auto tighter = std::make_shared<std::vector<RefinedBounds>>(found);
  for (const RefinedBounds& b : found) {
    if (!sweep_.curved(b.slot) && (b.lower >= 0.0 || b.upper <= 0.0))
      (*theta)[static_cast<std::size_t>(b.slot)] = 0.0F;  // from now on a multiplier
  }
  if (node.tighter != nullptr) {
    std::vector<char> seen(static_cast<std::size_t>(network_.slots()), 0);
    for (const RefinedBounds& b : found) seen[static_cast<std::size_t>(b.slot)] = 1;
    for (const RefinedBounds& b : *node.tighter) {
      if (seen[static_cast<std::size_t>(b.slot)] == 0) tighter->push_back(b);
    }
  }
  if (node.newest_slot >= 0) node.newest = (*theta)[static_cast<std::size_t>(node.newest_slot)];
  save_multipliers(node, lane);
  node.theta = theta;
  node.tighter = tighter;
  node.refreshed = node.depth;
  node.before = node.bound;
  node.fresh = true;
  experience_.refresh_s += (deadline_.elapsed_s() - begin - experience_.refresh_s) /
                           std::min(experience_.refreshes + 1, 64);
  return true;
}

void ActivationSplitWorker::finish_leaf(ActivationSubproblem& node, int lane) {
  probe_.copy_lane(sweep_, lane);
  AlphaBetaBounder::Target target = target_;
  std::fill(target.which, target.which + kLanes, node.row);
  SlopeOptimizer optimizer;
  optimizer.iterations = kLeafIterations;
  optimizer.decay = 0.99;
  if (problem_.refuted(node.row, probe_.maximize(cone_, target, optimizer)[0])) {
    ++statistics.pruned_bound;
    return close(node);
  }
  counters_.unsplittable.fetch_add(1, std::memory_order_relaxed);
  counters_.open.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace clipbound::solver
