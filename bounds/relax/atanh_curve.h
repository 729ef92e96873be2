#pragma once
// Idea: atanh on (-1, 1): point-symmetric, concave left of 0 and convex right of it, infinite at the
// ends.
// Source: own; the guess was fitted.
// Guarantees: values and derivatives within their proven errors (S3).
#include "bounds/relax/smooth.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::bounds::relax_detail {

struct Atanh {
  static bool defined(double l, double u) { return l >= -1.0 && u <= 1.0; }
  static Bending bending(double l, double u) {
    return u <= 0.0 ? Bending::concave : l >= 0.0 ? Bending::convex : Bending::mixed;
  }
  static Stretches stretches(double l, double u) {
    Stretches result(l, u, l >= 0.0);
    if (l < 0.0 && u > 0.0) result.bend(0.0, 0.0, 0.0);
    return result;
  }
  /// The two factors, their product and the quotient err by u each: 4 u.
  static Sample at(double z) {
    const double v = std::atanh(z), d = 1.0 / ((1.0 - z) * (1.0 + z));
    return {z, v, d, kOutward * kLibraryError * std::fabs(v) + kTiny, 8.0 * kUnitRoundoff * d};
  }
  static double curvature(const Sample& p) { return 2.0 * p.z * p.slope * p.slope; }
  /// z^2 = 1 - 1 / s, but not the end, where there is no value.
  static double where(double s, double, double b) {
    const double z = s > 1.0 ? std::min(std::sqrt(1.0 - 1.0 / s), 1.0 - 0x1p-53) : 0.0;
    return b > 0.0 ? z : -z;
  }
  /// -end / 2 for a near end; for a far one, 1 / (1 - |p|) is about f(end) + f(p). Fitted to
  /// |f(end)|
  /// <= 20 within 5 percent of 1 - |p|.
  static double tangent_guess(const Sample& end, double, double) {
    const double y = std::fabs(end.value),
                 p = 1.0 - 1.0 / (1.0 + y * (0.5 + 0.6 * y * y / (1.4 + y * y)));
    return std::copysign(p, -end.z);
  }
  static double meeting_point(double l, double u) { return middle(l, u); }
  static Range range(double l, double u) { return increasing_range(Atanh{}, l, u); }
};
inline constexpr Smooth<Atanh> atanh_curve{};

}  // namespace clipbound::bounds::relax_detail
