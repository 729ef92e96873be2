#pragma once
// Idea: sinh, concave left of 0 and convex right of it.
// Source: own; the guess was fitted.
// Guarantees: values and derivatives within their proven errors (S3).
#include "bounds/relax/smooth.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::bounds::relax_detail {

struct Sinh {
  static bool defined(double, double) { return true; }
  static Bending bending(double l, double u) {
    return u <= 0.0 ? Bending::concave : l >= 0.0 ? Bending::convex : Bending::mixed;
  }
  static Stretches stretches(double l, double u) {
    Stretches result(l, u, l >= 0.0);
    if (l < 0.0 && u > 0.0) result.bend(0.0, 0.0, 0.0);
    return result;
  }
  static Sample at(double z) {
    const double v = std::sinh(z), d = std::cosh(z);
    return {z, v, d, kOutward * kLibraryError * std::fabs(v) + kTiny, kOutward * kLibraryError * d};
  }
  static double curvature(const Sample& p) { return p.value; }
  static double where(double s, double, double b) {
    const double z = s > 1.0 ? std::acosh(s) : 0.0;
    return b > 0.0 ? z : -z;
  }
  /// -end / 2 for a near end; for a far one, e^|p| is about e^|end| / (|end| + |p|).
  static double tangent_guess(const Sample& end, double, double) {
    const double x = std::fabs(end.z), part = x * x / (x * x + 6.07 * x + 66.5);
    return -end.z * (0.5 + 0.5 * (std::isfinite(part) ? part : 1.0));
  }
  static double meeting_point(double l, double u) { return middle(l, u); }
  static Range range(double l, double u) { return increasing_range(Sinh{}, l, u); }
};
inline constexpr Smooth<Sinh> sinh_curve{};

}  // namespace clipbound::bounds::relax_detail
