// Idea: AlphaBetaBounder's steps through twins: what the coefficients of two ReLUs that compute
// nearly the same have in common becomes a multiple of their difference
// (bounds/relax/difference.h).
// Source, guarantees (S14), legend: alpha_beta_bounder.h.
#include <algorithm>
#include <cmath>

#include "bounds/alpha_beta/alpha_beta_bounder.h"

namespace clipbound::bounds {

/// Of each pair's coefficients, of opposite signs, the smaller one is taken out of both, in lanes
/// where neither has a phase. See take_difference() of bounds/crown/relaxation_step.h.
void AlphaBetaBounder::take_differences(const Cone::Layer& layer) {
  const SparseNetwork& net = network();
  const Vec zero = {};
  for (const std::int32_t i : layer.twins) {
    const SparseTwins& pair = at(net.twins, i);
    Vec &first = at(g_, pair.first), &second = at(g_, pair.second);
    const Mask open = (at(lanes.beta_sign, at(net.unstable_of, pair.first)) == zero) &
                      (at(lanes.beta_sign, at(net.unstable_of, pair.second)) == zero),
               ordinary = (vabs(first) < kOverflow) & (vabs(second) < kOverflow);
    const Mask none = Mask{}, all_lanes = ~none;
    const Mask low =
        (second > zero) & (first < zero) & open & ordinary & (pair.lines.below ? all_lanes : none);
    const Mask high =
        (second < zero) & (first > zero) & open & ordinary & (pair.lines.above ? all_lanes : none);
    const Vec m = select(low | high, vmin(vabs(first), vabs(second)), zero);
    TwinStep& step = at(twins_, i);
    step.share = select(low, m, -m);
    first += step.share;
    second -= step.share;
    const Vec p = step.share *
                  select(low, broadcast(pair.lines.lower_slope), broadcast(pair.lines.upper_slope)),
              x = step.share * select(low, zero, broadcast(pair.lines.upper_x)),
              y = step.share * select(low, broadcast(pair.lines.lower_y), zero);
    step.first_p = x - p;
    step.second_p = y + p;
    // What is added up is charged one by one.
    error_ += (vabs(p) + vabs(x)) * at(net.slack, pair.first) +
              (vabs(p) + vabs(y)) * at(net.slack, pair.second);
    const Vec q = step.share * select(low, broadcast(pair.lines.lower_offset),
                                      broadcast(pair.lines.upper_offset));
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
    const Mask low = step.share > zero, taken = step.share != zero,
               rest_at_second = at(g_, pair.first) == zero;
    const Vec slope =
                  select(low, broadcast(pair.lines.lower_slope), broadcast(pair.lines.upper_slope)),
              offset = select(low, broadcast(pair.lines.lower_offset),
                              broadcast(pair.lines.upper_offset));
    const Vec own =
        select(low, pair.lines.lower_y * step.second_z, pair.lines.upper_x * step.first_z);
    const Vec difference = slope * (step.second_z - step.first_z) + own + offset;
    Vec &first = at(h_, pair.first), &second = at(h_, pair.second);
    const Vec from_second = second - difference, from_first = first + difference;
    first = select(taken & rest_at_second, from_second, first);
    second = select(taken & ~rest_at_second, from_first, second);
  }
}

double AlphaBetaBounder::difference_gap(Unstable u, int lane) const {
  const std::int32_t number = network().pair_of(u);
  if (number < 0 || at(network().live_of, u) != at(network().twins, number).first) return 0.0;
  return std::fabs(at(twins_, number).share[lane]) * at(network().twins, number).lines.gap;
}

double AlphaBetaBounder::difference_gap_at_corner(Unstable u, int lane) const {
  const std::int32_t number = network().pair_of(u);
  if (number < 0 || at(network().live_of, u) != at(network().twins, number).first) return 0.0;
  const TwinStep& step = at(twins_, number);
  const DifferenceLines& lines = at(network().twins, number).lines;
  const double x = step.first_z[lane], y = step.second_z[lane], share = step.share[lane],
               line = share > 0.0
                          ? lines.lower_slope * (y - x) + lines.lower_y * y + lines.lower_offset
                          : lines.upper_slope * (y - x) + lines.upper_x * x + lines.upper_offset;
  return std::fabs(share * (std::max(y, 0.0) - std::max(x, 0.0) - line));
}

}  // namespace clipbound::bounds
