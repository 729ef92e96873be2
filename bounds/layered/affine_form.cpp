#include "bounds/layered/affine_form.h"

#include <set>

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

std::vector<char> constant_elements(const AffineForm& form) {
  std::vector<char> constant(form.constant.size(), 1);
  for (const auto& [source, rows] : form.terms) {
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

}  // namespace clipbound::bounds
