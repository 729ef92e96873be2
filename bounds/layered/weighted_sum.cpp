#include "bounds/layered/weighted_sum.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/layered/linear_map.h"
#include "bounds/layered/structured_map.h"

namespace clipbound::bounds {

namespace {

AffineForm sum_of_rows(const std::vector<const AffineForm*>& forms,
                       const std::vector<double>& weights, const std::vector<double>& offset,
                       const SourceMagnitudes& magnitudes) {
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(offset.size()); ++i) {
    for (std::size_t k = 0; k < forms.size(); ++k)
      terms.push_back({static_cast<std::int32_t>(k), i, weights[k]});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  return linear_map(forms, begin, terms, offset, magnitudes);
}

/// How many of the forms read a source.
std::ptrdiff_t readers(const std::vector<const AffineForm*>& forms, int source) {
  return std::count_if(forms.begin(), forms.end(),
                       [&](const AffineForm* form) { return form->terms.contains(source); });
}

bool is_power_of_two(double x) {
  int exponent = 0;
  return std::fabs(std::frexp(x, &exponent)) == 0.5;
}

bool has_any_map(const AffineForm& form) {
  return has_structure(form) || has_selection(form);
}

/// The sum of a source's selections; nullptr where the forms that read it have others, or the
/// weights are no signs.
std::shared_ptr<const SelectionMap> selection_of(const std::vector<const AffineForm*>& forms,
                                                 const std::vector<double>& weights, int source) {
  std::vector<const SelectionMap*> maps;
  std::vector<double> signs;
  for (std::size_t k = 0; k < forms.size(); ++k) {
    const auto found = forms[k]->terms.find(source);
    if (found == forms[k]->terms.end()) continue;
    if (found->second.selection() == nullptr || std::fabs(weights[k]) != 1.0) return nullptr;
    maps.push_back(found->second.selection());
    signs.push_back(weights[k]);
  }
  return sum_of_selections(maps, signs);
}

/// Zeros, where the parts that are no maps are nothing else: differences of pools.
bool are_zeros(const std::vector<AffineForm>& parts, const std::vector<double>& offset) {
  const auto zeros = [](const std::vector<double>& list) {
    return std::all_of(list.begin(), list.end(), [](double x) { return x == 0.0; });
  };
  return zeros(offset) && std::all_of(parts.begin(), parts.end(), [&](const AffineForm& part) {
           return part.terms.empty() && zeros(part.constant) && zeros(part.radius);
         });
}

}  // namespace

bool has_selection(const AffineForm& form) {
  return std::any_of(form.terms.begin(), form.terms.end(),
                     [](const auto& term) { return term.second.selection() != nullptr; });
}

bool has_structure(const AffineForm& form) {
  return std::any_of(form.terms.begin(), form.terms.end(),
                     [](const auto& term) { return term.second.structure() != nullptr; });
}

std::vector<double> structured_sizes(const AffineForm& form, const SourceMagnitudes& magnitudes) {
  std::vector<double> sum(form.constant.size(), 0.0);
  for (const auto& [source, coefficients] : form.terms) {
    if (coefficients.structure() == nullptr) continue;
    const std::vector<double> sizes = coefficients.structure()->sizes(magnitudes.at(source));
    for (std::size_t i = 0; i < sum.size(); ++i) {
      if (sizes[i] != 0.0) sum[i] = sum[i] == 0.0 ? sizes[i] : add_up(sum[i], sizes[i]);
    }
  }
  return sum;
}

void charge_coefficients(const StructuredMap& map, double relative,
                         const std::vector<double>& magnitude, std::vector<double>& radius) {
  double largest = 0.0;
  for (const double m : magnitude) {
    if (m < kInfinity) largest = std::max(largest, m);
  }
  // Fewer than 2^40 coefficients, each of which lost at most 2^-1075 by underflow.
  const double lost = 0x1p-1000 * (1.0 + largest);
  const std::vector<double> sizes = map.sizes(magnitude);
  for (std::size_t i = 0; i < radius.size(); ++i) {
    if (sizes[i] == 0.0) continue;
    const double sum = radius[i] + (relative * sizes[i] + lost);
    radius[i] = sum < kInfinity ? sum * (1.0 + 0x1p-40) : kInfinity;
  }
}

AffineForm weighted_sum(const std::vector<const AffineForm*>& forms,
                        const std::vector<double>& weights, const std::vector<double>& offset,
                        const SourceMagnitudes& magnitudes) {
  if (std::none_of(forms.begin(), forms.end(), [](const auto* form) { return has_any_map(*form); }))
    return sum_of_rows(forms, weights, offset, magnitudes);
  std::map<int, std::shared_ptr<const SelectionMap>> selections;
  for (const int source : sources_of(forms)) {
    if (auto selection = selection_of(forms, weights, source))
      selections.emplace(source, std::move(selection));
  }
  std::vector<AffineForm> parts;
  std::map<int, std::pair<std::shared_ptr<const StructuredMap>, double>> maps;
  for (std::size_t k = 0; k < forms.size(); ++k) {
    AffineForm& part = parts.emplace_back(AffineForm{{}, forms[k]->constant, forms[k]->radius});
    for (const auto& [source, coefficients] : forms[k]->terms) {
      if (selections.contains(source)) continue;
      if (coefficients.structure() == nullptr || readers(forms, source) > 1)
        part.terms.emplace(source, coefficients);
      else if (weights[k] != 0.0)
        maps.emplace(source, std::pair(coefficients.shared_structure(), weights[k]));
    }
  }
  std::vector<const AffineForm*> of_rows;
  for (const AffineForm& part : parts) of_rows.push_back(&part);
  AffineForm result = are_zeros(parts, offset) ? AffineForm::of_constant(offset)
                                               : sum_of_rows(of_rows, weights, offset, magnitudes);
  for (auto& [source, selection] : selections) {
    if (selection->entries() > 0) result.terms.emplace(source, Coefficients(std::move(selection)));
  }
  for (const auto& [source, part] : maps) {
    const auto& [map, weight] = part;
    if (weight == 1.0) {
      result.terms.emplace(source, Coefficients(map));
      continue;
    }
    const std::vector<double> factor(static_cast<std::size_t>(map->convolution().row_channels()),
                                     weight);
    const auto scaled = map->scaled(factor);
    if (std::fabs(weight) != 1.0)
      charge_coefficients(*scaled, is_power_of_two(weight) ? 0.0 : 2.0 * kUnitRoundoff,
                          magnitudes.at(source), result.radius);
    result.terms.emplace(source, Coefficients(scaled));
  }
  return result;
}

}  // namespace clipbound::bounds
