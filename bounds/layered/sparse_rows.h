#pragma once
// Idea: a matrix by compressed rows, the coefficients of affine forms, which are dense for Gemm and
// sparse for everything else. Rows with the same columns share one list of columns, and rows with
// the same values one list of values: all channels of a pixel read one window, and all pixels of a
// channel have one kernel (decision 13). bounds/alpha_beta/grouped_matrix.h uses what rows share.
// Source: own.
// Guarantees: exact; a row is what was appended to it.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace clipbound::bounds {

class SparseRows {
 public:
  std::int64_t cols = 0;

  std::int64_t rows() const { return static_cast<std::int64_t>(rows_.size()); }
  /// Columns of a row, ascending.
  std::span<const std::int32_t> indices(std::int64_t r) const {
    return {index_.data() + row(r).index, static_cast<std::size_t>(row(r).length)};
  }
  std::span<const double> values(std::int64_t r) const {
    return {value_.data() + row(r).value, static_cast<std::size_t>(row(r).length)};
  }
  /// Rows of one length whose numbers are equal have the same columns (the same values); rows that
  /// end_row() ended, only those.
  std::int64_t list_of_indices(std::int64_t r) const { return row(r).index; }
  std::int64_t list_of_values(std::int64_t r) const { return row(r).value; }
  /// Every column that some row reads, perhaps several times.
  std::span<const std::int32_t> all_indices() const { return index_; }
  std::int64_t entries() const { return entries_; }
  double density() const {
    const double cells = static_cast<double>(rows()) * static_cast<double>(cols);
    return cells > 0.0 ? static_cast<double>(entries()) / cells : 0.0;
  }
  /// Adds to the row that end_row() will end.
  void append(std::int32_t column, double x) {
    index_.push_back(column);
    value_.push_back(x);
  }
  void append(std::span<const std::int32_t> columns, std::span<const double> values) {
    index_.insert(index_.end(), columns.begin(), columns.end());
    value_.insert(value_.end(), values.begin(), values.end());
  }
  void end_row();
  /// Lists for rows that are known to share them: nothing is compared. A row ended by end_row() may
  /// share none of these.
  std::int64_t add_indices(std::span<const std::int32_t> columns);
  std::int64_t add_values(std::span<const double> values);
  /// A row of such lists, of one length.
  void add_row(std::int64_t indices, std::int64_t values, std::int32_t length);
  /// Takes back what was added since the last row ended.
  void drop_row() {
    index_.resize(index_end_);
    value_.resize(value_end_);
  }
  /// True where all values are 1 or -1.
  bool is_unit() const;

 private:
  struct Row {
    std::int64_t index, value;
    std::int32_t length;
  };
  /// Row numbers by the hash of one of their lists; open addressing.
  using Table = std::vector<std::int32_t>;
  const Row& row(std::int64_t r) const { return rows_[static_cast<std::size_t>(r)]; }
  /// The position of an earlier list that equals the one at the end of `all` from `begin` on, which
  /// is taken away then; else `begin`.
  template <typename T, std::int64_t Row::*kPosition>
  std::int64_t share(Table& table, std::vector<T>& all, std::size_t begin);
  template <typename T, std::int64_t Row::*kPosition>
  void enlarge(Table& table, const std::vector<T>& all) const;

  std::vector<Row> rows_;
  std::vector<std::int32_t> index_;
  std::vector<double> value_;
  std::size_t index_end_ = 0, value_end_ = 0;  // of the rows that have ended
  std::int64_t entries_ = 0;
  Table by_indices_, by_values_;
};

}  // namespace clipbound::bounds
