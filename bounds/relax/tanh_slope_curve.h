#pragma once
// Idea: the derivative of tanh, 1 - tanh^2: a bell, convex, concave, convex.
// Source: own.
// Guarantees: values and derivatives within their proven errors; inflections enclosed (S3).
#include "bounds/relax/gelu_curves.h"
#include "bounds/relax/s_curves.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::bounds::relax_detail {

/// With t = tanh(z): f = 1 - t^2, f' = -2 t f, f'' = f (4 - 6 f), so that inflections lie where f =
/// 2/3, t^2 = 1/3.
struct TanhSlope {
  /// artanh(1 / sqrt(3)).
  static constexpr double kBendLow = 0x1.5124271980434p-1, kBendHigh = 0x1.5124271980435p-1;
  static constexpr double kSteepest = 0.77;  ///< |f'| there is 0.7698

  static bool defined(double, double) { return true; }
  static Bending bending(double l, double u) {
    if (l >= kBendHigh || u <= -kBendHigh) return Bending::convex;
    return l >= -kBendLow && u <= kBendLow ? Bending::concave : Bending::mixed;
  }
  static Stretches stretches(double l, double u) {
    const bool left = l < -kBendLow && u > -kBendHigh, right = l < kBendHigh && u > kBendLow;
    Stretches result(l, u, l < -kBendLow || l >= kBendHigh);
    if (left) result.bend(-kBendHigh, -kBendLow, kSteepest);
    if (right) result.bend(kBendLow, kBendHigh, kSteepest);
    return result;
  }
  /// tanh and its derivative with their errors; the product of both has those of both, and two
  /// roundings.
  static Sample at(double z) {
    const Sample p = Tanh::at(z);
    const double d = -2.0 * p.value * p.slope;
    return {z, p.slope, d, p.slope_error, 5.0 * kLibraryError * std::fabs(d) + 32.0 * kTiny};
  }
  static double curvature(const Sample& p) { return p.value * (4.0 - 6.0 * p.value); }
  /// Far out slopes are tiny, and as different from each other as elsewhere.
  static double where(double s, double a, double b) {
    return solve_slope(TanhSlope{}, s, a, b, 0x1p-30 * std::fabs(s));
  }
  /// Half as far beyond the inflection for a near end; the tangent through a far end touches near
  /// the top, or far out.
  static double tangent_guess(const Sample& end, double a, double b) {
    const double inflection =
        std::copysign(kBendLow, a >= -kBendHigh && b <= kBendHigh ? end.z : middle(a, b));
    const double d = end.z - inflection;
    return inflection - 0.66 * d / (std::fabs(d) + 1.32);
  }
  static double meeting_point(double l, double u) { return middle(l, u); }
  /// Falls with the distance from 0.
  static Range range(double l, double u) {
    const double farthest = std::max(std::fabs(l), std::fabs(u)), nearest = clamped(0.0, l, u);
    return {std::max(0.0, least(at(farthest))),
            nearest == 0.0 ? 1.0 : std::min(1.0, most(at(nearest)))};
  }
  /// Tanh's derivatives, once derived: the fifth, b (16 - 120 t^2 + 120 t^4), is no larger than
  /// 16 b.
  static Expansion expansion(double z, double d) {
    const Sample p = Tanh::at(z);
    const double t = p.value, b = p.slope;
    return of_taylor(b, -2.0 * t * b, b * (4.0 - 6.0 * b), t * b * (24.0 * b - 8.0),
                     std::min(16.0, 16.0 * b * most_growth(2.0 * d)), d, 32.0 * b);
  }
};

}  // namespace clipbound::bounds::relax_detail
