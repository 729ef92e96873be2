#pragma once
// Idea: Sigmoid, Tanh, Atan, Erf: point-symmetric, convex left of 0 and concave right of it (f''
// has the sign of -z).
// Source: own; guesses were fitted.
// Guarantees: values and derivatives within their proven errors (S3).
#include "bounds/relax/smooth.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::bounds::relax_detail {

/// What S-shaped curves with their inflection at 0 share.
struct SShape {
  static bool defined(double, double) { return true; }
  static Bending bending(double l, double u) {
    return u <= 0.0 ? Bending::convex : l >= 0.0 ? Bending::concave : Bending::mixed;
  }
  static Stretches stretches(double l, double u) {
    Stretches result(l, u, l < 0.0);
    if (l < 0.0 && u > 0.0) result.bend(0.0, 0.0, 0.0);
    return result;
  }
  static double meeting_point(double l, double u) { return middle(l, u); }
  /// At a distance from 0, on the right for the stretch [0, b] with b > 0, on the left for [a, 0].
  static double on_side_of(double b, double distance) { return b > 0.0 ? distance : -distance; }
};

struct Sigmoid : SShape {
  /// With e = e^-|z| and r = 1 / (1 + e): r or e r, and e r^2. No cancellation: an error of e
  /// passes on at most relatively, and an e that underflowed at most absolutely.
  static Sample at(double z) {
    const double e = std::exp(-std::fabs(z)), r = 1.0 / (1.0 + e), small = e * r;
    const double v = z < 0.0 ? small : r, d = small * r;
    return {z, v, d, kError * v + kTiny, kError * d + kTiny};
  }
  static double curvature(const Sample& p) { return p.slope * (1.0 - 2.0 * p.value); }
  /// y (1 - y) = s for y <= 1/2.
  static double where(double s, double, double b) {
    const double y = 2.0 * s / (1.0 + std::sqrt(std::max(0.0, 1.0 - 4.0 * s)));
    return on_side_of(b, s > 0.0 ? std::log((1.0 - y) / y) : kInfinity);
  }
  static double tangent_guess(const Sample& end, double, double);
  static Range range(double l, double u) { return increasing_range(Sigmoid{}, l, u, 0.0, 1.0); }
  static Expansion expansion(double z, double d);

 private:
  static constexpr double kError = 2.0 * kLibraryError;
};
inline constexpr Smooth<Sigmoid> sigmoid_curve{};

struct Tanh : SShape {
  /// With e = e^-2|z|: (1 - e) / (1 + e) and 4 e / (1 + e)^2. Near 0 the first comes from 1 - e =
  /// -expm1(-2|z|) without cancellation; farther out e < 1/2, so that an error of e matters no more
  /// in 1 - e.
  static Sample at(double z) {
    const double a = -2.0 * std::fabs(z);
    double e, distance;  // distance = 1 - e
    if (a > -0.7) {
      distance = -std::expm1(a);
      e = 1.0 - distance;
    } else {
      e = std::exp(a);
      distance = 1.0 - e;
    }
    const double r = 1.0 / (1.0 + e), v = std::copysign(distance * r, z), d = 4.0 * e * r * r;
    return {z, v, d, kError * std::fabs(v) + kTiny, kError * d + 8.0 * kTiny};
  }
  static double curvature(const Sample& p) { return -2.0 * p.value * p.slope; }
  /// 1 - y^2 = s.
  static double where(double s, double, double b) {
    const double y = std::sqrt(std::max(0.0, 1.0 - s));
    return on_side_of(
        b, s > 0.0 ? std::max(0.0, 0.5 * std::log((1.0 + y) * (1.0 + y) / s)) : kInfinity);
  }
  static double tangent_guess(const Sample& end, double, double) { return guess(end.z); }
  /// Fitted to |end| <= 8 within 2e-4.
  static double guess(double end) {
    const double x = std::fabs(end);
    return -end * (0.5 + x * (0.16648626 + x * 0.05329301)) /
           (1.0 + x * (0.32653273 + x * (0.22216495 + x * 0.02198916)));
  }
  static Range range(double l, double u) { return increasing_range(Tanh{}, l, u, -1.0, 1.0); }
  /// With t = tanh and b = 1 - t^2: f'' = -2 t b, f''' = b (6 t^2 - 2), f'''' = t b (16 - 24 t^2),
  /// no larger than 4.1 and than 8 b; |b'| <= 2 b.
  static Expansion expansion(double z, double d) {
    const Sample p = at(z);
    const double t = p.value, b = p.slope;
    return of_taylor(t, b, -2.0 * t * b, b * (6.0 * t * t - 2.0),
                     std::min(4.1, 8.0 * b * most_growth(2.0 * d)), d, 8.0 * b);
  }

 private:
  static constexpr double kError = 2.0 * kLibraryError;
};
inline constexpr Smooth<Tanh> tanh_curve{};

/// sigmoid(z) = (1 + tanh(z / 2)) / 2.
inline double Sigmoid::tangent_guess(const Sample& end, double, double) {
  return 2.0 * Tanh::guess(0.5 * end.z);
}

inline Expansion Sigmoid::expansion(double z, double d) {
  const Expansion e = Tanh::expansion(0.5 * z, 0.5 * d);
  return {0.5 + 0.5 * e.value, 0.25 * e.slope, 0.125 * e.half_curvature, 0.5 * e.error + 0x1p-51};
}

struct Atan : SShape {
  static Sample at(double z) {
    const double v = std::atan(z), d = 1.0 / (1.0 + z * z);
    return {z, v, d, kOutward * kLibraryError * std::fabs(v) + kTiny,
            4.0 * kUnitRoundoff * d + kTiny};
  }
  static double curvature(const Sample& p) { return -2.0 * p.z * p.slope * p.slope; }
  static double where(double s, double, double b) {
    return on_side_of(b, s > 0.0 ? std::sqrt(std::max(0.0, 1.0 / s - 1.0)) : kInfinity);
  }
  /// For a far end, pi = end / p^2 nearly.
  static double tangent_guess(const Sample& end, double, double) {
    return -0.5 * end.z / std::sqrt(1.0 + 0.785 * std::fabs(end.z));
  }
  static Range range(double l, double u) { return increasing_range(Atan{}, l, u); }
};
inline constexpr Smooth<Atan> atan_curve{};

struct Erf : SShape {
  /// 2 / sqrt(pi) e^-z^2: an error u of z^2 moves its exponential by the part u z^2, and from z^2 =
  /// 1024 on it is 0.
  static Sample at(double z) {
    const double square = std::min(z * z, 1024.0), v = std::erf(z),
                 d = 1.1283791670955126 * std::exp(-square);
    return {z, v, d, kOutward * kLibraryError * std::fabs(v) + kTiny,
            (2.0 * kLibraryError + 2.0 * kUnitRoundoff * square) * d + kTiny};
  }
  static double curvature(const Sample& p) { return -2.0 * p.z * p.slope; }
  static double where(double s, double, double b) {
    return on_side_of(
        b, s > 0.0 ? std::sqrt(std::max(0.0, -std::log(s * 0.886226925452758))) : kInfinity);
  }
  /// Fitted to |end| <= 8 within 5e-4.
  static double tangent_guess(const Sample& end, double, double) {
    const double x = std::fabs(end.z);
    return -end.z * (0.5 + x * (0.00639218 + x * 0.10247463)) /
           (1.0 + x * (0.03605992 + x * (0.21739495 + x * 0.05573709)));
  }
  static Range range(double l, double u) { return increasing_range(Erf{}, l, u, -1.0, 1.0); }
};
inline constexpr Smooth<Erf> erf_curve{};

}  // namespace clipbound::bounds::relax_detail
