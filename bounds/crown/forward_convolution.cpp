#include "bounds/crown/forward_convolution.h"

#include <cmath>

namespace clipbound::bounds {

/// The bound that a weight's sign asks for is mean +- half with the weight's size before the half,
/// which keeps its own sign. Mean and half are no larger than the larger bound. Both are halved
/// behind the weights: half of an odd denormal would be rounded, which a large weight makes large.
/// What is not finite spoils its rows, which say nothing then.
void add_convolution(const ConvolutionMap& map, const LinearBounds& from, std::size_t width,
                     LinearTotals& totals) {
  const std::size_t n = from.lower.size(), size = totals.error.size();
  const auto B = static_cast<std::int64_t>(width);
  std::vector<double> both(n), gap(n), sum(size * width), spread(size * width);
  for (std::size_t i = 0; i < n; ++i) {
    both[i] = from.lower[i] + from.upper[i];
    gap[i] = from.upper[i] - from.lower[i];
  }
  map.apply(both.data(), B, sum.data());
  map.apply_magnitudes(gap.data(), B, spread.data());
  std::vector<double> sizes(2 * from.error.size()), charged(2 * size);
  for (std::size_t i = 0; i < from.error.size(); ++i) {
    sizes[2 * i] = from.error[i];
    sizes[2 * i + 1] = from.magnitude[i];
  }
  map.apply_magnitudes(sizes.data(), 2, charged.data());
  const double gamma = map.gamma(), terms = 2.0 * static_cast<double>(map.longest_row()) + 8.0;
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t k = i * width; k < (i + 1) * width; ++k) {
      totals.lower[k] += 0.5 * (sum[k] - spread[k]);
      totals.upper[k] += 0.5 * (sum[k] + spread[k]);
    }
    totals.error[i] += charged[2 * i] * (1.0 + 2.0 * gamma) + map.underflow();
    totals.magnitude[i] += 4.0 * charged[2 * i + 1];
    totals.terms[i] += terms;
  }
}

}  // namespace clipbound::bounds
