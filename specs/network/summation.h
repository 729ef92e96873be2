#pragma once
// Idea: sums of products in a stated order, without BLAS. specs/ is compiled with
// -ffp-contract=off, so a*b + c rounds twice on every machine.
// Source: Higham, Accuracy and Stability of Numerical Algorithms (2002), chapter 4.
// Guarantees: the order of additions is the stated one; a running error covers all of them (S1,
// S12).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "base/rounding.h"
#include "specs/network/enclosed.h"
#include "specs/network/operation.h"

namespace clipbound::specs {

/// A running sum of products.
template <typename S>
struct Accumulator {
  S sum{};
  void add(S a, S b) { sum += a * b; }
  void merge(const Accumulator& other) { sum += other.sum; }
  S result(std::int64_t) const { return sum; }
};
template <>
struct Accumulator<std::int64_t> {
  std::uint64_t sum = 0;  // wraps around, as ONNX Runtime's integers do
  void add(std::int64_t a, std::int64_t b) {
    sum += static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b);
  }
  void merge(const Accumulator& other) { sum += other.sum; }
  std::int64_t result(std::int64_t) const { return static_cast<std::int64_t>(sum); }
};
/// The error of n products and n additions in any order: gamma_n sum|a||b|, n underflows, and what
/// the terms carry in. (One pair of numbers more than the sum itself, against an error per
/// operation: four times cheaper.)
template <>
struct Accumulator<Enclosed> {
  double sum = 0.0, magnitude = 0.0, carried = 0.0;
  void add(Enclosed a, Enclosed b) {
    const double x = std::fabs(a.value), y = std::fabs(b.value);
    sum += a.value * b.value;
    magnitude += x * y;
    carried += x * b.error + (y + b.error) * a.error;
  }
  void merge(const Accumulator& other) {
    sum += other.sum;
    magnitude += other.magnitude;
    carried += other.carried;
  }
  Enclosed result(std::int64_t n) const {
    // At least the roundings in a row of each of the three sums.
    const double k = 2.0 * static_cast<double>(n) + 20.0;
    const double exact_magnitude = inflate(magnitude, k);
    return with_error(sum, inflate(gamma_bound(k) * exact_magnitude + carried, k));
  }
};

/// A matrix inside an array: element (i, j) is data[i * row_stride + j * column_stride].
template <typename S>
struct MatrixView {
  const S* data;
  std::int64_t row_stride, column_stride;
};

/// Partial sums of the blocked order: an AVX-512 register of float32.
inline constexpr std::int64_t kPartialSums = 16;

/// c[m,n] (row-major, dense) = a[m,k] * b[k,n] with every sum over k in the given order; `fast`
/// counts as natural. blocked: term i goes to partial sum i mod 16, then the partial sums are added
/// pairwise.
template <typename S>
void ordered_product(std::int64_t m, std::int64_t n, std::int64_t k, const MatrixView<S>& a,
                     const MatrixView<S>& b, S* c, Sums order) {
  constexpr std::int64_t kTile = 64;  // columns at a time, so that the accumulators stay in L1
  const std::int64_t parts = order == Sums::blocked ? kPartialSums : 1;
  std::array<Accumulator<S>, static_cast<std::size_t>(kTile * kPartialSums)> sums;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j0 = 0; j0 < n; j0 += kTile) {
      const std::int64_t width = std::min(kTile, n - j0);
      for (std::int64_t s = 0; s < parts * kTile; ++s) sums[static_cast<std::size_t>(s)] = {};
      for (std::int64_t step = 0; step < k; ++step) {
        const std::int64_t l = order == Sums::reversed ? k - 1 - step : step;
        const S x = a.data[i * a.row_stride + l * a.column_stride];
        const S* row = b.data + l * b.row_stride + j0 * b.column_stride;
        Accumulator<S>* part = sums.data() + (l % parts) * kTile;
        if (b.column_stride == 1) {
          for (std::int64_t j = 0; j < width; ++j) part[j].add(x, row[j]);
        } else {
          for (std::int64_t j = 0; j < width; ++j) part[j].add(x, row[j * b.column_stride]);
        }
      }
      for (std::int64_t half = parts / 2; half > 0; half /= 2)
        for (std::int64_t s = 0; s < half * kTile; ++s)
          sums[static_cast<std::size_t>(s)].merge(sums[static_cast<std::size_t>(s + half * kTile)]);
      for (std::int64_t j = 0; j < width; ++j)
        c[i * n + j0 + j] = sums[static_cast<std::size_t>(j)].result(k);
    }
  }
}

}  // namespace clipbound::specs
