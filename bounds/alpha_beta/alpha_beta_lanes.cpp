#include "bounds/alpha_beta/alpha_beta_lanes.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace clipbound::bounds {

void AlphaBetaLanes::attach(const SparseNetwork& network) {
  network_ = &network;
  for (auto* array : {&upper_slope, &beta_sign, &low, &high})
    array->resize(static_cast<std::size_t>(network.unstable_count()));
  alpha_or_beta.resize(static_cast<std::size_t>(network.parameters()));
  curves.attach(network);
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
  const Range d = network_->range_of_difference(u);
  double lower = lower_of(lane, twin), upper = upper_of(lane, twin);
  if (phase == ReluPhase::active) lower = std::max(lower, d.lower);
  if (phase == ReluPhase::inactive) upper = std::min(upper, d.upper);
  if (!(lower <= upper)) return;
  set_bounds(lane, twin, lower, upper);
  start_twin(lane, u);
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
}

}  // namespace clipbound::bounds
