#pragma once
// Idea: between Eigen's types and what the other headers take. A part of clipbound/eigen.h, which
// is the one to include.
// Source: Eigen 3.3 or later; outward sums: Knuth's TwoSum.
// Guarantees: numbers are copied and keep their values; sum_outward() alone rounds.
#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "clipbound/errors.h"
#include "clipbound/query.h"

namespace clipbound::eigen {

/// For clipbound/eigen.h alone.
namespace detail {

/// As the library stores matrices: row by row.
template <typename Scalar>
using RowMajor = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// True for types whose numbers are all doubles.
template <typename Scalar>
inline constexpr bool kIsExact =
    std::is_same_v<Scalar, double> || std::is_same_v<Scalar, float> || std::is_same_v<Scalar, int>;

/// "3 x 2".
template <typename Derived>
std::string size_of(const Eigen::EigenBase<Derived>& m) {
  return std::to_string(m.rows()) + " x " + std::to_string(m.cols());
}

/// Throws InputError unless `got` is `expected`, which is how many `of` there are.
inline void check_size(const std::string& name, Eigen::Index got, std::size_t expected,
                       const std::string& of) {
  if (static_cast<std::size_t>(got) == expected) return;
  throw InputError(name + " has size " + std::to_string(got) + ", expected " +
                   std::to_string(expected) + ": " + of);
}

/// The numbers of a matrix, dense or sparse, row by row. Throws InputError where one is not finite.
template <typename Derived>
std::vector<typename Derived::Scalar> finite_values(const std::string& name,
                                                    const Eigen::EigenBase<Derived>& m) {
  using Scalar = typename Derived::Scalar;
  std::vector<Scalar> values(static_cast<std::size_t>(m.rows() * m.cols()));
  Eigen::Map<RowMajor<Scalar>>(values.data(), m.rows(), m.cols()) = m.derived();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    const auto columns = static_cast<std::size_t>(m.cols());
    throw InputError(name + " has a number that is not finite, in row " +
                     std::to_string(i / columns) + ", column " + std::to_string(i % columns));
  }
  return values;
}

/// A row or column of float, double or int as doubles. Throws InputError for other matrices.
template <typename Derived>
Eigen::VectorXd vector_of(const std::string& name, const Eigen::DenseBase<Derived>& x) {
  static_assert(kIsExact<typename Derived::Scalar>, "vectors are of float, double or int");
  if (x.rows() != 1 && x.cols() != 1)
    throw InputError(name + " is " + size_of(x) + ", expected a vector");
  RowMajor<double> plain;
  plain = x.derived().template cast<double>();
  return Eigen::Map<const Eigen::VectorXd>(plain.data(), plain.size());
}

/// A vector as the other headers take it; valid as long as `x` is.
inline std::span<const double> span_of(const Eigen::VectorXd& x) {
  return {x.data(), static_cast<std::size_t>(x.size())};
}

/// A copy of `values`.
inline Eigen::VectorXd vector_from(const std::vector<double>& values) {
  return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
}

/// A copy of a matrix that is stored row by row.
inline Eigen::MatrixXd matrix_from(const std::vector<double>& values, std::size_t rows) {
  const std::size_t columns = rows == 0 ? 0 : values.size() / rows;
  return Eigen::Map<const RowMajor<double>>(values.data(), static_cast<Eigen::Index>(rows),
                                            static_cast<Eigen::Index>(columns));
}

/// a + b, rounded up for direction 1, down for -1, and not at all where it is a double.
inline double sum_outward(double a, double b, double direction) {
  const double sum = a + b, part = sum - a;
  const double error = (a - (sum - part)) + (b - part);  // exact: Knuth's TwoSum
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return direction * error > 0.0 ? std::nextafter(sum, direction * kInfinity) : sum;
}

/// Appends the coefficients of row k of C, dense or sparse, to rows[k].
template <typename Derived>
void append_terms(const Eigen::EigenBase<Derived>& C, Term::Of of, std::vector<Row>& rows) {
  using Scalar = typename Derived::Scalar;
  static_assert(kIsExact<Scalar>, "matrices of rows are of float, double or int");
  const auto append = [&](Eigen::Index k, Eigen::Index j, Scalar c) {
    if (c == Scalar(0)) return;
    rows[static_cast<std::size_t>(k)].terms.push_back(
        {of, static_cast<std::size_t>(j), static_cast<double>(c)});
  };
  if constexpr (std::is_base_of_v<Eigen::SparseMatrixBase<Derived>, Derived>) {
    const Eigen::SparseMatrix<Scalar, Eigen::RowMajor> plain(C.derived());
    for (Eigen::Index k = 0; k < plain.outerSize(); ++k) {
      using Entry = typename Eigen::SparseMatrix<Scalar, Eigen::RowMajor>::InnerIterator;
      for (Entry entry(plain, k); entry; ++entry) append(k, entry.col(), entry.value());
    }
  } else {
    RowMajor<Scalar> plain;
    plain = C.derived();
    for (Eigen::Index k = 0; k < plain.rows(); ++k)
      for (Eigen::Index j = 0; j < plain.cols(); ++j) append(k, j, plain(k, j));
  }
}

}  // namespace detail

}  // namespace clipbound::eigen
