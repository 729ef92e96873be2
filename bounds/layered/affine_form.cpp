#include "bounds/layered/affine_form.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <span>

#include "base/check.h"
#include "base/rounding.h"
#include "base/simd.h"

namespace clipbound::bounds {

AffineForm AffineForm::of_source(int source, std::int64_t source_size, std::int64_t first,
                                 std::int64_t count) {
  AffineForm form;
  form.constant.assign(static_cast<std::size_t>(count), 0.0);
  form.radius.assign(static_cast<std::size_t>(count), 0.0);
  SparseRows& rows = form.terms[source];
  rows.cols = source_size;
  for (std::int64_t i = 0; i < count; ++i) {
    rows.append(static_cast<std::int32_t>(first + i), 1.0);
    rows.end_row();
  }
  return form;
}

AffineForm AffineForm::of_constant(std::vector<double> values) {
  AffineForm form;
  form.radius.assign(values.size(), 0.0);
  form.constant = std::move(values);
  return form;
}

std::vector<char> fixed_elements(const AffineForm& form) {
  std::vector<char> fixed(form.constant.size(), 1);
  for (const auto& [source, rows] : form.terms) {
    for (std::size_t i = 0; i < fixed.size(); ++i) {
      if (!rows.indices(static_cast<std::int64_t>(i)).empty()) fixed[i] = 0;
    }
  }
  return fixed;
}

namespace {

/// All sources of some forms, each once.
std::set<int> sources_of(const std::vector<const AffineForm*>& forms) {
  std::set<int> sources;
  for (const AffineForm* form : forms) {
    for (const auto& [source, rows] : form->terms) sources.insert(source);
  }
  return sources;
}

}  // namespace

AffineForm gather(const std::vector<const AffineForm*>& forms, const std::vector<Pick>& picks) {
  AffineForm result;
  result.constant.resize(picks.size());
  result.radius.resize(picks.size());
  for (std::size_t i = 0; i < picks.size(); ++i) {
    if (picks[i].input < 0) continue;
    const AffineForm& form = *forms[static_cast<std::size_t>(picks[i].input)];
    result.constant[i] = form.constant[static_cast<std::size_t>(picks[i].element)];
    result.radius[i] = form.radius[static_cast<std::size_t>(picks[i].element)];
  }
  for (const int source : sources_of(forms)) {
    SparseRows rows;
    for (const Pick& pick : picks) {
      if (pick.input >= 0) {
        const auto& terms = forms[static_cast<std::size_t>(pick.input)]->terms;
        if (const auto found = terms.find(source); found != terms.end()) {
          rows.cols = found->second.cols;
          rows.append(found->second.indices(pick.element), found->second.values(pick.element));
        }
      }
      rows.end_row();
    }
    if (rows.entries() > 0) result.terms.emplace(source, std::move(rows));
  }
  return result;
}

namespace {

/// Sums rows of one source into a dense accumulator and remembers which columns were touched.
struct RowAccumulator {
  std::vector<double> sum, size;
  std::vector<std::uint32_t> count;
  std::vector<std::int32_t> touched;

  void reset(std::int64_t cols) {
    sum.assign(static_cast<std::size_t>(cols), 0.0);
    size.assign(static_cast<std::size_t>(cols), 0.0);
    count.assign(static_cast<std::size_t>(cols), 0);
    touched.clear();
  }
  void add(std::int32_t column, double x) {
    const auto c = static_cast<std::size_t>(column);
    if (count[c]++ == 0) touched.push_back(column);
    sum[c] += x;
    size[c] += std::fabs(x);
  }
  /// Appends the row to `rows` and returns what its rounding may cost; clears the accumulator.
  double flush(SparseRows& rows, const std::vector<double>& magnitude, bool exact_products) {
    if (!std::is_sorted(touched.begin(), touched.end())) std::sort(touched.begin(), touched.end());
    double error = 0.0;
    for (const std::int32_t column : touched) {
      const auto c = static_cast<std::size_t>(column);
      if (sum[c] != 0.0) rows.append(column, sum[c]);
      const double roundings = static_cast<double>(count[c]) - (exact_products ? 1.0 : 0.0);
      if (roundings > 0.0)
        error += gamma_bound(roundings + 2.0) * (size[c] * magnitude[c]) +
                 0x1p-1000 * (1.0 + magnitude[c]);
      sum[c] = size[c] = 0.0;
      count[c] = 0;
    }
    touched.clear();
    rows.end_row();
    return error;
  }
};

/// Forms without constants and radii.
std::vector<char> linear_forms(const std::vector<const AffineForm*>& forms) {
  const auto zero = [](const std::vector<double>& list) {
    return std::all_of(list.begin(), list.end(), [](double x) { return x == 0.0; });
  };
  std::vector<char> linear;
  for (const AffineForm* form : forms)
    linear.push_back(zero(form->constant) && zero(form->radius) ? 1 : 0);
  return linear;
}

/// Result i of linear_map() without its coefficients: constants, inherited radii, and what rounding
/// the constants costs.
void map_constant(const std::vector<const AffineForm*>& forms, const std::vector<char>& linear,
                  std::span<const WeightedTerm> terms, double offset, double& constant,
                  double& radius) {
  double bulk = std::fabs(offset);
  int roundings = 0;
  constant = offset;
  radius = 0.0;
  for (const WeightedTerm& term : terms) {
    if (linear[static_cast<std::size_t>(term.input)] != 0) continue;
    const AffineForm& form = *forms[static_cast<std::size_t>(term.input)];
    const auto e = static_cast<std::size_t>(term.element);
    radius += std::fabs(term.weight) * form.radius[e];
    if (form.constant[e] == 0.0) continue;
    constant += term.weight * form.constant[e];
    bulk += std::fabs(term.weight * form.constant[e]);
    roundings += 2;
  }
  const bool copied = terms.size() == 1 && offset == 0.0 && std::fabs(terms.front().weight) == 1.0;
  if (radius > 0.0)
    radius = radius * (1.0 + gamma_bound(static_cast<double>(terms.size()) + 8.0)) + 0x1p-1000;
  if (roundings > 0 && !copied) radius += gamma_bound(roundings + 8.0) * bulk + 0x1p-1000;
}

/// The rows of one source in several forms.
struct SourceRows {
  std::vector<const SparseRows*> of_form;  ///< [forms] nullptr: the form does not read the source
  std::vector<char> unit;  ///< [forms] all coefficients +-1: products with them are exact
  std::vector<std::vector<std::int32_t>>
      column;  ///< [forms] of each element, for forms that are nothing but elements of the source
  bool plain = true;  ///< all forms that read the source are such
  std::int64_t cols = 0;

  SourceRows(const std::vector<const AffineForm*>& forms, int source)
      : of_form(forms.size(), nullptr), unit(forms.size(), 0), column(forms.size()) {
    for (std::size_t f = 0; f < forms.size(); ++f) {
      const auto found = forms[f]->terms.find(source);
      if (found == forms[f]->terms.end()) continue;
      of_form[f] = &found->second;
      cols = found->second.cols;
      unit[f] = found->second.is_unit();
      plain = plain && find_columns(found->second, column[f]);
    }
  }
  static bool find_columns(const SparseRows& rows, std::vector<std::int32_t>& columns) {
    for (std::int64_t r = 0; r < rows.rows(); ++r) {
      if (rows.indices(r).size() != 1 || rows.values(r).front() != 1.0) return false;
      columns.push_back(rows.indices(r).front());
    }
    return true;
  }
  /// Appends a result's row where that takes no sum and no product, else returns false:
  /// convolutions of what stands alone.
  bool copy(SparseRows& rows, std::span<const WeightedTerm> terms) const {
    if (!plain) return false;
    std::int32_t last = -1;
    for (const WeightedTerm& term : terms) {
      const auto f = static_cast<std::size_t>(term.input);
      if (of_form[f] == nullptr || term.weight == 0.0) continue;
      const std::int32_t c = column[f][static_cast<std::size_t>(term.element)];
      if (c <= last) {
        rows.drop_row();
        return false;
      }
      rows.append(c, term.weight);
      last = c;
    }
    rows.end_row();
    return true;
  }

  /// False where some product of a result's terms is rounded.
  bool is_exact(std::span<const WeightedTerm> terms) const {
    return std::all_of(terms.begin(), terms.end(), [&](const WeightedTerm& term) {
      const auto f = static_cast<std::size_t>(term.input);
      return of_form[f] == nullptr || unit[f] != 0 || term.weight == 0.0 ||
             std::fabs(term.weight) == 1.0;
    });
  }
  /// Whether the terms' columns ascend from term to term, so that no two products meet in one.
  bool ascends(std::span<const WeightedTerm> terms) const {
    std::int32_t last = -1;
    for (const WeightedTerm& term : terms) {
      const SparseRows* from = of_form[static_cast<std::size_t>(term.input)];
      if (from == nullptr || term.weight == 0.0) continue;
      const auto index = from->indices(term.element);
      if (index.empty()) continue;
      if (index.front() <= last) return false;
      last = index.back();
    }
    return true;
  }
  /// Appends a result's row whose columns ascend, and returns what its rounding may cost.
  double write(SparseRows& rows, std::span<const WeightedTerm> terms,
               const std::vector<double>& magnitude) const {
    const bool exact = is_exact(terms);
    const double gamma = gamma_bound(3.0);
    double error = 0.0;
    for (const WeightedTerm& term : terms) {
      const SparseRows* from = of_form[static_cast<std::size_t>(term.input)];
      if (from == nullptr || term.weight == 0.0) continue;
      const auto index = from->indices(term.element);
      const auto value = from->values(term.element);
      for (std::size_t j = 0; j < index.size(); ++j) {
        const double x = term.weight * value[j];
        if (x != 0.0) rows.append(index[j], x);
        if (exact) continue;
        const double reach = magnitude[static_cast<std::size_t>(index[j])];
        error += gamma * (std::fabs(x) * reach) + 0x1p-1000 * (1.0 + reach);
      }
    }
    rows.end_row();
    return error;
  }
  /// Adds a result's terms.
  void add_to(RowAccumulator& accumulator, std::span<const WeightedTerm> terms) const {
    for (const WeightedTerm& term : terms) {
      const SparseRows* from = of_form[static_cast<std::size_t>(term.input)];
      if (from == nullptr || term.weight == 0.0) continue;
      const auto index = from->indices(term.element);
      const auto value = from->values(term.element);
      for (std::size_t j = 0; j < index.size(); ++j)
        accumulator.add(index[j], term.weight * value[j]);
    }
  }
};

/// What linear_map() makes of one source.
struct SourceMap {
  int source;
  SparseRows rows;

  SourceMap(const std::vector<const AffineForm*>& forms, int number,
            const std::vector<double>& magnitude)
      : source(number), from_(forms, number), magnitude_(magnitude) {
    rows.cols = from_.cols;
  }
  /// Returns what the row's rounding may cost.
  double add_row(std::span<const WeightedTerm> terms) {
    if (from_.copy(rows, terms)) return 0.0;
    if (from_.ascends(terms)) return from_.write(rows, terms, magnitude_);
    if (accumulator_.sum.empty()) accumulator_.reset(rows.cols);
    from_.add_to(accumulator_, terms);
    return accumulator_.flush(rows, magnitude_, from_.is_exact(terms));
  }

 private:
  SourceRows from_;
  const std::vector<double>& magnitude_;
  RowAccumulator accumulator_;
};

/// linear_map() with terms_of(i), the terms of result i.
template <typename TermsOf>
AffineForm map_rows(const std::vector<const AffineForm*>& forms, const TermsOf& terms_of,
                    const std::vector<double>& offset, const SourceMagnitudes& magnitudes) {
  AffineForm result;
  const std::size_t size = offset.size();
  result.constant.resize(size);
  result.radius.resize(size);
  const std::vector<char> linear = linear_forms(forms);
  std::vector<SourceMap> maps;
  for (const int source : sources_of(forms))
    maps.emplace_back(forms, source, magnitudes.at(source));
  for (std::size_t i = 0; i < size; ++i) {
    const std::span<const WeightedTerm> terms = terms_of(i);
    map_constant(forms, linear, terms, offset[i], result.constant[i], result.radius[i]);
    for (SourceMap& map : maps) result.radius[i] += map.add_row(terms);
  }
  for (SourceMap& map : maps) {
    if (map.rows.entries() > 0) result.terms.emplace(map.source, std::move(map.rows));
  }
  // The radii were summed in round-to-nearest from at most a few dozen sources.
  for (double& radius : result.radius) {
    if (radius > 0.0) radius *= 1.0 + 0x1p-40;
  }
  return result;
}

}  // namespace

AffineForm linear_map(const std::vector<const AffineForm*>& forms,
                      const std::vector<std::int64_t>& begin,
                      const std::vector<WeightedTerm>& terms, const std::vector<double>& offset,
                      const SourceMagnitudes& magnitudes) {
  return map_rows(
      forms,
      [&](std::size_t i) {
        return std::span<const WeightedTerm>(terms.data() + begin[i], terms.data() + begin[i + 1]);
      },
      offset, magnitudes);
}

AffineForm linear_map(const std::vector<const AffineForm*>& forms,
                      const std::function<void(std::size_t, std::vector<WeightedTerm>&)>& make,
                      const std::vector<double>& offset, const SourceMagnitudes& magnitudes) {
  std::vector<WeightedTerm> row;
  return map_rows(
      forms,
      [&](std::size_t i) {
        row.clear();
        make(i, row);
        return std::span<const WeightedTerm>(row);
      },
      offset, magnitudes);
}

namespace {

/// Calls visit(row, its values, numbers) for the rows of `which` (nullptr: all), those with the
/// same columns one after the other: `numbers` [kArrays][columns] are what read(column, k) says,
/// collected once for all of them.
template <int kArrays, typename Read, typename Visit>
void for_each_row(const SparseRows& rows, const std::vector<char>* which, const Read& read,
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
          numbers[k].push_back(read(static_cast<std::size_t>(c), k));
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

/// Sums over the terms of a row: of the smallest and largest values, their sizes, and the larger of
/// the two sizes.
struct RangeSums {
  double lower = 0.0, upper = 0.0, lower_size = 0.0, upper_size = 0.0, magnitude = 0.0;
};
RangeSums sum_ranges(std::span<const double> value, const std::vector<double>& from,
                     const std::vector<double>& to) {
  Vec lower = {}, upper = {}, lower_size = {}, upper_size = {}, magnitude = {};
  const auto add = [&](Vec v, Vec l, Vec h) {
    const Vec a = v * l, b = v * h, low = vmin(a, b), high = vmax(a, b);
    lower += low;
    upper += high;
    lower_size += vabs(low);
    upper_size += vabs(high);
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
  return {total(lower), total(upper), total(lower_size), total(upper_size), total(magnitude)};
}

}  // namespace

std::vector<double> values_at(const AffineForm& form,
                              const std::map<int, std::vector<double>>& samples) {
  std::vector<double> values;
  for (const double c : form.constant) values.insert(values.end(), kSamples, c);
  for (const auto& [source, rows] : form.terms) {
    const std::vector<double>& from = samples.at(source);
    for_each_row<kSamples>(
        rows, nullptr,
        [&](std::size_t c, int p) { return from[c * kSamples + static_cast<std::size_t>(p)]; },
        [&](std::size_t i, std::span<const double> value, const std::vector<double>* numbers) {
          for (int p = 0; p < kSamples; ++p)
            values[i * kSamples + static_cast<std::size_t>(p)] += dot(value, numbers[p]);
        });
  }
  return values;
}

IntervalVector enclose(const AffineForm& form, const std::map<int, IntervalVector>& sources,
                       std::vector<double>* sizes, const std::vector<char>* which) {
  const auto size = static_cast<std::size_t>(form.size());
  IntervalVector result{form.constant, form.constant};
  // Sizes of the terms of either sum: one may be infinite and the other a good bound.
  std::vector<double> bulk_lower(size), count(size, 4.0);
  for (std::size_t i = 0; i < size; ++i) bulk_lower[i] = std::fabs(form.constant[i]);
  std::vector<double> bulk_upper(bulk_lower), bulk(bulk_lower);
  for (const auto& [source, rows] : form.terms) {
    const IntervalVector& from = sources.at(source);
    for_each_row<2>(
        rows, which,
        [&](std::size_t c, int end) { return end == 0 ? from.lower[c] : from.upper[c]; },
        [&](std::size_t i, std::span<const double> value, const std::vector<double>* ends) {
          const RangeSums sums = sum_ranges(value, ends[0], ends[1]);
          result.lower[i] += sums.lower;
          result.upper[i] += sums.upper;
          bulk_lower[i] += sums.lower_size;
          bulk_upper[i] += sums.upper_size;
          bulk[i] += sums.magnitude;
          count[i] += 2.0 * static_cast<double>(value.size()) + 2.0;
        });
  }
  if (sizes != nullptr) {
    sizes->resize(size);
    for (std::size_t i = 0; i < size; ++i)
      (*sizes)[i] = bulk[i] * (1.0 + 2.0 * gamma_bound(count[i])) + 0x1p-1000;
  }
  for (std::size_t i = 0; i < size; ++i) {
    const double gamma = gamma_bound(count[i]);
    result.lower[i] = next_down(
        result.lower[i] - ((gamma * bulk_lower[i] + form.radius[i]) * (1.0 + 0x1p-30) + 0x1p-1000));
    result.upper[i] = next_up(
        result.upper[i] + ((gamma * bulk_upper[i] + form.radius[i]) * (1.0 + 0x1p-30) + 0x1p-1000));
    // What has overflowed on the way, NaN included, says nothing any more: from here on it is
    // unbounded.
    if (!(std::fabs(result.lower[i]) < kTrusted))
      result.lower[i] = -std::numeric_limits<double>::infinity();
    if (!(std::fabs(result.upper[i]) < kTrusted))
      result.upper[i] = std::numeric_limits<double>::infinity();
    if (which == nullptr || (*which)[i] != 0) continue;
    result.lower[i] = -std::numeric_limits<double>::infinity();
    result.upper[i] = std::numeric_limits<double>::infinity();
  }
  return result;
}

double size_of_terms(const AffineForm& form, std::int64_t i,
                     const std::map<int, IntervalVector>& sources) {
  double size = std::fabs(form.constant[static_cast<std::size_t>(i)]);
  for (const auto& [source, rows] : form.terms) {
    const IntervalVector& from = sources.at(source);
    const auto index = rows.indices(i);
    const auto value = rows.values(i);
    for (std::size_t j = 0; j < index.size(); ++j) {
      const auto c = static_cast<std::size_t>(index[j]);
      size += std::fabs(value[j]) * std::max(std::fabs(from.lower[c]), std::fabs(from.upper[c]));
    }
  }
  return size;
}

}  // namespace clipbound::bounds
