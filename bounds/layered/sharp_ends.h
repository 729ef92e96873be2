#pragma once
// Idea: the interval of an affine form without the slack that enclose() leaves for roundings: every
// product and sum is rounded outward only where it was rounded at all. Where functions end (the
// square root's 0) this tells an argument inside from one that may leave.
// Source: own; error-free sums as Knuth 1969, products by fused multiply-add.
// Guarantees: holds for all values of the sources in their intervals (S2).
#include "bounds/layered/enclose.h"

namespace clipbound::bounds {

/// a + b and a * b, the largest float64 numbers known to be no larger: exact where the results are.
double sharp_sum_down(double a, double b);
double sharp_product_down(double a, double b);
inline double sharp_sum_up(double a, double b) {
  return -sharp_sum_down(-a, -b);
}
inline double sharp_product_up(double a, double b) {
  return -sharp_product_down(-a, b);
}

/// Intersects z, intervals of the form's elements, with what is known without slack.
void sharpen(const AffineForm& form, const SourceIntervals& sources, IntervalVector& z);

}  // namespace clipbound::bounds
