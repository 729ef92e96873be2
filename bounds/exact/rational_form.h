#pragma once
// Idea: linear forms with rational coefficients: bounds that touch a threshold exactly.
// Source: GMP (decision 48).
// Guarantees: nothing is rounded (S13).
#include <gmpxx.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace clipbound::bounds {

/// sum of coefficient * variable, plus a constant. Variables ascend, no coefficient is 0.
struct RationalForm {
  std::vector<std::pair<std::int32_t, mpq_class>> terms;
  mpq_class constant;

  bool is_constant() const { return terms.empty(); }
  /// 0 where the variable does not occur.
  mpq_class coefficient(std::int32_t variable) const;
  /// Adds factor * other.
  void add(const RationalForm& other, const mpq_class& factor);
  void add(std::int32_t variable, const mpq_class& factor);
};
/// Sums many forms at the cost of sorting their terms once.
class RationalSum {
 public:
  void add(const mpq_class& constant) { form_.constant += constant; }
  void add(std::int32_t variable, const mpq_class& factor) {
    form_.terms.emplace_back(variable, factor);
  }
  void add(const RationalForm& form, const mpq_class& factor);
  /// The sum; it is empty then.
  RationalForm take();

 private:
  RationalForm form_;
};

/// Any order: equal forms are neither before nor behind each other.
bool operator<(const RationalForm& a, const RationalForm& b);

/// Where a variable lies; an end that is left out is infinite.
struct RationalRange {
  std::optional<mpq_class> lower, upper;
};

/// The least (greatest) value of a form where each variable lies in its range; nothing where it has
/// none.
std::optional<mpq_class> least(const RationalForm& form, const std::vector<RationalRange>& ranges);
std::optional<mpq_class> greatest(const RationalForm& form,
                                  const std::vector<RationalRange>& ranges);

}  // namespace clipbound::bounds
