#pragma once
// Idea: matrix products of B points: the common part of Gemm and MatMul.
// Source: own; products of floating-point numbers go to BLAS (base/blas.h).
// Guarantees: float, double and Enclosed compute one template; the running error covers every
// rounding (S1).
#include <algorithm>
#include <type_traits>
#include <vector>

#include "base/blas.h"
#include "base/check.h"
#include "specs/network/summation.h"
#include "specs/ops/op_support.h"

namespace clipbound::specs {

/// Per point: matrices j = 0..matrices()-1, each  Y_j[m,n] = op(A)_j[m,k] * op(B)_j[k,n],  Y one
/// after the other. op transposes where transpose_* is yes; arrays as stored are dense row-major.
struct ProductPlan {
  std::int64_t m = 1, n = 1, k = 1;
  Transpose transpose_a = Transpose::no, transpose_b = Transpose::no;
  /// Where matrix j of each operand begins, within one point.
  std::vector<std::int64_t> offset_a{0}, offset_b{0};
  std::int64_t point_stride_a = 0, point_stride_b = 0;  ///< 0 for a constant

  std::int64_t matrices() const { return static_cast<std::int64_t>(offset_a.size()); }
  std::int64_t point_stride_y() const { return matrices() * m * n; }
};

/// The plan of a MatMul node (ONNX rules for 1-D and batched operands), and the shape of its
/// output.
ProductPlan plan_matmul(const Network& network, const Node& node);
Shape matmul_shape(const Shape& a, const Shape& b);
/// The plan of a Gemm node.
ProductPlan plan_gemm(const Network& network, const Node& node);

/// Whether a product replaces what its array holds, or is added to it.
enum class Into : std::uint8_t { fresh, sum };

/// Evaluates a plan. Whole batches become one GEMM where one operand is a constant matrix and the
/// other's matrices lie one after the other.
class Product {
 public:
  Product() = default;
  explicit Product(ProductPlan plan);
  const ProductPlan& plan() const { return plan_; }

  /// y = alpha * A B, or y += alpha * A B, for the fast order of float and double.
  template <typename T>
  void fast(std::int64_t batch, const T* a, const T* b, T* y, T alpha, Into into) const;
  /// y = A B in a stated order, for every scalar.
  template <typename S>
  void ordered(std::int64_t batch, const S* a, const S* b, S* y, Sums order) const;
  /// ga += alpha * gy B^T, gb += alpha * A^T gy (as stored); nullptr where not wanted.
  template <typename T>
  void pull(std::int64_t batch, const T* a, const T* b, const T* gy, T* ga, T* gb, T alpha) const;

 private:
  enum class Merge : std::uint8_t { none, rows, columns };
  template <typename Body>
  void for_each_matrix(std::int64_t batch, const Body& body) const {
    for (std::int64_t p = 0; p < batch; ++p)
      for (std::int64_t j = 0; j < plan_.matrices(); ++j) {
        const auto i = static_cast<std::size_t>(j);
        body(p * plan_.point_stride_a + plan_.offset_a[i],
             p * plan_.point_stride_b + plan_.offset_b[i],
             (p * plan_.matrices() + j) * plan_.m * plan_.n);
      }
  }

  ProductPlan plan_;
  Merge merge_ = Merge::none;
  std::int64_t lda_ = 1, ldb_ = 1;
};

template <typename T>
void Product::fast(std::int64_t batch, const T* a, const T* b, T* y, T alpha, Into into) const {
  const std::int64_t m = plan_.m, n = plan_.n, k = plan_.k;
  const Transpose ta = plan_.transpose_a, tb = plan_.transpose_b;
  const T beta = into == Into::sum ? T(1) : T(0);
  if (merge_ == Merge::rows)
    return gemm(Transpose::no, tb, batch * plan_.matrices() * m, n, k, alpha, a, k, b, ldb_, beta,
                y, n);
  if (merge_ == Merge::columns)
    return gemm(Transpose::no, flip(ta), batch * plan_.matrices(), m, k, alpha, b, k, a, lda_, beta,
                y, m);
  for_each_matrix(batch, [&](std::int64_t at_a, std::int64_t at_b, std::int64_t at_y) {
    gemm(ta, tb, m, n, k, alpha, a + at_a, lda_, b + at_b, ldb_, beta, y + at_y, n);
  });
}

template <typename S>
void Product::ordered(std::int64_t batch, const S* a, const S* b, S* y, Sums order) const {
  const std::int64_t ra = plan_.transpose_a == Transpose::no ? plan_.k : 1,
                     ca = plan_.transpose_a == Transpose::no ? 1 : plan_.m;
  const std::int64_t rb = plan_.transpose_b == Transpose::no ? plan_.n : 1,
                     cb = plan_.transpose_b == Transpose::no ? 1 : plan_.k;
  for_each_matrix(batch, [&](std::int64_t at_a, std::int64_t at_b, std::int64_t at_y) {
    ordered_product<S>(plan_.m, plan_.n, plan_.k, {a + at_a, ra, ca}, {b + at_b, rb, cb}, y + at_y,
                       order);
  });
}

template <typename T>
void Product::pull(std::int64_t batch, const T* a, const T* b, const T* gy, T* ga, T* gb,
                   T alpha) const {
  const std::int64_t m = plan_.m, n = plan_.n, k = plan_.k;
  const Transpose ta = plan_.transpose_a, tb = plan_.transpose_b, no = Transpose::no,
                  yes = Transpose::yes;
  if (merge_ == Merge::rows) {
    if (ga != nullptr)
      gemm(no, flip(tb), batch * plan_.matrices() * m, k, n, alpha, gy, n, b, ldb_, T(1), ga, k);
    return;
  }
  if (merge_ == Merge::columns) {
    if (gb != nullptr)
      gemm(no, ta, batch * plan_.matrices(), k, m, alpha, gy, m, a, lda_, T(1), gb, k);
    return;
  }
  for_each_matrix(batch, [&](std::int64_t at_a, std::int64_t at_b, std::int64_t at_y) {
    const T* g = gy + at_y;
    if (ga != nullptr && ta == no)
      gemm(no, flip(tb), m, k, n, alpha, g, n, b + at_b, ldb_, T(1), ga + at_a, k);
    if (ga != nullptr && ta == yes)
      gemm(tb, yes, k, m, n, alpha, b + at_b, ldb_, g, n, T(1), ga + at_a, m);
    if (gb != nullptr && tb == no)
      gemm(flip(ta), no, k, n, m, alpha, a + at_a, lda_, g, n, T(1), gb + at_b, n);
    if (gb != nullptr && tb == yes)
      gemm(yes, ta, n, k, m, alpha, g, n, a + at_a, lda_, T(1), gb + at_b, k);
  });
}

}  // namespace clipbound::specs
