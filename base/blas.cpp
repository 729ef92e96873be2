#include "base/blas.h"

#include <cblas.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/eigen.h"

namespace clipbound::base {

namespace {

/// An environment variable while this lives; a null pointer leaves it as it is.
class Setting {
 public:
  Setting(const char* name, const char* value) : name_(value != nullptr ? name : nullptr) {
    if (name_ == nullptr) return;
    if (const char* set = std::getenv(name_)) before_ = set;
    setenv(name_, value, 1);
  }
  ~Setting() {
    if (name_ == nullptr) return;
    if (before_) {
      setenv(name_, before_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

/// OpenBLAS knows processors by their numbers, and falls back to instructions of 2004 for those
/// that came after it, at an eighth of the speed (decision 39). What Intel's can do tells more. Who
/// has set the variable knows better.
const char* kernels_for_this_machine() {
#if defined(__x86_64__)
  if (std::getenv("OPENBLAS_CORETYPE") != nullptr || !__builtin_cpu_is("intel")) return nullptr;
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("avx512cd");
  if (wide) return "SKYLAKEX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "HASWELL";
#endif
  return nullptr;
}

/// OpenBLAS, loaded when it is first needed and told before that there is one thread (decision 37).
/// (The serial build is no way out: it does not promise to be safe under many callers.)
struct OpenBlas {
  decltype(&cblas_sgemm) sgemm;
  decltype(&cblas_dgemm) dgemm;
  decltype(&cblas_sgemv) sgemv;
  decltype(&cblas_dgemv) dgemv;

  OpenBlas() {
    void* library = nullptr;
    {
      const Setting threads("OPENBLAS_NUM_THREADS", "1");
      const Setting kernels("OPENBLAS_CORETYPE", kernels_for_this_machine());
      library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    }
    CLIPBOUND_CHECK_NOTE(library != nullptr, dlerror());
    find(library, "cblas_sgemm", sgemm);
    find(library, "cblas_dgemm", dgemm);
    find(library, "cblas_sgemv", sgemv);
    find(library, "cblas_dgemv", dgemv);
    // Somebody else in this process may have loaded it before, with threads.
    decltype(&openblas_get_num_threads) get_threads;
    decltype(&openblas_set_num_threads) set_threads;
    find(library, "openblas_get_num_threads", get_threads);
    find(library, "openblas_set_num_threads", set_threads);
    if (get_threads() != 1) set_threads(1);
  }

 private:
  template <typename Function>
  static void find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    CLIPBOUND_CHECK_NOTE(function != nullptr, std::string(name) + " is not in libopenblas.so.0");
  }
};

/// Whether a product of whole numbers, small enough to be exact in any order of summation, comes
/// out right, whatever C held before.
template <typename T, typename Gemm>
bool multiplies(Gemm gemm, CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k) {
  const auto numbers = [](int of) {
    return [of](Eigen::Index i, Eigen::Index j) {
      return static_cast<T>((i * 7 + j * 13 + of * 5 + i * j) % 9 - 4);
    };
  };
  const bool a_is_stored_transposed = ta == CblasTrans, b_is_stored_transposed = tb == CblasTrans;
  std::vector<T> a(static_cast<std::size_t>(m * k)), b(static_cast<std::size_t>(k * n)),
      c(static_cast<std::size_t>(m * n), std::numeric_limits<T>::quiet_NaN());
  const int lda = a_is_stored_transposed ? m : k, ldb = b_is_stored_transposed ? k : n;
  auto A = matrix_view(a.data(), m * k / lda, lda, lda),
       B = matrix_view(b.data(), k * n / ldb, ldb, ldb), C = matrix_view(c.data(), m, n, n);
  A = RowMajorMatrix<T>::NullaryExpr(A.rows(), A.cols(), numbers(0));
  B = RowMajorMatrix<T>::NullaryExpr(B.rows(), B.cols(), numbers(1));
  gemm(CblasRowMajor, ta, tb, m, n, k, T(1), a.data(), lda, b.data(), ldb, T(0), c.data(), n);
  const auto is_right = [&](const auto& op_A) {
    return b_is_stored_transposed ? C == op_A.lazyProduct(B.transpose()) : C == op_A.lazyProduct(B);
  };
  return a_is_stored_transposed ? is_right(A.transpose()) : is_right(A);
}

/// There are processors on which kernels of old releases multiply wrongly, and no bound is worth
/// anything then. Takes a fraction of a millisecond.
void check_kernels(const OpenBlas& blas) {
  constexpr int kShapes[][3] = {{2, 1, 3}, {3, 5, 7}, {8, 8, 8}, {17, 33, 19}, {40, 24, 65}};
  for (const auto& [m, n, k] : kShapes) {
    for (const CBLAS_TRANSPOSE ta : {CblasNoTrans, CblasTrans}) {
      for (const CBLAS_TRANSPOSE tb : {CblasNoTrans, CblasTrans}) {
        CLIPBOUND_CHECK_NOTE(multiplies<float>(blas.sgemm, ta, tb, m, n, k) &&
                                 multiplies<double>(blas.dgemm, ta, tb, m, n, k),
                             "OpenBLAS multiplies wrongly on this processor; OPENBLAS_CORETYPE may "
                             "name other kernels");
      }
    }
  }
}

const OpenBlas& blas() {
  static const OpenBlas loaded = [] {
    OpenBlas library;
    check_kernels(library);
    return library;
  }();
  return loaded;
}

}  // namespace

void initialise_blas() {
  blas();
}

namespace {

void gemm_of(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha,
             const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc) {
  blas().sgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void gemm_of(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, double alpha,
             const double* a, int lda, const double* b, int ldb, double beta, double* c, int ldc) {
  blas().dgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void gemv_of(CBLAS_TRANSPOSE t, int rows, int columns, float alpha, const float* a, int lda,
             const float* x, float beta, float* y) {
  blas().sgemv(CblasRowMajor, t, rows, columns, alpha, a, lda, x, 1, beta, y, 1);
}
void gemv_of(CBLAS_TRANSPOSE t, int rows, int columns, double alpha, const double* a, int lda,
             const double* x, double beta, double* y) {
  blas().dgemv(CblasRowMajor, t, rows, columns, alpha, a, lda, x, 1, beta, y, 1);
}

constexpr CBLAS_TRANSPOSE cblas(Transpose t) {
  return t == Transpose::yes ? CblasTrans : CblasNoTrans;
}

template <typename T>
void multiply(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, T alpha,
              const T* a, std::int64_t lda, const T* b, std::int64_t ldb, T beta, T* c,
              std::int64_t ldc) {
  if (m == 0 || n == 0) return;
  constexpr std::int64_t kLargest = std::numeric_limits<int>::max();
  CLIPBOUND_CHECK(m > 0 && n > 0 && k >= 0);
  CLIPBOUND_CHECK(std::max({m, n, k, lda, ldb, ldc}) <= kLargest);
  if (k == 0 || alpha == T(0)) {
    auto C = matrix_view(c, m, n, ldc);
    if (beta == T(0)) {
      C.setZero();
    } else {
      C *= beta;
    }
    return;
  }
  const auto int_of = [](std::int64_t x) { return static_cast<int>(x); };
  // One row (decision 38).
  if (m == 1 && (ta == Transpose::no || lda == 1)) {
    if (beta == T(0)) std::fill_n(c, n, T(0));  // gemv would multiply what C holds by zero
    const bool stored_kn = tb == Transpose::no;
    gemv_of(stored_kn ? CblasTrans : CblasNoTrans, int_of(stored_kn ? k : n),
            int_of(stored_kn ? n : k), alpha, b, int_of(ldb), a, beta == T(0) ? T(1) : beta, c);
    return;
  }
  gemm_of(cblas(ta), cblas(tb), int_of(m), int_of(n), int_of(k), alpha, a, int_of(lda), b,
          int_of(ldb), beta, c, int_of(ldc));
}

}  // namespace

void gemm(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, float alpha,
          const float* a, std::int64_t lda, const float* b, std::int64_t ldb, float beta, float* c,
          std::int64_t ldc) {
  multiply<float>(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void gemm(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, double alpha,
          const double* a, std::int64_t lda, const double* b, std::int64_t ldb, double beta,
          double* c, std::int64_t ldc) {
  multiply<double>(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

}  // namespace clipbound::base
