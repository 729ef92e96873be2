#include "bounds/alpha_beta/alpha_beta_lanes.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace clipbound::bounds {

namespace {

void set_lane(DifferenceLanes::Bound& of, int lane, const DifferenceFan::Bound& bound) {
  of.slope[lane] = bound.slope;
  of.tilt[lane] = bound.tilt;
  of.offset[lane] = bound.offset;
}

DifferenceLanes::Bound in_all_lanes(const DifferenceFan::Bound& bound) {
  return {broadcast(bound.slope), broadcast(bound.tilt), broadcast(bound.offset)};
}

DifferenceLanes in_all_lanes(const SparseTwins& pair) {
  DifferenceLanes all{
      broadcast(pair.d.lower), broadcast(pair.d.upper), broadcast(pair.lines.gap), {}, {}};
  for (int k = 0; k < 3; ++k) {
    all.below[k] = in_all_lanes(pair.fan.below[k]);
    all.above[k] = in_all_lanes(pair.fan.above[k]);
  }
  return all;
}

/// All lanes as one of them.
DifferenceLanes one_lane(const DifferenceLanes& from, int lane) {
  const auto all = [lane](const Vec& part) { return broadcast(part[lane]); };
  const auto all_of = [&](const DifferenceLanes::Bound& bound) {
    return DifferenceLanes::Bound{all(bound.slope), all(bound.tilt), all(bound.offset)};
  };
  DifferenceLanes result{all(from.lower), all(from.upper), all(from.gap), {}, {}};
  for (int k = 0; k < 3; ++k) {
    result.below[k] = all_of(from.below[k]);
    result.above[k] = all_of(from.above[k]);
  }
  return result;
}

}  // namespace

void AlphaBetaLanes::attach(const SparseNetwork& network) {
  network_ = &network;
  for (auto* array : {&upper_slope, &beta_sign, &low, &high})
    array->resize(static_cast<std::size_t>(network.unstable_count()));
  alpha_or_beta.resize(static_cast<std::size_t>(network.parameters()));
  curves.attach(network);
  differences.resize(network.twins.size());
  reset();
}

void AlphaBetaLanes::set_box(int lane, const std::vector<double>& lower,
                             const std::vector<double>& upper) {
  for (std::size_t i = 0; i < lower_x.size(); ++i) {
    lower_x[i][lane] = lower[i];
    upper_x[i][lane] = upper[i];
  }
}

void AlphaBetaLanes::reset() {
  const SparseNetwork& net = *network_;
  lower_x.resize(net.lower_x.size());
  upper_x.resize(net.upper_x.size());
  for (std::size_t i = 0; i < lower_x.size(); ++i) {
    lower_x[i] = broadcast(net.lower_x[i]);
    upper_x[i] = broadcast(net.upper_x[i]);
  }
  std::fill(alpha_or_beta.begin(), alpha_or_beta.end(), broadcast(0.5));
  for (std::size_t u = 0; u < upper_slope.size(); ++u) {
    const double l = net.lower[u], h = net.upper[u];
    upper_slope[u] = broadcast(h / (h - l));
    beta_sign[u] = Vec{};
    low[u] = broadcast(l);
    high[u] = broadcast(h);
    alpha_or_beta[u] = broadcast(h > -l ? 1.0 : 0.0);
  }
  for (const NonlinearNeuron& neuron : net.nonlinear)
    at(alpha_or_beta, neuron.unstable) = broadcast(0.5);
  curves.reset();
  for (std::size_t i = 0; i < differences.size(); ++i) differences[i] = in_all_lanes(net.twins[i]);
}

void AlphaBetaLanes::reset_parameters(const Cone& cone) {
  const SparseNetwork& net = *network_;
  for (const Cone::Layer& layer : cone.layers) {
    for (const Live v : layer.unstable) {
      const Unstable u = at(net.unstable_of, v);
      at(alpha_or_beta, u) =
          select((at(beta_sign, u) == Vec{}) & (at(high, u) > -at(low, u)), broadcast(1.0), Vec{});
    }
    for (const Live v : layer.nonlinear) at(alpha_or_beta, at(net.unstable_of, v)) = broadcast(0.5);
    for (const Live v : layer.products)
      at(alpha_or_beta, net.parameter_of_product(v)) = broadcast(0.5);
    for (const std::int32_t i : layer.twins)
      at(alpha_or_beta, net.parameter_of_twins(i)) = broadcast(0.5);
  }
}

void AlphaBetaLanes::set_bounds(int lane, Unstable u, double lower, double upper) {
  if (is_nonlinear(u)) {
    at(low, u)[lane] = lower;
    at(high, u)[lane] = upper;
    return curves.set_bounds(lane, nonlinear_of(u), lower, upper);
  }
  if (lower >= 0.0) return set_phase(lane, u, ReluPhase::active);
  if (upper <= 0.0) return set_phase(lane, u, ReluPhase::inactive);
  at(upper_slope, u)[lane] = upper / (upper - lower);
  at(beta_sign, u)[lane] = 0.0;
  at(low, u)[lane] = lower;
  at(high, u)[lane] = upper;
}

void AlphaBetaLanes::set_phase(int lane, Unstable u, ReluPhase phase) {
  const bool active = phase == ReluPhase::active;
  at(upper_slope, u)[lane] = active ? 1.0 : 0.0;
  at(beta_sign, u)[lane] = active ? -1.0 : 1.0;
  at(low, u)[lane] = at(high, u)[lane] = 0.0;
  at(alpha_or_beta, u)[lane] = 0.0;
  narrow_twin(lane, u, phase);
}

/// z' = z + (z' - z) for a twin's z'. Where nothing is left of its interval no point has the phase,
/// and any bounds hold.
void AlphaBetaLanes::narrow_twin(int lane, Unstable u, ReluPhase phase) {
  const Unstable twin = network_->twin(u);
  if (!exists(twin) || has_phase(lane, twin)) return;
  const DifferenceLanes& of = at(differences, network_->pair_of(u));
  Range d{of.lower[lane], of.upper[lane]};  // of the twin's z less the neuron's
  if (at(network_->live_of, u) != at(network_->twins, network_->pair_of(u)).first)
    d = {-d.upper, -d.lower};
  double lower = lower_of(lane, twin), upper = upper_of(lane, twin);
  if (phase == ReluPhase::active) lower = std::max(lower, d.lower);
  if (phase == ReluPhase::inactive) upper = std::min(upper, d.upper);
  if (!(lower <= upper)) return;
  set_bounds(lane, twin, lower, upper);
  start_twin(lane, u);
}

Range AlphaBetaLanes::range_in(int lane, Unstable u) const {
  if (has_phase(lane, u)) return {at(network_->lower, u), at(network_->upper, u)};
  return {lower_of(lane, u), upper_of(lane, u)};
}

void AlphaBetaLanes::set_difference(int lane, std::int32_t pair, const Range& d) {
  const SparseTwins& twins = at(network_->twins, pair);
  DifferenceLanes& of = at(differences, pair);
  const Range x = range_in(lane, at(network_->unstable_of, twins.first)),
              y = range_in(lane, at(network_->unstable_of, twins.second)),
              cut{std::max(d.lower, of.lower[lane]), std::min(d.upper, of.upper[lane])};
  const auto is_open = [](const Range& z) { return z.lower < 0.0 && z.upper > 0.0; };
  // Else there are no lines to read: the pair keeps those that it has.
  if (!(cut.lower <= cut.upper) || !is_open(x) || !is_open(y)) return;
  const Activation relu{Curve::relu};
  const DifferenceLines lines = relax_difference(relu, x, y, cut, relax(relu, x.lower, x.upper),
                                                 relax(relu, y.lower, y.upper));
  const DifferenceFan fan = fan_of_relus(x, y, cut, lines);
  of.lower[lane] = cut.lower;
  of.upper[lane] = cut.upper;
  of.gap[lane] = lines.gap;
  for (int k = 0; k < 3; ++k) {
    set_lane(of.below[k], lane, fan.below[k]);
    set_lane(of.above[k], lane, fan.above[k]);
  }
}

void AlphaBetaLanes::start_twin(int lane, Unstable u) {
  const Unstable twin = network_->twin(u);
  if (!exists(twin)) return;
  const bool above = !has_phase(lane, twin) && upper_of(lane, twin) > -lower_of(lane, twin);
  at(alpha_or_beta, twin)[lane] = above ? 1.0 : 0.0;
}

void AlphaBetaLanes::restrict_nonlinear(int lane, Unstable u, double lower, double upper,
                                        double multiplier) {
  CLIPBOUND_CHECK(is_nonlinear(u) && std::isfinite(lower) && std::isfinite(upper));
  set_bounds(lane, u, lower, upper);
  curves.set_multiplier(lane, nonlinear_of(u), multiplier);
}

double AlphaBetaLanes::multiplier(int lane, Unstable u) const {
  return curves.multiplier(lane, nonlinear_of(u));
}

void AlphaBetaLanes::copy_lane(const AlphaBetaLanes& from, int lane) {
  for (std::size_t t = 0; t < alpha_or_beta.size(); ++t)
    alpha_or_beta[t] = broadcast(from.alpha_or_beta[t][lane]);
  for (std::size_t u = 0; u < upper_slope.size(); ++u) {
    upper_slope[u] = broadcast(from.upper_slope[u][lane]);
    beta_sign[u] = broadcast(from.beta_sign[u][lane]);
    low[u] = broadcast(from.low[u][lane]);
    high[u] = broadcast(from.high[u][lane]);
  }
  for (std::size_t i = 0; i < lower_x.size(); ++i) {
    lower_x[i] = broadcast(from.lower_x[i][lane]);
    upper_x[i] = broadcast(from.upper_x[i][lane]);
  }
  curves.copy_lane(from.curves, lane);
  for (std::size_t i = 0; i < differences.size(); ++i)
    differences[i] = one_lane(from.differences[i], lane);
}

}  // namespace clipbound::bounds
