#pragma once
// Idea: elementary functions of enclosed numbers: value and a bound on the distance from the exact
// function of the exact argument.
// Source: GNU C Library manual, "Known Maximum Errors in Math Functions" (x86_64); Higham, Accuracy
// and Stability, section 3.3.
// Guarantees: |exact function of the exact argument - value| <= error, as long as the library is
// within 16 ulp (S1).
//
// Two parts make the error: what the C library's function may be off at the computed argument, and
// how far the function can move within the argument's error. For the first, the GNU C Library
// manual ("Known Maximum Errors in Math Functions", x86_64) states at most 2 ulp for exp, expm1,
// log, log1p, sin, cos, atan, tanh, erf and pow; 16 ulp are assumed here, and an absolute term for
// results that underflow.
#include <algorithm>

#include "specs/network/enclosed.h"

namespace clipbound::specs {

inline constexpr double kLibraryError = 0x1p-48;  ///< relative: 16 ulp
/// Absolute, for results that are not normal numbers.
inline constexpr double kLibraryUnderflow = 0x1p-1070;

/// Smallest and largest exact number that `x` may be; NaN or infinite where nothing is known.
inline double lower_end(Enclosed x) {
  return x.error == 0.0 ? x.value : next_down(x.value - x.error);
}
inline double upper_end(Enclosed x) {
  return x.error == 0.0 ? x.value : next_up(x.value + x.error);
}

/// `value` = f(x.value) within `relative`, for a function with |f(s) - f(t)| <= constant * |s - t|.
inline Enclosed lipschitz(double value, Enclosed x, double constant,
                          double relative = kLibraryError) {
  return with_error(
      value, inflate(constant * x.error + relative * std::fabs(value) + kLibraryUnderflow, 8));
}

/// f(x) for a function that is monotone between the ends of x, and computed within `relative`.
template <class F>
Enclosed monotone(Enclosed x, const F& f, double relative = kLibraryError) {
  const double value = f(x.value);
  double distance = 0.0, size = std::fabs(value);
  if (x.error > 0.0) {
    const double low = f(lower_end(x)), high = f(upper_end(x));
    if (std::isnan(low) || std::isnan(high))
      return with_error(value, std::numeric_limits<double>::infinity());
    distance = std::max(std::fabs(low - value), std::fabs(high - value));
    size = std::max({size, std::fabs(low), std::fabs(high)});
  }
  return with_error(value, inflate(distance + 2.0 * relative * size + kLibraryUnderflow, 8));
}

/// f(x) for a non-decreasing function without rounding (a step function): both sides of a jump
/// inside x are covered.
template <class F>
Enclosed step_function(Enclosed x, const F& f) {
  const double value = f(x.value);
  if (x.error == 0.0) return with_error(value, 0.0);
  const double low = f(lower_end(x)), high = f(upper_end(x));
  if (std::isnan(low) || std::isnan(high))
    return with_error(value, std::numeric_limits<double>::infinity());
  // Exact for integers below 2^53; beyond, the distances round.
  const double distance = std::max(high - value, value - low);
  return with_error(value, distance == 0.0 ? 0.0 : inflate(distance, 2));
}

inline Enclosed exp(Enclosed x) {
  return monotone(x, [](double t) { return std::exp(t); });
}
inline Enclosed log(Enclosed x) {
  if (lower_end(x) <= 0.0)
    return with_error(std::log(x.value), std::numeric_limits<double>::infinity());
  return monotone(x, [](double t) { return std::log(t); });
}
inline Enclosed sqrt(Enclosed x) {
  return monotone(x, [](double t) { return std::sqrt(t); });
}
inline Enclosed sin(Enclosed x) {
  return lipschitz(std::sin(x.value), x, 1.0);
}
inline Enclosed cos(Enclosed x) {
  return lipschitz(std::cos(x.value), x, 1.0);
}
inline Enclosed tanh(Enclosed x) {
  return monotone(x, [](double t) { return std::tanh(t); });
}
inline Enclosed atan(Enclosed x) {
  return monotone(x, [](double t) { return std::atan(t); });
}
inline Enclosed erf(Enclosed x) {
  return monotone(x, [](double t) { return std::erf(t); });
}
inline Enclosed abs(Enclosed x) {
  return {std::fabs(x.value), x.error};
}
/// A number that is enclosed as computed, and lies in [low, high] as well. Where this is much
/// narrower its middle becomes the value: errors reach as far to both sides, and most wide
/// intervals do not.
inline Enclosed within(Enclosed computed, double low, double high) {
  constexpr double kMuch = 0.75;
  const double middle = 0.5 * low + 0.5 * high;
  const double error = next_up(std::max(next_up(high - middle), next_up(middle - low)));
  return error < kMuch * computed.error ? Enclosed(middle, error) : computed;
}
/// The larger and the smaller of two numbers: the max of two is off by no more than the worse of
/// them, and not below either's lower end.
inline Enclosed maximum(Enclosed a, Enclosed b) {
  if (lower_end(a) >= upper_end(b)) return a;
  if (lower_end(b) >= upper_end(a)) return b;
  const Enclosed computed =
      with_error(a.value < b.value ? b.value : a.value, std::max(a.error, b.error));
  if (!(std::isfinite(a.value) && std::isfinite(b.value))) return computed;
  return within(computed, std::max(lower_end(a), lower_end(b)),
                std::max(upper_end(a), upper_end(b)));
}
inline Enclosed minimum(Enclosed a, Enclosed b) {
  return -maximum(-a, -b);
}
/// One of several numbers, not known which: `a`, or whatever else hull() has been asked to cover.
inline Enclosed hull(Enclosed a, Enclosed other) {
  const double reach = inflate(std::fabs(other.value - a.value) + other.error, 2);
  const Enclosed computed = with_error(
      a.value,
      std::max(a.error, std::isnan(reach) ? std::numeric_limits<double>::infinity() : reach));
  if (!(std::isfinite(a.value) && std::isfinite(other.value))) return computed;
  return within(computed, std::min(lower_end(a), lower_end(other)),
                std::max(upper_end(a), upper_end(other)));
}

}  // namespace clipbound::specs
