#pragma once
// Linear programs over a box and half-spaces in rational arithmetic, by QSopt_ex.
extern "C" {
#include <qsopt_ex/QSopt_ex.h>
}

#include <stdexcept>

#include "tests/support/exact.h"

namespace clipbound::test {

/// min objective over lower <= x <= upper with every form <= 0; nothing where that set is empty.
inline std::optional<Rational> exact_minimum(const RationalForm& objective, const Rationals& lower,
                                             const Rationals& upper, const std::vector<RationalForm>& constraints) {
  static const bool started = [] {
    QSexactStart();
    return true;
  }();
  static_cast<void>(started);
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if (lower[i] > upper[i]) return std::nullopt;
  }
  mpq_QSprob problem = mpq_QScreate_prob("p", QS_MIN);
  int failed = problem == nullptr ? 1 : 0;
  const auto n = static_cast<int>(lower.size());
  for (std::size_t i = 0; i < lower.size(); ++i) {
    failed |= mpq_QSnew_col(problem, objective.coefficients[i].get_mpq_t(), lower[i].get_mpq_t(), upper[i].get_mpq_t(),
                            nullptr);
  }
  std::vector<int> index(lower.size());
  for (int i = 0; i < n; ++i) index[static_cast<std::size_t>(i)] = i;
  for (const RationalForm& form : constraints) {
    std::vector<mpq_t> values(lower.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      mpq_init(values[i]);
      mpq_set(values[i], form.coefficients[i].get_mpq_t());
    }
    const Rational minus = -form.constant;
    mpq_t right;
    mpq_init(right);
    mpq_set(right, minus.get_mpq_t());
    failed |= mpq_QSadd_row(problem, n, index.data(), values.data(), &right, 'L', nullptr);
    for (auto& value : values) mpq_clear(value);
    mpq_clear(right);
  }
  int status = 0;
  failed |= QSexact_solver(problem, nullptr, nullptr, nullptr, DUAL_SIMPLEX, &status);
  std::optional<Rational> result;
  if (failed == 0 && status == QS_LP_OPTIMAL) {
    mpq_t value;
    mpq_init(value);
    failed |= mpq_QSget_objval(problem, &value);
    result = Rational(value) + objective.constant;
    mpq_clear(value);
  }
  mpq_QSfree_prob(problem);
  if (failed != 0 || (status != QS_LP_OPTIMAL && status != QS_LP_INFEASIBLE)) {
    throw std::runtime_error("QSopt_ex gave no answer, status " + std::to_string(status));
  }
  return result;
}

}  // namespace clipbound::test
