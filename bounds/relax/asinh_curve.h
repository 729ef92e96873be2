#pragma once
// Idea: asinh: point-symmetric, convex left of 0 and concave right of it, f' = 1 / sqrt(1 + z^2).
// Source: own; the guess was fitted.
// Guarantees: values and derivatives within their proven errors (S3).
#include "bounds/relax/s_curves.h"

namespace clipbound::bounds::relax_detail {

struct Asinh : SShape {
  /// Up to kFar the square is at most 2^60: the relative errors u of square and sum are halved by
  /// the root, which adds u, as the quotient does: 3 u. Beyond, 1 / |z| is larger than f' by the
  /// part z^-2 / 2 < 2^-61 and rounds by u, or less than kTiny where it is not normal.
  static Sample at(double z) {
    const double v = std::asinh(z), size = std::fabs(z);
    const double d = size <= kFar ? 1.0 / std::sqrt(1.0 + z * z) : 1.0 / size;
    return {z, v, d, kOutward * kLibraryError * std::fabs(v) + kTiny,
            4.0 * kUnitRoundoff * d + kTiny};
  }
  /// -z f'^3, of which z f' is at most 1.
  static double curvature(const Sample& p) { return -(p.z * p.slope) * p.slope * p.slope; }
  /// z^2 = 1 / s^2 - 1.
  static double where(double s, double, double b) {
    return on_side_of(b, s > 0.0 ? std::sqrt(std::max(0.0, (1.0 - s) * (1.0 + s))) / s : kInfinity);
  }
  /// -end / 2 for a near end, and nearly -end / (2 asinh(end)) for a far one. Fitted to |end| <=
  /// 1e12 within 6 percent.
  static double tangent_guess(const Sample& end, double, double) {
    const double y = std::fabs(end.value);
    return -0.5 * end.z / (1.0 + 0.17 * y * y / (1.0 + 0.15 * y));
  }
  static Range range(double l, double u) { return increasing_range(Asinh{}, l, u); }

 private:
  static constexpr double kFar = 0x1p30;
};
inline constexpr Smooth<Asinh> asinh_curve{};

}  // namespace clipbound::bounds::relax_detail
