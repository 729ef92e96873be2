#include "bounds/layered/sharp_ends.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rounding.h"
#include "bounds/layered/structured_map.h"

namespace clipbound::bounds {

namespace {

/// A result that left the finite numbers, as a lower bound.
double beyond_down(double result, bool from_infinity) {
  if (result > 0.0) return from_infinity ? result : std::numeric_limits<double>::max();
  return -kInfinity;  // NaN, too
}

}  // namespace

double sharp_sum_down(double a, double b) {
  const double sum = a + b;
  if (!std::isfinite(sum)) return beyond_down(sum, std::isinf(a) || std::isinf(b));
  const double part = sum - a, error = (a - (sum - part)) + (b - part);
  return error < 0.0 ? next_down(sum) : sum;
}

double sharp_product_down(double a, double b) {
  if (a == 0.0 || b == 0.0) return 0.0;
  const double product = a * b;
  if (!std::isfinite(product)) return beyond_down(product, std::isinf(a) || std::isinf(b));
  // Below it the error itself may underflow.
  constexpr double kSmallest = 0x1p-960;
  if (std::fabs(product) < kSmallest) return next_down(product);
  return std::fma(a, b, -product) < 0.0 ? next_down(product) : product;
}

void sharpen(const AffineForm& form, const SourceIntervals& sources, IntervalVector& z) {
  std::vector<double> lower(form.constant), upper(form.constant);
  for (const auto& [source, coefficients] : form.terms) {
    RowReader reader(coefficients);
    const IntervalVector& from = sources.at(source);
    for (std::size_t i = 0; i < lower.size(); ++i) {
      const auto [index, value] = reader.row(static_cast<std::int64_t>(i));
      for (std::size_t j = 0; j < index.size(); ++j) {
        const auto c = static_cast<std::size_t>(index[j]);
        const double low = value[j] > 0.0 ? from.lower[c] : from.upper[c],
                     high = value[j] > 0.0 ? from.upper[c] : from.lower[c];
        lower[i] = sharp_sum_down(lower[i], sharp_product_down(value[j], low));
        upper[i] = sharp_sum_up(upper[i], sharp_product_up(value[j], high));
      }
    }
  }
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if (form.radius[i] != 0.0) {
      lower[i] = sharp_sum_down(lower[i], -form.radius[i]);
      upper[i] = sharp_sum_up(upper[i], form.radius[i]);
    }
    z.lower[i] = std::max(z.lower[i], lower[i]);
    z.upper[i] = std::min(z.upper[i], upper[i]);
  }
}

}  // namespace clipbound::bounds
