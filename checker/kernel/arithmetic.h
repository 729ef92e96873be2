#pragma once
// Idea: all arithmetic of a proof is rounded upward; whoever wants a number from below keeps its
// negative. With FE_UPWARD set once per thread, plain + and * are that; rationals need nothing.
// Source: IEEE 754; "negated lower ends" are common in interval libraries.
// Guarantees: the results of + and * on doubles are at or above the exact ones in a thread that has
// called round_upward(). Compiled with -frounding-math, so that (-a) * b stays what it is.
#include <gmpxx.h>

#include <cmath>

namespace clipcheck {

/// Sets the rounding of this thread and tries it. Throws std::runtime_error where it does not hold.
void round_upward();

/// The nearest float64 at or below, at or above x. Any rounding mode.
double down(const mpq_class& x);
double up(const mpq_class& x);
inline double down(double x) {
  return x;
}
inline double up(double x) {
  return x;
}

inline bool is_finite(double x) {
  return std::isfinite(x);
}
inline bool is_finite(const mpq_class&) {
  return true;
}

/// m +- r encloses a rational.
struct Enclosed {
  double middle = 0.0, radius = 0.0;
};
/// The tightest with a float64 in its middle. Any rounding mode.
Enclosed enclose(const mpq_class& x);

}  // namespace clipcheck
