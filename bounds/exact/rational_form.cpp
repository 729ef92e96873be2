#include "bounds/exact/rational_form.h"

#include <algorithm>

namespace clipbound::bounds {

mpq_class RationalForm::coefficient(std::int32_t variable) const {
  const auto at = std::lower_bound(terms.begin(), terms.end(), variable,
                                   [](const auto& term, std::int32_t v) { return term.first < v; });
  return at != terms.end() && at->first == variable ? at->second : mpq_class(0);
}

void RationalForm::add(const RationalForm& other, const mpq_class& factor) {
  if (factor == 0) return;
  constant += factor * other.constant;
  std::vector<std::pair<std::int32_t, mpq_class>> sum;
  sum.reserve(terms.size() + other.terms.size());
  auto own = terms.begin();
  for (const auto& [variable, c] : other.terms) {
    for (; own != terms.end() && own->first < variable; ++own) sum.push_back(std::move(*own));
    mpq_class total = factor * c;
    if (own != terms.end() && own->first == variable) total += (own++)->second;
    if (total != 0) sum.emplace_back(variable, std::move(total));
  }
  for (; own != terms.end(); ++own) sum.push_back(std::move(*own));
  terms = std::move(sum);
}

void RationalForm::add(std::int32_t variable, const mpq_class& factor) {
  RationalForm one;
  one.terms.emplace_back(variable, 1);
  add(one, factor);
}

void RationalSum::add(const RationalForm& form, const mpq_class& factor) {
  form_.constant += factor * form.constant;
  for (const auto& [variable, c] : form.terms) form_.terms.emplace_back(variable, factor * c);
}

RationalForm RationalSum::take() {
  RationalForm sum = std::exchange(form_, {});
  auto& terms = sum.terms;
  std::stable_sort(terms.begin(), terms.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::size_t kept = 0;
  for (std::size_t k = 0; k < terms.size();) {
    auto total = std::move(terms[k]);
    for (++k; k < terms.size() && terms[k].first == total.first; ++k)
      total.second += terms[k].second;
    if (total.second != 0) terms[kept++] = std::move(total);
  }
  terms.resize(kept);
  return sum;
}

bool operator<(const RationalForm& a, const RationalForm& b) {
  if (a.terms.size() != b.terms.size()) return a.terms.size() < b.terms.size();
  for (std::size_t k = 0; k < a.terms.size(); ++k) {
    if (a.terms[k].first != b.terms[k].first) return a.terms[k].first < b.terms[k].first;
  }
  for (std::size_t k = 0; k < a.terms.size(); ++k) {
    const int side = cmp(a.terms[k].second, b.terms[k].second);
    if (side != 0) return side < 0;
  }
  return cmp(a.constant, b.constant) < 0;
}

namespace {

template <bool kLeast>
std::optional<mpq_class> extreme(const RationalForm& form,
                                 const std::vector<RationalRange>& ranges) {
  mpq_class sum = form.constant;
  for (const auto& [variable, c] : form.terms) {
    const RationalRange& range = ranges[static_cast<std::size_t>(variable)];
    const std::optional<mpq_class>& end = (sgn(c) > 0) == kLeast ? range.lower : range.upper;
    if (!end) return std::nullopt;
    sum += c * *end;
  }
  return sum;
}

}  // namespace

std::optional<mpq_class> least(const RationalForm& form, const std::vector<RationalRange>& ranges) {
  return extreme<true>(form, ranges);
}

std::optional<mpq_class> greatest(const RationalForm& form,
                                  const std::vector<RationalRange>& ranges) {
  return extreme<false>(form, ranges);
}

}  // namespace clipbound::bounds
