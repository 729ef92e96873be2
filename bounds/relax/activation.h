#pragma once
// Nonlinear functions of one variable between two lines: what a neuron's activation is to the
// bounds.
//
// A plane for f on [l, u] is a line  slope * z + offset  that stays on its side of f on all of [l,
// u] in real arithmetic. The slope is a free choice (any float64 number gives a sound plane); the
// offset is computed to a proven side, never read from a table: on a convex stretch of f the
// tangent at any point p lies below f, on a concave one above it, and the ends of a stretch decide
// for the opposite side. See docs/soundness.md, "Relaxations".
#include <cstdint>
#include <optional>
#include <string_view>

namespace clipbound::bounds {

/// Shapes that a neuron's activation may have. `power` is z^parameter (a whole parameter: all z, or
/// one side of 0 where it is negative; else z >= 0); `elu` has alpha = parameter; `gelu` is z
/// Phi(z), `gelu_tanh` its usual approximation. sign, floor, ceil, round, step and trunc stand at a
/// jump for all values between their one-sided limits, also where the jump is an end of [l, u].
enum class Curve : std::uint8_t {
  identity,
  relu,
  square,
  sigmoid,
  tanh,
  exp,
  log,
  reciprocal,
  sqrt,
  power,
  sin,
  cos,
  tan,
  atan,
  erf,
  gelu,
  gelu_tanh,
  softplus,
  elu,
  tanh_slope,  ///< 1 - tanh(z)^2
  sign,
  floor,
  ceil,
  round,
  step,
  trunc,
  product  ///< of two neurons, see kSecondFactor; no function of one variable:
           ///< bounds/relax/product.h
};

/// A layer of products holds pairs of neurons: number 2 i has the activation z_2i z_2i+1; number 2
/// i + 1 is its second factor, whose own activation nobody reads. Where activations stand for each
/// neuron, this parameter marks the second factors.
inline constexpr double kSecondFactor = 1.0;

struct Activation {
  Curve curve = Curve::relu;
  double parameter = 0.0;
  friend bool operator==(const Activation&, const Activation&) = default;
};

/// lower_slope * z + lower_offset <= f(z) <= upper_slope * z + upper_offset for all real z in [l,
/// u]. Where nothing is known (z may leave the domain, or f overflows) slopes are 0 and offsets
/// infinite. No member is NaN.
struct Planes {
  double lower_slope = 0.0, lower_offset = 0.0, upper_slope = 0.0, upper_offset = 0.0;
};

/// Good planes on [l, u]: each leaves the least area between itself and f that a line can (up to
/// 1e-5 of it), so for ReLU CROWN's choice, for S-shaped functions the tangent in the middle, else
/// through the far end, else the chord; for exp the tangent at most 0.99 right of l, which is
/// positive on [l, u]. l <= u; either may be infinite.
Planes relax(const Activation& activation, double l, double u);

/// Like relax(), but each line is the one that comes nearest to f's hull at z in [l, u], where f
/// leaves a choice: at l and u the extreme ones. `touching_point` is the z that relax() itself
/// takes.
Planes supporting(const Activation& activation, double l, double u, double z);
double touching_point(const Activation& activation, double l, double u);

/// The offset of the lower (upper) plane with the given slope on [l, u]: as tight as is cheap to
/// prove, infinite where there is none and, but for piecewise linear functions and slope 0, where l
/// or u is infinite.
double lower_offset(const Activation& activation, double slope, double l, double u);
double upper_offset(const Activation& activation, double slope, double l, double u);

/// Encloses { f(z) : l <= z <= u } rigorously; infinite ends where nothing is known (z may leave
/// the domain).
struct Range {
  double lower = 0.0, upper = 0.0;
};
Range range_of(const Activation& activation, double l, double u);

/// f(z) in float64, not rigorous: for candidates and choices. NaN outside the domain.
double value_of(const Activation& activation, double z);
/// f'(z) in float64, not rigorous (0 for step functions, either one-sided derivative at a kink).
double slope_of(const Activation& activation, double z);

/// The name users see: "Sigmoid", "Pow 3".
const char* name_of(Curve curve);
/// The curve of that name.
std::optional<Curve> curve_named(std::string_view name);

}  // namespace clipbound::bounds
