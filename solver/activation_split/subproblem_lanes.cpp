#include "solver/activation_split/subproblem_lanes.h"

#include <algorithm>
#include <numeric>

namespace clipbound::solver {

std::vector<ActivationTask> singles_of(ActivationTask task) {
  std::vector<ActivationTask> singles;
  for (ActivationSubproblem& subproblem : task)
    singles.emplace_back().push_back(std::move(subproblem));
  return singles;
}

ActivationSubproblem child_of(const ActivationSubproblem& parent, Share share) {
  ActivationSubproblem child{ActivationRestrictions(parent), std::move(share)};
  child.before = parent.bound;
  child.just_refined = false;
  return child;
}

SubproblemLanes::SubproblemLanes(const ActivationProblem& of)
    : problem(of), network(*of.network), finder(*of.network) {
  bounder.attach(network);
  probe.attach(network);
  optimizer.attach(network);
  std::vector<std::int64_t> all(static_cast<std::size_t>(problem.rows.count()));
  std::iota(all.begin(), all.end(), 0);
  finder.find(problem.rows, all, cone);
  for (const Cone::Layer& layer : cone.layers) {
    for (const auto* list : {&layer.unstable, &layer.nonlinear}) {
      for (const Live v : *list) unstable.push_back(at(network.unstable_of, v));
    }
  }
  parameters = parameters_of(cone, network);
  rows.rows = &problem.rows;
  std::fill(rows.sign, rows.sign + kLanes, 1.0);
}

void SubproblemLanes::load(const std::vector<ActivationSubproblem>& batch) {
  AlphaBetaLanes& lanes = bounder.lanes;
  lanes.reset();
  for (int lane = 0; lane < kLanes; ++lane) {
    const ActivationSubproblem& subproblem =
        batch[static_cast<std::size_t>(lane) < batch.size() ? static_cast<std::size_t>(lane) : 0];
    rows.which[lane] = subproblem.row;
    if (subproblem.box != nullptr) load_box(lanes, *subproblem.box, lane);
    if (subproblem.refined != nullptr) {
      for (const RefinedBounds& b : *subproblem.refined)
        lanes.set_bounds(lane, b.neuron, b.lower, b.upper);
    }
    if (subproblem.refined_differences != nullptr) {
      for (const RefinedDifference& b : *subproblem.refined_differences)
        lanes.set_difference(lane, b.pair, b.d);
    }
    for (const ReluSplit& split : subproblem.relus)
      lanes.set_phase(lane, split.neuron, split.phase);
    load_nonlinear(subproblem, lane);
    for (const std::int32_t t : parameters)
      at(lanes.alpha_or_beta, t)[lane] = static_cast<double>(at(*subproblem.alpha_or_beta, t));
    if (exists(subproblem.newest)) start_newest(subproblem, lane);
  }
}

void SubproblemLanes::load_box(AlphaBetaLanes& lanes, const InputBox& box, int lane) const {
  lanes.set_box(lane, box.lower, box.upper);
  if (problem.lines == nullptr) return;
  for (const Unstable u : unstable) {
    if (lanes.has_phase(lane, u) || lanes.is_nonlinear(u)) continue;
    const Range z = problem.lines->range(u, box);
    const double low = lanes.lower_of(lane, u), high = lanes.upper_of(lane, u);
    if (!(z.lower > low) && !(z.upper < high)) continue;
    const double lower = std::max(low, z.lower), upper = std::min(high, z.upper);
    if (lower <= upper) lanes.set_bounds(lane, u, lower, upper);
  }
}

void SubproblemLanes::halve(ActivationSubproblem& child, int lane,
                            std::shared_ptr<const InputBox> half) const {
  ++child.depth;
  child.newest = Unstable{-1};
  // A neuron that the half gives a phase begins with multiplier 0.
  auto start = std::make_shared<std::vector<float>>(*child.alpha_or_beta);
  for (const Unstable u : unstable) {
    if (bounder.lanes.has_phase(lane, u) || bounder.lanes.is_nonlinear(u)) continue;
    const Range z = problem.lines->range(u, *half);
    if (z.lower >= 0.0 || z.upper <= 0.0) at(*start, u) = 0.0F;
  }
  child.alpha_or_beta = std::move(start);
  child.box = std::move(half);
}

/// What the parent has no parameters of: the newest neuron, and its twin, unless it has a phase of
/// its own.
void SubproblemLanes::start_newest(const ActivationSubproblem& subproblem, int lane) {
  const Unstable newest = subproblem.newest, twin = network.twin(newest);
  const auto is_split = [&](const ReluSplit& split) { return split.neuron == twin; };
  if (!subproblem.just_refined &&
      std::none_of(subproblem.relus.begin(), subproblem.relus.end(), is_split))
    bounder.lanes.start_twin(lane, newest);
  at(bounder.lanes.alpha_or_beta, newest)[lane] = static_cast<double>(subproblem.newest_start);
}

void SubproblemLanes::load_nonlinear(const ActivationSubproblem& subproblem, int lane) {
  AlphaBetaLanes& lanes = bounder.lanes;
  for (const NonlinearSplit& split : subproblem.nonlinear) {
    const double low = std::max(split.lower, lanes.lower_of(lane, split.neuron)),
                 high = std::min(split.upper, lanes.upper_of(lane, split.neuron));
    const bool fits = low <= high;
    lanes.restrict_nonlinear(lane, split.neuron, fits ? low : split.lower,
                             fits ? high : split.upper, static_cast<double>(split.multiplier));
  }
}

std::shared_ptr<std::vector<float>> SubproblemLanes::save_parameters(int lane) const {
  auto saved =
      std::make_shared<std::vector<float>>(static_cast<std::size_t>(network.parameters()), 0.0F);
  for (const std::int32_t t : parameters)
    at(*saved, t) = static_cast<float>(at(bounder.lanes.alpha_or_beta, t)[lane]);
  return saved;
}

void SubproblemLanes::save_multipliers(ActivationSubproblem& subproblem, int lane) const {
  for (NonlinearSplit& split : subproblem.nonlinear)
    split.multiplier = static_cast<float>(bounder.lanes.multiplier(lane, split.neuron));
}

LaneRows SubproblemLanes::begin_probe(int lane, std::int64_t row) {
  probe.lanes.copy_lane(bounder.lanes, lane);
  LaneRows result = rows;
  std::fill(result.which, result.which + kLanes, row);
  return result;
}

std::pair<double, double> SubproblemLanes::part_of(int lane, Unstable neuron,
                                                   SplitSide side) const {
  constexpr double kLeast = 0.25;  // of the range that either part gets
  const AlphaBetaLanes& lanes = bounder.lanes;
  const double low = lanes.lower_of(lane, neuron), high = lanes.upper_of(lane, neuron),
               edge = kLeast * (high - low);
  const double z = lanes.curves.z_at_corner(lanes.nonlinear_of(neuron), lane);
  const double middle = z > low + edge ? std::min(z, high - edge) : low + edge;
  return side == SplitSide::upper ? std::pair(middle, high) : std::pair(low, middle);
}

void SubproblemLanes::add_split(ActivationSubproblem& child, int lane, Unstable neuron,
                                SplitSide side) const {
  ++child.depth;
  child.newest = neuron;
  if (!bounder.lanes.is_nonlinear(neuron)) {
    child.relus.push_back({neuron, phase_of_side(side)});
    return;
  }
  const auto [low, high] = part_of(lane, neuron, side);
  auto found =
      std::find_if(child.nonlinear.begin(), child.nonlinear.end(),
                   [neuron](const NonlinearSplit& split) { return split.neuron == neuron; });
  if (found == child.nonlinear.end())
    found = child.nonlinear.insert(found, {neuron, 0.0F, low, high});
  found->lower = low;
  found->upper = high;
}

}  // namespace clipbound::solver
