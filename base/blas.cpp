#include "base/blas.h"

#include <cblas.h>

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace clipbound {

void initialise_blas() {
  static const bool once = [] {
    openblas_set_num_threads(1);
    return true;
  }();
  static_cast<void>(once);
}

namespace {

void gemm_of(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha, const float* a, int lda,
             const float* b, int ldb, float beta, float* c, int ldc) {
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void gemm_of(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, double alpha, const double* a, int lda,
             const double* b, int ldb, double beta, double* c, int ldc) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void gemv_of(CBLAS_TRANSPOSE t, int rows, int columns, float alpha, const float* a, int lda, const float* x, float beta,
             float* y) {
  cblas_sgemv(CblasRowMajor, t, rows, columns, alpha, a, lda, x, 1, beta, y, 1);
}
void gemv_of(CBLAS_TRANSPOSE t, int rows, int columns, double alpha, const double* a, int lda, const double* x,
             double beta, double* y) {
  cblas_dgemv(CblasRowMajor, t, rows, columns, alpha, a, lda, x, 1, beta, y, 1);
}

constexpr CBLAS_TRANSPOSE cblas(Transpose t) {
  return t == Transpose::yes ? CblasTrans : CblasNoTrans;
}

template <typename T>
void multiply(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, T alpha, const T* a,
              std::int64_t lda, const T* b, std::int64_t ldb, T beta, T* c, std::int64_t ldc) {
  if (m == 0 || n == 0) return;
  constexpr std::int64_t kLargest = std::numeric_limits<int>::max();
  CLIPBOUND_CHECK(m > 0 && n > 0 && k >= 0);
  CLIPBOUND_CHECK(std::max({m, n, k, lda, ldb, ldc}) <= kLargest);
  initialise_blas();
  if (k == 0 || alpha == T(0)) {
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) c[i * ldc + j] = beta == T(0) ? T(0) : beta * c[i * ldc + j];
    return;
  }
  const auto int_of = [](std::int64_t x) { return static_cast<int>(x); };
  // One row: OpenBLAS packs whole panels in gemm, so its gemv is several times faster here.
  if (m == 1 && (ta == Transpose::no || lda == 1)) {
    if (beta == T(0)) std::fill_n(c, n, T(0));  // gemv would multiply what C holds by zero
    const bool stored_kn = tb == Transpose::no;
    gemv_of(stored_kn ? CblasTrans : CblasNoTrans, int_of(stored_kn ? k : n), int_of(stored_kn ? n : k), alpha, b,
            int_of(ldb), a, beta == T(0) ? T(1) : beta, c);
    return;
  }
  gemm_of(cblas(ta), cblas(tb), int_of(m), int_of(n), int_of(k), alpha, a, int_of(lda), b, int_of(ldb), beta, c,
          int_of(ldc));
}

}  // namespace

void gemm(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, float alpha, const float* a,
          std::int64_t lda, const float* b, std::int64_t ldb, float beta, float* c, std::int64_t ldc) {
  multiply<float>(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void gemm(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, double alpha, const double* a,
          std::int64_t lda, const double* b, std::int64_t ldb, double beta, double* c, std::int64_t ldc) {
  multiply<double>(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

}  // namespace clipbound
