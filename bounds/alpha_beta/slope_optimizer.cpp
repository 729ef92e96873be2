#include "bounds/alpha_beta/slope_optimizer.h"

#include <cmath>

namespace clipbound::bounds {

namespace {

Vec square_root(Vec x) {
  Vec result = {};
  for (int lane = 0; lane < kLanes; ++lane) result[lane] = std::sqrt(x[lane]);
  return result;
}

/// Calls visit(parameter, element, nonlinear) for all of a cone; nonlinear is -1 for ReLUs and
/// products.
template <typename Visit>
void for_parameters(const SparseNetwork& net, const Cone& cone, const Visit& visit) {
  for (const Cone::Layer& layer : cone.layers) {
    for (const auto* list : {&layer.unstable, &layer.nonlinear}) {
      for (const Live v : *list) visit(raw(at(net.unstable_of, v)), v, at(net.nonlinear_of, v));
    }
    for (const Live v : layer.products) visit(net.parameter_of_product(v), v, Nonlinear{-1});
    for (const std::int32_t i : layer.twins)
      visit(net.parameter_of_twins(i), at(net.twins, i).second, Nonlinear{-1});
  }
}

}  // namespace

void SlopeOptimizer::attach(const SparseNetwork& network) {
  for (auto* array : {&first_, &second_, &best_})
    array->resize(static_cast<std::size_t>(network.parameters()));
  scale_.resize(static_cast<std::size_t>(network.unstable_count()));
}

void SlopeOptimizer::begin(AlphaBetaBounder& bounder, const Cone& cone) {
  const auto unstable = static_cast<std::int32_t>(scale_.size());
  for_parameters(bounder.network(), cone, [&](std::int32_t t, Live v, Nonlinear c) {
    at(first_, t) = at(second_, t) = Vec{};
    at(best_, t) = at(bounder.lanes.alpha_or_beta, t);
    if (t < unstable) at(scale_, t) = vabs(at(bounder.coefficients(), v));
    if (exists(c)) bounder.lanes.curves.begin_ascent(c);
  });
}

void SlopeOptimizer::step(AlphaBetaBounder& bounder, const Cone& cone,
                          const SlopeSchedule& schedule, int iteration, double decay) {
  const double first_share = 1.0 / (1.0 - std::pow(kAdamFirst, iteration + 1)),
               second_share = 1.0 / (1.0 - std::pow(kAdamSecond, iteration + 1));
  const Vec zero = {}, one = broadcast(1.0);
  const SparseNetwork& net = bounder.network();
  AlphaBetaLanes& lanes = bounder.lanes;
  const auto direction = [&](std::int32_t t) {
    const Vec gradient = at(bounder.gradient, t);
    const Vec m = kAdamFirst * at(first_, t) + (1.0 - kAdamFirst) * gradient;
    const Vec s = kAdamSecond * at(second_, t) + (1.0 - kAdamSecond) * gradient * gradient;
    at(first_, t) = m;
    at(second_, t) = s;
    return (m * first_share) / (square_root(s * second_share) + 1e-12);
  };
  const auto step_one = [&](std::int32_t t) {
    const Mask is_slope = at(lanes.beta_sign, t) == zero;
    const Vec rate = select(is_slope, broadcast(schedule.slope_rate * decay),
                            (schedule.multiplier_rate * decay) * at(scale_, t));
    const Vec moved = vmax(at(lanes.alpha_or_beta, t) + rate * direction(t), zero);
    at(lanes.alpha_or_beta, t) = select(is_slope & (moved > one), one, moved);
  };
  const auto step_share = [&](std::int32_t t) {
    Vec& parameter = at(lanes.alpha_or_beta, t);
    parameter = vmin(vmax(parameter + (schedule.slope_rate * decay) * direction(t), zero), one);
  };
  for (const Cone::Layer& layer : cone.layers) {
    for (const Live v : layer.unstable) step_one(raw(at(net.unstable_of, v)));
    for (const Live v : layer.nonlinear) {
      const std::int32_t t = raw(at(net.unstable_of, v));
      const Nonlinear c = at(net.nonlinear_of, v);
      step_one(t);
      lanes.curves.step(
          c, (schedule.multiplier_rate * decay * lanes.curves.steepness(c)) * at(scale_, t),
          first_share, second_share);
    }
    for (const Live v : layer.products) step_share(net.parameter_of_product(v));
    for (const std::int32_t i : layer.twins) step_share(net.parameter_of_twins(i));
  }
}

void SlopeOptimizer::keep_better(AlphaBetaBounder& bounder, const Cone& cone, Mask better) {
  const auto unstable = static_cast<std::int32_t>(scale_.size());
  for_parameters(bounder.network(), cone, [&](std::int32_t t, Live v, Nonlinear c) {
    at(best_, t) = select(better, at(bounder.lanes.alpha_or_beta, t), at(best_, t));
    if (t < unstable) at(scale_, t) = vmax(at(scale_, t), vabs(at(bounder.coefficients(), v)));
    if (exists(c)) bounder.lanes.curves.keep(c, better);
  });
}

void SlopeOptimizer::take_best(AlphaBetaBounder& bounder, const Cone& cone) const {
  for_parameters(bounder.network(), cone, [&](std::int32_t t, Live, Nonlinear c) {
    at(bounder.lanes.alpha_or_beta, t) = at(best_, t);
    if (exists(c)) bounder.lanes.curves.take_best(c);
  });
}

Vec SlopeOptimizer::maximize(AlphaBetaBounder& bounder, const Cone& cone, const LaneRows& rows,
                             const SlopeSchedule& schedule) {
  Vec best = bounder.lower_bound(cone, rows);
  const Vec enough = broadcast(schedule.enough);
  // A cone of inputs alone has no parameters.
  if (schedule.iterations == 0 || cone.layers.empty() || all(best > enough)) return best;
  begin(bounder, cone);
  double decay = 1.0;
  for (int iteration = 0; iteration < schedule.iterations; ++iteration) {
    bounder.differentiate(cone);
    step(bounder, cone, schedule, iteration, decay);
    decay *= schedule.decay;
    const Vec bound = bounder.lower_bound(cone, rows);
    const Mask better = bound > best;
    best = select(better, bound, best);
    keep_better(bounder, cone, better);
    if (all(best > enough)) break;
  }
  take_best(bounder, cone);
  return best;
}

}  // namespace clipbound::bounds
