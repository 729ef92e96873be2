#pragma once
// Idea: acosh from 1 on: concave, f' = 1 / sqrt((z - 1) (z + 1)).
// Source: own.
// Guarantees: values and derivatives within their proven errors (S3).
#include "bounds/relax/smooth.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::bounds::relax_detail {

struct Acosh {
  static bool defined(double l, double) { return l >= 1.0; }
  static Bending bending(double, double) { return Bending::concave; }
  static Stretches stretches(double l, double u) { return {l, u, false}; }
  /// Up to kFar as in Asin: 3.5 u. Beyond, 1 / z is smaller than f' by the part z^-2 / 2 < 2^-60
  /// and rounds by u, or by less than kTiny where it is not normal.
  static Sample at(double z) {
    const double v = std::acosh(z);
    const double d = z <= kFar ? 1.0 / std::sqrt((z - 1.0) * (z + 1.0)) : 1.0 / z;
    return {z, v, d, kOutward * kLibraryError * v + kTiny, 8.0 * kUnitRoundoff * d + kTiny};
  }
  /// -z f'^3, of which z f' is written as it is, lest z^2 overflow.
  static double curvature(const Sample& p) { return -(p.z * p.slope) * p.slope * p.slope; }
  /// z^2 = 1 + 1 / s^2, but not 1, where the tangent is vertical.
  static double where(double s, double, double b) {
    return s > 0.0 ? std::max(std::hypot(1.0, 1.0 / s), 1.0 + 0x1p-52) : b;
  }
  static double tangent_guess(const Sample&, double a, double b) { return middle(a, b); }
  static double meeting_point(double l, double u) { return middle(l, u); }
  static Range range(double l, double u) { return increasing_range(Acosh{}, l, u, 0.0); }

 private:
  static constexpr double kFar = 0x1p30;
};
inline constexpr Smooth<Acosh> acosh_curve{};

}  // namespace clipbound::bounds::relax_detail
