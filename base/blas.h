#pragma once
// Idea: the only caller of OpenBLAS. Row-major, one thread per call: parallelism belongs to whole
// batches, above.
// Source: BLAS (OpenBLAS).
// Guarantees: sums in any order; callers account for that (S12).
#include <cstdint>

#include "base/floors.h"

namespace clipbound::base {

enum class Transpose : bool { no, yes };
constexpr Transpose flip(Transpose t) {
  return t == Transpose::no ? Transpose::yes : Transpose::no;
}

/// C[m,n] = alpha * op(A)[m,k] * op(B)[k,n] + beta * C. All row-major; lda, ldb, ldc are the row
/// lengths in elements of the arrays as stored (before op). beta == 0 overwrites C whatever it
/// holds. Sizes must fit in 31 bits (ContractError). Safe from many threads at once.
void gemm(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, float alpha,
          const float* a, std::int64_t lda, const float* b, std::int64_t ldb, float beta, float* c,
          std::int64_t ldc);
void gemm(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, double alpha,
          const double* a, std::int64_t lda, const double* b, std::int64_t ldb, double beta,
          double* c, std::int64_t ldc);

/// Loads OpenBLAS with one thread. gemm() does it by itself; call it early to keep that out of the
/// first product. Changes the environment variable OPENBLAS_NUM_THREADS for the moment of loading.
/// ContractError where the library is missing.
void initialise_blas();

}  // namespace clipbound::base
