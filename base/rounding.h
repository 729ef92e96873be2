#pragma once
// Idea: outward rounding without touching the rounding mode: round-to-nearest results are moved one
// step outward.
// Source: Rump, Zimmermann, Boldo, Melquiond 2009; Higham 2002 for gamma_k.
// Guarantees: next_down(fl(x)) < x < next_up(fl(x)) for one operation to nearest; NaN stays NaN
// (S12).
//
// u = 2^-53. For a sum or product computed to nearest, the exact value lies strictly between the
// neighbours of the computed one, so next_up / next_down of it are rigorous bounds (NaN stays NaN).
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/floors.h"

namespace clipbound::base {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kUnitRoundoff = 0x1p-53;      ///< of float64, round to nearest
inline constexpr double kUnitRoundoff32 = 0x1p-24;    ///< of float32
inline constexpr double kSmallestNormal = 0x1p-1022;  ///< below it, products lose relative accuracy

/// The next float64 above x (infinity and NaN stay).
inline double next_up(double x) {
  if (!(x < kInfinity)) return x;
  if (x == 0.0) return 0x1p-1074;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  return std::bit_cast<double>(x > 0.0 ? bits + 1 : bits - 1);
}
/// The next float64 below x (-infinity and NaN stay).
inline double next_down(double x) {
  return -next_up(-x);
}

inline double add_up(double a, double b) {
  return next_up(a + b);
}
inline double add_down(double a, double b) {
  return next_down(a + b);
}
inline double mul_up(double a, double b) {
  return a == 0.0 || b == 0.0 ? 0.0 : next_up(a * b);
}
inline double mul_down(double a, double b) {
  return a == 0.0 || b == 0.0 ? 0.0 : next_down(a * b);
}
inline double div_up(double a, double b) {
  return a == 0.0 ? 0.0 : next_up(a / b);
}
inline double div_down(double a, double b) {
  return a == 0.0 ? 0.0 : next_down(a / b);
}

/// True where the product p of a and b, computed to nearest, is exact: what it lacks, which is a
/// float64 number unless it underflows, is 0. False for 0 times infinity.
inline bool is_exact_product(double a, double b, double p) {
  if (a == 0.0 || b == 0.0) return p == 0.0;
  return std::fabs(p) >= 0x1p-900 && std::fma(a, b, -p) == 0.0;
}
/// True where the sum s of a and b, computed to nearest, is exact (Knuth's TwoSum).
inline bool is_exact_sum(double a, double b, double s) {
  const double from_b = s - a, from_a = s - from_b;
  return (a - from_a) + (b - from_b) == 0.0;
}

/// gamma_k = k u / (1 - k u), rounded up: the relative error of k roundings in sequence (Higham,
/// Accuracy and Stability of Numerical Algorithms, Lemma 3.1). k must stay below 2^50.
inline double gamma_bound(double k) {
  return next_up(next_up(k * kUnitRoundoff) / next_down(1.0 - next_up(k * kUnitRoundoff)));
}

}  // namespace clipbound::base
