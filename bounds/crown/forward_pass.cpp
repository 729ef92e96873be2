#include "bounds/crown/forward_pass.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rounding.h"
#include "base/simd.h"
#include "bounds/crown/forward_convolution.h"
#include "bounds/layered/structured_map.h"

namespace clipbound::bounds {

namespace {

double largest(const ForwardBox& box, std::size_t i) {
  return std::max(std::fabs(box.lower[i]), std::fabs(box.upper[i]));
}

/// |A||x| + |b| of the larger of both bounds of element i.
double magnitude_of(const LinearBounds& bounds, const ForwardBox& box, std::size_t i) {
  const std::size_t width = box.columns.size() + 1;
  double low = std::fabs(bounds.lower[i * width + width - 1]),
         high = std::fabs(bounds.upper[i * width + width - 1]);
  for (std::size_t k = 0; k + 1 < width; ++k) {
    low += std::fabs(bounds.lower[i * width + k]) * largest(box, k);
    high += std::fabs(bounds.upper[i * width + k]) * largest(box, k);
  }
  return std::max(low, high) * (1.0 + gamma_bound(static_cast<double>(2 * width + 8))) + 0x1p-1000;
}

void resize(LinearBounds& bounds, std::size_t size, std::size_t width) {
  bounds.lower.assign(size * width, 0.0);
  bounds.upper.assign(size * width, 0.0);
  bounds.error.assign(size, 0.0);
  bounds.magnitude.assign(size, 0.0);
}

/// Bounds that overflowed say nothing; no NaN, no infinity may go on from here.
void make_vacuous(LinearBounds& bounds, std::size_t i, std::size_t width) {
  if (bounds.error[i] < kOverflow && bounds.magnitude[i] < kOverflow) return;
  std::fill_n(bounds.lower.data() + i * width, width, 0.0);
  std::fill_n(bounds.upper.data() + i * width, width, 0.0);
  bounds.magnitude[i] = 0.0;
  bounds.error[i] = std::numeric_limits<double>::infinity();
}

}  // namespace

LinearBounds forward_input(const ForwardBox& box, const std::vector<double>& lower,
                           const std::vector<double>& upper) {
  const std::size_t width = box.columns.size() + 1;
  LinearBounds bounds;
  resize(bounds, lower.size(), width);
  for (std::size_t i = 0; i < lower.size(); ++i) {
    bounds.lower[i * width + width - 1] = lower[i];
    bounds.upper[i * width + width - 1] = upper[i];
  }
  for (std::size_t k = 0; k < box.columns.size(); ++k) {
    const auto i = static_cast<std::size_t>(box.columns[k]);
    bounds.lower[i * width + width - 1] = bounds.upper[i * width + width - 1] = 0.0;
    bounds.lower[i * width + k] = bounds.upper[i * width + k] = 1.0;
  }
  for (std::size_t i = 0; i < lower.size(); ++i) bounds.magnitude[i] = magnitude_of(bounds, box, i);
  return bounds;
}

namespace {

/// Adds what a structured map makes of its source's bounds.
void add_structured(const StructuredMap& map, const LinearBounds& from, std::size_t width,
                    LinearTotals& totals) {
  const auto B = static_cast<std::int64_t>(width);
  LinearBounds image;
  if (!map.has_all_columns()) {
    image = {map.to_image(from.lower.data(), B), map.to_image(from.upper.data(), B),
             map.to_image(from.error.data(), 1), map.to_image(from.magnitude.data(), 1)};
  }
  const LinearBounds& read = map.has_all_columns() ? from : image;
  if (map.has_all_rows()) return add_convolution(map.convolution(), read, width, totals);
  const auto size = static_cast<std::size_t>(map.convolution().rows());
  const std::vector<double> zero(size, 0.0), zeros(size * width, 0.0);
  LinearTotals all{zeros, zeros, zero, zero, zero};
  add_convolution(map.convolution(), read, width, all);
  const std::vector<std::int32_t>& picks = map.picks();
  for (std::size_t i = 0; i < picks.size(); ++i) {
    if (picks[i] < 0) continue;
    const auto r = static_cast<std::size_t>(picks[i]);
    for (std::size_t k = 0; k < width; ++k) {
      totals.lower[i * width + k] += all.lower[r * width + k];
      totals.upper[i * width + k] += all.upper[r * width + k];
    }
    totals.error[i] += all.error[r];
    totals.magnitude[i] += all.magnitude[r];
    totals.terms[i] += all.terms[r] + 1.0;
  }
}

/// Adds copies and differences of the source's elements.
void add_selection(const SelectionMap& map, const LinearBounds& from, std::size_t width,
                   LinearTotals& totals) {
  map.for_each([&](std::size_t i, std::size_t c, double sign) {
    const double* const a = (sign > 0.0 ? from.lower : from.upper).data() + c * width;
    const double* const b = (sign > 0.0 ? from.upper : from.lower).data() + c * width;
    for (std::size_t k = 0; k < width; ++k) {
      totals.lower[i * width + k] += sign * a[k];
      totals.upper[i * width + k] += sign * b[k];
    }
    totals.error[i] += from.error[c];
    totals.magnitude[i] += from.magnitude[c];
    totals.terms[i] += 1.0;
  });
}

}  // namespace

LinearBounds forward_affine(const AffineForm& form, const ForwardBox& box,
                            const std::map<int, LinearBounds>& sources) {
  const std::size_t width = box.columns.size() + 1;
  const auto size = static_cast<std::size_t>(form.size());
  LinearTotals totals{std::vector<double>(size * width), std::vector<double>(size * width),
                      std::vector<double>(size), std::vector<double>(size),
                      std::vector<double>(size, 1.0)};
  for (std::size_t i = 0; i < size; ++i) {
    totals.lower[i * width + width - 1] = totals.upper[i * width + width - 1] = form.constant[i];
    totals.magnitude[i] = std::fabs(form.constant[i]);
  }
  for (const auto& [source, coefficients] : form.terms) {
    const LinearBounds& from = sources.at(source);
    if (const StructuredMap* map = coefficients.structure()) {
      add_structured(*map, from, width, totals);
      continue;
    }
    if (const SelectionMap* map = coefficients.selection()) {
      add_selection(*map, from, width, totals);
      continue;
    }
    const SparseRows& rows = coefficients.written();
    for (std::size_t i = 0; i < size; ++i) {
      const auto index = rows.indices(static_cast<std::int64_t>(i));
      const auto value = rows.values(static_cast<std::int64_t>(i));
      double* low = totals.lower.data() + i * width;
      double* high = totals.upper.data() + i * width;
      for (std::size_t j = 0; j < index.size(); ++j) {
        const auto c = static_cast<std::size_t>(index[j]);
        const double m = value[j];
        const double* a = (m > 0.0 ? from.lower : from.upper).data() + c * width;
        const double* b = (m > 0.0 ? from.upper : from.lower).data() + c * width;
        for (std::size_t k = 0; k < width; ++k) {
          low[k] += m * a[k];
          high[k] += m * b[k];
        }
        totals.error[i] += std::fabs(m) * from.error[c];
        totals.magnitude[i] += std::fabs(m) * from.magnitude[c];
      }
      totals.terms[i] += static_cast<double>(index.size());
    }
  }
  LinearBounds bounds{std::move(totals.lower), std::move(totals.upper), std::move(totals.error),
                      std::vector<double>(size)};
  for (std::size_t i = 0; i < size; ++i) {
    // Each coefficient is a sum of terms[i] products; their sizes add up to magnitude at most.
    const double gamma = gamma_bound(2.0 * totals.terms[i] + 8.0);
    bounds.error[i] =
        (bounds.error[i] + form.radius[i] + gamma * totals.magnitude[i]) * (1.0 + 4.0 * gamma) +
        0x1p-1030 * box.largest;
    bounds.magnitude[i] = magnitude_of(bounds, box, i);
  }
  return bounds;
}

IntervalVector concretize(const LinearBounds& bounds, const ForwardBox& box) {
  const std::size_t width = box.columns.size() + 1, size = bounds.error.size();
  const double gamma = gamma_bound(static_cast<double>(2 * width + 8));
  IntervalVector result;
  result.lower.resize(size);
  result.upper.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    const double* a = bounds.lower.data() + i * width;
    const double* b = bounds.upper.data() + i * width;
    double low = a[width - 1], high = b[width - 1];
    for (std::size_t k = 0; k + 1 < width; ++k) {
      low += a[k] * (a[k] < 0.0 ? box.upper[k] : box.lower[k]);
      high += b[k] * (b[k] < 0.0 ? box.lower[k] : box.upper[k]);
    }
    const double error =
        (bounds.error[i] + gamma * bounds.magnitude[i]) * (1.0 + 0x1p-40) + 0x1p-1030;
    result.lower[i] = next_down(low - error);
    result.upper[i] = next_up(high + error);
    if (!(std::fabs(result.lower[i]) < kOverflow))
      result.lower[i] = -std::numeric_limits<double>::infinity();
    if (!(std::fabs(result.upper[i]) < kOverflow))
      result.upper[i] = std::numeric_limits<double>::infinity();
  }
  return result;
}

LinearBounds forward_relu(const LinearBounds& z, const IntervalVector& interval,
                          const ForwardBox& box) {
  const std::size_t width = box.columns.size() + 1, size = z.error.size();
  LinearBounds bounds;
  resize(bounds, size, width);
  for (std::size_t i = 0; i < size; ++i) {
    const double l = interval.lower[i], u = interval.upper[i];
    if (u <= 0.0) continue;  // zero bounds
    if (!std::isfinite(l) || !std::isfinite(u)) {
      bounds.error[i] = std::numeric_limits<double>::infinity();  // says nothing
      continue;
    }
    double below = 1.0, above = 1.0, offset = 0.0;
    if (l < 0.0) {
      below = u > -l ? 1.0 : 0.0;
      // relu(z) <= above z + offset at both ends l and u, hence between: any slope will do, the
      // offset follows from it.
      above = u / (u - l);
      offset = next_up(std::max(next_up(-above * l), next_up(next_up(u) - above * u)));
    }
    for (std::size_t k = 0; k < width; ++k) {
      bounds.lower[i * width + k] = below * z.lower[i * width + k];
      bounds.upper[i * width + k] = above * z.upper[i * width + k];
    }
    bounds.upper[i * width + width - 1] += offset;
    bounds.magnitude[i] = magnitude_of(bounds, box, i);
    // below is 0 or 1 (exact); above rounds every coefficient once, the constant twice.
    const double rounding =
        l < 0.0 ? 4.0 * kUnitRoundoff * (z.magnitude[i] + std::fabs(offset)) : 0.0;
    bounds.error[i] =
        (z.error[i] + rounding) * (1.0 + 0x1p-40) + (l < 0.0 ? 0x1p-1030 * box.largest : 0.0);
  }
  return bounds;
}

LinearBounds forward_nonlinear(const LinearBounds& z, const std::vector<LinePair>& relaxed,
                               const ForwardBox& box) {
  const std::size_t width = box.columns.size() + 1, size = z.error.size();
  LinearBounds bounds;
  resize(bounds, size, width);
  for (std::size_t i = 0; i < size; ++i) {
    const LinePair& f = relaxed[i];
    // A falling line turns z's bounds round.
    const double* low = (f.lower_slope < 0.0 ? z.upper : z.lower).data() + i * width;
    const double* high = (f.upper_slope < 0.0 ? z.lower : z.upper).data() + i * width;
    for (std::size_t k = 0; k < width; ++k) {
      bounds.lower[i * width + k] = f.lower_slope * low[k];
      bounds.upper[i * width + k] = f.upper_slope * high[k];
    }
    bounds.lower[i * width + width - 1] += f.lower_offset;
    bounds.upper[i * width + width - 1] += f.upper_offset;
    bounds.magnitude[i] = magnitude_of(bounds, box, i);
    const double steepest = std::max(std::fabs(f.lower_slope), std::fabs(f.upper_slope));
    const double offset = std::max(std::fabs(f.lower_offset), std::fabs(f.upper_offset));
    // Every coefficient rounds once, the constant twice.
    bounds.error[i] =
        (steepest * z.error[i] + 4.0 * kUnitRoundoff * (steepest * z.magnitude[i] + offset)) *
            (1.0 + 0x1p-40) +
        0x1p-1030 * box.largest;
    make_vacuous(bounds, i, width);
  }
  return bounds;
}

LinearBounds forward_products(const LinearBounds& z, const std::vector<LinePair>& relaxed,
                              const ForwardBox& box) {
  const std::size_t width = box.columns.size() + 1, size = z.error.size();
  LinearBounds bounds;
  resize(bounds, size, width);
  for (std::size_t i = 0; i < size; i += 2) {
    const double a = relaxed[i].lower_slope, b = relaxed[i + 1].lower_slope;
    const double* const x_low = (a < 0.0 ? z.upper : z.lower).data() + i * width;
    const double* const x_high = (a < 0.0 ? z.lower : z.upper).data() + i * width;
    const double* const y_low = (b < 0.0 ? z.upper : z.lower).data() + (i + 1) * width;
    const double* const y_high = (b < 0.0 ? z.lower : z.upper).data() + (i + 1) * width;
    for (std::size_t k = 0; k < width; ++k) {
      bounds.lower[i * width + k] = a * x_low[k] + b * y_low[k];
      bounds.upper[i * width + k] = a * x_high[k] + b * y_high[k];
    }
    bounds.lower[i * width + width - 1] += relaxed[i].lower_offset;
    bounds.upper[i * width + width - 1] += relaxed[i].upper_offset;
    bounds.magnitude[i] = magnitude_of(bounds, box, i);
    const double offset =
        std::max(std::fabs(relaxed[i].lower_offset), std::fabs(relaxed[i].upper_offset));
    // Every coefficient rounds three times, the constant four times.
    const double size_of_terms =
        std::fabs(a) * z.magnitude[i] + std::fabs(b) * z.magnitude[i + 1] + offset;
    bounds.error[i] = (std::fabs(a) * z.error[i] + std::fabs(b) * z.error[i + 1] +
                       8.0 * kUnitRoundoff * size_of_terms) *
                          (1.0 + 0x1p-40) +
                      0x1p-1030 * box.largest;
    make_vacuous(bounds, i, width);
  }
  return bounds;
}

}  // namespace clipbound::bounds
