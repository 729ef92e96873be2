#include "bounds/alpha_beta/alpha_beta_bounder.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace clipbound::bounds {

namespace {

Vec square_root(Vec x) {
  Vec result = {};
  for (int lane = 0; lane < kLanes; ++lane) result[lane] = std::sqrt(x[lane]);
  return result;
}

std::size_t at(std::int32_t i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

void AlphaBetaBounder::attach(const SparseNetwork& network) {
  network_ = &network;
  const auto U = static_cast<std::size_t>(network.slots()),
             P = static_cast<std::size_t>(network.places());
  for (auto* array : {&outer_, &sigma_, &low_, &high_, &scale_}) array->resize(U);
  for (auto* array : {&theta, &gradient, &first_, &second_, &best_theta_})
    array->resize(static_cast<std::size_t>(network.parameters()));
  for (auto* array : {&g_, &p_, &h_}) array->assign(P, Vec{});
  corner_.resize(static_cast<std::size_t>(network.inputs()));
  for (std::size_t i = 0; i < corner_.size(); ++i)
    corner_[i] = broadcast(0.5 * network.lower_x[i] + 0.5 * network.upper_x[i]);
  written_.clear();
  cone_ = 0;
  curves_.attach(network);
  reset();
}

void AlphaBetaBounder::reset() {
  const SparseNetwork& net = *network_;
  std::fill(theta.begin(), theta.end(), broadcast(0.5));
  for (std::size_t u = 0; u < outer_.size(); ++u) {
    const double l = net.lower[u], h = net.upper[u];
    outer_[u] = broadcast(h / (h - l));
    sigma_[u] = Vec{};
    low_[u] = broadcast(l);
    high_[u] = broadcast(h);
    theta[u] = broadcast(h > -l ? 1.0 : 0.0);
  }
  for (const std::int32_t u : net.curved_slots) theta[at(u)] = broadcast(0.5);
  curves_.reset();
}

void AlphaBetaBounder::reset_theta(const Cone& cone) {
  for (const Cone::Layer& layer : cone.layers) {
    for (const std::int32_t v : layer.unstable) {
      const std::size_t u = at(network_->slot_of[at(v)]);
      theta[u] = select((sigma_[u] == Vec{}) & (high_[u] > -low_[u]), broadcast(1.0), Vec{});
    }
    for (const std::int32_t v : layer.curved) theta[at(network_->slot_of[at(v)])] = broadcast(0.5);
    for (const std::int32_t v : layer.products)
      theta[at(network_->parameter_of_product(v))] = broadcast(0.5);
  }
}

void AlphaBetaBounder::set_bounds(int lane, int slot, double lower, double upper) {
  const auto u = static_cast<std::size_t>(slot);
  if (curved(slot)) {
    low_[u][lane] = lower;
    high_[u][lane] = upper;
    return curves_.set_bounds(lane, curve_of(slot), lower, upper);
  }
  if (lower >= 0.0 || upper <= 0.0) return decide(lane, slot, lower >= 0.0);
  outer_[u][lane] = upper / (upper - lower);
  sigma_[u][lane] = 0.0;
  low_[u][lane] = lower;
  high_[u][lane] = upper;
}

void AlphaBetaBounder::restrict_curved(int lane, int slot, double lower, double upper,
                                       double multiplier) {
  CLIPBOUND_CHECK(curved(slot) && std::isfinite(lower) && std::isfinite(upper));
  set_bounds(lane, slot, lower, upper);
  curves_.restrain(lane, curve_of(slot), multiplier);
}

void AlphaBetaBounder::restrict_curved_as_in(const AlphaBetaBounder& from, int from_lane, int lane,
                                             int slot, double lower, double upper) {
  const auto u = static_cast<std::size_t>(slot);
  const std::int32_t c = curve_of(slot);
  restrict_curved(lane, slot, lower, upper, from.multiplier(from_lane, slot));
  if (network_->pair_of[at(c)] >= 0)
    return;  // the product's box stays as it is, and so do its slopes
  const bool negative = from.g_[at(network_->place_of[u])][from_lane] < 0.0;
  theta[u][lane] =
      curves_.theta_for(c, lane, negative, from.curves_.slope(c, from_lane), lower, upper);
}

double AlphaBetaBounder::multiplier(int lane, int slot) const {
  return curves_.multiplier(lane, curve_of(slot));
}

void AlphaBetaBounder::decide(int lane, int slot, bool active) {
  const auto u = static_cast<std::size_t>(slot);
  outer_[u][lane] = active ? 1.0 : 0.0;
  sigma_[u][lane] = active ? -1.0 : 1.0;
  low_[u][lane] = high_[u][lane] = 0.0;
  theta[u][lane] = 0.0;
}

void AlphaBetaBounder::copy_lane(const AlphaBetaBounder& from, int lane) {
  for (std::size_t u = 0; u < theta.size(); ++u) theta[u] = broadcast(from.theta[u][lane]);
  for (std::size_t u = 0; u < outer_.size(); ++u) {
    outer_[u] = broadcast(from.outer_[u][lane]);
    sigma_[u] = broadcast(from.sigma_[u][lane]);
    low_[u] = broadcast(from.low_[u][lane]);
    high_[u] = broadcast(from.high_[u][lane]);
  }
  curves_.copy_lane(from.curves_, lane);
}

/// The widest gap of the plane in use times its coefficient: of the chord at 0, of a lower plane at
/// the far end that it leaves out. The latter counts less: the optimised slope is at its best
/// there, so deciding the neuron gains little at first.
double AlphaBetaBounder::cost_of(std::int32_t place, int lane) const {
  constexpr double kLowerPlane = 0.05;
  const std::size_t u = at(network_->slot_of[at(place)]);
  if (sigma_[u][lane] != 0.0) return 0.0;
  if (const std::int32_t c = network_->curve_of[at(place)]; c >= 0)
    return std::fabs(g_[at(place)][lane]) * curves_.gap(c, lane, low_[u][lane], high_[u][lane]);
  const double g = g_[at(place)][lane], low = low_[u][lane], high = high_[u][lane],
               slope = theta[u][lane];
  return g < 0.0 ? g * low * outer_[u][lane]
                 : kLowerPlane * g * std::max((1.0 - slope) * high, -slope * low);
}

void AlphaBetaBounder::add_costs(const Cone& cone, int lane, double weight,
                                 std::vector<double>& costs) const {
  for (const Cone::Layer& layer : cone.layers) {
    for (const std::int32_t v : layer.unstable)
      costs[at(network_->slot_of[at(v)])] += weight * cost_of(v, lane);
  }
}

std::vector<std::int32_t> AlphaBetaBounder::costliest(const Cone& cone, int lane,
                                                      std::size_t count) const {
  std::vector<std::pair<double, std::int32_t>> list;
  for (const Cone::Layer& layer : cone.layers) {
    for (const std::int32_t v : layer.unstable) {
      const double cost = cost_of(v, lane);
      if (cost > 0.0) list.emplace_back(-cost, network_->slot_of[at(v)]);
    }
  }
  count = std::min(count, list.size());
  std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count), list.end());
  std::vector<std::int32_t> slots;
  for (std::size_t k = 0; k < count; ++k) slots.push_back(list[k].second);
  return slots;
}

void AlphaBetaBounder::change_cone(const Cone& cone) {
  if (cone.serial == cone_) return;
  for (const std::int32_t v : written_) p_[at(v)] = Vec{};
  written_.clear();
  for (const Cone::Layer& layer : cone.layers) {
    for (const auto* list : {&layer.unstable, &layer.active, &layer.curved})
      written_.insert(written_.end(), list->begin(), list->end());
  }
  cone_ = cone.serial;
}

void AlphaBetaBounder::start(const Cone& cone, const Target& target) {
  change_cone(cone);
  for (const Cone::Layer& layer : cone.layers) {
    for (const std::int32_t v : layer.unstable) g_[at(v)] = Vec{};
    for (const std::int32_t v : layer.active) g_[at(v)] = Vec{};
    for (const std::int32_t v : layer.curved) g_[at(v)] = Vec{};
    for (const std::int32_t v : layer.products) g_[at(v)] = Vec{};
  }
  for (const std::int32_t i : cone.inputs) g_[at(i)] = Vec{};
  const SparseNetworkRows& rows = *target.rows;
  intercept_ = curved_ = curved_size_ = Vec{};
  for (int lane = 0; lane < kLanes; ++lane) {
    const auto r = static_cast<std::size_t>(target.which[lane]);
    const double sign = target.sign[lane];
    for (auto j = static_cast<std::size_t>(rows.start[r]);
         j < static_cast<std::size_t>(rows.start[r + 1]); ++j) {
      g_[at(rows.index[j])][lane] += sign * rows.value[j];
    }
    sum_[lane] = sign * rows.constant[r];
    error_[lane] = rows.slack[r];
  }
}

/// From coefficients g of activations to coefficients p of pre-activations: p = s g + sigma theta,
/// intercepts, errors.
void AlphaBetaBounder::relax(const Cone::Layer& layer) {
  const SparseNetwork& net = *network_;
  const Vec zero = {};
  Vec sum = zero, intercept = zero, error = zero;
  for (const std::int32_t v : layer.unstable) {
    const std::size_t u = at(net.slot_of[at(v)]);
    const Vec g = g_[at(v)], t = theta[u], sigma = sigma_[u], outer = outer_[u];
    const Vec inner = select(sigma == zero, t, outer);
    const Vec p = g * select(g < zero, outer, inner) + sigma * t;
    // From p as rounded, so p is a free choice; decided neurons have low = high = 0.
    intercept += vmin(zero, vmin(-p * low_[u], (g - p) * high_[u]));
    p_[at(v)] = p;
    sum += p * net.constant[at(v)];
    error += vabs(p) * net.slack[at(v)];
  }
  for (const std::int32_t v : layer.active) {
    const Vec p = g_[at(v)];
    p_[at(v)] = p;
    sum += p * net.constant[at(v)];
    error += vabs(p) * net.slack[at(v)];
  }
  sum_ += sum;
  intercept_ += intercept;
  error_ += error;
  if (!layer.unit_sums.empty()) centre_unit_sums(layer);
  if (!layer.curved.empty()) relax_curved(layer);
  if (!layer.products.empty()) relax_joined(layer);
}

/// sum of g a = sum of (g - m) a + m for activations that add up to 1, whatever m: a mean makes the
/// coefficients small.
void AlphaBetaBounder::centre_unit_sums(const Cone::Layer& layer) {
  const SparseNetwork& net = *network_;
  for (const std::int32_t number : layer.unit_sums) {
    const SparseSimplexRow& sum = net.unit_sums[at(number)];
    Vec mean = {};
    for (std::size_t k = 0; k < sum.places.size(); ++k)
      mean += sum.weights[k] * g_[at(sum.places[k])];
    for (const std::int32_t v : sum.places) {
      const Vec g = g_[at(v)] - mean;
      g_[at(v)] = g;
      error_ += 0x1p-51 * vabs(g);  // its rounding, times an activation of at most 1
    }
    sum_ += mean;
    error_ += 4.0 * net.gamma() * vabs(mean);
  }
}

void AlphaBetaBounder::relax_curved(const Cone::Layer& layer) {
  const SparseNetwork& net = *network_;
  const Vec zero = {};
  for (const std::int32_t v : layer.curved) {
    const std::size_t u = at(net.slot_of[at(v)]);
    if (const std::int32_t pair = net.pair_of[at(net.curve_of[at(v)])]; pair >= 0) {
      relax_product(net.pairs[at(pair)], v);
      continue;
    }
    const auto [p, q] = curves_.relax(net.curve_of[at(v)], g_[at(v)], theta[u], low_[u], high_[u]);
    p_[at(v)] = p;
    curved_ += q;
    curved_size_ += vabs(q);
    sum_ += p * net.constant[at(v)];
    error_ += select(p == zero, zero,
                     vabs(p) * net.slack[at(v)]);  // the slack of an unbounded z is infinite
  }
}

Vec AlphaBetaBounder::lower_bound(const Cone& cone, const Target& target) {
  const SparseNetwork& net = *network_;
  ++sweeps;
  start(cone, target);
  for (std::size_t k = cone.layers.size(); k-- > 0;) {
    for (const Cone::Part& part : cone.layers[k].into) {
      for (const GroupedMatrix::Segment& segment : part.segments)
        part.matrix->accumulate(segment, p_.data(), g_.data());
    }
    relax(cone.layers[k]);
  }
  for (const Cone::Part& part : cone.into_inputs) {
    for (const GroupedMatrix::Segment& segment : part.segments)
      part.matrix->accumulate(segment, p_.data(), g_.data());
  }
  const double rounding = 4.0 * net.gamma();
  offset_ = sum_ + (intercept_ + curved_) -
            (error_ + rounding * (curved_size_ - intercept_)) * (1.0 + rounding);
  Vec lower = offset_;
  if (clip_.active()) {
    if (clipped_cone_ != cone.serial) clip_.restrict_to(cone.inputs);
    clipped_cone_ = cone.serial;
    const SingleHalfspaceClipping::Least least = clip_.minimum(g_.data(), corner_.data());
    lower += least.value - rounding * least.size;
  } else {
    for (const std::int32_t i : cone.inputs) {
      const Vec a = g_[at(i)];
      const Vec x = select(a < Vec{}, broadcast(net.upper_x[at(i)]), broadcast(net.lower_x[at(i)]));
      corner_[at(i)] = x;
      lower += a * x;
    }
  }
  return select(vabs(lower) < kOverflow, lower,
                broadcast(-kInfinity));  // an overflow, or NaN, proves nothing
}

std::optional<Halfspace> AlphaBetaBounder::plane(const Cone& cone, int lane) const {
  Halfspace plane{std::vector<double>(corner_.size(), 0.0), offset_[lane]};
  double size = std::fabs(plane.offset);
  for (const std::int32_t i : cone.inputs) {
    plane.normal[at(i)] = g_[at(i)][lane];
    size += std::fabs(plane.normal[at(i)]) * std::max({1.0, std::fabs(network_->lower_x[at(i)]),
                                                       std::fabs(network_->upper_x[at(i)])});
  }
  if (!(size < kOverflow)) return std::nullopt;
  return plane;
}

void AlphaBetaBounder::add_up(const Cone::Layer& layer) {
  for (const auto* places : {&layer.unstable, &layer.active, &layer.curved}) {
    for (const std::int32_t v : *places) h_[at(v)] = broadcast(network_->constant[at(v)]);
  }
  for (const Cone::Part& part : layer.from) {
    for (const GroupedMatrix::Segment& segment : part.segments)
      part.matrix->accumulate(segment, h_.data(), h_.data());
  }
}

void AlphaBetaBounder::differentiate(const Cone& cone) {
  const SparseNetwork& net = *network_;
  const Vec zero = {};
  for (const std::int32_t i : cone.inputs) h_[at(i)] = corner_[at(i)];
  for (const Cone::Layer& layer : cone.layers) {
    add_up(layer);
    if (!layer.products.empty()) differentiate_joined(layer);
    for (const std::int32_t v : layer.curved) {
      if (const std::int32_t pair = net.pair_of[at(net.curve_of[at(v)])]; pair >= 0) {
        differentiate_product(net.pairs[at(pair)], v);
        continue;
      }
      h_[at(v)] = curves_.differentiate(net.curve_of[at(v)], g_[at(v)], h_[at(v)],
                                        gradient[at(net.slot_of[at(v)])]);
    }
    for (const std::int32_t number : layer.unit_sums) {
      const SparseSimplexRow& sum = net.unit_sums[at(number)];
      Vec missing = broadcast(1.0);
      for (const std::int32_t v : sum.places) missing -= h_[at(v)];
      for (std::size_t k = 0; k < sum.places.size(); ++k)
        h_[at(sum.places[k])] += sum.weights[k] * missing;
    }
    for (const std::int32_t v : layer.unstable) {
      const std::size_t u = at(net.slot_of[at(v)]);
      const Vec g = g_[at(v)], z = h_[at(v)], sigma = sigma_[u], outer = outer_[u];
      const Mask negative = g < zero;
      gradient[u] = select(sigma == zero, vmax(g, zero), sigma) * z;
      const Vec inner = select(sigma == zero, theta[u], outer);
      h_[at(v)] = select(negative, outer * (z - low_[u]), inner * z);
    }
  }
}

void AlphaBetaBounder::step(const Cone& cone, const SlopeOptimizer& optimizer, int iteration,
                            double decay) {
  const double first_share = 1.0 / (1.0 - std::pow(kAdamFirst, iteration + 1)),
               second_share = 1.0 / (1.0 - std::pow(kAdamSecond, iteration + 1));
  const Vec zero = {}, one = broadcast(1.0);
  const auto direction = [&](std::size_t u) {
    const Vec gradient_here = gradient[u];
    const Vec m = kAdamFirst * first_[u] + (1.0 - kAdamFirst) * gradient_here;
    const Vec s = kAdamSecond * second_[u] + (1.0 - kAdamSecond) * gradient_here * gradient_here;
    first_[u] = m;
    second_[u] = s;
    return (m * first_share) / (square_root(s * second_share) + 1e-12);
  };
  const auto step_one = [&](std::size_t u) {
    const Mask undecided = sigma_[u] == zero;
    const Vec rate = select(undecided, broadcast(optimizer.slope_rate * decay),
                            (optimizer.multiplier_rate * decay) * scale_[u]);
    const Vec moved = vmax(theta[u] + rate * direction(u), zero);
    theta[u] = select(undecided & (moved > one), one, moved);
  };
  for (const Cone::Layer& layer : cone.layers) {
    for (const std::int32_t v : layer.unstable) step_one(at(network_->slot_of[at(v)]));
    for (const std::int32_t v : layer.curved) {
      const std::size_t u = at(network_->slot_of[at(v)]);
      const std::int32_t c = network_->curve_of[at(v)];
      step_one(u);
      curves_.step(c, (optimizer.multiplier_rate * decay * curves_.steepness(c)) * scale_[u],
                   first_share, second_share);
    }
    for (const std::int32_t v : layer.products) {
      const std::size_t u = at(network_->parameter_of_product(v));
      theta[u] = vmin(vmax(theta[u] + (optimizer.slope_rate * decay) * direction(u), zero), one);
    }
  }
}

template <typename Visit>
void AlphaBetaBounder::for_parameters(const Cone& cone, const Visit& visit) const {
  const SparseNetwork& net = *network_;
  for (const Cone::Layer& layer : cone.layers) {
    for (const auto* list : {&layer.unstable, &layer.curved}) {
      for (const std::int32_t v : *list) visit(at(net.slot_of[at(v)]), v);
    }
    for (const std::int32_t v : layer.products) visit(at(net.parameter_of_product(v)), v);
  }
}

Vec AlphaBetaBounder::maximize(const Cone& cone, const Target& target,
                               const SlopeOptimizer& optimizer) {
  Vec best = lower_bound(cone, target), first_bound = best;
  double decay = 1.0;
  const Vec enough = broadcast(optimizer.enough);
  if (optimizer.iterations == 0 || all(best > enough)) return best;
  for_parameters(cone, [&](std::size_t t, std::int32_t v) {
    first_[t] = second_[t] = Vec{};
    best_theta_[t] = theta[t];
    if (t < scale_.size()) scale_[t] = vabs(g_[at(v)]);
    if (network_->curve_of[at(v)] >= 0) curves_.begin_ascent(network_->curve_of[at(v)]);
  });
  for (int iteration = 0; iteration < optimizer.iterations; ++iteration) {
    differentiate(cone);
    step(cone, optimizer, iteration, decay);
    decay *= optimizer.decay;
    const Vec bound = lower_bound(cone, target);
    const Mask better = bound > best;
    best = select(better, bound, best);
    for_parameters(cone, [&](std::size_t t, std::int32_t v) {
      best_theta_[t] = select(better, theta[t], best_theta_[t]);
      if (t < scale_.size()) scale_[t] = vmax(scale_[t], vabs(g_[at(v)]));
      if (network_->curve_of[at(v)] >= 0) curves_.keep(network_->curve_of[at(v)], better);
    });
    if (all(best > enough)) break;
    if (optimizer.extrapolate && iteration >= 3) {
      // Gains shrink from step to step: who lacks more than three times what all steps so far
      // brought will not get there.
      const Vec gained = best - first_bound;
      if (all((best > enough) |
              (enough - best >
               3.0 * gained * (static_cast<double>(optimizer.iterations) / (iteration + 1.0)))))
        break;
    }
  }
  for_parameters(cone, [&](std::size_t t, std::int32_t v) {
    theta[t] = best_theta_[t];
    if (network_->curve_of[at(v)] >= 0) curves_.take_best(network_->curve_of[at(v)]);
  });
  return best;
}

void AlphaBetaBounder::leave(const Cone& cone) {
  for (const Cone::Layer& layer : cone.layers) {
    for (const std::int32_t v : layer.unstable) p_[at(v)] = g_[at(v)] = Vec{};
    for (const std::int32_t v : layer.active) p_[at(v)] = g_[at(v)] = Vec{};
    for (const std::int32_t v : layer.curved) p_[at(v)] = g_[at(v)] = Vec{};
    for (const std::int32_t v : layer.products) g_[at(v)] = Vec{};
  }
  for (const std::int32_t i : cone.inputs) g_[at(i)] = Vec{};
}

void AlphaBetaBounder::evaluate_corner(const Cone& cone) {
  const SparseNetwork& net = *network_;
  for (const std::int32_t i : cone.inputs) h_[at(i)] = corner_[at(i)];
  for (const Cone::Layer& layer : cone.layers) {
    add_up(layer);
    for (const std::int32_t v : layer.products) {
      const McCormickProduct& product = net.products[at(net.joined_of[at(v)])];
      h_[at(v)] = h_[at(product.a)] * h_[at(product.b)];
    }
    for (const std::int32_t v : layer.curved) {
      const Activation& f = net.curves[at(net.curve_of[at(v)])];
      for (int lane = 0; lane < kLanes; ++lane) h_[at(v)][lane] = value_of(f, h_[at(v)][lane]);
    }
    for (const std::int32_t v : layer.unstable) h_[at(v)] = vmax(h_[at(v)], Vec{});
  }
}

double AlphaBetaBounder::row_value(const SparseNetworkRows& rows, std::int64_t row,
                                   int lane) const {
  const auto r = static_cast<std::size_t>(row);
  double sum = rows.constant[r];
  for (auto j = static_cast<std::size_t>(rows.start[r]);
       j < static_cast<std::size_t>(rows.start[r + 1]); ++j) {
    sum += rows.value[j] * h_[at(rows.index[j])][lane];
  }
  return sum;
}

}  // namespace clipbound::bounds
