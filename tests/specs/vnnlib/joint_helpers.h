#pragma once
#include "tests/specs/vnnlib/helpers.h"
#include "tests/specs/vnnlib/slow_joint.h"

namespace testing_vnnlib {

inline JointQuery parse_joint(const std::string& text) {
  return parse_joint_query(text, "test.vnnlib");
}

/// The message of the error that `text` gives, "" for none.
template <class Error>
std::string joint_error(const std::string& text, const VnnlibLimits& limits = {}) {
  try {
    parse_joint_query(text, "test.vnnlib", limits);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// One network: X [2], hidden H [2,1], Y [2]; X in [-2, 2].
inline std::string one_network(const std::string& rest) {
  return "(vnnlib-version <2.0>)\n(declare-network f\n (declare-input X real [2])\n"
         " (declare-hidden H real [2,1] \"h\")\n (declare-output Y real [2])\n)\n"
         "(assert (and (>= X[0] -2) (<= X[0] 2)))(assert (and (>= X[1] -2) (<= X[1] 2)))\n" +
         rest;
}
/// Two networks f and g: inputs X_f, X_g [2], outputs Y_f, Y_g []; only X_f is bounded.
inline std::string two_networks(const std::string& rest) {
  return "(vnnlib-version <2.0>)\n(declare-network f (declare-input X_f float32 [2])\n"
         "(declare-output Y_f float32 []))\n(declare-network g (isomorphic-to f)\n"
         "(declare-input X_g float32 [2]) (declare-output Y_g float32 []))\n"
         "(assert (>= X_f[0] -1.1))(assert (<= X_f[0] 0.3))\n"
         "(assert (>= X_f[1] 0.1))(assert (<= X_f[1] 0.7))\n" +
         rest;
}

inline std::vector<mpq_class> exact(std::span<const double> values) {
  return {values.begin(), values.end()};
}

/// Y with the products' values after it.
inline std::vector<mpq_class> with_products(const JointQuery& query,
                                            const std::vector<mpq_class>& x,
                                            const std::vector<mpq_class>& y) {
  std::vector<mpq_class> all = y;
  for (const Product& product : query.products) {
    mpq_class value = 1;
    for (const LinearForm& factor : product.factors) {
      mpq_class sum = factor.constant;
      for (const LinearTerm& term : factor.terms)
        sum += term.coefficient *
               (term.of == Term::Of::input ? x : y).at(static_cast<std::size_t>(term.index));
      value *= sum;
    }
    all.push_back(value);
  }
  return all;
}

inline bool clause_holds(const Clause& clause, const std::vector<mpq_class>& x,
                         const std::vector<mpq_class>& y) {
  return std::all_of(clause.rows.begin(), clause.rows.end(), [&](const Row& row) {
    mpq_class sum;
    for (const Term& term : row.terms)
      sum += term.coefficient.exact *
             (term.of == Term::Of::input ? x : y).at(static_cast<std::size_t>(term.index));
    return row.strict ? sum < row.threshold.exact : sum <= row.threshold.exact;
  });
}

/// Whether some clause's box and rows hold, in rational arithmetic.
inline bool joint_holds(const JointQuery& joint, std::span<const double> x,
                        std::span<const double> y) {
  const std::vector<mpq_class> xs = exact(x), ys = with_products(joint, xs, exact(y));
  return std::any_of(joint.query.clauses.begin(), joint.query.clauses.end(),
                     [&](const Clause& clause) {
                       return in_exact_box(clause, x) && clause_holds(clause, xs, ys);
                     });
}

/// What joint_query.h promises of products.
inline void check_products(const JointQuery& joint) {
  const std::int64_t outputs = joint.tensor_outputs();
  const mpz_class most = mpz_class(1) << 53;
  std::set<std::string> seen;
  for (const Product& product : joint.products) {
    ASSERT_GE(product.factors.size(), 2U);
    std::string text;
    for (const LinearForm& factor : product.factors) {
      ASSERT_FALSE(factor.terms.empty());
      text += factor.constant.get_str() + "|";
      ASSERT_EQ(factor.constant.get_den(), 1);
      ASSERT_LT(mpz_class(abs(factor.constant.get_num())), most);
      for (const LinearTerm& term : factor.terms) {
        ASSERT_EQ(term.coefficient.get_den(), 1);
        ASSERT_LT(mpz_class(abs(term.coefficient.get_num())), most);
        ASSERT_NE(sgn(term.coefficient), 0);
        ASSERT_LT(term.index, term.of == Term::Of::input ? joint.query.input_size : outputs);
        text += std::to_string(static_cast<int>(term.of)) + "," + std::to_string(term.index) + "," +
                term.coefficient.get_str() + "|";
      }
      text += ";";
    }
    ASSERT_TRUE(seen.insert(text).second) << "a product occurs twice: " << text;
  }
}

}  // namespace testing_vnnlib
