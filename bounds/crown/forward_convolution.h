#pragma once
// Idea: forward linear bounds through a convolution by matrix products of N + 1 columns: the sum of
//   both linear bounds by W, their difference by |W|, and half of either.
// Source: midpoint-radius arithmetic (Rump 1999) of coefficients; own.
// Guarantees: as forward_affine(): roundings are gamma of twice the terms' sizes (S8).
#include <vector>

#include "bounds/crown/forward_pass.h"
#include "bounds/layered/convolution_map.h"

namespace clipbound::bounds {

/// The sums of forward_affine() [size, N + 1] and [size]: coefficients; errors and sizes of terms;
/// how many terms there are, for gamma. Sizes are doubled where that is what roundings are shares
/// of.
struct LinearTotals {
  std::vector<double> lower, upper;
  std::vector<double> error, magnitude, terms;
};

/// Adds the term W x, x within `from`. width = N + 1.
void add_convolution(const ConvolutionMap& map, const LinearBounds& from, std::size_t width,
                     LinearTotals& totals);

}  // namespace clipbound::bounds
