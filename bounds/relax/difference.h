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
#include <optional>

#include "bounds/relax/activation.h"

namespace clipbound::bounds {

/// lower_slope d + lower_offset <= f(y) - f(x) <= upper_slope d + upper_offset. All are finite.
struct DifferenceLines {
  double lower_slope = 0.0, lower_offset = 0.0, upper_slope = 0.0, upper_offset = 0.0;
  /// Whether the line says more at the middle of the intervals than the two neurons' own lines: a
  /// free choice. Where not, nobody reads the line.
  bool below = false, above = false;
  double gap = 0.0;  ///< half of the lines' distance there
};

/// Encloses f' on [l, u], and difference quotients of f there; nothing where that is not known.
std::optional<Range> slope_range(const Activation& activation, double l, double u);

/// x, y, d: intervals of both pre-activations and of y - x. of_x, of_y: the neurons' own lines.
DifferenceLines relax_difference(const Activation& activation, const Range& x, const Range& y,
                                 const Range& d, const LinePair& of_x, const LinePair& of_y);

}  // namespace clipbound::bounds
