#include "solver/activation_split/refinement.h"

#include <algorithm>
#include <cmath>

namespace clipbound::solver {

namespace {
constexpr int kIterations = 1;         // of the slopes of a neuron that is bounded again
constexpr std::size_t kPerLayer = 64;  // such neurons
/// A neuron's relaxation must have this share of what the bound lacks (decision 32).
constexpr double kLeastGap = 1e-3;
}  // namespace

void Refinement::learn(const ActivationSubproblem& subproblem, double seconds) {
  const double before = subproblem.before;
  // A bound that was none before (-infinity) gives no measure of what was gained; it must not get
  // into the means.
  const double gained = std::isfinite(before) ? std::min(subproblem.bound, 0.0) - before : 0.0;
  if (subproblem.just_refined) {
    model_.learn_refinement(gained / (1e-300 - before));
  } else if (subproblem.depth > 0) {
    model_.learn_split(gained, seconds);
  }
}

std::vector<Unstable> Refinement::choose_neurons(int layer, int lane, double least_gap) const {
  const ActivationProblem& problem = lanes_.problem;
  std::vector<std::pair<double, Unstable>> list;
  for (std::int32_t i = at(problem.first_unstable, layer);
       i < at(problem.first_unstable, layer + 1); ++i) {
    const Unstable u{i};
    const double gap = lanes_.bounder.relaxation_gap(at(lanes_.network.live_of, u), lane);
    if (gap > least_gap) list.emplace_back(-gap, u);
  }
  const std::size_t count = std::min(list.size(), kPerLayer);
  std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count), list.end());
  std::vector<Unstable> neurons;
  for (std::size_t k = 0; k < count; ++k) neurons.push_back(list[k].second);
  std::sort(neurons.begin(), neurons.end());  // neighbours depend on about the same elements
  return neurons;
}

void Refinement::bound_both_sides(LaneRows rows, Vec bound[2]) {
  lanes_.finder.find(*rows.rows, std::vector<std::int64_t>(rows.which, rows.which + kLanes), cone_);
  SlopeSchedule schedule;
  schedule.iterations = kIterations;
  for (int side = 0; side < 2; ++side) {
    std::fill(rows.sign, rows.sign + kLanes, side == 0 ? 1.0 : -1.0);
    lanes_.probe.lanes.reset_parameters(cone_);
    bound[side] = lanes_.optimizer.maximize(lanes_.probe, cone_, rows, schedule);
  }
  lanes_.probe.leave(cone_);
}

bool Refinement::refine_batch_of_differences(int layer, int lane, const std::int32_t* pairs,
                                             std::size_t count,
                                             std::vector<RefinedDifference>& found) {
  LaneRows rows;
  rows.rows = &at(lanes_.problem.differences, layer);
  for (std::size_t j = 0; j < kLanes; ++j)
    rows.which[j] = pairs[j < count ? j : 0] - at(lanes_.network.first_twins, layer);
  Vec bound[2];
  bound_both_sides(rows, bound);
  for (std::size_t j = 0; j < count; ++j) {
    const DifferenceLanes& known = at(lanes_.bounder.lanes.differences, pairs[j]);
    const double low = known.lower[lane], high = known.upper[lane];
    const Range d{std::max(low, bound[0][static_cast<int>(j)]),
                  std::min(high, -bound[1][static_cast<int>(j)])};
    if (d.lower > d.upper) return false;
    if (d.lower > low || d.upper < high) found.push_back({pairs[j], d});
  }
  return true;
}

bool Refinement::refine_differences(int layer, int lane, double least_gap, Found& found) {
  const std::vector<int>& first = lanes_.network.first_twins;
  std::vector<std::pair<double, std::int32_t>> list;
  for (std::int32_t i = at(first, layer); i < at(first, layer + 1); ++i) {
    const double gap = lanes_.bounder.gap_of_twins(i, lane);
    if (gap > least_gap) list.emplace_back(-gap, i);
  }
  const std::size_t count = std::min(list.size(), kPerLayer), before = found.differences.size();
  std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count), list.end());
  std::vector<std::int32_t> pairs;
  for (std::size_t k = 0; k < count; ++k) pairs.push_back(list[k].second);
  std::sort(pairs.begin(), pairs.end());
  for (std::size_t at_pair = 0; at_pair < pairs.size(); at_pair += kLanes) {
    const std::size_t here = std::min<std::size_t>(kLanes, pairs.size() - at_pair);
    if (!refine_batch_of_differences(layer, lane, pairs.data() + at_pair, here, found.differences))
      return false;
  }
  for (std::size_t j = before; j < found.differences.size(); ++j) {
    for (int l = 0; l < kLanes; ++l)
      lanes_.probe.lanes.set_difference(l, found.differences[j].pair, found.differences[j].d);
  }
  return true;
}

bool Refinement::refine_batch(int layer, int lane, const Unstable* neurons, std::size_t count,
                              std::vector<RefinedBounds>& found) {
  LaneRows rows;
  rows.rows = &at(lanes_.problem.neurons, layer);
  for (std::size_t j = 0; j < kLanes; ++j)
    rows.which[j] = raw(neurons[j < count ? j : 0]) - at(lanes_.problem.first_unstable, layer);
  Vec bound[2];
  bound_both_sides(rows, bound);
  for (std::size_t j = 0; j < count; ++j) {
    const Unstable u = neurons[j];
    const double low = lanes_.bounder.lanes.lower_of(lane, u),
                 high = lanes_.bounder.lanes.upper_of(lane, u);
    const double lower = std::max(low, bound[0][static_cast<int>(j)]);
    const double upper = std::min(high, -bound[1][static_cast<int>(j)]);
    if (lower > upper) return false;
    if (lower > low || upper < high) found.push_back({u, lower, upper});
  }
  return true;
}

bool Refinement::refine_layer(int layer, int lane, double least_gap, Found& found) {
  const std::vector<Unstable> neurons = choose_neurons(layer, lane, least_gap);
  const std::size_t before = found.neurons.size();
  for (std::size_t first = 0; first < neurons.size(); first += kLanes) {
    const std::size_t count = std::min<std::size_t>(kLanes, neurons.size() - first);
    if (!refine_batch(layer, lane, neurons.data() + first, count, found.neurons)) return false;
  }
  for (std::size_t j = before; j < found.neurons.size(); ++j) {
    const RefinedBounds& b = found.neurons[j];
    for (int l = 0; l < kLanes; ++l) lanes_.probe.lanes.set_bounds(l, b.neuron, b.lower, b.upper);
  }
  return refine_differences(layer, lane, least_gap, found);
}

bool Refinement::refine(ActivationSubproblem& subproblem, int lane) {
  deadline_.work(lanes_.take_work());
  const double begin = deadline_.spent_s();
  lanes_.probe.lanes.copy_lane(lanes_.bounder.lanes, lane);
  // Coefficients of the rows' last bound: the neurons' cones are smaller, and depend on elements
  // just outside them.
  lanes_.probe.leave(lanes_.cone);
  if (auto halfspace = lanes_.bounder.linear_bound(lanes_.cone, lane))
    lanes_.probe.clip_to(std::move(*halfspace));
  Found found;
  bool empty = false;
  for (int k = 0; k < lanes_.network.layers() && !empty; ++k)
    empty = !refine_layer(k, lane, kLeastGap * std::max(-subproblem.bound, 0.0), found);
  lanes_.probe.clip_nothing();
  if (empty) {
    model_.give_back();
    return false;
  }
  store(subproblem, lane, found);
  deadline_.work(lanes_.take_work());
  model_.learn_refinement_time(deadline_.spent_s() - begin);
  return true;
}

void Refinement::store_differences(ActivationSubproblem& subproblem,
                                   const std::vector<RefinedDifference>& found) const {
  auto refined = std::make_shared<std::vector<RefinedDifference>>(found);
  if (subproblem.refined_differences != nullptr) {
    std::vector<char> seen(lanes_.network.twins.size(), 0);
    for (const RefinedDifference& b : found) at(seen, b.pair) = 1;
    for (const RefinedDifference& b : *subproblem.refined_differences) {
      if (at(seen, b.pair) == 0) refined->push_back(b);
    }
  }
  subproblem.refined_differences = refined;
}

/// Narrower differences may determine the twins of neurons that have phases: these get multipliers,
/// and the slopes that they had are none. The probe holds what was found.
void Refinement::start_determined_twins(const ActivationSubproblem& subproblem, int lane,
                                        std::vector<float>& parameters) const {
  AlphaBetaLanes& probe = lanes_.probe.lanes;
  for (const ReluSplit& split : subproblem.relus) probe.set_phase(0, split.neuron, split.phase);
  for (const SparseTwins& pair : lanes_.network.twins) {
    for (const Live v : {pair.first, pair.second}) {
      const Unstable u = at(lanes_.network.unstable_of, v);
      if (probe.has_phase(0, u) && !lanes_.bounder.lanes.has_phase(lane, u))
        at(parameters, u) = 0.0F;
    }
  }
}

void Refinement::store(ActivationSubproblem& subproblem, int lane, const Found& all) const {
  const std::vector<RefinedBounds>& found = all.neurons;
  store_differences(subproblem, all.differences);
  const auto parameters = lanes_.save_parameters(lane);
  auto refined = std::make_shared<std::vector<RefinedBounds>>(found);
  for (const RefinedBounds& b : found) {
    if (!lanes_.bounder.lanes.is_nonlinear(b.neuron) && (b.lower >= 0.0 || b.upper <= 0.0))
      at(*parameters, b.neuron) = 0.0F;  // from now on a multiplier
  }
  if (!all.differences.empty()) start_determined_twins(subproblem, lane, *parameters);
  if (subproblem.refined != nullptr) {
    std::vector<char> seen(static_cast<std::size_t>(lanes_.network.unstable_count()), 0);
    for (const RefinedBounds& b : found) at(seen, b.neuron) = 1;
    for (const RefinedBounds& b : *subproblem.refined) {
      if (at(seen, b.neuron) == 0) refined->push_back(b);
    }
  }
  if (exists(subproblem.newest)) subproblem.newest_start = at(*parameters, subproblem.newest);
  lanes_.save_multipliers(subproblem, lane);
  subproblem.alpha_or_beta = parameters;
  subproblem.refined = refined;
  subproblem.refined_at_depth = subproblem.depth;
  subproblem.before = subproblem.bound;
  subproblem.just_refined = true;
}

}  // namespace clipbound::solver
