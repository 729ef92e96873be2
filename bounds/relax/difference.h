#pragma once
// Idea: two neurons with one activation whose pre-activations nearly agree, as in two copies of a
// network with slightly different weights: f(y) - f(x) between two lines in the difference d =
// y - x. Relaxed one by one, the neurons lose what x's and y's intervals leave open; together they
// lose what d's leaves open.
// Source: differential relaxations of ReLU: ReluDiff (Paulsen, Wang, Wang, ICSE 2020) and NeuroDiff
// (Paulsen, Wang, Wang, Wang, ASE 2020). Ours differs: both neurons stay ordinary neurons of one
// network, the difference is an additional linear bound of the pair, and any activation with a
// bounded slope has one.
// Guarantees: the lines hold for all x, y and d = y - x in their intervals, with all roundings
// (S14).
#include <cmath>
#include <optional>

#include "base/simd.h"
#include "bounds/relax/activation.h"

namespace clipbound::bounds {

/// lower_slope d + lower_y y + lower_offset <= f(y) - f(x) <= upper_slope d + upper_x x +
/// upper_offset. All are finite.
struct DifferenceLines {
  double lower_slope = 0.0, lower_y = 0.0, lower_offset = 0.0;
  double upper_slope = 0.0, upper_x = 0.0, upper_offset = 0.0;
  /// Whether the line says more at the middle of the intervals than the two neurons' own lines: a
  /// free choice. Where not, nobody reads the line.
  bool below = false, above = false;
  double gap = 0.0;  ///< half of the bounds' distance there
};

/// Of unstable ReLUs, three bounds on either side, faces of the hull: [0] of slope 0, tight where
/// the neurons are inactive; [1] that of DifferenceLines; [2] of slope 1, tight where they are
/// active: slope d + tilt y + offset <= f(y) - f(x) <= slope d + tilt x + offset. A mean of the
/// three may be computed with some roundings (S14).
struct DifferenceFan {
  struct Bound {
    double slope = 0.0, tilt = 0.0, offset = 0.0;
  };
  Bound below[3], above[3];
};

/// Encloses f' on [l, u], and difference quotients of f there; nothing where that is not known.
std::optional<Range> slope_range(const Activation& activation, double l, double u);

/// What the part of two twins' coefficients that is taken together becomes: multiplier d + first x
/// + second y + intercept (S14).
struct DifferenceStep {
  double multiplier = 0.0, first = 0.0, second = 0.0, intercept = 0.0;
};

/// first f(x) + second f(y) = rest + s (f(y) - f(x)) with |s| the smaller of both where their signs
/// differ: s (f(y) - f(x)) is at least what the step says, and `first` and `second` become the
/// rest. One of these is 0, the other one more rounding of the larger coefficient.
inline DifferenceStep take_difference(const DifferenceLines& lines, double& first, double& second) {
  const bool from_below = second > 0.0;
  if (!(from_below ? first < 0.0 && lines.below : second < 0.0 && first > 0.0 && lines.above))
    return {};
  if (!(std::fabs(first) < kOverflow) || !(std::fabs(second) < kOverflow)) return {};
  const double m = std::fmin(std::fabs(first), std::fabs(second)), s = from_below ? m : -m;
  first += s;
  second -= s;
  if (from_below) return {s * lines.lower_slope, 0.0, s * lines.lower_y, s * lines.lower_offset};
  return {s * lines.upper_slope, s * lines.upper_x, 0.0, s * lines.upper_offset};
}

/// x, y, d: intervals of both pre-activations and of y - x. of_x, of_y: the neurons' own lines.
DifferenceLines relax_difference(const Activation& activation, const Range& x, const Range& y,
                                 const Range& d, const LinePair& of_x, const LinePair& of_y);

/// x, y, d: as above; x and y are finite and contain 0 inside. lines: of them.
DifferenceFan fan_of_relus(const Range& x, const Range& y, const Range& d,
                           const DifferenceLines& lines);

}  // namespace clipbound::bounds
