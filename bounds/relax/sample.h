#pragma once
// Idea: a point of a curve with proven errors, and the two arguments by which points prove a line's
// offset.
//
// Throughout, g(z) = f(z) - s z for a line's slope s; a lower line's offset is a lower bound of g
// on [l, u]. u = 2^-53.
// Source: own.
// Guarantees: the bounds hold with all roundings (S3).
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rounding.h"

namespace clipbound::bounds::relax_detail {
/// Above all that underflow can cost in the sums below; normal, hence fast.
inline constexpr double kTiny = 0x1p-1020;
/// Covers the roundings of an error's own computation.
inline constexpr double kOutward = 1.0 + 0x1p-30;

/// |f(z) - value| <= value_error and, where f has a derivative at z, |f'(z) - slope| <=
/// slope_error. At a kink of a convex stretch, some subgradient lies in slope +- slope_error.
struct Sample {
  double z = 0.0, value = 0.0, slope = 0.0, value_error = 0.0, slope_error = 0.0;
};
/// The same point of -f.
[[gnu::always_inline]] inline Sample negated(const Sample& p) {
  return {p.z, -p.value, -p.slope, p.value_error, p.slope_error};
}

/// slope * z + offset; an offset of -infinity (of a lower line) says nothing.
struct Line {
  double slope = 0.0, offset = 0.0;
};

/// A lower bound of g at the sample plus `fall` <= 0, which errs by no more than u of itself a few
/// times: the product s z, the difference and the two sums err by u of their sizes. NaN where
/// something is not finite.
[[gnu::always_inline]] inline double below(const Sample& p, double s, double fall = 0.0) {
  const double product = s * p.z, sizes = std::fabs(p.value) + std::fabs(product);
  const double error = kOutward * (p.value_error + 6.0 * kUnitRoundoff * sizes) + kTiny;
  return (p.value - product) + (kOutward * fall - error);
}

/// A lower bound of g on [a, b], where f is convex and p a sample in [a, b]: f lies above its
/// tangent at p, so g(z) >= g(p) + (f'(p) - s) (z - p), which is least at an end of [a, b] or,
/// where both products are positive, at p itself. -infinity where the derivative is not finite. a
/// and b may be infinite: 0 * infinity is NaN, which min() leaves aside.
[[gnu::always_inline]] inline double below_on(const Sample& p, double s, double a, double b) {
  const double rise = p.slope - s;
  const double error = kOutward * (p.slope_error + 2.0 * kUnitRoundoff * std::fabs(rise));
  if (!(error < kInfinity)) return -kInfinity;
  const double fall =
      std::min(std::min(0.0, (rise - error) * (b - p.z)), (rise + error) * (a - p.z));
  return below(p, s, fall);
}

/// The smaller of two lower bounds; one that is NaN says nothing.
[[gnu::always_inline]] inline double weaker(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? -kInfinity : std::min(a, b);
}

/// A number between l and u, near the middle.
inline double middle(double l, double u) {
  const double m = 0.5 * l + 0.5 * u;
  return m < l ? l : m > u ? u : m;
}
/// x, or the nearer end of [a, b]; a for NaN.
inline double clamped(double x, double a, double b) {
  return !(x > a) ? a : x < b ? x : b;
}

}  // namespace clipbound::bounds::relax_detail
