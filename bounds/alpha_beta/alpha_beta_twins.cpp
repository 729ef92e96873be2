// Idea: AlphaBetaBounder's steps through twins: what the coefficients of two ReLUs that compute
// nearly the same have in common becomes a multiple of their difference
// (bounds/relax/difference.h).
// Source, guarantees (S14), legend: alpha_beta_bounder.h.
#include <algorithm>
#include <cmath>

#include "bounds/alpha_beta/alpha_beta_bounder.h"

namespace clipbound::bounds {

/// A mean of the bound of slope 0, or of that of slope 1, and of the one between: which of them has
/// the smallest gap depends on where the neurons are at the minimum (decision 56).
void AlphaBetaBounder::choose_bound(const DifferenceLanes& fan, Mask low, Vec t, TwinStep& step) {
  const Vec zero = {}, one = broadcast(1.0);
  const Vec w0 = vmax(one - 2.0 * t, zero), w2 = vmax(2.0 * t - one, zero), w1 = one - w0 - w2;
  const auto mean = [&](Vec DifferenceLanes::Bound::*part) {
    const auto of = [&](const DifferenceLanes::Bound* bounds) {
      return w0 * (bounds[0].*part) + w1 * (bounds[1].*part) + w2 * (bounds[2].*part);
    };
    return select(low, of(fan.below), of(fan.above));
  };
  step.slope = mean(&DifferenceLanes::Bound::slope);
  const Vec tilt = mean(&DifferenceLanes::Bound::tilt);
  step.x_slope = select(low, zero, tilt);
  step.y_slope = select(low, tilt, zero);
  step.offset = mean(&DifferenceLanes::Bound::offset);
}

/// At t = 1/2 the side on which the bound rises, if it does on one.
Vec AlphaBetaBounder::twins_gradient(const DifferenceLanes& fan, const TwinStep& step,
                                     Vec t) const {
  const Vec zero = {}, half = broadcast(0.5);
  const Mask low = step.share > zero;
  TwinStep other = step;
  const auto value = [&](double at) {
    choose_bound(fan, low, broadcast(at), other);
    return other.bound();
  };
  const Vec middle = value(0.5), left = 2.0 * step.share * (middle - value(0.0)),
            right = 2.0 * step.share * (value(1.0) - middle);
  const Vec rising = select(right > zero, right, select(left < zero, left, zero));
  return select(t > half, right, select(t < half, left, rising));
}

/// Of each pair's coefficients, of opposite signs, the smaller one is taken out of both, in lanes
/// where the neuron that loses (loser_of) has no phase: with one of its own, that neuron's lines
/// are exact but for a slope. See take_difference() of bounds/crown/relaxation_step.h.
void AlphaBetaBounder::take_differences(const Cone::Layer& layer) {
  const SparseNetwork& net = network();
  const Vec zero = {};
  for (const std::int32_t i : layer.twins) {
    const SparseTwins& pair = at(net.twins, i);
    Vec &first = at(g_, pair.first), &second = at(g_, pair.second);
    const Mask ordinary = (vabs(first) < kOverflow) & (vabs(second) < kOverflow);
    const auto open = [&](Live v) { return at(lanes.beta_sign, at(net.unstable_of, v)) == zero; };
    const Mask none = Mask{}, all_lanes = ~none;
    const Mask low = (second > zero) & (first < zero) & open(pair.first) & ordinary &
                     (pair.lines.below ? all_lanes : none);
    const Mask high = (second < zero) & (first > zero) & open(pair.second) & ordinary &
                      (pair.lines.above ? all_lanes : none);
    const Vec m = select(low | high, vmin(vabs(first), vabs(second)), zero);
    TwinStep& step = at(twins_, i);
    step.share = select(low, m, -m);
    first += step.share;
    second -= step.share;
    choose_bound(at(lanes.differences, i), low, at(lanes.alpha_or_beta, net.parameter_of_twins(i)),
                 step);
    const Vec p = step.share * step.slope, x = step.share * step.x_slope,
              y = step.share * step.y_slope;
    step.first_p = x - p;
    step.second_p = y + p;
    // What is added up is charged one by one.
    error_ += (vabs(p) + vabs(x)) * at(net.slack, pair.first) +
              (vabs(p) + vabs(y)) * at(net.slack, pair.second);
    const Vec q = step.share * step.offset;
    nonlinear_offset_ += q;
    nonlinear_magnitude_ += vabs(q);
  }
}

void AlphaBetaBounder::add_multiplier(Live v, Vec p) {
  at(p_, v) += p;
  sum_ += p * at(network().constant, v);
}

void AlphaBetaBounder::add_differences(const Cone& cone, std::size_t k) {
  for (const std::int32_t i : cone.layers[k].twins)
    add_multiplier(at(network().twins, i).second, at(twins_, i).second_p);
  if (k + 1 == cone.layers.size()) return;
  for (const std::int32_t i : cone.layers[k + 1].twins)
    add_multiplier(at(network().twins, i).first, at(twins_, i).first_p);
}

void AlphaBetaBounder::keep_twins(const Cone& cone, std::size_t k) {
  for (const std::int32_t i : cone.layers[k].twins)
    at(twins_, i).second_z = at(h_, at(network().twins, i).second);
  if (k + 1 == cone.layers.size()) return;
  for (const std::int32_t i : cone.layers[k + 1].twins)
    at(twins_, i).first_z = at(h_, at(network().twins, i).first);
}

/// A bound's derivative by a coefficient is the value of what stands for the activation. With the
/// share s taken out, and the rest of the coefficients at the first neuron, that is its own line's
/// value for the first one, and this plus the difference's line for the second one; or the other
/// way round.
void AlphaBetaBounder::differentiate_twins(const Cone::Layer& layer) {
  const SparseNetwork& net = network();
  const Vec zero = {};
  for (const std::int32_t i : layer.twins) {
    const SparseTwins& pair = at(net.twins, i);
    const TwinStep& step = at(twins_, i);
    const Mask taken = step.share != zero, rest_at_second = at(g_, pair.first) == zero;
    const std::int32_t parameter = net.parameter_of_twins(i);
    at(gradient, parameter) =
        twins_gradient(at(lanes.differences, i), step, at(lanes.alpha_or_beta, parameter));
    const Vec difference = step.bound();
    Vec &first = at(h_, pair.first), &second = at(h_, pair.second);
    const Vec from_second = second - difference, from_first = first + difference;
    first = select(taken & rest_at_second, from_second, first);
    second = select(taken & ~rest_at_second, from_first, second);
  }
}

/// Of relu(y) - relu(x) from below -relu(x) is the part that is no convex function, from above
/// relu(y): once that neuron has a phase, nothing is lost but by a slope.
double AlphaBetaBounder::difference_gap(Unstable u, int lane) const {
  const std::int32_t number = network().pair_of(u);
  if (number < 0 || at(network().live_of, u) != loser_of(number, lane)) return 0.0;
  return gap_of_twins(number, lane);
}

double AlphaBetaBounder::gap_of_twins(std::int32_t pair, int lane) const {
  return std::fabs(at(twins_, pair).share[lane]) * at(lanes.differences, pair).gap[lane];
}

double AlphaBetaBounder::difference_gap_at_corner(Unstable u, int lane) const {
  const std::int32_t number = network().pair_of(u);
  if (number < 0 || at(network().live_of, u) != loser_of(number, lane)) return 0.0;
  const TwinStep& step = at(twins_, number);
  const double x = step.first_z[lane], y = step.second_z[lane];
  return std::fabs(step.share[lane] * (std::max(y, 0.0) - std::max(x, 0.0) - step.bound()[lane]));
}

Live AlphaBetaBounder::loser_of(std::int32_t pair, int lane) const {
  const SparseTwins& twins = at(network().twins, pair);
  return at(twins_, pair).share[lane] > 0.0 ? twins.first : twins.second;
}

}  // namespace clipbound::bounds
