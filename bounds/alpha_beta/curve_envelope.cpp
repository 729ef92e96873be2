#include "bounds/alpha_beta/curve_envelope.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"

namespace clipbound::bounds {

namespace {

struct Line {
  double slope, offset;
};
using Lines = std::array<Line, kChainLines>;

/// A constant on [l, u]: its points are both ends, since a multiplier may lean on it. Where z is
/// unbounded multipliers are of no use, and the points are at 0.
Polyline<double> constant_chain(double value, double l, double u) {
  Polyline<double> chain{};
  std::fill(chain.value, chain.value + kChainPoints, value);
  if (!std::isfinite(l) || !std::isfinite(u)) return chain;
  std::fill(chain.z, chain.z + kChainPoints, u);
  chain.z[0] = l;
  return chain;
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
struct Envelope {
  Line lines[kChainLines];
  double meetings[kChainLines];  // of line k and the next
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
/// two points of the chain one line lies above both of them, so the segment lies below that line;
/// where the points are decides only how tight it is.
Polyline<double> chain_below(const Lines& lines, double l, double u) {
  constexpr std::size_t kMiddle = kChainLines / 2;
  Envelope envelope;
  envelope.lines[0] = lines[kMiddle];
  envelope.count = 1;
  for (std::size_t k = 1; k <= kMiddle; ++k) {
    envelope.offer(lines[kMiddle + k], true, l, u);
    envelope.offer(lines[kMiddle - k], false, l, u);
  }
  Polyline<double> chain{};
  const int last = envelope.count;
  for (int j = 0; j < kChainPoints; ++j) {
    const Line &left = envelope.lines[std::clamp(j - 1, 0, last - 1)],
               &right = envelope.lines[std::min(j, last - 1)];
    chain.z[j] = j == 0 ? l : j < last ? envelope.meetings[j - 1] : u;
    chain.value[j] = std::min(below(left, chain.z[j]), below(right, chain.z[j]));
  }
  chain.slope = lines[kMiddle].slope;
  chain.down = chain.slope - envelope.lines[0].slope;
  chain.up = envelope.lines[last - 1].slope - chain.slope;
  return chain;
}

}  // namespace

bool is_finite(const PiecewiseLinearEnvelope<double>& hull) {
  const auto finite = [](const Polyline<double>& chain) {
    return std::all_of(chain.value, chain.value + kChainPoints,
                       [](double v) { return std::isfinite(v); });
  };
  return finite(hull.below) && finite(hull.above);
}

PiecewiseLinearEnvelope<double> hull_of(const Activation& activation, double l, double u) {
  static_assert(kChainLines == 5);
  const Range range = range_of(activation, l, u);
  PiecewiseLinearEnvelope<double> hull{constant_chain(range.lower, l, u),
                                       constant_chain(range.upper, l, u)};
  if (!std::isfinite(l) || !std::isfinite(u)) return hull;
  const double m = touching_point(activation, l, u);
  const Planes middle = relax(activation, l, u);
  Planes planes[kChainLines];
  for (int k = 0; k < kChainLines; ++k) {
    const double z = k == 0 ? l : k == 1 ? 0.5 * l + 0.5 * m : k == 3 ? 0.5 * m + 0.5 * u : u;
    planes[k] = k == 2 ? middle : supporting(activation, l, u, z);
  }
  Lines lower, upper;
  for (std::size_t k = 0; k < lower.size(); ++k) {
    lower[k] = {planes[k].lower_slope, planes[k].lower_offset};
    upper[k] = {-planes[k].upper_slope, -planes[k].upper_offset};  // of -f
  }
  if (std::isfinite(middle.lower_offset)) hull.below = chain_below(lower, l, u);
  if (std::isfinite(middle.upper_offset)) {
    hull.above = chain_below(upper, l, u);
    for (double& v : hull.above.value) v = -v;
    hull.above.slope = middle.upper_slope;
    std::swap(hull.above.down, hull.above.up);
  }
  return hull;
}

}  // namespace clipbound::bounds
