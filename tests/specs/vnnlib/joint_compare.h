#pragma once
// What a compiled VNN-LIB 2 query says of a point, in rational arithmetic, to be held against the
// slow reader.
#include <cstdlib>
#include <vector>

#include "specs/vnnlib/joint_query.h"
#include "tests/specs/vnnlib/helpers.h"
#include "tests/specs/vnnlib/joint_meaning.h"

namespace joint_fuzz {

using namespace testing_vnnlib;

inline int from_environment(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

inline std::vector<mpq_class> exact(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

/// The products are calculated from their factors.
inline bool compiled_holds(const JointQuery& joint, const std::vector<double>& x,
                           const std::vector<double>& y) {
  const std::vector<mpq_class> xs = exact(x);
  std::vector<mpq_class> ys = exact(y);
  for (const Product& product : joint.products) {
    mpq_class value = 1;
    for (const LinearForm& factor : product.factors) {
      mpq_class sum = factor.constant;
      for (const LinearTerm& term : factor.terms)
        sum += term.coefficient *
               (term.of == Term::Of::input ? xs : ys).at(static_cast<std::size_t>(term.index));
      value *= sum;
    }
    ys.push_back(value);
  }
  for (const Clause& clause : joint.query.clauses) {
    bool holds = in_exact_box(clause, x);
    for (const Row& row : clause.rows) {
      mpq_class sum = 0;
      for (const Term& term : row.terms)
        sum += term.coefficient.exact *
               (term.of == Term::Of::input ? xs : ys).at(static_cast<std::size_t>(term.index));
      holds = holds && (row.strict ? sum < row.threshold.exact : sum <= row.threshold.exact);
    }
    if (holds) return true;
  }
  return false;
}

}  // namespace joint_fuzz
