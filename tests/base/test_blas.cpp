// Products against the definition, on small integers, where every order of summation is exact.
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "base/blas.h"
#include "base/eigen.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Matrix = RowMajorMatrix<float>;

TEST(Blas, MultipliesLikeTheDefinition) {
  std::mt19937 generator(9);
  std::uniform_int_distribution<int> small(-4, 4);
  for (const std::int64_t m : {1, 2, 5, 33})
    for (const std::int64_t n : {1, 3, 17})
      for (const std::int64_t k : {0, 1, 4, 40})
        for (const auto ta : {Transpose::no, Transpose::yes})
          for (const auto tb : {Transpose::no, Transpose::yes})
            for (const float beta : {0.0f, 1.0f, -2.0f}) {
              const auto random = [&](std::int64_t rows, std::int64_t columns) -> Matrix {
                return Matrix::NullaryExpr(rows, columns,
                                           [&] { return static_cast<float>(small(generator)); });
              };
              const Matrix op_a = random(m, k), op_b = random(k, n),
                           a = ta == Transpose::no ? op_a : Matrix(op_a.transpose()),
                           b = tb == Transpose::no ? op_b : Matrix(op_b.transpose());
              Matrix c = random(m, n);
              const Matrix expected = 0.5f * op_a * op_b + beta * c;
              if (beta == 0.0f) c.setConstant(std::numeric_limits<float>::quiet_NaN());
              const std::int64_t lda = std::max<std::int64_t>(1, a.cols()),
                                 ldb = std::max<std::int64_t>(1, b.cols());
              gemm(ta, tb, m, n, k, 0.5f, a.data(), lda, b.data(), ldb, beta, c.data(), n);
              ASSERT_TRUE(c == expected) << m << " " << n << " " << k;
              const RowMajorMatrix<double> a64 = a.cast<double>(), b64 = b.cast<double>();
              RowMajorMatrix<double> c64(m, n);
              c64.setConstant(std::numeric_limits<double>::quiet_NaN());
              gemm(ta, tb, m, n, k, 0.5, a64.data(), lda, b64.data(), ldb, 0.0, c64.data(), n);
              if (beta == 0.0f) {
                ASSERT_TRUE(c.cast<double>() == c64);
              }
            }
}

}  // namespace
}  // namespace clipbound::test
