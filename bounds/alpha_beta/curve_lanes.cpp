#include "bounds/alpha_beta/curve_lanes.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/rounding.h"

namespace clipbound::bounds {

namespace {

std::size_t at(std::int32_t i) {
  return static_cast<std::size_t>(i);
}
Vec vec(double x) {
  return broadcast(x);
}
Vec vec(Vec x) {
  return x;
}

}  // namespace

void CurveLanes::attach(const SparseNetwork& network) {
  network_ = &network;
  const std::size_t C = network.curves.size();
  touch_.assign(C, Touch{});
  own_of_.assign(C, -1);
  owned_.clear();
  own_.clear();
  finite_.resize(C);
  square_.resize(C);
  for (std::size_t c = 0; c < C; ++c) {
    square_[c] = network.curves[c].curve == Curve::square ? 1 : 0;
    finite_[c] = square_[c] == 0 && is_finite(network.hulls[c]) ? 1 : 0;
  }
}

void CurveLanes::reset() {
  for (const std::int32_t c : owned_) own_of_[at(c)] = -1;
  owned_.clear();
  own_.clear();
}

void CurveLanes::set_lane(PiecewiseLinearEnvelope<Vec>& hull, int lane,
                          const PiecewiseLinearEnvelope<double>& from) {
  const auto one_side = [lane](Polyline<Vec>& to, const Polyline<double>& chain) {
    for (int j = 0; j < kChainPoints; ++j) {
      to.z[j][lane] = chain.z[j];
      to.value[j][lane] = chain.value[j];
    }
    to.slope[lane] = chain.slope;
    to.down[lane] = chain.down;
    to.up[lane] = chain.up;
  };
  one_side(hull.below, from.below);
  one_side(hull.above, from.above);
}

CurveLanes::Own& CurveLanes::own(std::int32_t c) {
  if (own_of_[at(c)] >= 0) return own_[at(own_of_[at(c)])];
  own_of_[at(c)] = static_cast<std::int32_t>(own_.size());
  owned_.push_back(c);
  Own& own = own_.emplace_back();
  own.multiplier = own.first = own.second = own.best = own.restrained = Vec{};
  for (int lane = 0; lane < kLanes; ++lane) set_lane(own.hull, lane, network_->hulls[at(c)]);
  own.finite = finite_[at(c)] != 0;
  return own;
}

void CurveLanes::set_bounds(int lane, std::int32_t c, double lower, double upper) {
  if (square_[at(c)] != 0) return;  // reads the lanes' bounds
  Own& own = this->own(c);
  const PiecewiseLinearEnvelope<double> hull = hull_of(network_->curves[at(c)], lower, upper);
  set_lane(own.hull, lane, hull);
  own.finite = own.finite && is_finite(hull);
}

void CurveLanes::restrain(int lane, std::int32_t c, double multiplier) {
  Own& own = this->own(c);
  own.restrained[lane] = 1.0;
  own.multiplier[lane] = multiplier;
}

double CurveLanes::multiplier(int lane, std::int32_t c) const {
  return own_of_[at(c)] < 0 ? 0.0 : own_[at(own_of_[at(c)])].multiplier[lane];
}

void CurveLanes::copy_lane(const CurveLanes& from, int lane) {
  reset();
  const auto spread = [lane](Polyline<Vec>& to, const Polyline<Vec>& chain) {
    for (int j = 0; j < kChainPoints; ++j) {
      to.z[j] = broadcast(chain.z[j][lane]);
      to.value[j] = broadcast(chain.value[j][lane]);
    }
    to.slope = broadcast(chain.slope[lane]);
    to.down = broadcast(chain.down[lane]);
    to.up = broadcast(chain.up[lane]);
  };
  for (const std::int32_t c : from.owned_) {
    const Own& other = from.own_[at(from.own_of_[at(c)])];
    Own& mine = own(c);
    spread(mine.hull.below, other.hull.below);
    spread(mine.hull.above, other.hull.above);
    mine.multiplier = broadcast(other.multiplier[lane]);
    mine.restrained = broadcast(other.restrained[lane]);
    mine.finite = other.finite;
  }
}

/// q = min over the chain of g v - p z, with p as rounded. The values stand off f by what their
/// products round; what p z rounds is one more rounding of z's own terms.
template <bool kFinite, typename Number>
CurveLanes::Relaxed CurveLanes::by_chains(const PiecewiseLinearEnvelope<Number>& hull, Vec g,
                                          Vec theta, Vec multiplier, Touch& touch) const {
  const Vec zero = {};
  const Mask negative = g < zero, none = g == zero;
  const auto pick = [&](const Number& below, const Number& above) {
    return select(negative, vec(above), vec(below));
  };
  const Vec t = 2.0 * theta - 1.0;
  const Vec rate =
      select(t < zero, pick(hull.below.down, hull.above.down), pick(hull.below.up, hull.above.up));
  const Vec slope = pick(hull.below.slope, hull.above.slope) + t * rate;
  const Vec p = g * slope + multiplier;
  const auto value_at = [&](int j) {
    const Vec value = pick(hull.below.value[j], hull.above.value[j]);
    return kFinite ? value : select(none, zero, value);  // 0 times infinity
  };
  touch.z = pick(hull.below.z[0], hull.above.z[0]);
  touch.value = value_at(0);
  Vec q = g * touch.value - p * touch.z;
#pragma GCC unroll 8
  for (int j = 1; j < kChainPoints; ++j) {
    const Vec z = pick(hull.below.z[j], hull.above.z[j]), value = value_at(j);
    const Vec here = g * value - p * z;
    const Mask less = here < q;
    q = select(less, here, q);
    touch.z = select(less, z, touch.z);
    touch.value = select(less, value, touch.value);
  }
  if (!kFinite) touch.value = select(vabs(touch.value) < kOverflow, touch.value, zero);
  touch.slope = slope;
  touch.rate = 2.0 * rate;
  return {p, q};
}

/// g z^2 - p z on [l, h] is least at p / (2 g), or at an end where g < 0. The factor of g pays for
/// the roundings of g z^2, and for those of the place, which enter squared.
CurveLanes::Least CurveLanes::least_of_square(Vec g, Vec p, Vec l, Vec h) {
  const Vec zero = {}, one = broadcast(1.0);
  const Mask negative = g < zero;
  const Vec weight = g * select(negative, one + 0x1p-49, one - 0x1p-49);
  const Vec vertex = p / (weight + weight);
  const Vec inside = vmin(select(vertex > l, vertex, l), h);
  const Vec at_low = (weight * l - p) * l, at_high = (weight * h - p) * h;
  return {select(negative, vmin(at_low, at_high), (weight * inside - p) * inside),
          select(negative, select(at_low < at_high, l, h), inside)};
}

CurveLanes::Relaxed CurveLanes::square(Vec g, Vec theta, Vec multiplier, Vec low, Vec high,
                                       Touch& touch) const {
  const Vec zero = {};
  const Mask negative = g < zero, bounded = (vabs(low) < kOverflow) & (vabs(high) < kOverflow);
  const Vec l = select(bounded, low, zero), h = select(bounded, high, zero);
  const Vec rate = select(negative, zero, h - l), slope = (l + h) + (2.0 * theta - 1.0) * rate;
  const Vec p = select(bounded, g * slope + multiplier, zero);
  const Least least = least_of_square(g, p, l, h);
  touch.z = least.z;
  touch.value = touch.z * touch.z;
  touch.slope = slope;
  touch.rate = 2.0 * rate;
  return {p, select(bounded | ~negative, least.q, broadcast(-kInfinity))};
}

/// With weight w = (g_1 - g_2) / 2, g_1 z_1^2 + g_2 z_2^2 = 4 w X Y up to (g_1 + g_2) / 2 times
/// both squares. The plane's slopes are those between McCormick's two; what is left over is
/// bilinear, so least at a corner. The squares by themselves give a q for the same p too: better
/// where splits have narrowed their ranges.
std::array<CurveLanes::Relaxed, 2> CurveLanes::relax_pair(const SquarePair& pair,
                                                          const Squares& s) {
  const Vec zero = {};
  Touch &first = touch_[at(pair.plus)], &second = touch_[at(pair.minus)];
  const Vec weight = 0.5 * (s.g[0] - s.g[1]);
  const double x_width = pair.x_high - pair.x_low, y_width = pair.y_high - pair.y_low;
  const Mask negative = weight < zero;
  const Vec by_y = pair.x_low + s.theta[0] * x_width;
  const Vec by_x =
      select(negative, pair.y_high - s.theta[1] * y_width, pair.y_low + s.theta[1] * y_width);
  const Vec p[2] = {2.0 * weight * (by_y + by_x) + multipliers(pair.plus),
                    2.0 * weight * (by_x - by_y) + multipliers(pair.minus)};
  Vec joint = broadcast(kInfinity);
  for (int corner = 0; corner < 4; ++corner) {
    const double x = corner % 2 == 0 ? pair.x_low : pair.x_high,
                 y = corner < 2 ? pair.y_low : pair.y_high;
    const Vec product = 4.0 * weight * (x * y);
    const Vec here = (product - 0x1p-48 * vabs(product)) - p[0] * (x + y) - p[1] * (x - y);
    const Mask less = ~(here >= joint);
    joint = select(less, here, joint);
    first.z = select(less, broadcast(x + y), first.z);
    second.z = select(less, broadcast(x - y), second.z);
  }
  joint -= 0.5000001 * pair.squares * vabs(s.g[0] + s.g[1]);
  Least apart[2];
  for (int k = 0; k < 2; ++k) apart[k] = least_of_square(s.g[k], p[k], s.low[k], s.high[k]);
  const Vec sum = apart[0].q + apart[1].q - 0x1p-51 * (vabs(apart[0].q) + vabs(apart[1].q));
  const Mask better = sum > joint;
  first.z = select(better, apart[0].z, first.z);
  second.z = select(better, apart[1].z, second.z);
  first.value = first.z * first.z;
  second.value = second.z * second.z;
  first.slope = 2.0 * (by_y + by_x);
  second.slope = 2.0 * (by_y - by_x);
  first.rate = broadcast(2.0 * x_width);
  second.rate = select(negative, broadcast(-2.0 * y_width), broadcast(2.0 * y_width));
  return {Relaxed{p[0], select(better, sum, joint)}, Relaxed{p[1], zero}};
}

std::array<Vec, 2> CurveLanes::differentiate_pair(const SquarePair& pair, Vec g_plus, Vec g_minus,
                                                  Vec z_plus, Vec z_minus, Vec& gradient_plus,
                                                  Vec& gradient_minus) {
  Touch &first = touch_[at(pair.plus)], &second = touch_[at(pair.minus)];
  first.at = z_plus;
  second.at = z_minus;
  const Vec weight = 0.5 * (g_plus - g_minus), reach[2] = {z_plus - first.z, z_minus - second.z};
  gradient_plus = weight * first.rate * (reach[0] - reach[1]);
  gradient_minus = weight * second.rate * (reach[0] + reach[1]);
  const Vec plane = 0.5 * (first.slope * reach[0] - second.slope * reach[1]);
  return {first.value + plane, second.value - plane};
}

CurveLanes::Relaxed CurveLanes::relax(std::int32_t c, Vec g, Vec theta, Vec low, Vec high) {
  Touch& touch = touch_[at(c)];
  const Own* own = own_of_[at(c)] < 0 ? nullptr : &own_[at(own_of_[at(c)])];
  if (square_[at(c)] != 0)
    return square(g, theta, own != nullptr ? own->multiplier : Vec{}, low, high, touch);
  if (own != nullptr) {
    return own->finite ? by_chains<true>(own->hull, g, theta, own->multiplier, touch)
                       : by_chains<false>(own->hull, g, theta, own->multiplier, touch);
  }
  const PiecewiseLinearEnvelope<double>& hull = network_->hulls[at(c)];
  return finite_[at(c)] != 0 ? by_chains<true>(hull, g, theta, Vec{}, touch)
                             : by_chains<false>(hull, g, theta, Vec{}, touch);
}

Vec CurveLanes::differentiate(std::int32_t c, Vec g, Vec z, Vec& gradient) {
  Touch& touch = touch_[at(c)];
  const Vec reach = z - touch.z;
  touch.at = z;
  gradient = g * reach * touch.rate;
  return touch.value + touch.slope * reach;
}

void CurveLanes::begin_ascent(std::int32_t c) {
  if (own_of_[at(c)] < 0) return;
  Own& own = own_[at(own_of_[at(c)])];
  own.first = own.second = Vec{};
  own.best = own.multiplier;
}

void CurveLanes::step(std::int32_t c, Vec rate, double first_share, double second_share) {
  if (own_of_[at(c)] < 0) return;
  Own& own = own_[at(own_of_[at(c)])];
  const Vec gradient = own.restrained * multiplier_gradient(c);
  own.first = kAdamFirst * own.first + (1.0 - kAdamFirst) * gradient;
  own.second = kAdamSecond * own.second + (1.0 - kAdamSecond) * gradient * gradient;
  for (int lane = 0; lane < kLanes; ++lane) {
    own.multiplier[lane] += own.restrained[lane] * rate[lane] * (own.first[lane] * first_share) /
                            (std::sqrt(own.second[lane] * second_share) + 1e-12);
  }
}

void CurveLanes::keep(std::int32_t c, Mask better) {
  if (own_of_[at(c)] < 0) return;
  Own& own = own_[at(own_of_[at(c)])];
  own.best = select(better, own.multiplier, own.best);
}

void CurveLanes::take_best(std::int32_t c) {
  if (own_of_[at(c)] >= 0) own_[at(own_of_[at(c)])].multiplier = own_[at(own_of_[at(c)])].best;
}

double CurveLanes::gap_at(std::int32_t c, int lane, double z) const {
  const Touch& touch = touch_[at(c)];
  const double gap = std::fabs(value_of(network_->curves[at(c)], z) -
                               (touch.value[lane] + touch.slope[lane] * (z - touch.z[lane])));
  return gap < kOverflow ? gap : 0.0;
}

double CurveLanes::gap(std::int32_t c, int lane, double low, double high) const {
  return std::max(
      {gap_at(c, lane, low), gap_at(c, lane, 0.5 * low + 0.5 * high), gap_at(c, lane, high)});
}

double CurveLanes::theta_for(std::int32_t c, int lane, bool negative, double slope, double low,
                             double high) const {
  double middle = low + high, down = negative ? 0.0 : high - low, up = down;
  if (square_[at(c)] == 0) {
    const auto take = [&](double s, double d, double u) { middle = s, down = d, up = u; };
    if (own_of_[at(c)] >= 0) {
      const PiecewiseLinearEnvelope<Vec>& hull = own_[at(own_of_[at(c)])].hull;
      const Polyline<Vec>& chain = negative ? hull.above : hull.below;
      take(chain.slope[lane], chain.down[lane], chain.up[lane]);
    } else {
      const PiecewiseLinearEnvelope<double>& hull = network_->hulls[at(c)];
      const Polyline<double>& chain = negative ? hull.above : hull.below;
      take(chain.slope, chain.down, chain.up);
    }
  }
  const double rate = slope < middle ? down : up;
  return rate > 0.0 ? std::clamp(0.5 + 0.5 * (slope - middle) / rate, 0.0, 1.0) : 0.5;
}

double CurveLanes::steepness(std::int32_t c) const {
  const PiecewiseLinearEnvelope<double>& hull = network_->hulls[at(c)];
  if (square_[at(c)] == 0) return std::fabs(hull.below.slope) + std::fabs(hull.above.slope);
  const auto slot = at(network_->curved_slots[at(c)]);
  return std::fabs(network_->lower[slot]) + std::fabs(network_->upper[slot]);
}

}  // namespace clipbound::bounds
