#include "bounds/alpha_beta/mccormick_product.h"

#include <algorithm>
#include <cmath>

namespace clipbound::bounds {

void McCormickProduct::enclose(double low_a, double high_a, double low_b, double high_b) {
  a_low = low_a;
  a_width = high_a - low_a;
  b_low = low_b;
  b_high = high_b;
  b_width = high_b - low_b;
  below = low_a * low_b;
  below_step = high_a * high_b - below;
  above = low_a * high_b;
  above_step = high_a * low_b - above;
  magnitude = std::max(std::fabs(low_a), std::fabs(high_a)) *
              std::max(std::fabs(low_b), std::fabs(high_b)) * (1.0 + 0x1p-40);
}

std::optional<McCormickOperands> find_mccormick_operands(const AffineForm& plus,
                                                         const AffineForm& minus, std::int64_t i) {
  const auto e = static_cast<std::size_t>(i);
  if (plus.constant[e] != 0.0 || minus.constant[e] != 0.0 || plus.radius[e] != 0.0 ||
      minus.radius[e] != 0.0)
    return std::nullopt;
  struct Entry {
    int source;
    std::int32_t element;
    double value;
  };
  const auto terms_of = [i](const AffineForm& form) {
    std::vector<Entry> terms;
    for (const auto& [source, coefficients] : form.terms) {
      const SparseRows& rows = coefficients.written();
      const auto index = rows.indices(i);
      for (std::size_t j = 0; j < index.size(); ++j)
        terms.push_back({source, index[j], rows.values(i)[j]});
    }
    return terms;
  };
  const std::vector<Entry> first = terms_of(plus), second = terms_of(minus);
  if (first.size() != 2 || second.size() != 2) return std::nullopt;
  for (std::size_t j = 0; j < 2; ++j) {
    if (first[j].source != second[j].source || first[j].element != second[j].element)
      return std::nullopt;
  }
  const bool swapped = first[0].value == -second[0].value;
  const Entry &a = first[swapped ? 1 : 0], &b = first[swapped ? 0 : 1];
  const Entry &a_again = second[swapped ? 1 : 0], &b_again = second[swapped ? 0 : 1];
  if (a.value != a_again.value || b.value != -b_again.value) return std::nullopt;
  return McCormickOperands{a.source, b.source, a.element, b.element, 4.0 * (a.value * b.value)};
}

bool has_opposite_coefficients(const AffineForm& form, int plus, int minus) {
  const auto first = form.terms.find(plus), second = form.terms.find(minus);
  if (first == form.terms.end() && second == form.terms.end()) return true;
  if (first == form.terms.end() || second == form.terms.end()) return false;
  const SparseRows &rows = first->second.written(), &others = second->second.written();
  for (std::int64_t i = 0; i < form.size(); ++i) {
    const auto index = rows.indices(i), other = others.indices(i);
    const auto value = rows.values(i), opposite = others.values(i);
    if (!std::equal(index.begin(), index.end(), other.begin(), other.end())) return false;
    if (!std::equal(value.begin(), value.end(), opposite.begin(), opposite.end(),
                    [](double c, double d) { return c == -d; }))
      return false;
  }
  return true;
}

}  // namespace clipbound::bounds
