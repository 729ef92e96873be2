#pragma once
// Idea: asin on [-1, 1]: point-symmetric, concave left of 0 and convex right of it, f' = 1 / sqrt((1
// - z) (1 + z)).
// Source: own; the guess was fitted.
// Guarantees: values and derivatives within their proven errors (S3).
#include "bounds/relax/smooth.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::bounds::relax_detail {

struct Asin {
  static bool defined(double l, double u) { return l >= -1.0 && u <= 1.0; }
  static Bending bending(double l, double u) {
    return u <= 0.0 ? Bending::concave : l >= 0.0 ? Bending::convex : Bending::mixed;
  }
  static Stretches stretches(double l, double u) {
    Stretches result(l, u, l >= 0.0);
    if (l < 0.0 && u > 0.0) result.bend(0.0, 0.0, 0.0);
    return result;
  }
  /// The two factors and their product err by u each, which the root halves; root and quotient add
  /// u each: 3.5 u. At the ends the derivative is infinite, and so is its error.
  static Sample at(double z) {
    const double v = std::asin(z), d = 1.0 / std::sqrt((1.0 - z) * (1.0 + z));
    return {z, v, d, kOutward * kLibraryError * std::fabs(v) + kTiny, 8.0 * kUnitRoundoff * d};
  }
  static double curvature(const Sample& p) { return p.z * p.slope * p.slope * p.slope; }
  /// z^2 = 1 - 1 / s^2, but not the end, where the tangent is vertical.
  static double where(double s, double, double b) {
    const double z =
        s > 1.0 ? std::min(std::sqrt((1.0 - 1.0 / s) * (1.0 + 1.0 / s)), kNearEnd) : 0.0;
    return b > 0.0 ? z : -z;
  }
  /// -end / 2 for a near end, -0.69 end for the farthest.
  static double tangent_guess(const Sample& end, double, double) {
    return -end.z * (0.5 + 0.19 * end.z * end.z * end.z * end.z);
  }
  static double meeting_point(double l, double u) { return middle(l, u); }
  static Range range(double l, double u) { return increasing_range(Asin{}, l, u); }

  static constexpr double kNearEnd = 1.0 - 0x1p-53;
};
inline constexpr Smooth<Asin> asin_curve{};

}  // namespace clipbound::bounds::relax_detail
