#include "bounds/layered/enclose.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "base/rounding.h"
#include "base/simd.h"
#include "bounds/layered/convolution_ranges.h"
#include "bounds/layered/structured_map.h"

namespace clipbound::bounds {

namespace {

/// Calls visit(row, its values, numbers) for the rows of `which` (nullptr: all), those with the
/// same columns one after the other: `numbers` [kArrays][columns] are value_of(column, k),
/// collected once for all of them.
template <int kArrays, typename Value, typename Visit>
void for_each_row(const SparseRows& rows, const std::vector<char>* which, const Value& value_of,
                  const Visit& visit) {
  std::vector<std::int64_t> order;
  for (std::int64_t r = 0; r < rows.rows(); ++r) {
    if (!rows.indices(r).empty() &&
        (which == nullptr || (*which)[static_cast<std::size_t>(r)] != 0))
      order.push_back(r);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return rows.list_of_indices(a) < rows.list_of_indices(b);
  });
  std::vector<double> numbers[kArrays];
  std::int64_t list = -1;
  for (const std::int64_t r : order) {
    if (rows.list_of_indices(r) != list) {
      list = rows.list_of_indices(r);
      for (int k = 0; k < kArrays; ++k) {
        numbers[k].clear();
        for (const std::int32_t c : rows.indices(r))
          numbers[k].push_back(value_of(static_cast<std::size_t>(c), k));
      }
    }
    visit(static_cast<std::size_t>(r), rows.values(r), numbers);
  }
}

Vec load(const double* from) {
  Vec x;
  std::memcpy(&x, from, sizeof x);
  return x;
}
double total(Vec x) {
  double sum = 0.0;
  for (int lane = 0; lane < kLanes; ++lane) sum += x[lane];
  return sum;
}

double dot(std::span<const double> a, const std::vector<double>& b) {
  Vec sum = {};
  std::size_t j = 0;
  for (; j + kLanes <= a.size(); j += kLanes) sum += load(a.data() + j) * load(b.data() + j);
  double rest = 0.0;
  for (; j < a.size(); ++j) rest += a[j] * b[j];
  return total(sum) + rest;
}

/// Sums over the terms of a row: of the smallest and largest values, their magnitudes, and the
/// larger of the two.
struct RangeSums {
  double lower = 0.0, upper = 0.0, lower_magnitude = 0.0, upper_magnitude = 0.0, magnitude = 0.0;
};
RangeSums sum_ranges(std::span<const double> value, const std::vector<double>& from,
                     const std::vector<double>& to) {
  Vec lower = {}, upper = {}, lower_magnitude = {}, upper_magnitude = {}, magnitude = {};
  const auto add = [&](Vec v, Vec l, Vec h) {
    const Vec a = v * l, b = v * h, low = vmin(a, b), high = vmax(a, b);
    lower += low;
    upper += high;
    lower_magnitude += vabs(low);
    upper_magnitude += vabs(high);
    magnitude += vmax(vabs(a), vabs(b));
  };
  std::size_t j = 0;
  for (; j + kLanes <= value.size(); j += kLanes)
    add(load(value.data() + j), load(from.data() + j), load(to.data() + j));
  if (j < value.size()) {
    Vec part[3] = {};
    for (std::size_t k = 0; j + k < value.size(); ++k) {
      const auto lane = static_cast<int>(k);
      part[0][lane] = value[j + k];
      part[1][lane] = from[j + k];
      part[2][lane] = to[j + k];
    }
    add(part[0], part[1], part[2]);
  }
  return {total(lower), total(upper), total(lower_magnitude), total(upper_magnitude),
          total(magnitude)};
}

/// Adds what a structured map makes of its source's intervals.
void add_structured(const StructuredMap& map, const IntervalVector& from,
                    const std::vector<char>* which, RangeTotals& totals) {
  IntervalVector image;
  if (!map.has_all_columns())
    image = {map.to_image(from.lower.data(), 1), map.to_image(from.upper.data(), 1)};
  const IntervalVector& read = map.has_all_columns() ? from : image;
  if (map.has_all_rows()) return add_convolution(map.convolution(), read, which, totals);
  const std::vector<std::int32_t>& picks = map.picks();
  const auto size = static_cast<std::size_t>(map.convolution().rows());
  std::vector<char> wanted(size, 0);
  for (std::size_t i = 0; i < picks.size(); ++i) {
    if (picks[i] >= 0 && (which == nullptr || (*which)[i] != 0))
      wanted[static_cast<std::size_t>(picks[i])] = 1;
  }
  const std::vector<double> zero(size, 0.0);
  RangeTotals all{zero, zero, zero, zero, zero, zero};
  add_convolution(map.convolution(), read, &wanted, all);
  for (std::size_t i = 0; i < picks.size(); ++i) {
    if (picks[i] < 0) continue;
    const auto r = static_cast<std::size_t>(picks[i]);
    totals.lower[i] += all.lower[r];
    totals.upper[i] += all.upper[r];
    totals.lower_magnitude[i] += all.lower_magnitude[r];
    totals.upper_magnitude[i] += all.upper_magnitude[r];
    totals.magnitude[i] += all.magnitude[r];
    totals.count[i] += all.count[r];
  }
}

/// The same for copies and differences of elements.
void add_selection(const SelectionMap& map, const IntervalVector& from, RangeTotals& totals) {
  map.for_each([&](std::size_t i, std::size_t c, double sign) {
    const double lower = sign > 0.0 ? from.lower[c] : -from.upper[c],
                 upper = sign > 0.0 ? from.upper[c] : -from.lower[c];
    totals.lower[i] += lower;
    totals.upper[i] += upper;
    totals.lower_magnitude[i] += std::fabs(lower);
    totals.upper_magnitude[i] += std::fabs(upper);
    totals.magnitude[i] += std::max(std::fabs(lower), std::fabs(upper));
    totals.count[i] += 4.0;
  });
}

}  // namespace

std::vector<double> values_at(const AffineForm& form, const SourceSamples& samples) {
  std::vector<double> values;
  for (const double c : form.constant) values.insert(values.end(), kSamples, c);
  for (const auto& [source, coefficients] : form.terms) {
    const std::vector<double>& from = samples.at(source);
    if (const StructuredMap* map = coefficients.structure()) {
      map->apply(from.data(), kSamples, values.data(), true);
      continue;
    }
    for_each_row<kSamples>(
        coefficients.written(), nullptr,
        [&](std::size_t c, int p) { return from[c * kSamples + static_cast<std::size_t>(p)]; },
        [&](std::size_t i, std::span<const double> value, const std::vector<double>* numbers) {
          for (int p = 0; p < kSamples; ++p)
            values[i * kSamples + static_cast<std::size_t>(p)] += dot(value, numbers[p]);
        });
  }
  return values;
}

IntervalVector enclose(const AffineForm& form, const SourceIntervals& sources,
                       std::vector<double>* magnitudes, const std::vector<char>* which) {
  const auto size = static_cast<std::size_t>(form.size());
  std::vector<double> sizes(size);
  for (std::size_t i = 0; i < size; ++i) sizes[i] = std::fabs(form.constant[i]);
  // Magnitudes of the terms of either sum: one may be infinite and the other a good bound.
  RangeTotals totals{form.constant, form.constant, sizes,
                     sizes,         sizes,         std::vector<double>(size, 4.0)};
  for (const auto& [source, coefficients] : form.terms) {
    const IntervalVector& from = sources.at(source);
    if (const StructuredMap* map = coefficients.structure()) {
      add_structured(*map, from, which, totals);
      continue;
    }
    if (const SelectionMap* map = coefficients.selection()) {
      add_selection(*map, from, totals);
      continue;
    }
    for_each_row<2>(
        coefficients.written(), which,
        [&](std::size_t c, int end) { return end == 0 ? from.lower[c] : from.upper[c]; },
        [&](std::size_t i, std::span<const double> value, const std::vector<double>* ends) {
          const RangeSums sums = sum_ranges(value, ends[0], ends[1]);
          totals.lower[i] += sums.lower;
          totals.upper[i] += sums.upper;
          totals.lower_magnitude[i] += sums.lower_magnitude;
          totals.upper_magnitude[i] += sums.upper_magnitude;
          totals.magnitude[i] += sums.magnitude;
          totals.count[i] += 2.0 * static_cast<double>(value.size()) + 2.0;
        });
  }
  const std::vector<double>& count = totals.count;
  if (magnitudes != nullptr) {
    magnitudes->resize(size);
    for (std::size_t i = 0; i < size; ++i)
      (*magnitudes)[i] = totals.magnitude[i] * (1.0 + 2.0 * gamma_bound(count[i])) + 0x1p-1000;
  }
  IntervalVector result{std::move(totals.lower), std::move(totals.upper)};
  for (std::size_t i = 0; i < size; ++i) {
    const double gamma = gamma_bound(count[i]);
    result.lower[i] = next_down(
        result.lower[i] -
        ((gamma * totals.lower_magnitude[i] + form.radius[i]) * (1.0 + 0x1p-30) + 0x1p-1000));
    result.upper[i] = next_up(
        result.upper[i] +
        ((gamma * totals.upper_magnitude[i] + form.radius[i]) * (1.0 + 0x1p-30) + 0x1p-1000));
    // What has overflowed on the way, NaN included, says nothing any more: from here on it is
    // unbounded.
    if (!(std::fabs(result.lower[i]) < kOverflow))
      result.lower[i] = -std::numeric_limits<double>::infinity();
    if (!(std::fabs(result.upper[i]) < kOverflow))
      result.upper[i] = std::numeric_limits<double>::infinity();
    if (which == nullptr || (*which)[i] != 0) continue;
    result.lower[i] = -std::numeric_limits<double>::infinity();
    result.upper[i] = std::numeric_limits<double>::infinity();
  }
  return result;
}

double magnitude_of_terms(const AffineForm& form, std::int64_t i, const SourceIntervals& sources) {
  double magnitude = std::fabs(form.constant[static_cast<std::size_t>(i)]);
  for (const auto& [source, coefficients] : form.terms) {
    const IntervalVector& from = sources.at(source);
    RowReader reader(coefficients);
    const auto [index, value] = reader.row(i);
    for (std::size_t j = 0; j < index.size(); ++j) {
      const auto c = static_cast<std::size_t>(index[j]);
      magnitude +=
          std::fabs(value[j]) * std::max(std::fabs(from.lower[c]), std::fabs(from.upper[c]));
    }
  }
  return magnitude;
}

}  // namespace clipbound::bounds
