#include "bounds/alpha_beta/curve_envelope.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"

namespace clipbound::bounds {

namespace {

struct Line {
  double slope, offset;
};
using Lines = std::array<Line, kPolylineLines>;

/// A constant on [l, u]: its points are both ends, since a multiplier may lean on it. Where z is
/// unbounded multipliers are of no use, and the points are at 0.
Polyline<double> constant_polyline(double value, double l, double u) {
  Polyline<double> polyline{};
  std::fill(polyline.value, polyline.value + kPolylinePoints, value);
  if (!std::isfinite(l) || !std::isfinite(u)) return polyline;
  std::fill(polyline.z, polyline.z + kPolylinePoints, u);
  polyline.z[0] = l;
  return polyline;
}

/// Not above the line at z; 2^-1020 is for what underflows. The last part pays for the rounding of
/// a product with the value later on.
double below(const Line& line, double z) {
  const double rise = line.slope * z, value = rise + line.offset;
  return value - (8.0 * kUnitRoundoff * (std::fabs(rise) + std::fabs(line.offset)) + 0x1p-1020);
}

/// How far below() falls at z.
double loss(const Line& line, double z) {
  return 16.0 * kUnitRoundoff * (std::fabs(line.slope * z) + std::fabs(line.offset));
}

/// Lower lines that raise each other's maximum on [l, u], from the shallowest to the steepest, and
/// where they meet.
struct LowerMaximum {
  Line lines[kPolylineLines];
  double meetings[kPolylineLines];  // of line k and the next
  int count = 0;

  /// Adds a line at the left or right end if it gains something there, far beyond the roundings,
  /// and meets its neighbour on its side.
  void offer(const Line& line, bool right, double l, double u) {
    const Line neighbour = right ? lines[count - 1] : lines[0];
    const double end = right ? u : l, gain = below(line, end) - below(neighbour, end);
    const double meeting = (line.offset - neighbour.offset) / (neighbour.slope - line.slope);
    const double from = right && count > 1 ? meetings[count - 2] : l,
                 to = !right && count > 1 ? meetings[0] : u;
    const bool steeper = right ? line.slope > neighbour.slope : line.slope < neighbour.slope;
    if (!steeper || !(gain > 100.0 * (loss(line, meeting) + loss(line, end))) ||
        !(meeting > from) || !(meeting < to))
      return;
    if (!right) {
      std::copy_backward(lines, lines + count, lines + count + 1);
      std::copy_backward(meetings, meetings + count - 1, meetings + count);
    }
    lines[right ? count : 0] = line;
    meetings[right ? count - 1 : 0] = meeting;
    ++count;
  }
};

/// Of lower lines on [l, u], which touch f in this order, the middle one being relax()'s. Between
/// two points of the polyline one line lies above both of them, so the segment lies below that
/// line; where the points are decides only how tight it is.
Polyline<double> polyline_below(const Lines& lines, double l, double u) {
  constexpr std::size_t kMiddle = kPolylineLines / 2;
  LowerMaximum maximum;
  maximum.lines[0] = lines[kMiddle];
  maximum.count = 1;
  for (std::size_t k = 1; k <= kMiddle; ++k) {
    maximum.offer(lines[kMiddle + k], true, l, u);
    maximum.offer(lines[kMiddle - k], false, l, u);
  }
  Polyline<double> polyline{};
  const int last = maximum.count;
  for (int j = 0; j < kPolylinePoints; ++j) {
    const Line &left = maximum.lines[std::clamp(j - 1, 0, last - 1)],
               &right = maximum.lines[std::min(j, last - 1)];
    polyline.z[j] = j == 0 ? l : j < last ? maximum.meetings[j - 1] : u;
    polyline.value[j] = std::min(below(left, polyline.z[j]), below(right, polyline.z[j]));
  }
  polyline.slope = lines[kMiddle].slope;
  polyline.down = polyline.slope - maximum.lines[0].slope;
  polyline.up = maximum.lines[last - 1].slope - polyline.slope;
  return polyline;
}

}  // namespace

bool is_finite(const PiecewiseLinearEnvelope<double>& envelope) {
  const auto finite = [](const Polyline<double>& polyline) {
    return std::all_of(polyline.value, polyline.value + kPolylinePoints,
                       [](double v) { return std::isfinite(v); });
  };
  return finite(envelope.below) && finite(envelope.above);
}

PiecewiseLinearEnvelope<double> envelope_of(const Activation& activation, double l, double u) {
  static_assert(kPolylineLines == 5);
  const Range range = range_of(activation, l, u);
  PiecewiseLinearEnvelope<double> envelope{constant_polyline(range.lower, l, u),
                                           constant_polyline(range.upper, l, u)};
  if (!std::isfinite(l) || !std::isfinite(u)) return envelope;
  const double m = touching_point(activation, l, u);
  const LinePair middle = relax(activation, l, u);
  LinePair supports[kPolylineLines];
  for (int k = 0; k < kPolylineLines; ++k) {
    const double z = k == 0 ? l : k == 1 ? 0.5 * l + 0.5 * m : k == 3 ? 0.5 * m + 0.5 * u : u;
    supports[k] = k == 2 ? middle : supporting(activation, l, u, z);
  }
  Lines lower, upper;
  for (std::size_t k = 0; k < lower.size(); ++k) {
    lower[k] = {supports[k].lower_slope, supports[k].lower_offset};
    upper[k] = {-supports[k].upper_slope, -supports[k].upper_offset};  // of -f
  }
  if (std::isfinite(middle.lower_offset)) envelope.below = polyline_below(lower, l, u);
  if (std::isfinite(middle.upper_offset)) {
    envelope.above = polyline_below(upper, l, u);
    for (double& v : envelope.above.value) v = -v;
    envelope.above.slope = middle.upper_slope;
    std::swap(envelope.above.down, envelope.above.up);
  }
  return envelope;
}

MiddleLines middle_lines(const PiecewiseLinearEnvelope<double>& envelope) {
  MiddleLines lines{{envelope.below.slope, kInfinity}, {envelope.above.slope, -kInfinity}};
  for (int j = 0; j < kPolylinePoints; ++j) {
    const double low = add_down(envelope.below.value[j],
                                -mul_up(lines.below.slope, envelope.below.z[j])),
                 high = add_up(envelope.above.value[j],
                               -mul_down(lines.above.slope, envelope.above.z[j]));
    // No number stays: it proves nothing.
    if (!(low >= lines.below.offset)) lines.below.offset = low;
    if (!(high <= lines.above.offset)) lines.above.offset = high;
  }
  return lines;
}

MiddleLines middle_lines_of_square(double l, double u) {
  constexpr double kLargest = 0x1p400;  // past it, squares may overflow
  if (!(std::fabs(l) < kLargest && std::fabs(u) < kLargest)) return {{0.0, 0.0}, {0.0, kInfinity}};
  // z^2 - s z is least at s / 2, greatest at an end.
  const double s = l + u;
  const auto at_end = [s](double z) { return add_up(mul_up(z, z), -mul_down(s, z)); };
  return {{s, mul_down(-0.25 * s, s)}, {s, std::max(at_end(l), at_end(u))}};
}

}  // namespace clipbound::bounds
