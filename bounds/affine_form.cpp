#include "bounds/affine_form.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <span>

#include "base/check.h"
#include "base/rounding.h"

namespace clipbound {

AffineForm AffineForm::of_source(int source, std::int64_t source_size, std::int64_t first, std::int64_t count) {
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
      if (roundings > 0.0) error += gamma_bound(roundings + 2.0) * (size[c] * magnitude[c]) + 0x1p-1000 * (1.0 + magnitude[c]);
      sum[c] = size[c] = 0.0;
      count[c] = 0;
    }
    touched.clear();
    rows.end_row();
    return error;
  }
};

/// Result i of linear_map() without its coefficients: constants, inherited radii, and what rounding the constants costs.
void map_constant(const std::vector<const AffineForm*>& forms, std::span<const WeightedTerm> terms, double offset, double& constant, double& radius) {
  double bulk = std::fabs(offset);
  int roundings = 0;
  constant = offset;
  radius = 0.0;
  for (const WeightedTerm& term : terms) {
    const AffineForm& form = *forms[static_cast<std::size_t>(term.input)];
    const auto e = static_cast<std::size_t>(term.element);
    radius += std::fabs(term.weight) * form.radius[e];
    if (form.constant[e] == 0.0) continue;
    constant += term.weight * form.constant[e];
    bulk += std::fabs(term.weight * form.constant[e]);
    roundings += 2;
  }
  const bool copied = terms.size() == 1 && offset == 0.0 && std::fabs(terms.front().weight) == 1.0;
  if (radius > 0.0) radius = radius * (1.0 + gamma_bound(static_cast<double>(terms.size()) + 8.0)) + 0x1p-1000;
  if (roundings > 0 && !copied) radius += gamma_bound(roundings + 8.0) * bulk + 0x1p-1000;
}

/// The rows of one source in several forms.
struct SourceRows {
  std::vector<const SparseRows*> of_form;  ///< [forms] nullptr: the form does not read the source
  std::vector<char> unit;                  ///< [forms] all coefficients +-1: products with them are exact
  std::int64_t cols = 0;

  SourceRows(const std::vector<const AffineForm*>& forms, int source) : of_form(forms.size(), nullptr), unit(forms.size(), 0) {
    for (std::size_t f = 0; f < forms.size(); ++f) {
      const auto found = forms[f]->terms.find(source);
      if (found == forms[f]->terms.end()) continue;
      of_form[f] = &found->second;
      cols = found->second.cols;
      unit[f] = found->second.is_unit();
    }
  }

  /// False where some product of a result's terms is rounded.
  bool is_exact(std::span<const WeightedTerm> terms) const {
    return std::all_of(terms.begin(), terms.end(), [&](const WeightedTerm& term) {
      const auto f = static_cast<std::size_t>(term.input);
      return of_form[f] == nullptr || unit[f] != 0 || term.weight == 0.0 || std::fabs(term.weight) == 1.0;
    });
  }
  /// Whether the terms' columns ascend from term to term, so that no two products meet in one: convolutions of what stands alone.
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
  double write(SparseRows& rows, std::span<const WeightedTerm> terms, const std::vector<double>& magnitude) const {
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
      for (std::size_t j = 0; j < index.size(); ++j) accumulator.add(index[j], term.weight * value[j]);
    }
  }
};

/// What linear_map() makes of one source.
struct SourceMap {
  int source;
  SparseRows rows;

  SourceMap(const std::vector<const AffineForm*>& forms, int number, const std::vector<double>& magnitude)
      : source(number), from_(forms, number), magnitude_(magnitude) {
    rows.cols = from_.cols;
  }
  /// Returns what the row's rounding may cost.
  double add_row(std::span<const WeightedTerm> terms) {
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
AffineForm map_rows(const std::vector<const AffineForm*>& forms, const TermsOf& terms_of, const std::vector<double>& offset, const SourceMagnitudes& magnitudes) {
  AffineForm result;
  const std::size_t size = offset.size();
  result.constant.resize(size);
  result.radius.resize(size);
  std::vector<SourceMap> maps;
  for (const int source : sources_of(forms)) maps.emplace_back(forms, source, magnitudes.at(source));
  for (std::size_t i = 0; i < size; ++i) {
    const std::span<const WeightedTerm> terms = terms_of(i);
    map_constant(forms, terms, offset[i], result.constant[i], result.radius[i]);
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

AffineForm linear_map(const std::vector<const AffineForm*>& forms, const std::vector<std::int64_t>& begin,
                      const std::vector<WeightedTerm>& terms, const std::vector<double>& offset,
                      const SourceMagnitudes& magnitudes) {
  return map_rows(forms, [&](std::size_t i) { return std::span<const WeightedTerm>(terms.data() + begin[i], terms.data() + begin[i + 1]); }, offset, magnitudes);
}

AffineForm linear_map(const std::vector<const AffineForm*>& forms, const std::function<void(std::size_t, std::vector<WeightedTerm>&)>& make,
                      const std::vector<double>& offset, const SourceMagnitudes& magnitudes) {
  std::vector<WeightedTerm> row;
  return map_rows(forms, [&](std::size_t i) {
    row.clear();
    make(i, row);
    return std::span<const WeightedTerm>(row);
  }, offset, magnitudes);
}

std::vector<double> values_at(const AffineForm& form, const std::map<int, std::vector<double>>& samples) {
  std::vector<double> values;
  for (const double c : form.constant) values.insert(values.end(), kSamples, c);
  for (const auto& [source, rows] : form.terms) {
    const std::vector<double>& from = samples.at(source);
    for (std::int64_t i = 0; i < form.size(); ++i) {
      const auto index = rows.indices(i);
      const auto value = rows.values(i);
      double* to = values.data() + i * kSamples;
      for (std::size_t j = 0; j < index.size(); ++j) {
        const double* x = from.data() + static_cast<std::ptrdiff_t>(index[j]) * kSamples;
        for (int p = 0; p < kSamples; ++p) to[p] += value[j] * x[p];
      }
    }
  }
  return values;
}

IntervalVector enclose(const AffineForm& form, const std::map<int, IntervalVector>& sources, std::vector<double>* sizes) {
  const auto size = static_cast<std::size_t>(form.size());
  IntervalVector result{form.constant, form.constant};
  // Sizes of the terms of either sum: one may be infinite and the other a good bound.
  std::vector<double> bulk_lower(size), count(size, 4.0);
  for (std::size_t i = 0; i < size; ++i) bulk_lower[i] = std::fabs(form.constant[i]);
  std::vector<double> bulk_upper(bulk_lower), bulk(bulk_lower);
  for (const auto& [source, rows] : form.terms) {
    const IntervalVector& from = sources.at(source);
    for (std::size_t i = 0; i < size; ++i) {
      const auto index = rows.indices(static_cast<std::int64_t>(i));
      const auto value = rows.values(static_cast<std::int64_t>(i));
      double lower = 0.0, upper = 0.0, lower_size = 0.0, upper_size = 0.0, magnitude = 0.0;
      for (std::size_t j = 0; j < index.size(); ++j) {
        const auto c = static_cast<std::size_t>(index[j]);
        const double a = value[j] * from.lower[c], b = value[j] * from.upper[c];
        const double low = std::min(a, b), high = std::max(a, b);
        lower += low;
        upper += high;
        lower_size += std::fabs(low);
        upper_size += std::fabs(high);
        magnitude += std::max(std::fabs(a), std::fabs(b));
      }
      result.lower[i] += lower;
      result.upper[i] += upper;
      bulk_lower[i] += lower_size;
      bulk_upper[i] += upper_size;
      bulk[i] += magnitude;
      count[i] += 2.0 * static_cast<double>(index.size()) + 2.0;
    }
  }
  if (sizes != nullptr) {
    sizes->resize(size);
    for (std::size_t i = 0; i < size; ++i) (*sizes)[i] = bulk[i] * (1.0 + 2.0 * gamma_bound(count[i])) + 0x1p-1000;
  }
  for (std::size_t i = 0; i < size; ++i) {
    const double gamma = gamma_bound(count[i]);
    result.lower[i] = next_down(result.lower[i] - ((gamma * bulk_lower[i] + form.radius[i]) * (1.0 + 0x1p-30) + 0x1p-1000));
    result.upper[i] = next_up(result.upper[i] + ((gamma * bulk_upper[i] + form.radius[i]) * (1.0 + 0x1p-30) + 0x1p-1000));
    // What has overflowed on the way, NaN included, says nothing any more: from here on it is unbounded.
    if (!(std::fabs(result.lower[i]) < kTrusted)) result.lower[i] = -std::numeric_limits<double>::infinity();
    if (!(std::fabs(result.upper[i]) < kTrusted)) result.upper[i] = std::numeric_limits<double>::infinity();
  }
  return result;
}

double size_of_terms(const AffineForm& form, std::int64_t i, const std::map<int, IntervalVector>& sources) {
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

}  // namespace clipbound
