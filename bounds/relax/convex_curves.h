#pragma once
// Idea: Exp, Softplus, Log, Sqrt, Reciprocal: convex or concave all over (on each side of 0).
// Source: own; errors of the C library's functions: specs/ops/enclosed_functions.h.
// Guarantees: values and derivatives within their proven errors (S3).
#include "bounds/relax/smooth.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::bounds::relax_detail {

struct Exp {
  static bool defined(double, double) { return true; }
  static Bending bending(double, double) { return Bending::convex; }
  static Stretches stretches(double l, double u) { return {l, u, true}; }
  static Sample at(double z) {
    const double v = std::exp(z), error = kOutward * kLibraryError * v + kTiny;
    return {z, v, v, error, error};
  }
  static double curvature(const Sample& p) { return p.value; }
  static double where(double s, double, double) { return std::log(s); }
  static double tangent_guess(const Sample&, double a, double b) { return middle(a, b); }
  /// Not farther than 0.99 from l: there the tangent is positive on all of [l, u], which quotients
  /// of sums of exponentials need.
  static double meeting_point(double l, double u) {
    return clamped(std::min(middle(l, u), l + 0.99), l, u);
  }
  static Range range(double l, double u) { return increasing_range(Exp{}, l, u, 0.0); }
  static Expansion expansion(double z, double d) {
    const double v = std::exp(z);
    return of_taylor(v, v, v, v, v * most_growth(d), d, v);
  }
};
inline constexpr Smooth<Exp> exp_curve{};

/// log(1 + e^z). With e = e^-|z| and r = 1 / (1 + e) its derivative is r or e r, as in s_curves.h.
struct Softplus {
  static bool defined(double, double) { return true; }
  static Bending bending(double, double) { return Bending::convex; }
  static Stretches stretches(double l, double u) { return {l, u, true}; }
  static Sample at(double z) {
    const double e = std::exp(-std::fabs(z)), r = 1.0 / (1.0 + e);
    const double v = std::max(z, 0.0) + std::log1p(e), d = z < 0.0 ? e * r : r;
    return {z, v, d, 3.0 * kLibraryError * v + kTiny, 2.0 * kLibraryError * d + kTiny};
  }
  static double curvature(const Sample& p) { return p.slope * (1.0 - p.slope); }
  static double where(double s, double, double) { return std::log(s / (1.0 - s)); }
  static double tangent_guess(const Sample&, double a, double b) { return middle(a, b); }
  static double meeting_point(double l, double u) { return middle(l, u); }
  static Range range(double l, double u) { return increasing_range(Softplus{}, l, u, 0.0); }
};
inline constexpr Smooth<Softplus> softplus_curve{};

struct Log {
  static bool defined(double l, double u) { return l >= 0.0 && u > 0.0; }
  static Bending bending(double, double) { return Bending::concave; }
  static Stretches stretches(double l, double u) { return {l, u, false}; }
  static Sample at(double z) {
    const double v = std::log(z), d = 1.0 / z;
    return {z, v, d, kOutward * kLibraryError * std::fabs(v), 2.0 * kUnitRoundoff * d + kTiny};
  }
  static double curvature(const Sample& p) { return -p.slope * p.slope; }
  static double where(double s, double, double) { return 1.0 / s; }
  static double tangent_guess(const Sample&, double a, double b) { return middle(a, b); }
  static double meeting_point(double l, double u) { return middle(l, u); }
  static Range range(double l, double u) {
    return {l > 0.0 ? least(at(l)) : -kInfinity, most(at(u))};
  }
};
inline constexpr Smooth<Log> log_curve{};

struct Sqrt {
  static bool defined(double l, double) { return l >= 0.0; }
  static Bending bending(double, double) { return Bending::concave; }
  static Stretches stretches(double l, double u) { return {l, u, false}; }
  static Sample at(double z) {
    const double v = std::sqrt(z), d = 0.5 / v;
    return {z, v, d, 2.0 * kUnitRoundoff * v, 4.0 * kUnitRoundoff * d + kTiny};
  }
  static double curvature(const Sample& p) { return -0.5 * p.slope / p.z; }
  /// Not 0, where the tangent is vertical.
  static double where(double s, double, double b) {
    return s > 0.0 ? std::max(0.25 / (s * s), 0x1p-60 * b) : b;
  }
  static double tangent_guess(const Sample&, double a, double b) { return middle(a, b); }
  static double meeting_point(double l, double u) { return middle(l, u); }
  static Range range(double l, double u) {
    return {std::max(0.0, next_down(std::sqrt(l))), next_up(std::sqrt(u))};
  }
};
inline constexpr Smooth<Sqrt> sqrt_curve{};

/// 1/z, on one side of 0. Without the pole, an interval may end at 0, which does not belong to it.
struct Reciprocal {
  bool without_pole = false;

  bool defined(double l, double u) const {
    if (l > 0.0 || u < 0.0) return true;
    return without_pole && (l == 0.0 ? u > 0.0 : u == 0.0);
  }
  static Bending bending(double, double u) { return u > 0.0 ? Bending::convex : Bending::concave; }
  static Stretches stretches(double l, double u) { return {l, u, u > 0.0}; }
  /// At 0 nothing is known but that the tangent is vertical.
  static Sample at(double z) {
    if (z == 0.0) return {0.0, 0.0, -kInfinity, kInfinity, kInfinity};
    const double v = 1.0 / z, d = v * v;
    return {z, v, -d, 2.0 * kUnitRoundoff * std::fabs(v) + kTiny, 8.0 * kUnitRoundoff * d + kTiny};
  }
  static double curvature(const Sample& p) { return -2.0 * p.slope * p.value; }
  static double where(double s, double a, double) { return std::copysign(std::sqrt(-1.0 / s), a); }
  static double tangent_guess(const Sample&, double a, double b) { return middle(a, b); }
  static double meeting_point(double l, double u) { return middle(l, u); }
  static Range range(double l, double u) {
    const double at_u = u == 0.0 ? -kInfinity : 1.0 / u, at_l = l == 0.0 ? kInfinity : 1.0 / l;
    return {u > 0.0 ? std::max(0.0, next_down(at_u)) : next_down(at_u),
            u > 0.0 ? next_up(at_l) : std::min(0.0, next_up(at_l))};
  }
  static Expansion expansion(double z, double d) {
    const double v = 1.0 / z, nearest = std::fabs(z) - d;
    if (!(nearest > 0x1p-20 * std::fabs(z))) return kUnknownExpansion;
    const double w = v * v, largest = 1.0 / nearest, square = largest * largest;
    return of_taylor(v, -w, 2.0 * w * v, -6.0 * w * w, 24.1 * square * square * largest, d,
                     8.0 * (w + w * std::fabs(v) + w * w));
  }
};

}  // namespace clipbound::bounds::relax_detail
