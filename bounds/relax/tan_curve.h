#pragma once
// Idea: Tan between two poles: concave left of the zero and convex right of it.
// Source: own.
// Guarantees: values and derivatives within their proven errors; no pole in [l, u] (S3).
#include "bounds/relax/wave_curves.h"

namespace clipbound::bounds::relax_detail {

struct Tan {
  /// No pole in [l, u] nor within the rounding of its place.
  static bool defined(double l, double u) {
    if (!(std::fabs(l) <= kFarthestWave && std::fabs(u) <= kFarthestWave)) return false;
    const double zero = nearest_zero(middle(l, u)), error = zero_error(zero) + 4.0 * kUnitRoundoff;
    return l > zero - 0.5 * kPi + error && u < zero + 0.5 * kPi - error;
  }
  static Bending bending(double l, double u) {
    const double zero = nearest_zero(middle(l, u)), error = zero_error(zero);
    return u <= zero - error   ? Bending::concave
           : l >= zero + error ? Bending::convex
                               : Bending::mixed;
  }
  static Stretches stretches(double l, double u) {
    const double zero = nearest_zero(middle(l, u)), error = zero_error(zero);
    Stretches result(l, u, l >= zero + error);
    if (l < zero + error && u > zero - error) result.bend(zero - error, zero + error, 1.001);
    return result;
  }
  static Sample at(double z) {
    const double v = std::tan(z), d = 1.0 + v * v;
    return {z, v, d, kOutward * kLibraryError * std::fabs(v) + kTiny, 3.0 * kLibraryError * d};
  }
  static double curvature(const Sample& p) { return 2.0 * p.value * p.slope; }
  static double where(double s, double a, double b) {
    const double m = middle(a, b), zero = nearest_zero(m),
                 distance = std::atan(std::sqrt(std::max(0.0, s - 1.0)));
    return m > zero ? zero + distance : zero - distance;
  }
  static double tangent_guess(const Sample& end, double a, double b) {
    // For a far end, f(end) = pi (1 + f(p)^2) nearly; for a near one, f(p) = -f(end) / 2.
    const double size = std::fabs(end.value), zero = nearest_zero(middle(a, b));
    return zero -
           std::copysign(std::atan(0.5 * size / std::sqrt(1.0 + 0.785 * size)), end.z - zero);
  }
  static double meeting_point(double l, double u) { return middle(l, u); }
  static Range range(double l, double u) { return increasing_range(Tan{}, l, u); }

 private:
  static double nearest_zero(double z) { return std::nearbyint(z / kPi) * kPi; }
  /// pi and the product err by u each; twice as much as both.
  static double zero_error(double zero) { return 4.0 * kUnitRoundoff * std::fabs(zero); }
};
inline constexpr Smooth<Tan> tan_curve{};

}  // namespace clipbound::bounds::relax_detail
