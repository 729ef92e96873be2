// Idea: From the linear bounds of a pre-activation to those of its activation, and of products.
// Source, guarantees, legend: forward_bounder.h; products: (S4).
#include "bounds/forward/forward_bounder.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"

namespace clipbound::bounds {

void ForwardBounder::store(Source& to, std::size_t i) const {
  for (std::size_t k = 0; k < width_; ++k) {
    to.middle[i * width_ + k] = 0.5 * below_[k] + 0.5 * above_[k];
    to.half[i * width_ + k] = 0.5 * above_[k] - 0.5 * below_[k];
  }
  to.magnitude(i) = magnitude_of(below_.data(), above_.data());
}

Vec ForwardBounder::magnitude_of(const Vec* low, const Vec* high) const {
  Vec below = vabs(low[width_ - 1]), above = vabs(high[width_ - 1]);
  for (std::size_t k = 0; k + 1 < width_; ++k) {
    below += vabs(low[k]) * largest_x_[k];
    above += vabs(high[k]) * largest_x_[k];
  }
  return vmax(below, above) * (1.0 + gamma_bound(static_cast<double>(2 * width_ + 8))) + 0x1p-1000;
}

/// Linear bounds become vacuous in lanes that are not sane; no NaN, no infinite coefficient may go
/// on from here.
void ForwardBounder::make_vacuous(Source& to, std::size_t i, Mask sane) {
  if (all(sane)) return;
  for (std::size_t k = i * width_; k < (i + 1) * width_; ++k) {
    to.middle[k] = select(sane, to.middle[k], Vec{});
    to.half[k] = select(sane, to.half[k], Vec{});
  }
  to.magnitude(i) = select(sane, to.magnitude(i), broadcast(kInfinity));
  to.error(i) = select(sane, to.error(i), broadcast(kInfinity));
}

/// Lines below and above an activation on [l, u], lane by lane where it is no ReLU.
ForwardBounder::Lines ForwardBounder::relax_lanes(const Activation& activation, Vec l, Vec u) {
  Lines lines;
  const Vec zero = {}, one = broadcast(1.0);
  if (activation.curve == Curve::relu) {
    const Mask active = l >= zero, inactive = u <= zero, unstable = ~(active | inactive);
    const Vec chord = u / (u - l);
    lines.lower_slope = select(active, one, select(inactive, zero, select(u > -l, one, zero)));
    lines.upper_slope = select(active, one, select(inactive, zero, chord));
    lines.lower_offset = zero;
    // relu(z) <= s z + t at both ends, hence between; rounded outward by more than the three
    // roundings can cost.
    lines.upper_offset = select(
        unstable,
        vmax(-chord * l, u - chord * u) + (vabs(chord * l) + vabs(u)) * 0x1p-49 + 0x1p-1000, zero);
  } else {
    for (int lane = 0; lane < kLanes; ++lane) {
      const LinePair of_lane = relax(activation, l[lane], u[lane]);
      lines.lower_slope[lane] = of_lane.lower_slope;
      lines.lower_offset[lane] = of_lane.lower_offset;
      lines.upper_slope[lane] = of_lane.upper_slope;
      lines.upper_offset[lane] = of_lane.upper_offset;
    }
  }
  return lines;
}

void ForwardBounder::activate_element(const Activation& activation, Source& to, std::size_t i,
                                      Vec l, Vec u, Vec error) {
  const Vec zero = {}, magnitude = magnitude_of(low_.data(), high_.data());
  const auto [s_low, t_low, s_high, t_high] = relax_lanes(activation, l, u);
  to.lower_slope[i] = s_low;
  to.lower_offset[i] = t_low;
  to.upper_slope[i] = s_high;
  to.upper_offset[i] = t_high;
  const Vec middle = 0.5 * (l + u), gap = (s_high - s_low) * middle + (t_high - t_low);
  const Vec per_width = gap / (u - l);
  to.gap[i] = select((per_width > zero) & (per_width < kOverflow), per_width, zero);
  for (std::size_t k = 0; k + 1 < width_; ++k)
    to.sensitivity[i * (width_ - 1) + k] = vabs(low_[k]) + vabs(high_[k]);
  // A falling line swaps z's bounds.
  const Mask falling_low = s_low < zero, falling_high = s_high < zero;
  for (std::size_t k = 0; k < width_; ++k) {
    below_[k] = select(s_low == zero, zero, s_low * select(falling_low, high_[k], low_[k]));
    above_[k] = select(s_high == zero, zero, s_high * select(falling_high, low_[k], high_[k]));
  }
  below_[width_ - 1] += t_low;
  above_[width_ - 1] += t_high;
  store(to, i);
  const Vec steepest = vmax(vabs(s_low), vabs(s_high)), offset = vmax(vabs(t_low), vabs(t_high));
  // Constants need no z.
  const Vec inherited =
      select(steepest == zero, zero, steepest * error + 4.0 * kUnitRoundoff * steepest * magnitude);
  to.error(i) = (inherited + 4.0 * kUnitRoundoff * offset) * (1.0 + 0x1p-40) + underflow_;
  make_vacuous(to, i, (to.error(i) < kOverflow) & (to.magnitude(i) < kOverflow));
}

/// The product of the first factor, kept in first_..., and of the second, whose linear bounds are
/// in low_ and high_.
void ForwardBounder::activate_product(const Batch& batch, Source& to, std::size_t second,
                                      const LaneFactor& y, Vec error) {
  const std::size_t first = second - 1, N = width_ - 1;
  const LaneFactor x{first_low_.data(), first_high_.data(), first_base_low_,
                     first_base_high_,  first_l_,           first_u_};
  const LaneProduct product =
      relax_product(x, y, batch.boxes.lower_x.data(), batch.boxes.upper_x.data(), N);
  const Vec zero = {}, a = product.x_slope, b = product.y_slope,
            gap = product.upper - product.lower;
  to.lower_slope[first] = to.upper_slope[first] = a;
  to.lower_slope[second] = to.upper_slope[second] = b;
  to.lower_offset[first] = product.lower;
  to.upper_offset[first] = product.upper;
  to.lower_offset[second] = to.upper_offset[second] = zero;
  // Halving either factor's range halves the gap.
  const Vec x_gap = gap / (x.u - x.l), y_gap = gap / (y.u - y.l);
  to.gap[first] = select((x_gap > zero) & (x_gap < kOverflow), x_gap, zero);
  to.gap[second] = select((y_gap > zero) & (y_gap < kOverflow), y_gap, zero);
  for (std::size_t k = 0; k < N; ++k) {
    to.sensitivity[first * N + k] = vabs(x.low[k]) + vabs(x.high[k]);
    to.sensitivity[second * N + k] = vabs(y.low[k]) + vabs(y.high[k]);
  }
  const Mask x_falls = a < zero, y_falls = b < zero;
  for (std::size_t k = 0; k < width_; ++k) {
    below_[k] =
        a * select(x_falls, first_high_[k], first_low_[k]) + b * select(y_falls, high_[k], low_[k]);
    above_[k] =
        a * select(x_falls, first_low_[k], first_high_[k]) + b * select(y_falls, low_[k], high_[k]);
  }
  below_[N] += product.lower;
  above_[N] += product.upper;
  store(to, first);
  const Vec terms = vabs(a) * magnitude_of(first_low_.data(), first_high_.data()) +
                    vabs(b) * magnitude_of(low_.data(), high_.data()) +
                    vmax(vabs(product.lower), vabs(product.upper));
  // Every coefficient rounds three times, the constant four times.
  to.error(first) =
      (vabs(a) * first_error_ + vabs(b) * error + 8.0 * kUnitRoundoff * terms) * (1.0 + 0x1p-40) +
      underflow_;
  make_vacuous(to, first, (to.error(first) < kOverflow) & (to.magnitude(first) < kOverflow));
}

}  // namespace clipbound::bounds
