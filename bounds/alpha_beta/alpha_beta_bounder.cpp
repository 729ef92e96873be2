#include "bounds/alpha_beta/alpha_beta_bounder.h"

#include <algorithm>
#include <cmath>

namespace clipbound::bounds {

namespace {

/// Sets the elements of one cone to 0.
void clear_cone(const Cone& cone, std::vector<Vec>& values) {
  for (const Cone::Layer& layer : cone.layers) {
    for (const auto* list : {&layer.unstable, &layer.active, &layer.nonlinear, &layer.products}) {
      for (const Live v : *list) at(values, v) = Vec{};
    }
  }
  for (const std::int32_t i : cone.inputs) at(values, i) = Vec{};
}

void accumulate(const std::vector<Cone::Part>& parts, const Vec* x, Vec* y) {
  for (const Cone::Part& part : parts) {
    for (const GroupedMatrix::Segment& segment : part.segments)
      part.matrix->accumulate(segment, x, y);
  }
}

}  // namespace

void AlphaBetaBounder::attach(const SparseNetwork& network) {
  lanes.attach(network);
  gradient.resize(static_cast<std::size_t>(network.parameters()));
  for (auto* array : {&g_, &p_, &h_})
    array->assign(static_cast<std::size_t>(network.live_count()), Vec{});
  corner_.resize(static_cast<std::size_t>(network.inputs()));
  for (std::size_t i = 0; i < corner_.size(); ++i)
    corner_[i] = broadcast(0.5 * network.lower_x[i] + 0.5 * network.upper_x[i]);
  ball_.attach(network.system().ball);
  cone_in_ball_ = 0;
  written_.clear();
  twins_.assign(network.twins.size(), {});
  cone_ = 0;
}

void AlphaBetaBounder::restrict_nonlinear_as_in(const AlphaBetaBounder& from, int from_lane,
                                                int lane, Unstable u, double lower, double upper) {
  const Nonlinear c = lanes.nonlinear_of(u);
  lanes.restrict_nonlinear(lane, u, lower, upper, from.lanes.multiplier(from_lane, u));
  // A product's box stays as it is, and so do its slopes.
  if (at(network().nonlinear, c).square_pair >= 0) return;
  const double coefficient = at(from.g_, at(network().live_of, u))[from_lane];
  at(lanes.alpha_or_beta, u)[lane] = lanes.curves.alpha_for(
      c, lane, coefficient, from.lanes.curves.slope(c, from_lane), lower, upper);
}

void AlphaBetaBounder::change_cone(const Cone& cone) {
  if (cone.serial == cone_) return;
  for (const Live v : written_) at(p_, v) = Vec{};
  written_.clear();
  for (const Cone::Layer& layer : cone.layers) {
    for (const auto* list : {&layer.unstable, &layer.active, &layer.nonlinear})
      written_.insert(written_.end(), list->begin(), list->end());
  }
  cone_ = cone.serial;
}

void AlphaBetaBounder::start(const Cone& cone, const LaneRows& target) {
  change_cone(cone);
  clear_cone(cone, g_);
  const SparseNetworkRows& rows = *target.rows;
  intercept_ = nonlinear_offset_ = nonlinear_magnitude_ = Vec{};
  for (int lane = 0; lane < kLanes; ++lane) {
    const std::int64_t r = target.which[lane];
    const double sign = target.sign[lane];
    for (std::int64_t j = at(rows.start, r); j < at(rows.start, r + 1); ++j)
      at(g_, at(rows.index, j))[lane] += sign * at(rows.value, j);
    sum_[lane] = sign * at(rows.constant, r);
    error_[lane] = at(rows.slack, r);
  }
}

/// p = s g + beta_sign beta.
void AlphaBetaBounder::relax_relus(const Cone::Layer& layer) {
  const SparseNetwork& net = network();
  const Vec zero = {};
  Vec sum = zero, intercept = zero, error = zero;
  for (const Live v : layer.unstable) {
    const Unstable u = at(net.unstable_of, v);
    const Vec g = at(g_, v), t = at(lanes.alpha_or_beta, u), sign = at(lanes.beta_sign, u),
              upper_slope = at(lanes.upper_slope, u);
    const Vec lower_slope = select(sign == zero, t, upper_slope);
    const Vec p = g * select(g < zero, upper_slope, lower_slope) + sign * t;
    // From p as rounded, so p is a free choice; neurons with a phase have low = high = 0.
    intercept += vmin(zero, vmin(-p * at(lanes.low, u), (g - p) * at(lanes.high, u)));
    at(p_, v) = p;
    sum += p * at(net.constant, v);
    error += vabs(p) * at(net.slack, v);
  }
  for (const Live v : layer.active) {
    const Vec p = at(g_, v);
    at(p_, v) = p;
    sum += p * at(net.constant, v);
    error += vabs(p) * at(net.slack, v);
  }
  sum_ += sum;
  intercept_ += intercept;
  error_ += error;
}

void AlphaBetaBounder::relax(const Cone::Layer& layer) {
  relax_relus(layer);
  if (!layer.simplex_rows.empty()) centre_simplex_rows(layer);
  if (!layer.nonlinear.empty()) relax_nonlinear(layer);
  if (!layer.products.empty()) relax_mccormick_products(layer);
}

/// sum of g a = sum of (g - m) a + m for activations that add up to 1, whatever m: a mean makes the
/// coefficients small.
void AlphaBetaBounder::centre_simplex_rows(const Cone::Layer& layer) {
  const SparseNetwork& net = network();
  for (const std::int32_t number : layer.simplex_rows) {
    const SparseSimplexRow& row = at(net.simplex_rows, number);
    Vec mean = {};
    for (std::size_t k = 0; k < row.elements.size(); ++k)
      mean += row.weights[k] * at(g_, row.elements[k]);
    for (const Live v : row.elements) {
      const Vec g = at(g_, v) - mean;
      at(g_, v) = g;
      error_ += 0x1p-51 * vabs(g);  // its rounding, times an activation of at most 1
    }
    sum_ += mean;
    error_ += 4.0 * net.gamma() * vabs(mean);
  }
}

void AlphaBetaBounder::relax_nonlinear(const Cone::Layer& layer) {
  const SparseNetwork& net = network();
  const Vec zero = {};
  for (const Live v : layer.nonlinear) {
    const Unstable u = at(net.unstable_of, v);
    const Nonlinear c = at(net.nonlinear_of, v);
    if (const std::int32_t pair = at(net.nonlinear, c).square_pair; pair >= 0) {
      relax_square_pair(at(net.square_pairs, pair), v);
      continue;
    }
    const auto [p, q] = lanes.curves.relax(c, at(g_, v), at(lanes.alpha_or_beta, u),
                                           at(lanes.low, u), at(lanes.high, u));
    at(p_, v) = p;
    nonlinear_offset_ += q;
    nonlinear_magnitude_ += vabs(q);
    sum_ += p * at(net.constant, v);
    // The slack of an unbounded z is infinite.
    error_ += select(p == zero, zero, vabs(p) * at(net.slack, v));
  }
}

Vec AlphaBetaBounder::lower_bound(const Cone& cone, const LaneRows& rows) {
  const SparseNetwork& net = network();
  // Backward here, and about as much again for the gradient.
  work_ += 2.0 * kLanes * static_cast<double>(cone.work);
  start(cone, rows);
  bool is_complete = false;  // the coefficients of the next layer to come
  for (std::size_t k = cone.layers.size(); k-- > 0;) {
    if (!is_complete) accumulate(cone.layers[k].into, p_.data(), g_.data());
    is_complete = !cone.layers[k].twins.empty();
    if (is_complete) {  // first twins' coefficients are taken apart here, so they come here (S14)
      accumulate(cone.layers[k - 1].into, p_.data(), g_.data());
      take_differences(cone.layers[k]);
    }
    relax(cone.layers[k]);
    if (!twins_.empty()) add_differences(cone, k);
  }
  accumulate(cone.into_inputs, p_.data(), g_.data());
  const double rounding = 4.0 * net.gamma();
  offset_ = sum_ + (intercept_ + nonlinear_offset_) -
            (error_ + rounding * (nonlinear_magnitude_ - intercept_)) * (1.0 + rounding);
  Vec lower = broadcast(-kInfinity);
  if (clip_.active()) lower = minimum_in_halfspace(cone);
  if (ball_.active()) {
    const Vec in_ball = minimum_in_ball(cone);
    lower = select(lower > in_ball, lower, in_ball);
  } else if (!clip_.active()) {
    lower = minimum_on_boxes(cone);
  }
  // An overflow, or NaN, proves nothing.
  return select(vabs(lower) < kOverflow, lower, broadcast(-kInfinity));
}

Vec AlphaBetaBounder::minimum_on_boxes(const Cone& cone) {
  Vec lower = offset_;
  for (const std::int32_t i : cone.inputs) {
    const Vec a = at(g_, i);
    const Vec x = select(a < Vec{}, at(lanes.upper_x, i), at(lanes.lower_x, i));
    at(corner_, i) = x;
    lower += a * x;
  }
  return lower;
}

Vec AlphaBetaBounder::minimum_in_halfspace(const Cone& cone) {
  if (clipped_cone_ != cone.serial) clip_.restrict_to(cone.inputs);
  clipped_cone_ = cone.serial;
  const SingleHalfspaceClipping::Least least = clip_.minimum(g_.data(), corner_.data());
  return offset_ + (least.value - 4.0 * network().gamma() * least.magnitude);
}

Vec AlphaBetaBounder::minimum_in_ball(const Cone& cone) {
  if (cone_in_ball_ != cone.serial) ball_.restrict_to(cone.inputs);
  cone_in_ball_ = cone.serial;
  for (std::size_t k = 0; k < ball_.size(); ++k) {
    const std::int32_t i = ball_.input(k);
    ball_.set(k, at(g_, i), at(lanes.lower_x, i), at(lanes.upper_x, i));
  }
  const Vec lower = ball_.minimum(offset_);
  for (std::size_t k = 0; k < ball_.size(); ++k) at(corner_, ball_.input(k)) = ball_.point(k);
  return lower;
}

void AlphaBetaBounder::clip_to(Halfspace halfspace) {
  // Of the hull of the lanes' boxes.
  std::vector<double> lower, upper;
  for (std::size_t i = 0; i < lanes.lower_x.size(); ++i) {
    lower.push_back(lanes.lower_x[i][0]);
    upper.push_back(lanes.upper_x[i][0]);
    for (int lane = 1; lane < kLanes; ++lane) {
      lower.back() = std::min(lower.back(), lanes.lower_x[i][lane]);
      upper.back() = std::max(upper.back(), lanes.upper_x[i][lane]);
    }
  }
  clip_.set(std::move(halfspace), lower, upper);
  clipped_cone_ = 0;
}

std::optional<Halfspace> AlphaBetaBounder::linear_bound(const Cone& cone, int lane) const {
  const SparseNetwork& net = network();
  Halfspace bound{std::vector<double>(corner_.size(), 0.0), offset_[lane]};
  double magnitude = std::fabs(bound.offset);
  for (const std::int32_t i : cone.inputs) {
    at(bound.normal, i) = at(g_, i)[lane];
    magnitude += std::fabs(at(bound.normal, i)) *
                 std::max({1.0, std::fabs(at(net.lower_x, i)), std::fabs(at(net.upper_x, i))});
  }
  if (!(magnitude < kOverflow)) return std::nullopt;
  return bound;
}

void AlphaBetaBounder::add_up(const Cone::Layer& layer) {
  for (const auto* list : {&layer.unstable, &layer.active, &layer.nonlinear}) {
    for (const Live v : *list) at(h_, v) = broadcast(at(network().constant, v));
  }
  accumulate(layer.from, h_.data(), h_.data());
}

void AlphaBetaBounder::differentiate_relus(const Cone::Layer& layer) {
  const SparseNetwork& net = network();
  const Vec zero = {};
  for (const Live v : layer.unstable) {
    const Unstable u = at(net.unstable_of, v);
    const Vec g = at(g_, v), z = at(h_, v), sign = at(lanes.beta_sign, u),
              upper_slope = at(lanes.upper_slope, u);
    at(gradient, u) = select(sign == zero, vmax(g, zero), sign) * z;
    const Vec lower_slope = select(sign == zero, at(lanes.alpha_or_beta, u), upper_slope);
    at(h_, v) = select(g < zero, upper_slope * (z - at(lanes.low, u)), lower_slope * z);
  }
}

void AlphaBetaBounder::differentiate_nonlinear(const Cone::Layer& layer) {
  const SparseNetwork& net = network();
  for (const Live v : layer.nonlinear) {
    const Nonlinear c = at(net.nonlinear_of, v);
    if (const std::int32_t pair = at(net.nonlinear, c).square_pair; pair >= 0) {
      differentiate_square_pair(at(net.square_pairs, pair), v);
      continue;
    }
    at(h_, v) =
        lanes.curves.differentiate(c, at(g_, v), at(h_, v), at(gradient, at(net.unstable_of, v)));
  }
  for (const std::int32_t number : layer.simplex_rows) {
    const SparseSimplexRow& row = at(net.simplex_rows, number);
    Vec missing = broadcast(1.0);
    for (const Live v : row.elements) missing -= at(h_, v);
    for (std::size_t k = 0; k < row.elements.size(); ++k)
      at(h_, row.elements[k]) += row.weights[k] * missing;
  }
}

void AlphaBetaBounder::differentiate(const Cone& cone) {
  for (const std::int32_t i : cone.inputs) at(h_, i) = at(corner_, i);
  for (std::size_t k = 0; k < cone.layers.size(); ++k) {
    const Cone::Layer& layer = cone.layers[k];
    add_up(layer);
    if (!twins_.empty()) keep_twins(cone, k);
    if (!layer.products.empty()) differentiate_mccormick_products(layer);
    differentiate_nonlinear(layer);
    differentiate_relus(layer);
    if (!layer.twins.empty()) differentiate_twins(layer);
  }
}

void AlphaBetaBounder::leave(const Cone& cone) {
  clear_cone(cone, g_);
  for (const Cone::Layer& layer : cone.layers) {
    for (const auto* list : {&layer.unstable, &layer.active, &layer.nonlinear}) {
      for (const Live v : *list) at(p_, v) = Vec{};
    }
  }
}

/// The chord's largest gap is at z = 0, the lower line's at the end that it leaves out. The latter
/// counts less: the optimised slope is at its best there, so a phase gains little at first.
double AlphaBetaBounder::relaxation_gap(Live v, int lane) const {
  constexpr double kLowerLine = 0.05;
  const Unstable u = at(network().unstable_of, v);
  if (lanes.has_phase(lane, u)) return 0.0;
  const double g = at(g_, v)[lane], low = lanes.lower_of(lane, u), high = lanes.upper_of(lane, u);
  if (const Nonlinear c = at(network().nonlinear_of, v); exists(c))
    return std::fabs(g) * lanes.curves.gap(c, lane, low, high);
  const double slope = at(lanes.alpha_or_beta, u)[lane];
  const double own = g < 0.0 ? g * low * at(lanes.upper_slope, u)[lane]
                             : kLowerLine * g * std::max((1.0 - slope) * high, -slope * low);
  return own + difference_gap(u, lane);
}

void AlphaBetaBounder::add_gaps(const Cone& cone, int lane, double weight,
                                std::vector<double>& gaps) const {
  for (const Cone::Layer& layer : cone.layers) {
    for (const Live v : layer.unstable)
      at(gaps, at(network().unstable_of, v)) += weight * relaxation_gap(v, lane);
  }
}

std::vector<Unstable> AlphaBetaBounder::largest_gaps(const Cone& cone, int lane,
                                                     std::size_t count) const {
  std::vector<std::pair<double, Unstable>> list;
  for (const Cone::Layer& layer : cone.layers) {
    for (const Live v : layer.unstable) {
      const double gap = relaxation_gap(v, lane);
      if (gap > 0.0) list.emplace_back(-gap, at(network().unstable_of, v));
    }
  }
  count = std::min(count, list.size());
  std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count), list.end());
  std::vector<Unstable> chosen;
  for (std::size_t k = 0; k < count; ++k) chosen.push_back(list[k].second);
  return chosen;
}

void AlphaBetaBounder::evaluate_corner(const Cone& cone) {
  const SparseNetwork& net = network();
  for (const std::int32_t i : cone.inputs) at(h_, i) = at(corner_, i);
  for (const Cone::Layer& layer : cone.layers) {
    add_up(layer);
    for (const Live v : layer.products) {
      const McCormickProduct& product = at(net.products, at(net.product_of, v));
      at(h_, v) = at(h_, product.a) * at(h_, product.b);
    }
    for (const Live v : layer.nonlinear) {
      const Activation& f = at(net.nonlinear, at(net.nonlinear_of, v)).activation;
      for (int lane = 0; lane < kLanes; ++lane) at(h_, v)[lane] = value_of(f, at(h_, v)[lane]);
    }
    for (const Live v : layer.unstable) at(h_, v) = vmax(at(h_, v), Vec{});
  }
}

double AlphaBetaBounder::row_value(const SparseNetworkRows& rows, std::int64_t row,
                                   int lane) const {
  double sum = at(rows.constant, row);
  for (std::int64_t j = at(rows.start, row); j < at(rows.start, row + 1); ++j)
    sum += at(rows.value, j) * at(h_, at(rows.index, j))[lane];
  return sum;
}

}  // namespace clipbound::bounds
