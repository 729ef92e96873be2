#include "bounds/layered/convolution_ranges.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"

namespace clipbound::bounds {

/// What is not finite spoils its rows, which are unbounded then. Radii are rounded by u, which the
/// count of roundings pays for; it is taken of twice the sizes.
void add_convolution(const ConvolutionMap& map, const IntervalVector& from,
                     const std::vector<char>* /*which*/, RangeTotals& totals) {
  const std::size_t n = from.lower.size(), size = totals.lower.size();
  std::vector<double> middle(n), sizes(2 * n), sum(size), radius(2 * size);
  for (std::size_t i = 0; i < n; ++i) {
    middle[i] = 0.5 * from.lower[i] + 0.5 * from.upper[i];
    sizes[2 * i] = std::max(from.upper[i] - middle[i], middle[i] - from.lower[i]);
    sizes[2 * i + 1] = std::fabs(middle[i]);
  }
  map.apply(middle.data(), 1, sum.data());
  map.apply_magnitudes(sizes.data(), 2, radius.data());
  const double roundings = 2.0 * static_cast<double>(map.longest_row()) + 8.0;
  for (std::size_t i = 0; i < size; ++i) {
    const double half = radius[2 * i], both = half + radius[2 * i + 1];
    totals.lower[i] += sum[i] - half;
    totals.upper[i] += sum[i] + half;
    totals.lower_magnitude[i] += 2.0 * both;
    totals.upper_magnitude[i] += 2.0 * both;
    totals.magnitude[i] += both < kInfinity ? both : kInfinity;
    totals.count[i] += roundings;
  }
}

}  // namespace clipbound::bounds
