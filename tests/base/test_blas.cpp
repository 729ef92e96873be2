// Products against the definition, on small integers, where every order of summation is exact.
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

#include "base/blas.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(Blas, MultipliesLikeTheDefinition) {
  std::mt19937 generator(9);
  std::uniform_int_distribution<int> small(-4, 4);
  for (const std::int64_t m : {1, 2, 5, 33})
    for (const std::int64_t n : {1, 3, 17})
      for (const std::int64_t k : {0, 1, 4, 40})
        for (const auto ta : {Transpose::no, Transpose::yes})
          for (const auto tb : {Transpose::no, Transpose::yes})
            for (const float beta : {0.0f, 1.0f, -2.0f}) {
              const auto random = [&](std::int64_t size) {
                std::vector<float> v(static_cast<std::size_t>(size));
                for (float& x : v) x = static_cast<float>(small(generator));
                return v;
              };
              const auto a = random(std::max<std::int64_t>(1, m * k)),
                         b = random(std::max<std::int64_t>(1, k * n));
              auto c = random(m * n), expected = c;
              if (beta == 0.0f) c.assign(c.size(), std::numeric_limits<float>::quiet_NaN());
              const std::int64_t lda = std::max<std::int64_t>(1, ta == Transpose::no ? k : m);
              const std::int64_t ldb = std::max<std::int64_t>(1, tb == Transpose::no ? n : k);
              for (std::int64_t i = 0; i < m; ++i)
                for (std::int64_t j = 0; j < n; ++j) {
                  float sum = 0;
                  for (std::int64_t l = 0; l < k; ++l)
                    sum += a[static_cast<std::size_t>(ta == Transpose::no ? i * lda + l
                                                                          : l * lda + i)] *
                           b[static_cast<std::size_t>(tb == Transpose::no ? l * ldb + j
                                                                          : j * ldb + l)];
                  float& e = expected[static_cast<std::size_t>(i * n + j)];
                  e = 0.5f * sum + beta * e;
                }
              gemm(ta, tb, m, n, k, 0.5f, a.data(), lda, b.data(), ldb, beta, c.data(), n);
              ASSERT_EQ(c, expected) << m << " " << n << " " << k;
              const std::vector<double> a64(a.begin(), a.end()), b64(b.begin(), b.end());
              std::vector<double> c64(c.size(), std::numeric_limits<double>::quiet_NaN());
              gemm(ta, tb, m, n, k, 0.5, a64.data(), lda, b64.data(), ldb, 0.0, c64.data(), n);
              if (beta == 0.0f) {
                ASSERT_EQ(std::vector<double>(c.begin(), c.end()), c64);
              }
            }
}

}  // namespace
}  // namespace clipbound::test
