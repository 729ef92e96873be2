#pragma once
// Idea: running error analysis: a float64 value with a bound on its distance from the exact real
// number.
// Source: Higham, Accuracy and Stability of Numerical Algorithms (2002), section 3.3; ours inflates
// instead of rounding outward.
// Guarantees: |exact - value| <= error; error is infinite where the value is not finite (S1, S12).
//
// Every operation computes value and error to nearest and then inflates the error for the few
// roundings in its own computation (Higham, Accuracy and Stability, section 3.3). A value that is
// not finite has error infinity.
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/rounding.h"

namespace clipbound::specs {

/// |exact - value| <= error.
struct Enclosed {
  double value = 0.0, error = 0.0;

  Enclosed() = default;
  Enclosed(double v) : value(v) {}  // NOLINT: constants are exact
  Enclosed(double v, double e) : value(v), error(e) {}
};

/// An upper bound of the exact x where `raw` is x computed from non-negative numbers with k <= 2^40
/// roundings in a row; the last term covers products that underflowed (each loses at most 2^-1075).
inline double inflate(double raw, double k) {
  return next_up(next_up(raw * (1.0 + 2.0 * gamma_bound(k))) + k * 0x1p-1074);
}
/// The result with its error put in order: NaN and overflow become infinity.
inline Enclosed with_error(double value, double error) {
  if (!std::isfinite(value) || !(error >= 0.0)) error = std::numeric_limits<double>::infinity();
  return {value, error};
}

inline Enclosed operator-(Enclosed a) {
  return {-a.value, a.error};
}
inline Enclosed operator+(Enclosed a, Enclosed b) {
  const double r = a.value + b.value;  // a sum that underflows is exact
  return with_error(r, inflate(a.error + b.error + kUnitRoundoff * std::fabs(r), 4));
}
inline Enclosed operator-(Enclosed a, Enclosed b) {
  return a + -b;
}
inline Enclosed operator*(Enclosed a, Enclosed b) {
  const double r = a.value * b.value;
  const double spread =
      std::fabs(a.value) * b.error + std::fabs(b.value) * a.error + a.error * b.error;
  return with_error(r, inflate(spread + kUnitRoundoff * std::fabs(r), 8));
}
/// (a+da)/(b+db) - a/b = (da - (a/b) db) / (b+db).
inline Enclosed operator/(Enclosed a, Enclosed b) {
  const double r = a.value / b.value;
  const double divisor = next_down(std::fabs(b.value) - b.error);
  if (b.error > 0.0 && !(divisor > 0.0))
    return with_error(r, std::numeric_limits<double>::infinity());
  const double quotient = inflate(std::fabs(r), 2);  // bounds the exact |a/b|
  const double spread = a.error + quotient * b.error;
  const double carried = spread == 0.0 ? 0.0 : inflate(spread, 4) / divisor;
  return with_error(r, inflate(carried + kUnitRoundoff * std::fabs(r), 8));
}
inline Enclosed& operator+=(Enclosed& a, Enclosed b) {
  return a = a + b;
}

}  // namespace clipbound::specs
