#pragma once
// Idea: cosh, convex, least at 0.
// Source: own.
// Guarantees: values and derivatives within their proven errors (S3).
#include "bounds/relax/smooth.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::bounds::relax_detail {

struct Cosh {
  static bool defined(double, double) { return true; }
  static Bending bending(double, double) { return Bending::convex; }
  static Stretches stretches(double l, double u) { return {l, u, true}; }
  static Sample at(double z) {
    const double v = std::cosh(z), d = std::sinh(z);
    return {z, v, d, kOutward * kLibraryError * v, kOutward * kLibraryError * std::fabs(d) + kTiny};
  }
  static double curvature(const Sample& p) { return p.value; }
  static double where(double s, double, double) { return std::asinh(s); }
  static double tangent_guess(const Sample&, double a, double b) { return middle(a, b); }
  static double meeting_point(double l, double u) { return middle(l, u); }
  static Range range(double l, double u) {
    const double nearest = l > 0.0 ? l : u < 0.0 ? u : 0.0;
    return {std::max(1.0, least(at(nearest))), std::max(most(at(l)), most(at(u)))};
  }
};
inline constexpr Smooth<Cosh> cosh_curve{};

}  // namespace clipbound::bounds::relax_detail
