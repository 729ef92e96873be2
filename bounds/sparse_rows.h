#pragma once
// A matrix by compressed rows: the coefficients of affine forms, which are dense for Gemm and thin for everything else.
#include <cstdint>
#include <span>
#include <vector>

namespace clipbound {

struct SparseRows {
  std::int64_t cols = 0;
  std::vector<std::int64_t> start{0};  ///< [rows + 1]
  std::vector<std::int32_t> index;     ///< column of each entry, ascending within a row
  std::vector<double> value;

  std::int64_t rows() const { return static_cast<std::int64_t>(start.size()) - 1; }
  std::span<const std::int32_t> indices(std::int64_t r) const {
    return {index.data() + start[static_cast<std::size_t>(r)], index.data() + start[static_cast<std::size_t>(r) + 1]};
  }
  std::span<const double> values(std::int64_t r) const {
    return {value.data() + start[static_cast<std::size_t>(r)], value.data() + start[static_cast<std::size_t>(r) + 1]};
  }
  double density() const {
    const double cells = static_cast<double>(rows()) * static_cast<double>(cols);
    return cells > 0.0 ? static_cast<double>(value.size()) / cells : 0.0;
  }
  void append(std::int32_t column, double x) {
    index.push_back(column);
    value.push_back(x);
  }
  void end_row() { start.push_back(static_cast<std::int64_t>(value.size())); }
};

}  // namespace clipbound
