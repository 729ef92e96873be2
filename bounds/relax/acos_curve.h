#pragma once
// Idea: acos on [-1, 1], pi / 2 - asin: convex left of 0 and concave right of it.
// Source: own.
// Guarantees: values and derivatives within their proven errors (S3).
#include "bounds/relax/asin_curve.h"

namespace clipbound::bounds::relax_detail {

struct Acos {
  static bool defined(double l, double u) { return Asin::defined(l, u); }
  static Bending bending(double l, double u) {
    return u <= 0.0 ? Bending::convex : l >= 0.0 ? Bending::concave : Bending::mixed;
  }
  static Stretches stretches(double l, double u) {
    Stretches result(l, u, l < 0.0);
    if (l < 0.0 && u > 0.0) result.bend(0.0, 0.0, 0.0);
    return result;
  }
  static Sample at(double z) {
    const Sample p = Asin::at(z);
    const double v = std::acos(z);
    return {z, v, -p.slope, kOutward * kLibraryError * v + kTiny, p.slope_error};
  }
  static double curvature(const Sample& p) { return p.z * p.slope * p.slope * p.slope; }
  static double where(double s, double a, double b) { return Asin::where(-s, a, b); }
  static double tangent_guess(const Sample& end, double a, double b) {
    return Asin::tangent_guess(end, a, b);
  }
  static double meeting_point(double l, double u) { return middle(l, u); }
  static Range range(double l, double u) { return {std::max(0.0, least(at(u))), most(at(l))}; }
};
inline constexpr Smooth<Acos> acos_curve{};

}  // namespace clipbound::bounds::relax_detail
