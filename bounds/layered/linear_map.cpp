#include "bounds/layered/linear_map.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include "base/rounding.h"

namespace clipbound::bounds {

namespace {

/// Sums rows of one source into a dense accumulator and remembers which columns were touched.
/// Operations that turn out to be exact cost no radius: what touches a threshold exactly can be
/// told from what passes it only where nothing is charged for nothing.
struct RowAccumulator {
  std::vector<double> sum, size;
  std::vector<std::uint32_t> count;
  std::vector<char> rounded;
  std::vector<std::int32_t> touched;

  void reset(std::int64_t cols) {
    sum.assign(static_cast<std::size_t>(cols), 0.0);
    size.assign(static_cast<std::size_t>(cols), 0.0);
    count.assign(static_cast<std::size_t>(cols), 0);
    rounded.assign(static_cast<std::size_t>(cols), 0);
    touched.clear();
  }
  void add(std::int32_t column, double weight, double value) {
    const auto c = static_cast<std::size_t>(column);
    if (count[c]++ == 0) touched.push_back(column);
    const double x = weight * value, before = sum[c];
    sum[c] += x;
    size[c] += std::fabs(x);
    if (!is_exact_product(weight, value, x) || !is_exact_sum(before, x, sum[c])) rounded[c] = 1;
  }
  /// Appends the row to `rows` and returns what its rounding may cost; clears the accumulator.
  double flush(SparseRows& rows, const std::vector<double>& magnitude) {
    if (!std::is_sorted(touched.begin(), touched.end())) std::sort(touched.begin(), touched.end());
    double error = 0.0;
    for (const std::int32_t column : touched) {
      const auto c = static_cast<std::size_t>(column);
      if (sum[c] != 0.0) rows.append(column, sum[c]);
      if (rounded[c] != 0)
        error += gamma_bound(static_cast<double>(count[c]) + 2.0) * (size[c] * magnitude[c]) +
                 0x1p-1000 * (1.0 + magnitude[c]);
      sum[c] = size[c] = 0.0;
      count[c] = 0;
      rounded[c] = 0;
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

/// One element, perhaps negated: whatever else is there is 0, or multiplied by 0. `linear`: forms
/// without constants and radii.
bool is_copy(const std::vector<const AffineForm*>& forms, const std::vector<char>& linear,
             std::span<const WeightedTerm> terms) {
  std::size_t copies = 0;
  for (const WeightedTerm& term : terms) {
    const auto f = static_cast<std::size_t>(term.input);
    if (term.weight == 0.0 || (linear[f] != 0 && forms[f]->is_constant())) continue;
    if (std::fabs(term.weight) != 1.0) return false;
    ++copies;
  }
  return copies == 1;
}

/// Result i of linear_map() without its coefficients: constants, inherited radii, and what rounding
/// the constants costs. Where that was nothing, what it might have cost is returned.
double map_constant(const std::vector<const AffineForm*>& forms, const std::vector<char>& linear,
                    std::span<const WeightedTerm> terms, double offset, double& constant,
                    double& radius) {
  double sum = std::fabs(offset);
  int roundings = 0;
  bool inexact = false;  // a radius of 0 would say that nothing is: products may underflow
  bool exact = true;
  constant = offset;
  radius = 0.0;
  for (const WeightedTerm& term : terms) {
    if (linear[static_cast<std::size_t>(term.input)] != 0) continue;
    const AffineForm& form = *forms[static_cast<std::size_t>(term.input)];
    const auto e = static_cast<std::size_t>(term.element);
    radius += std::fabs(term.weight) * form.radius[e];
    inexact = inexact || (term.weight != 0.0 && form.radius[e] != 0.0);
    if (form.constant[e] == 0.0) continue;
    const double product = term.weight * form.constant[e], before = constant;
    constant += product;
    sum += std::fabs(product);
    exact = exact && is_exact_product(term.weight, form.constant[e], product) &&
            is_exact_sum(before, product, constant);
    roundings += 2;
  }
  const bool copied = offset == 0.0 && is_copy(forms, linear, terms);
  if (inexact)
    radius = radius * (1.0 + gamma_bound(static_cast<double>(terms.size()) + 8.0)) + 0x1p-1000;
  const double charge =
      roundings > 0 && !copied ? gamma_bound(roundings + 8.0) * sum + 0x1p-1000 : 0.0;
  if (exact) return charge;
  radius += charge;
  return 0.0;
}

/// The rows of one source in several forms.
struct SourceRows {
  std::vector<const SparseRows*> of_form;  ///< [forms] nullptr: the form does not read the source
  std::vector<char> unit;  ///< [forms] all coefficients +-1: products with them are exact
  /// [forms] of each element, for forms that are nothing but elements of the source.
  std::vector<std::vector<std::int32_t>> column;
  bool plain = true;  ///< all forms that read the source are such
  std::int64_t cols = 0;

  SourceRows(const std::vector<const AffineForm*>& forms, int source)
      : of_form(forms.size(), nullptr), unit(forms.size(), 0), column(forms.size()) {
    for (std::size_t f = 0; f < forms.size(); ++f) {
      const auto found = forms[f]->terms.find(source);
      if (found == forms[f]->terms.end()) continue;
      const SparseRows& rows = found->second.written();
      of_form[f] = &rows;
      cols = rows.cols;
      unit[f] = rows.is_unit();
      plain = plain && find_columns(rows, column[f]);
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
        if (exact || is_exact_product(term.weight, value[j], x)) continue;
        const double largest = magnitude[static_cast<std::size_t>(index[j])];
        error += gamma * (std::fabs(x) * largest) + 0x1p-1000 * (1.0 + largest);
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
        accumulator.add(index[j], term.weight, value[j]);
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
    return accumulator_.flush(rows, magnitude_);
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
    // Constants that were computed exactly here may have been rounded in float32, where jumps look
    // (S1, constants): only what varies is told from what was rounded.
    const double charge =
        map_constant(forms, linear, terms, offset[i], result.constant[i], result.radius[i]);
    bool varies = false;
    for (SourceMap& map : maps) {
      const std::int64_t before = map.rows.entries();
      result.radius[i] += map.add_row(terms);
      varies = varies || map.rows.entries() > before;
    }
    if (!varies) result.radius[i] += charge;
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

}  // namespace clipbound::bounds
