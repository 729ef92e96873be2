#pragma once
// Idea: our buffers as Eigen's vectors and matrices, for small dense algebra away from the kernels:
// the expression says what a loop would spell out.
// Source: Eigen 3.4; decision 44.
// Guarantees: views copy nothing. Sums are in whatever order Eigen likes, rounded to nearest: never
// where a bound's rounding or the judge's order of summation is promised.
//
// Inside the library Eigen makes views and expressions only, no matrix of its own: how Eigen aligns
// its memory depends on compiler flags, and who links clipbound::static may have others.
#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "base/floors.h"

namespace clipbound::base {

template <typename T>
using ColumnVector = Eigen::Matrix<T, Eigen::Dynamic, 1>;
template <typename T>
using RowMajorMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The whole of `values`, which has to outlive the view.
template <typename T>
Eigen::Map<const ColumnVector<T>> vector_view(const std::vector<T>& values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}
template <typename T>
void vector_view(std::vector<T>&&) = delete;

/// [rows, columns] of a buffer whose rows begin `stride` elements apart.
template <typename T>
Eigen::Map<RowMajorMatrix<T>, Eigen::Unaligned, Eigen::OuterStride<>> matrix_view(
    T* data, std::int64_t rows, std::int64_t columns, std::int64_t stride) {
  return {data, rows, columns, Eigen::OuterStride<>(stride)};
}
/// [rows, columns] of `values`, which has to outlive the view.
template <typename T>
Eigen::Map<const RowMajorMatrix<T>> matrix_view(const std::vector<T>& values, std::int64_t rows,
                                                std::int64_t columns) {
  return {values.data(), rows, columns};
}
template <typename T>
void matrix_view(std::vector<T>&&, std::int64_t, std::int64_t) = delete;

}  // namespace clipbound::base
