#pragma once
// Idea: a function's parabola near a point from its derivatives, for curves that know them.
//
// From Taylor's polynomial of degree 3; on [-d, d] its cubic term c D^3 is replaced by 3/4 c d^2 D,
// which is wrong by |c| d^3 / 4 at most (Chebyshev), and the fourth derivative bounds the rest.
// Source: own; Taylor models as Makino and Berz 1996.
// Guarantees: what Expansion says (S8).
#include <algorithm>
#include <cmath>

#include "bounds/relax/lines.h"
#include "bounds/relax/sample.h"

namespace clipbound::bounds::relax_detail {

inline constexpr Expansion kUnknownExpansion{0.0, 0.0, 0.0, kInfinity};
/// Relative to the sizes of all terms: far more than the functions' and the derivatives' own
/// roundings.
inline constexpr double kExpansionRounding = 0x1p-43;

/// The parabola of a function with derivatives `first` to `third` at z, whose fourth is no larger
/// than `fourth` within d. `size` bounds the value and all derivatives' terms: their errors are far
/// below kExpansionRounding of it.
inline Expansion of_taylor(double value, double first, double second, double third, double fourth,
                           double d, double size) {
  const double square = d * d;
  Expansion e{value, first + 0.125 * third * square, 0.5 * second, 0.0};
  e.error = (std::fabs(third) * d + fourth * square) * square * ((1.0 + 0x1p-40) / 24.0) +
            kExpansionRounding * (std::fabs(value) + size * (1.0 + d) * (d + square)) + kTiny;
  return e;
}

/// e^x <= 1 + x + x^2 for x <= 1.79: how much larger than at z a function with |f'| <= f may be.
inline double most_growth(double x) {
  return x <= 1.79 ? 1.0 + x + x * x : kInfinity;
}

}  // namespace clipbound::bounds::relax_detail
