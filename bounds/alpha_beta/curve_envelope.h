#pragma once
// Idea: a nonlinear neuron between two piecewise-linear functions, where slopes are optimised. A
//   polyline below f on [l, u] is a list of points (z_j, v_j), l = z_0 <= z_1 <= ... = u, whose
//   segments lie below f. Then for ANY p and g >= 0, with no further proof and no transcendental
//   function,
//       g f(z) >= p z + min_j (g v_j - p z_j)        for all z in [l, u],
//   as a function that is linear on each segment is least at a point of the polyline (above f the
//   same for g <= 0). ReLU's bounds are of this form too, with the polylines (l, 0) (0, 0) (u, u)
//   and (l, 0) (u, u).
// Source: Shi et al., "Neural Network Verification with Branch-and-Bound for General
//   Nonlinearities" (GenBaB), TACAS 2025, precomputes one tangent per slope. Ours differs: any
//   slope is sound by itself; five supporting lines decide only how tight it is.
// Guarantees: every segment lies on its side of f, after all roundings of later use (S3, S6).
#include <array>

#include "bounds/relax/activation.h"

namespace clipbound::bounds {

inline constexpr int kPolylineLines = 5, kPolylinePoints = kPolylineLines + 1;

/// Number is double, or Vec where every lane has bounds of its own. The slopes are those that touch
/// f's convex hull between l and u: a neuron's parameter alpha goes from `slope - down` (0) over
/// `slope` (1/2, that of relax()) to `slope + up` (1).
template <typename Number>
struct Polyline {
  Number z[kPolylinePoints], value[kPolylinePoints];
  Number slope, down, up;
};

/// Where nothing is known, or z is unbounded, a polyline is a constant c, f's least or greatest
/// value, perhaps infinite, and its slopes are 0.
template <typename Number>
struct PiecewiseLinearEnvelope {
  Polyline<Number> below, above;
};

/// relax()'s slopes with offsets that hold as they are: CROWN's lines.
struct MiddleLines {
  struct {
    double slope = 0.0, offset = 0.0;
  } below, above;
};
MiddleLines middle_lines(const PiecewiseLinearEnvelope<double>& envelope);
/// Of z^2, which has no envelope.
MiddleLines middle_lines_of_square(double l, double u);

/// On [l, u], l <= u, either of which may be infinite.
PiecewiseLinearEnvelope<double> envelope_of(const Activation& activation, double l, double u);
/// No value is infinite.
bool is_finite(const PiecewiseLinearEnvelope<double>& envelope);

}  // namespace clipbound::bounds
