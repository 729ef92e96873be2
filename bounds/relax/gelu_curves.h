#pragma once
// Idea: Gelu, in its exact form z Phi(z) and in the form with tanh: concave, convex, concave.
// Source: own.
// Guarantees: values and derivatives within their proven errors; inflections enclosed (S3).
#include "bounds/relax/smooth.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::bounds::relax_detail {

/// A point of [a, b] with f' = s, where f' is monotone and about constant beyond +-40: Newton's
/// method in a bracket.
template <class C>
double solve_slope(const C& curve, double s, double a, double b, double precision = 0x1p-50) {
  double low = clamped(a, -40.0, 40.0), high = clamped(b, -40.0, 40.0), z = middle(low, high);
  const bool increasing = curve.curvature(curve.at(z)) > 0.0;
  for (int i = 0; i < 50; ++i) {
    const Sample p = curve.at(z);
    const double miss = s - p.slope;
    if (!(std::fabs(miss) > precision)) break;
    ((miss > 0.0) == increasing ? low : high) = z;
    const double next = z + miss / curve.curvature(p);
    z = next > low && next < high ? next : middle(low, high);
    if (z == p.z) break;
  }
  return z;
}

/// What both forms share; F has the inflections' enclosure +-[kBendLow, kBendHigh], about the place
/// of the minimum, and a little less than it.
template <class F>
struct GeluShape {
  static bool defined(double, double) { return true; }
  static Bending bending(double l, double u) {
    if (l >= F::kBendHigh || u <= -F::kBendHigh) return Bending::concave;
    return l >= -F::kBendLow && u <= F::kBendLow ? Bending::convex : Bending::mixed;
  }
  static Stretches stretches(double l, double u) {
    const bool left = l < -F::kBendLow && u > -F::kBendHigh,
               right = l < F::kBendHigh && u > F::kBendLow;
    Stretches result(l, u, !(l < -F::kBendLow || l >= F::kBendHigh));
    if (left) result.bend(-F::kBendHigh, -F::kBendLow, kSteepest);
    if (right) result.bend(F::kBendLow, F::kBendHigh, kSteepest);
    return result;
  }
  static double where(double s, double a, double b) { return solve_slope(F{}, s, a, b); }
  /// A third of the way beyond the inflection for a near end; f tends to straight lines, whose
  /// tangents touch 0.66 beyond it.
  static double tangent_guess(const Sample& end, double a, double b) {
    if (a >= -F::kBendHigh && b <= F::kBendHigh) {
      const double inflection = std::copysign(F::kBendLow, end.z),
                   d = std::fabs(end.z - inflection);
      return inflection - std::copysign(0.66 * d / (d + 1.32), end.z);
    }
    const double inflection = std::copysign(F::kBendLow, middle(a, b));
    return inflection - 0.5 * (end.z - inflection);
  }
  static double meeting_point(double l, double u) { return middle(l, u); }
  /// Falls up to the minimum, then rises.
  static Range range(double l, double u) {
    const Sample left = F::at(std::max(l, -1e300)), right = F::at(u);
    const bool minimum = l <= F::kMinimum + 1e-9 && u >= F::kMinimum - 1e-9;
    const double bottom =
        minimum ? F::kLeast : std::max(F::kLeast, std::min(least(left), least(right)));
    const double top = std::max(most(left), most(right));
    return {bottom, u <= 0.0 ? std::min(0.0, top) : top};
  }
  static constexpr double kSteepest = 1.2;  ///< |f'| at the inflections is 1.129 and 0.129
};

struct Gelu : GeluShape<Gelu> {
  /// sqrt(2): f'' = phi(z) (2 - z^2).
  static constexpr double kBendLow = 0x1.6a09e667f3bccp+0, kBendHigh = 0x1.6a09e667f3bcdp+0;
  static constexpr double kMinimum = -0.75179152469356447, kLeast = -0.169971207479904;

  /// Phi(z) comes from erfc for z < 0, where 1 + erf would cancel. An error of 2 u of erfc's
  /// argument y = -z / sqrt(2) moves erfc by less than 2 u y (2 y + sqrt(2)) of itself (Mills'
  /// ratio), which is below u (2 z^2 + 2 |z|); an error u z^2 of the exponent moves the density by
  /// as much. Beyond 64 all of it underflows.
  static Sample at(double z) {
    const double square = std::min(z * z, 4096.0),
                 density = 0.3989422804014327 * std::exp(-0.5 * square);
    const double phi =
        z < 0.0 ? 0.5 * std::erfc(z * -kSqrtHalf) : 0.5 * (1.0 + std::erf(z * kSqrtHalf));
    const double v = z * phi, growth = z * density;
    const double relative = 2.0 * kLibraryError + 4.0 * kUnitRoundoff * square;
    return {z, v, phi + growth, relative * std::fabs(v) + 64.0 * kTiny,
            relative * (phi + std::fabs(growth)) + 64.0 * kTiny};
  }
  static double curvature(const Sample& p) {
    return 0.3989422804014327 * std::exp(-0.5 * p.z * p.z) * (2.0 - p.z * p.z);
  }

 private:
  static constexpr double kSqrtHalf = 0.7071067811865476;
};

/// z sigma(w) with w = 2 k (z + c z^3), k = sqrt(2 / pi), c = 0.044715.
struct GeluTanh : GeluShape<GeluTanh> {
  /// f'' = sigma'(w) (2 w' + z w'' - z w'^2 tanh(w / 2)), and the bracket divided by 4 k,
  ///     q(z) = 1 + 6 c z^2 - k z (1 + 3 c z^2)^2 tanh(w / 2),
  /// is even and falls for z > 0: its only zero there is the inflection (docs/soundness.md,
  /// "Relaxations").
  static constexpr double kBendLow = 0x1.6b23142700629p+0, kBendHigh = 0x1.6b2314270062ap+0;
  static constexpr double kMinimum = -0.75246142207101629, kLeast = -0.170040750571255;

  /// w errs by less than 10 u of itself (five roundings, two of the constants), sigma by as much as
  /// |w| times that, relatively.
  static Sample at(double z) {
    const double cubic = kCubic * z * z, w = 2.0 * kScale * z * (1.0 + cubic),
                 w_slope = 2.0 * kScale * (1.0 + 3.0 * cubic);
    const double e = std::exp(-std::fabs(w)), r = 1.0 / (1.0 + e), small = e * r,
                 sigma = z < 0.0 ? small : r;
    const double size = std::min(std::fabs(w), 1536.0), v = z * sigma;
    // Less than kTiny beyond.
    const double growth = size < 1536.0 ? z * w_slope * (small * r) : 0.0;
    const double relative = 2.0 * kLibraryError + 16.0 * kUnitRoundoff * size;
    return {z, v, sigma + growth, relative * std::fabs(v) + 64.0 * kTiny,
            relative * (sigma + 2.0 * std::fabs(growth)) + 4096.0 * kTiny};
  }
  static double curvature(const Sample& p) {
    const double square = p.z * p.z, w = 2.0 * kScale * p.z * (1.0 + kCubic * square),
                 w_slope = 1.0 + 3.0 * kCubic * square;
    const double e = std::exp(-std::fabs(w)), r = 1.0 / (1.0 + e);
    const double half_tanh = std::copysign((1.0 - e) * r, w);
    return 4.0 * kScale * e * r * r *
           (1.0 + 6.0 * kCubic * square - kScale * p.z * w_slope * w_slope * half_tanh);
  }

 private:
  static constexpr double kScale = 0.7978845608028654, kCubic = 0.044715;
};

}  // namespace clipbound::bounds::relax_detail
