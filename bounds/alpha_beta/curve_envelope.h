#pragma once
// A curved neuron between two chains of segments: what its relaxation is in the lane sweeps, where
// slopes are optimised.
//
// A chain below f on [l, u] is a list of points (z_j, v_j), l = z_0 <= z_1 <= ... = u, whose
// segments lie below f. Then for ANY p and g >= 0, with no further proof and no transcendental
// function,
//     g f(z) >= p z + min_j (g v_j - p z_j)        for all z in [l, u],
// as the minimum of a function that is linear on each segment is at a point of the chain (for a
// chain above f the same for g <= 0). ReLU's bounds are of this form too, with the chains (l, 0)
// (0, 0) (u, u) and (l, 0) (u, u). See docs/soundness.md, "Curved neurons".
#include <array>

#include "bounds/relax/activation.h"

namespace clipbound::bounds {

inline constexpr int kChainLines = 5, kChainPoints = kChainLines + 1;

/// Number is double, or Vec where every lane has bounds of its own. The slopes are those that touch
/// f's hull between l and u: a neuron's parameter theta goes from `slope - down` (0) over `slope`
/// (1/2, that of relax()) to `slope + up` (1).
template <typename Number>
struct Polyline {
  Number z[kChainPoints], value[kChainPoints];
  Number slope, down, up;
};

/// Where nothing is known, or z is unbounded, a chain is a constant c, f's least or greatest value,
/// perhaps infinite, and its slopes are 0.
template <typename Number>
struct PiecewiseLinearEnvelope {
  Polyline<Number> below, above;
};

/// On [l, u], l <= u, either of which may be infinite.
PiecewiseLinearEnvelope<double> hull_of(const Activation& activation, double l, double u);
/// No value is infinite.
bool is_finite(const PiecewiseLinearEnvelope<double>& hull);

}  // namespace clipbound::bounds
