#pragma once
// Linear programs over a box and half-spaces in rational arithmetic, by QSopt_ex.
#include <stdexcept>

#include "tests/support/exact.h"  // gmpxx.h has to come before gmp.h inside extern "C"

extern "C" {
#include <qsopt_ex/QSopt_ex.h>

#include "tests/support/floors.h"
}

namespace clipbound::test {

/// QSopt_ex gives GMP an allocator of its own, which cannot free what was made before (nor is it
/// safe with threads). So it is in force only while an object of this class lives, and no number
/// may cross that border.
class QsoptAllocator {
 public:
  QsoptAllocator() {
    mp_get_memory_functions(&allocate_, &reallocate_, &free_);
    static Functions theirs = [] {
      QSexactStart();
      Functions f;
      mp_get_memory_functions(&f.allocate, &f.reallocate, &f.free);
      return f;
    }();
    mp_set_memory_functions(theirs.allocate, theirs.reallocate, theirs.free);
  }
  ~QsoptAllocator() { mp_set_memory_functions(allocate_, reallocate_, free_); }
  QsoptAllocator(const QsoptAllocator&) = delete;
  QsoptAllocator& operator=(const QsoptAllocator&) = delete;

 private:
  struct Functions {
    void* (*allocate)(std::size_t) = nullptr;
    void* (*reallocate)(void*, std::size_t, std::size_t) = nullptr;
    void (*free)(void*, std::size_t) = nullptr;
  };
  void* (*allocate_)(std::size_t) = nullptr;
  void* (*reallocate_)(void*, std::size_t, std::size_t) = nullptr;
  void (*free_)(void*, std::size_t) = nullptr;
};

/// Solves; `optimum` receives the decimal fraction of the objective without its constant. True
/// where there is one.
inline bool solve_lp(const RationalForm& objective, const Rationals& lower, const Rationals& upper,
                     const std::vector<RationalForm>& constraints, std::string& optimum) {
  const QsoptAllocator allocator;
  const auto n = static_cast<int>(lower.size());
  mpq_QSprob problem = mpq_QScreate_prob("p", QS_MIN);
  int failed = problem == nullptr ? 1 : 0;
  std::vector<int> index;
  for (int i = 0; i < n; ++i) {
    const auto k = static_cast<std::size_t>(i);
    failed |= mpq_QSnew_col(problem, objective.coefficients[k].get_mpq_t(), lower[k].get_mpq_t(),
                            upper[k].get_mpq_t(), nullptr);
    index.push_back(i);
  }
  std::vector<mpq_t> row(lower.size() + 1);
  for (auto& number : row) mpq_init(number);
  for (const RationalForm& form : constraints) {
    for (std::size_t i = 0; i < lower.size(); ++i)
      mpq_set(row[i], form.coefficients[i].get_mpq_t());
    mpq_neg(row.back(), form.constant.get_mpq_t());
    failed |= mpq_QSadd_row(problem, n, index.data(), row.data(), &row.back(), 'L', nullptr);
  }
  int status = 0;
  failed |= QSexact_solver(problem, nullptr, nullptr, nullptr, DUAL_SIMPLEX, &status);
  if (failed == 0 && status == QS_LP_OPTIMAL) {
    failed |= mpq_QSget_objval(problem, &row.back());
    std::vector<char> text(mpz_sizeinbase(mpq_numref(row.back()), 10) +
                           mpz_sizeinbase(mpq_denref(row.back()), 10) + 3);
    optimum = mpq_get_str(text.data(), 10, row.back());
  }
  for (auto& number : row) mpq_clear(number);
  mpq_QSfree_prob(problem);
  if (failed != 0 || (status != QS_LP_OPTIMAL && status != QS_LP_INFEASIBLE)) {
    throw std::runtime_error("QSopt_ex gave no answer, status " + std::to_string(status));
  }
  return status == QS_LP_OPTIMAL;
}

/// min objective over lower <= x <= upper with every form <= 0; nothing where that set is empty.
inline std::optional<Rational> exact_minimum(const RationalForm& objective, const Rationals& lower,
                                             const Rationals& upper,
                                             const std::vector<RationalForm>& constraints) {
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if (lower[i] > upper[i]) return std::nullopt;
  }
  if (constraints.empty()) {  // QSopt_ex does not like problems without rows
    Rational sum = objective.constant;
    for (std::size_t i = 0; i < lower.size(); ++i)
      sum += objective.coefficients[i] * (objective.coefficients[i] < 0 ? upper[i] : lower[i]);
    return sum;
  }
  std::string optimum;
  if (!solve_lp(objective, lower, upper, constraints, optimum)) return std::nullopt;
  return Rational(optimum) + objective.constant;
}

}  // namespace clipbound::test
