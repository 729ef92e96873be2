#pragma once
// Idea: rows that copy an element of a source, or are the difference of two: what pools of maxima,
// gathers and copies of whole layers read. A column and a sign say it all; nothing is compared.
// Source: own.
// Guarantees: exact. Thread safety: const members may be called from many threads at once.
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "bounds/layered/sparse_rows.h"

namespace clipbound::bounds {

class SelectionMap {
 public:
  /// One coefficient per row: `sign`, which is 1 or -1, at column[i]; -1: none.
  struct Part {
    double sign = 1.0;
    std::vector<std::int32_t> column;  ///< [rows]
  };

  /// At least one part, of equal size. Columns that meet in a row cancel where their signs differ;
  /// else ContractError.
  SelectionMap(std::int64_t cols, std::vector<Part> parts);
  /// Elements first, first + 1, ... of a source.
  static std::shared_ptr<const SelectionMap> of_elements(std::int64_t cols, std::int64_t first,
                                                         std::int64_t count);

  std::int64_t rows() const { return static_cast<std::int64_t>(parts_.front().column.size()); }
  std::int64_t cols() const { return cols_; }
  std::int64_t entries() const { return entries_; }
  const std::vector<Part>& parts() const { return parts_; }
  /// All coefficients are 1, one in a row.
  bool are_copies() const { return parts_.size() == 1 && parts_.front().sign == 1.0; }
  /// Calls visit(row, column, sign) for all coefficients.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (const Part& part : parts_) {
      for (std::size_t i = 0; i < part.column.size(); ++i) {
        if (part.column[i] >= 0) visit(i, static_cast<std::size_t>(part.column[i]), part.sign);
      }
    }
  }

  /// y[B, cols] += r[B, rows] W.
  void add_transposed(const double* r, std::int64_t B, double* y) const;
  /// One row, in ascending columns. The lists are cleared first.
  void row(std::int64_t i, std::vector<std::int32_t>& columns, std::vector<double>& values) const;
  /// All rows as numbers, written at the first call.
  const SparseRows& written() const;

 private:
  std::int64_t cols_, entries_ = 0;
  std::vector<Part> parts_;
  mutable std::once_flag once_;
  mutable SparseRows written_;
};

/// Rows picks[i] of maps[of_map[i]] (-1: a row without coefficients), where that is a selection of
/// as many parts with the same signs; nullptr elsewhere.
std::shared_ptr<const SelectionMap> select_rows(const std::vector<const SelectionMap*>& maps,
                                                std::span<const std::int32_t> of_map,
                                                std::span<const std::int32_t> picks);

/// The sum of sign times map, the signs 1 or -1; nullptr where a row has more than two parts, or
/// two equal ones.
std::shared_ptr<const SelectionMap> sum_of_selections(const std::vector<const SelectionMap*>& maps,
                                                      const std::vector<double>& signs);

}  // namespace clipbound::bounds
