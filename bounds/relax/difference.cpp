#include "bounds/relax/difference.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"

namespace clipbound::bounds {

namespace {

/// A range times a number.
Range scaled(const Range& range, double factor) {
  const double a = range.lower * factor, b = range.upper * factor;
  return {next_down(std::fmin(a, b)), next_up(std::fmax(a, b))};
}

/// 1 at 0, and less the farther away: the slopes of atan, 1 / (1 + z^2).
Range atan_slopes(double l, double u) {
  const auto at = [](double z) { return 1.0 / (1.0 + z * z); };
  const double near = l > 0.0 ? l : (u < 0.0 ? u : 0.0),
               far = std::fmax(std::fabs(l), std::fabs(u));
  return {at(far) * (1.0 - 0x1p-50), at(near) * (1.0 + 0x1p-50)};
}

/// A line below v(d) = min(s d, t d) on [l, u]: v is concave, so its ends decide whatever the slope
/// is.
void line_below(double s, double t, const Range& d, double& slope, double& offset) {
  const auto v = [&](double z) { return std::fmin(s * z, t * z); };
  const double width = d.upper - d.lower;
  slope = width > 0.0 ? (v(d.upper) - v(d.lower)) / width : s;
  slope = std::clamp(slope, std::fmin(s, t), std::fmax(s, t));
  const double size = (std::fabs(s) + std::fabs(t) + std::fabs(slope)) *
                      std::fmax(std::fabs(d.lower), std::fabs(d.upper));
  offset = std::fmin(v(d.lower) - slope * d.lower, v(d.upper) - slope * d.upper) -
           (size * 0x1p-50 + 0x1p-1000);
}

double middle(const Range& range) {
  return 0.5 * range.lower + 0.5 * range.upper;
}

/// The share of `end` that `distance` is, no more than 1 and rounded down; none where that is next
/// to underflow, where roundings are no part of the number any more.
double share_of(double distance, double end) {
  const double share = std::fmin(1.0, distance / end) * (1.0 - 0x1p-50);
  return share > 0x1p-1000 ? share : 0.0;
}

/// Of two unstable ReLUs whose difference has one sign, the line on the far side of 0 may fall with
/// x or y towards the end where both are inactive or active: there nothing is lost (S14).
void tilt(const Range& x, const Range& y, const Range& d, DifferenceLines& lines) {
  if (d.lower >= 0.0) {
    if (middle(x) < 0.0) lines.upper_x = share_of(d.lower, -x.lower);
    if (middle(y) > 0.0) lines.lower_y = share_of(d.lower, y.upper);
  } else if (d.upper <= 0.0) {
    if (middle(x) > 0.0) lines.upper_x = -share_of(-d.upper, x.upper);
    if (middle(y) < 0.0) lines.lower_y = -share_of(-d.upper, -y.lower);
  }
}

/// relu(y) - relu(x) from above, by x's and d's intervals; `middle` is one such bound.
void upper_fan(const Range& x, const Range& d, const DifferenceFan::Bound& middle,
               DifferenceFan::Bound* fan) {
  const double rise = std::fmax(d.upper, 0.0), fall = std::fmax(-d.lower, 0.0);
  fan[0] = {0.0, share_of(rise, -x.lower), rise};
  fan[1] = middle;
  fan[2] = {1.0, -share_of(fall, x.upper), fall};
  // What roundings of a mean's weights and coefficients are worth, at most.
  double size = std::fmax(rise, fall), tilt = 0.0;
  for (int k = 0; k < 3; ++k) {
    size = std::fmax(size, std::fabs(fan[k].offset));
    tilt = std::fmax(tilt, std::fabs(fan[k].tilt));
  }
  const double margin = (2.0 * size + tilt * std::fmax(-x.lower, x.upper)) * 0x1p-48 + 0x1p-990;
  for (int k = 0; k < 3; ++k) fan[k].offset += margin;
}

/// The interval of y - x, no wider than those of both allow.
Range cut_to_ends(const Range& x, const Range& y, const Range& d) {
  return {std::fmax(d.lower, next_down(y.lower - x.upper)),
          std::fmin(d.upper, next_up(y.upper - x.lower))};
}

bool is_finite(const Range& range) {
  return std::fabs(range.lower) < 0x1p400 && std::fabs(range.upper) < 0x1p400;
}

}  // namespace

std::optional<Range> slope_range(const Activation& activation, double l, double u) {
  switch (activation.curve) {
    case Curve::relu: return Range{l >= 0.0 ? 1.0 : 0.0, u <= 0.0 ? 0.0 : 1.0};
    case Curve::tanh: return range_of({Curve::tanh_slope}, l, u);
    // (1 + tanh(z / 2)) / 2
    case Curve::sigmoid: return scaled(range_of({Curve::tanh_slope}, 0.5 * l, 0.5 * u), 0.25);
    case Curve::softplus: return range_of({Curve::sigmoid}, l, u);
    case Curve::exp: return range_of({Curve::exp}, l, u);
    case Curve::sin: return range_of({Curve::cos}, l, u);
    case Curve::cos: return scaled(range_of({Curve::sin}, l, u), -1.0);
    case Curve::atan: return atan_slopes(l, u);
    default: return std::nullopt;
  }
}

DifferenceFan fan_of_relus(const Range& x, const Range& y, const Range& d,
                           const DifferenceLines& lines) {
  DifferenceFan fan;
  // Of an interval without an end offsets would be infinite, and a mean of them NaN.
  const Range both = cut_to_ends(x, y, d);
  upper_fan(x, both, {lines.upper_slope, lines.upper_x, lines.upper_offset}, fan.above);
  // f(y) - f(x) = -(f(x) - f(y)), whose difference is -d.
  upper_fan(y, {-both.upper, -both.lower}, {lines.lower_slope, -lines.lower_y, -lines.lower_offset},
            fan.below);
  for (DifferenceFan::Bound& bound : fan.below) bound = {bound.slope, -bound.tilt, -bound.offset};
  return fan;
}

DifferenceLines relax_difference(const Activation& activation, const Range& x, const Range& y,
                                 const Range& d, const LinePair& of_x, const LinePair& of_y) {
  DifferenceLines lines;
  if (!is_finite(x) || !is_finite(y)) return lines;
  if (activation.curve == Curve::relu &&
      (x.lower >= 0.0 || x.upper <= 0.0 || y.lower >= 0.0 || y.upper <= 0.0))
    return lines;  // one of them is linear: the other's own lines lose no more than d's interval
  const Range both = cut_to_ends(x, y, d);
  const std::optional<Range> slopes =
      slope_range(activation, std::fmin(x.lower, y.lower), std::fmax(x.upper, y.upper));
  if (!slopes || !is_finite(*slopes) || !(both.lower <= both.upper)) return lines;
  line_below(slopes->lower, slopes->upper, both, lines.lower_slope, lines.lower_offset);
  // f(y) - f(x) <= max(s d, t d) = -min(-s d, -t d).
  line_below(-slopes->lower, -slopes->upper, both, lines.upper_slope, lines.upper_offset);
  lines.upper_slope = -lines.upper_slope;
  lines.upper_offset = -lines.upper_offset;
  if (activation.curve == Curve::relu) tilt(x, y, both, lines);
  const double x_middle = middle(x), y_middle = middle(y),
               d_middle = std::clamp(y_middle - x_middle, both.lower, both.upper);
  const double low = lines.lower_slope * d_middle + lines.lower_y * y_middle + lines.lower_offset,
               high = lines.upper_slope * d_middle + lines.upper_x * x_middle + lines.upper_offset;
  lines.gap = std::fmax(0.0, 0.5 * (high - low));
  lines.below = low > (of_y.lower_slope * y_middle + of_y.lower_offset) -
                          (of_x.upper_slope * x_middle + of_x.upper_offset);
  lines.above = high < (of_y.upper_slope * y_middle + of_y.upper_offset) -
                           (of_x.lower_slope * x_middle + of_x.lower_offset);
  return lines;
}

}  // namespace clipbound::bounds
