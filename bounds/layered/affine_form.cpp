#include "bounds/layered/affine_form.h"

#include <set>

#include "bounds/layered/structured_map.h"

namespace clipbound::bounds {

AffineForm AffineForm::of_source(int source, std::int64_t source_size, std::int64_t first,
                                 std::int64_t count) {
  AffineForm form;
  form.constant.assign(static_cast<std::size_t>(count), 0.0);
  form.radius.assign(static_cast<std::size_t>(count), 0.0);
  SparseRows rows;
  rows.cols = source_size;
  for (std::int64_t i = 0; i < count; ++i) {
    rows.append(static_cast<std::int32_t>(first + i), 1.0);
    rows.end_row();
  }
  form.terms.emplace(source, std::move(rows));
  return form;
}

AffineForm AffineForm::selecting(int source, std::int64_t source_size, std::int64_t first,
                                 std::int64_t count) {
  AffineForm form;
  form.constant.assign(static_cast<std::size_t>(count), 0.0);
  form.radius.assign(static_cast<std::size_t>(count), 0.0);
  form.terms.emplace(source, Coefficients(SelectionMap::of_elements(source_size, first, count)));
  return form;
}

AffineForm AffineForm::of_constant(std::vector<double> values) {
  AffineForm form;
  form.radius.assign(values.size(), 0.0);
  form.constant = std::move(values);
  return form;
}

std::vector<char> constant_elements(const AffineForm& form) {
  std::vector<char> constant(form.constant.size(), 1);
  for (const auto& [source, coefficients] : form.terms) {
    if (coefficients.structure() != nullptr) {
      const std::vector<char> varies = coefficients.structure()->rows_with_entries();
      for (std::size_t i = 0; i < constant.size(); ++i) {
        if (varies[i] != 0) constant[i] = 0;
      }
      continue;
    }
    if (const SelectionMap* selection = coefficients.selection()) {
      selection->for_each([&](std::size_t i, std::size_t, double) { constant[i] = 0; });
      continue;
    }
    const SparseRows& rows = coefficients.written();
    for (std::size_t i = 0; i < constant.size(); ++i) {
      if (!rows.indices(static_cast<std::int64_t>(i)).empty()) constant[i] = 0;
    }
  }
  return constant;
}

std::set<int> sources_of(const std::vector<const AffineForm*>& forms) {
  std::set<int> sources;
  for (const AffineForm* form : forms) {
    for (const auto& [source, rows] : form->terms) sources.insert(source);
  }
  return sources;
}

namespace {

/// The coefficients of picked elements, where those of the source are one structured map; nullptr
/// elsewhere. All elements in order are the map itself.
std::shared_ptr<const StructuredMap> gather_map(const std::vector<const AffineForm*>& forms,
                                                const std::vector<Pick>& picks, int source) {
  std::int32_t only = -1;
  for (std::size_t k = 0; k < forms.size(); ++k) {
    if (!forms[k]->terms.contains(source)) continue;
    if (only >= 0) return nullptr;
    only = static_cast<std::int32_t>(k);
  }
  const Coefficients& from = forms[static_cast<std::size_t>(only)]->terms.at(source);
  if (from.structure() == nullptr || picks.empty()) return nullptr;
  bool all = static_cast<std::int64_t>(picks.size()) == from.rows();
  std::vector<std::int32_t> rows;
  rows.reserve(picks.size());
  for (const Pick& pick : picks) {
    rows.push_back(pick.input == only ? static_cast<std::int32_t>(pick.element) : -1);
    all = all && rows.back() == static_cast<std::int32_t>(rows.size()) - 1;
  }
  return all ? from.shared_structure() : from.structure()->picked(rows);
}

/// The same where those of the source are selections, alike in their signs.
std::shared_ptr<const SelectionMap> gather_selections(const std::vector<const AffineForm*>& forms,
                                                      const std::vector<Pick>& picks, int source) {
  std::vector<const SelectionMap*> maps;
  std::vector<std::int32_t> number(forms.size(), -1);
  for (std::size_t k = 0; k < forms.size(); ++k) {
    const auto found = forms[k]->terms.find(source);
    if (found == forms[k]->terms.end()) continue;
    if (found->second.selection() == nullptr) return nullptr;
    number[k] = static_cast<std::int32_t>(maps.size());
    maps.push_back(found->second.selection());
  }
  std::vector<std::int32_t> of_map, rows;
  of_map.reserve(picks.size());
  rows.reserve(picks.size());
  for (const Pick& pick : picks) {
    of_map.push_back(pick.input < 0 ? -1 : number[static_cast<std::size_t>(pick.input)]);
    rows.push_back(static_cast<std::int32_t>(pick.element));
  }
  return select_rows(maps, of_map, rows);
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
    if (auto map = gather_map(forms, picks, source)) {
      if (map->entries() > 0) result.terms.emplace(source, Coefficients(std::move(map)));
      continue;
    }
    if (auto selection = gather_selections(forms, picks, source)) {
      if (selection->entries() > 0)
        result.terms.emplace(source, Coefficients(std::move(selection)));
      continue;
    }
    SparseRows rows;
    for (const Pick& pick : picks) {
      if (pick.input >= 0) {
        const auto& terms = forms[static_cast<std::size_t>(pick.input)]->terms;
        if (const auto found = terms.find(source); found != terms.end()) {
          const SparseRows& from = found->second.written();
          rows.cols = from.cols;
          rows.append(from.indices(pick.element), from.values(pick.element));
        }
      }
      rows.end_row();
    }
    if (rows.entries() > 0) result.terms.emplace(source, std::move(rows));
  }
  return result;
}

}  // namespace clipbound::bounds
