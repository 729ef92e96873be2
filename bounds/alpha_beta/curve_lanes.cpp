#include "bounds/alpha_beta/curve_lanes.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"

namespace clipbound::bounds {

namespace {

Vec vec(double x) {
  return broadcast(x);
}
Vec vec(Vec x) {
  return x;
}

}  // namespace

void CurveLanes::attach(const SparseNetwork& network) {
  network_ = &network;
  const std::size_t C = network.nonlinear.size();
  active_.assign(C, ActivePoint{});
  lane_envelope_of_.assign(C, -1);
  changed_.clear();
  lane_envelopes_.clear();
  finite_.resize(C);
  square_.resize(C);
  for (std::size_t c = 0; c < C; ++c) {
    const NonlinearNeuron& neuron = network.nonlinear[c];
    square_[c] = neuron.activation.curve == Curve::square ? 1 : 0;
    finite_[c] = square_[c] == 0 && is_finite(neuron.envelope) ? 1 : 0;
  }
}

void CurveLanes::reset() {
  for (const Nonlinear c : changed_) at(lane_envelope_of_, c) = -1;
  changed_.clear();
  lane_envelopes_.clear();
}

void CurveLanes::set_lane(PiecewiseLinearEnvelope<Vec>& envelope, int lane,
                          const PiecewiseLinearEnvelope<double>& from) {
  const auto one_side = [lane](Polyline<Vec>& to, const Polyline<double>& polyline) {
    for (int j = 0; j < kPolylinePoints; ++j) {
      to.z[j][lane] = polyline.z[j];
      to.value[j][lane] = polyline.value[j];
    }
    to.slope[lane] = polyline.slope;
    to.down[lane] = polyline.down;
    to.up[lane] = polyline.up;
  };
  one_side(envelope.below, from.below);
  one_side(envelope.above, from.above);
}

CurveLanes::LaneEnvelope& CurveLanes::lane_envelope(Nonlinear c) {
  if (LaneEnvelope* found = find_lane_envelope(c)) return *found;
  at(lane_envelope_of_, c) = static_cast<std::int32_t>(lane_envelopes_.size());
  changed_.push_back(c);
  LaneEnvelope& made = lane_envelopes_.emplace_back();
  made.multiplier = made.first = made.second = made.best = made.is_restricted = Vec{};
  for (int lane = 0; lane < kLanes; ++lane)
    set_lane(made.envelope, lane, at(network_->nonlinear, c).envelope);
  made.finite = at(finite_, c) != 0;
  return made;
}

void CurveLanes::set_bounds(int lane, Nonlinear c, double lower, double upper) {
  if (at(square_, c) != 0) return;  // their relaxation depends on the lanes' bounds alone
  LaneEnvelope& to = lane_envelope(c);
  const PiecewiseLinearEnvelope<double> envelope =
      envelope_of(at(network_->nonlinear, c).activation, lower, upper);
  set_lane(to.envelope, lane, envelope);
  to.finite = to.finite && is_finite(envelope);
}

void CurveLanes::set_multiplier(int lane, Nonlinear c, double multiplier) {
  LaneEnvelope& to = lane_envelope(c);
  to.is_restricted[lane] = 1.0;
  to.multiplier[lane] = multiplier;
}

double CurveLanes::multiplier(int lane, Nonlinear c) const {
  const LaneEnvelope* found = find_lane_envelope(c);
  return found != nullptr ? found->multiplier[lane] : 0.0;
}

void CurveLanes::copy_lane(const CurveLanes& from, int lane) {
  reset();
  const auto spread = [lane](Polyline<Vec>& to, const Polyline<Vec>& polyline) {
    for (int j = 0; j < kPolylinePoints; ++j) {
      to.z[j] = broadcast(polyline.z[j][lane]);
      to.value[j] = broadcast(polyline.value[j][lane]);
    }
    to.slope = broadcast(polyline.slope[lane]);
    to.down = broadcast(polyline.down[lane]);
    to.up = broadcast(polyline.up[lane]);
  };
  for (const Nonlinear c : from.changed_) {
    const LaneEnvelope& other = *from.find_lane_envelope(c);
    LaneEnvelope& mine = lane_envelope(c);
    spread(mine.envelope.below, other.envelope.below);
    spread(mine.envelope.above, other.envelope.above);
    mine.multiplier = broadcast(other.multiplier[lane]);
    mine.is_restricted = broadcast(other.is_restricted[lane]);
    mine.finite = other.finite;
  }
}

/// q = min over the polyline of g v - p z, with p as rounded. The values stand off f by what their
/// products round; what p z rounds is one more rounding of z's own terms.
template <bool kFinite, typename Number>
CurveLanes::Relaxed CurveLanes::by_envelope(const PiecewiseLinearEnvelope<Number>& envelope, Vec g,
                                            Vec alpha, Vec multiplier, ActivePoint& active) const {
  const Vec zero = {};
  const Mask negative = g < zero, none = g == zero;
  const auto pick = [&](const Number& below, const Number& above) {
    return select(negative, vec(above), vec(below));
  };
  const Vec t = 2.0 * alpha - 1.0;
  const Vec rate = select(t < zero, pick(envelope.below.down, envelope.above.down),
                          pick(envelope.below.up, envelope.above.up));
  const Vec slope = pick(envelope.below.slope, envelope.above.slope) + t * rate;
  const Vec p = g * slope + multiplier;
  const auto value_at = [&](int j) {
    const Vec value = pick(envelope.below.value[j], envelope.above.value[j]);
    return kFinite ? value : select(none, zero, value);  // 0 times infinity
  };
  active.z = pick(envelope.below.z[0], envelope.above.z[0]);
  active.value = value_at(0);
  Vec q = g * active.value - p * active.z;
#pragma GCC unroll 8
  for (int j = 1; j < kPolylinePoints; ++j) {
    const Vec z = pick(envelope.below.z[j], envelope.above.z[j]), value = value_at(j);
    const Vec here = g * value - p * z;
    const Mask less = here < q;
    q = select(less, here, q);
    active.z = select(less, z, active.z);
    active.value = select(less, value, active.value);
  }
  if (!kFinite) active.value = select(vabs(active.value) < kOverflow, active.value, zero);
  active.slope = slope;
  active.rate = 2.0 * rate;
  return {p, q};
}

CurveLanes::Relaxed CurveLanes::square(Vec g, Vec alpha, Vec multiplier, Vec low, Vec high,
                                       ActivePoint& active) const {
  const Vec zero = {};
  const Mask negative = g < zero, bounded = (vabs(low) < kOverflow) & (vabs(high) < kOverflow);
  const Vec l = select(bounded, low, zero), h = select(bounded, high, zero);
  const Vec rate = select(negative, zero, h - l), slope = (l + h) + (2.0 * alpha - 1.0) * rate;
  const Vec p = select(bounded, g * slope + multiplier, zero);
  const LeastOfSquare least = least_of_square(g, p, l, h);
  active.z = least.z;
  active.value = active.z * active.z;
  active.slope = slope;
  active.rate = 2.0 * rate;
  return {p, select(bounded | ~negative, least.q, broadcast(-kInfinity))};
}

/// The linear bound's slopes are those between McCormick's two.
std::array<CurveLanes::Relaxed, 2> CurveLanes::relax_square_pair(const SquarePair& pair,
                                                                 const Squares& squares) {
  ActivePoint &first = at(active_, pair.plus), &second = at(active_, pair.minus);
  SquarePairTerms terms = squares.terms;
  const Vec weight = terms.weight(), zero = {};
  const double x_width = pair.x_high - pair.x_low, y_width = pair.y_high - pair.y_low;
  const Mask negative = weight < zero;
  const Vec by_y = pair.x_low + squares.alpha[0] * x_width;
  const Vec by_x = select(negative, pair.y_high - squares.alpha[1] * y_width,
                          pair.y_low + squares.alpha[1] * y_width);
  terms.p[0] = 2.0 * weight * (by_y + by_x) + multipliers(pair.plus);
  terms.p[1] = 2.0 * weight * (by_x - by_y) + multipliers(pair.minus);
  const Vec together = together_below(pair, terms, [&](Mask less, double z_1, double z_2) {
    first.z = select(less, broadcast(z_1), first.z);
    second.z = select(less, broadcast(z_2), second.z);
  });
  const SquaresApart apart = apart_below(terms);
  const Mask better = apart.sum > together;
  first.z = select(better, apart.of[0].z, first.z);
  second.z = select(better, apart.of[1].z, second.z);
  first.value = first.z * first.z;
  second.value = second.z * second.z;
  first.slope = 2.0 * (by_y + by_x);
  second.slope = 2.0 * (by_y - by_x);
  first.rate = broadcast(2.0 * x_width);
  second.rate = select(negative, broadcast(-2.0 * y_width), broadcast(2.0 * y_width));
  return {Relaxed{terms.p[0], select(better, apart.sum, together)}, Relaxed{terms.p[1], zero}};
}

std::array<Vec, 2> CurveLanes::differentiate_square_pair(const SquarePair& pair, Vec g_plus,
                                                         Vec g_minus, Vec z_plus, Vec z_minus,
                                                         Vec& gradient_plus, Vec& gradient_minus) {
  ActivePoint &first = at(active_, pair.plus), &second = at(active_, pair.minus);
  first.z_at_corner = z_plus;
  second.z_at_corner = z_minus;
  const Vec weight = 0.5 * (g_plus - g_minus), distance[2] = {z_plus - first.z, z_minus - second.z};
  gradient_plus = weight * first.rate * (distance[0] - distance[1]);
  gradient_minus = weight * second.rate * (distance[0] + distance[1]);
  const Vec linear = 0.5 * (first.slope * distance[0] - second.slope * distance[1]);
  return {first.value + linear, second.value - linear};
}

CurveLanes::Relaxed CurveLanes::relax(Nonlinear c, Vec g, Vec alpha, Vec low, Vec high) {
  ActivePoint& active = at(active_, c);
  const LaneEnvelope* mine = find_lane_envelope(c);
  if (at(square_, c) != 0)
    return square(g, alpha, mine != nullptr ? mine->multiplier : Vec{}, low, high, active);
  if (mine != nullptr) {
    return mine->finite ? by_envelope<true>(mine->envelope, g, alpha, mine->multiplier, active)
                        : by_envelope<false>(mine->envelope, g, alpha, mine->multiplier, active);
  }
  const PiecewiseLinearEnvelope<double>& envelope = at(network_->nonlinear, c).envelope;
  return at(finite_, c) != 0 ? by_envelope<true>(envelope, g, alpha, Vec{}, active)
                             : by_envelope<false>(envelope, g, alpha, Vec{}, active);
}

Vec CurveLanes::differentiate(Nonlinear c, Vec g, Vec z, Vec& gradient) {
  ActivePoint& active = at(active_, c);
  const Vec distance = z - active.z;
  active.z_at_corner = z;
  gradient = g * distance * active.rate;
  return active.value + active.slope * distance;
}

void CurveLanes::begin_ascent(Nonlinear c) {
  LaneEnvelope* const found = find_lane_envelope(c);
  if (found == nullptr) return;
  LaneEnvelope& mine = *found;
  mine.first = mine.second = Vec{};
  mine.best = mine.multiplier;
}

void CurveLanes::step(Nonlinear c, Vec rate, double first_share, double second_share) {
  LaneEnvelope* const found = find_lane_envelope(c);
  if (found == nullptr) return;
  LaneEnvelope& mine = *found;
  const Vec gradient = mine.is_restricted * multiplier_gradient(c);
  mine.first = kAdamFirst * mine.first + (1.0 - kAdamFirst) * gradient;
  mine.second = kAdamSecond * mine.second + (1.0 - kAdamSecond) * gradient * gradient;
  for (int lane = 0; lane < kLanes; ++lane) {
    mine.multiplier[lane] += mine.is_restricted[lane] * rate[lane] *
                             (mine.first[lane] * first_share) /
                             (std::sqrt(mine.second[lane] * second_share) + 1e-12);
  }
}

void CurveLanes::keep(Nonlinear c, Mask better) {
  LaneEnvelope* const found = find_lane_envelope(c);
  if (found == nullptr) return;
  LaneEnvelope& mine = *found;
  mine.best = select(better, mine.multiplier, mine.best);
}

void CurveLanes::take_best(Nonlinear c) {
  if (LaneEnvelope* found = find_lane_envelope(c)) found->multiplier = found->best;
}

double CurveLanes::gap_at(Nonlinear c, int lane, double z) const {
  const ActivePoint& active = at(active_, c);
  const double gap = std::fabs(value_of(at(network_->nonlinear, c).activation, z) -
                               (active.value[lane] + active.slope[lane] * (z - active.z[lane])));
  return gap < kOverflow ? gap : 0.0;
}

double CurveLanes::gap(Nonlinear c, int lane, double low, double high) const {
  return std::max(
      {gap_at(c, lane, low), gap_at(c, lane, 0.5 * low + 0.5 * high), gap_at(c, lane, high)});
}

double CurveLanes::alpha_for(Nonlinear c, int lane, double coefficient, double slope, double low,
                             double high) const {
  const bool negative = coefficient < 0.0;
  double middle = low + high, down = negative ? 0.0 : high - low, up = down;
  if (at(square_, c) == 0) {
    const auto take = [&](double s, double d, double u) { middle = s, down = d, up = u; };
    if (const LaneEnvelope* found = find_lane_envelope(c)) {
      const PiecewiseLinearEnvelope<Vec>& envelope = found->envelope;
      const Polyline<Vec>& polyline = negative ? envelope.above : envelope.below;
      take(polyline.slope[lane], polyline.down[lane], polyline.up[lane]);
    } else {
      const PiecewiseLinearEnvelope<double>& envelope = at(network_->nonlinear, c).envelope;
      const Polyline<double>& polyline = negative ? envelope.above : envelope.below;
      take(polyline.slope, polyline.down, polyline.up);
    }
  }
  const double rate = slope < middle ? down : up;
  return rate > 0.0 ? std::clamp(0.5 + 0.5 * (slope - middle) / rate, 0.0, 1.0) : 0.5;
}

double CurveLanes::steepness(Nonlinear c) const {
  const PiecewiseLinearEnvelope<double>& envelope = at(network_->nonlinear, c).envelope;
  if (at(square_, c) == 0) return std::fabs(envelope.below.slope) + std::fabs(envelope.above.slope);
  const Unstable u = at(network_->nonlinear, c).unstable;
  return std::fabs(at(network_->lower, u)) + std::fabs(at(network_->upper, u));
}

}  // namespace clipbound::bounds
