#pragma once
// Idea: a neuron's activation between two lines.
//
// A line  slope * z + offset  below or above f on [l, u] has a free slope (any float64 number gives
// a sound line), and an offset that is computed to a proven side, never read from a table: on a
// convex stretch of f the tangent at any point p lies below f, on a concave one above it, and the
// ends of a stretch decide for the opposite side.
// Source: ReLU as CROWN (Zhang et al. 2018, section 3.2, adaptive lower slope); S-shaped functions
// as Zhang et al. 2018, appendix; ours differs by offsets with proven roundings and least area.
// Guarantees: the lines and ranges hold for all real z in [l, u] (S3).
#include "bounds/relax/curve.h"
#include "bounds/relax/lines.h"

namespace clipbound::bounds {

/// Good lines on [l, u]: each leaves the least area between itself and f that a line can (up to
/// 1e-5 of it), so for ReLU CROWN's choice, for S-shaped functions the tangent in the middle, else
/// through the far end, else the chord; for exp the tangent at most 0.99 right of l, which is
/// positive on [l, u]. l <= u; either may be infinite.
LinePair relax(const Activation& activation, double l, double u);

/// Like relax(), but each line is the one that comes nearest to f's convex hull at z in [l, u],
/// where f leaves a choice: at l and u the extreme ones. `touching_point` is the z that relax()
/// itself takes.
LinePair supporting(const Activation& activation, double l, double u, double z);
double touching_point(const Activation& activation, double l, double u);

/// The offset of the lower (upper) line with the given slope on [l, u]: as tight as is cheap to
/// prove, infinite where there is none and, but for piecewise linear functions and slope 0, where l
/// or u is infinite.
double lower_offset(const Activation& activation, double slope, double l, double u);
double upper_offset(const Activation& activation, double slope, double l, double u);

/// Encloses { f(z) : l <= z <= u } rigorously; infinite ends where nothing is known (z may leave
/// the domain). sign, floor, ceil, round, step and trunc stand at a jump for all values between
/// their one-sided limits, also where the jump is an end of [l, u].
Range range_of(const Activation& activation, double l, double u);

/// f(z) in float64, not rigorous: for candidates and choices. NaN outside the domain.
double value_of(const Activation& activation, double z);
/// f'(z) in float64, not rigorous (0 for step functions, either one-sided derivative at a kink).
double slope_of(const Activation& activation, double z);

}  // namespace clipbound::bounds
