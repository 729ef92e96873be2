#pragma once
// Idea: the interval of W x for a convolution W by its middle and its radius: W c and |W| r, at the
//   price of three evaluations, sizes of terms included.
// Source: midpoint-radius arithmetic (Rump 1999).
// Guarantees: what is added encloses W x for all x in their intervals, up to roundings that enclose()
//   charges by the sizes of terms and the count of roundings (S2, "Convolutions").
#include <vector>

#include "bounds/layered/convolution_map.h"
#include "bounds/layered/enclose.h"

namespace clipbound::bounds {

/// The sums of enclose(), per element: both ends, the sizes of either end's terms, the sizes of the
/// larger ones, and how many roundings there were: |lower - its exact value| <= gamma_count
/// lower_magnitude.
struct RangeTotals {
  std::vector<double> lower, upper, lower_magnitude, upper_magnitude, magnitude, count;
};

/// Adds the term W x, x in `from`. Where `which` [rows] is given, elements whose entry is 0 may be
/// left out. Rows that read what is not finite are unbounded on both sides.
void add_convolution(const ConvolutionMap& map, const IntervalVector& from,
                     const std::vector<char>* which, RangeTotals& totals);

}  // namespace clipbound::bounds
