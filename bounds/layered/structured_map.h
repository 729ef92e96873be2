#pragma once
// Idea: some rows of a convolution, some of whose columns are the elements of a source: the
// coefficients of a large layer, of which nothing is written but the kernel.
// Source: own.
// Guarantees: exact; products round as those of ConvolutionMap do, which speaks of their gamma().
// Legend: an image is what the convolution reads; B columns (rows) of numbers at once.
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "bounds/layered/coefficients.h"
#include "bounds/layered/convolution_map.h"
#include "bounds/layered/sparse_rows.h"

namespace clipbound::bounds {

class StructuredMap {
 public:
  /// Element c of the source stands at element image_of[c] of the image, which ascends; -1:
  /// nowhere. Elements of the image where none stands are 0. Empty: the source is the image.
  explicit StructuredMap(ConvolutionMap convolution, std::vector<std::int32_t> image_of = {});

  std::int64_t rows() const;
  std::int64_t cols() const;
  /// About: coefficients that are 0 count, and those of elements where none of the source stands. 0
  /// only where there are none.
  std::int64_t entries() const;
  const ConvolutionMap& convolution() const { return convolution_; }
  bool has_all_rows() const { return picks_.empty(); }
  bool has_all_columns() const { return image_of_.empty(); }
  /// The rows of the convolution; -1: a row without coefficients. Empty: all, in order.
  const std::vector<std::int32_t>& picks() const { return picks_; }

  /// Rows picks[0], picks[1], ... of this map; -1: a row without coefficients.
  std::shared_ptr<const StructuredMap> picked(const std::vector<std::int32_t>& picks) const;
  /// Row r times factor[the channel of r in the convolution]; rounds as ConvolutionMap::scaled().
  std::shared_ptr<const StructuredMap> scaled(std::span<const double> factor) const;

  /// y[rows, B] = W x[cols, B], row-major, or y += that; with |W|.
  void apply(const double* x, std::int64_t B, double* y, bool add = false) const;
  void apply_magnitudes(const double* x, std::int64_t B, double* y, bool add = false) const;
  /// y[B, cols] += r[B, rows] W.
  void add_transposed(const double* r, std::int64_t B, double* y) const;

  /// One row: the coefficients that are not 0, in ascending columns. The lists are cleared first.
  void row(std::int64_t i, std::vector<std::int32_t>& columns, std::vector<double>& values) const;

  /// What the source's elements are in the image, and the other way round, B numbers each.
  std::vector<double> to_image(const double* x, std::int64_t B) const;
  /// An upper bound of the sum of |coefficient| * size of every row, sizes >= 0; infinity for NaN.
  std::vector<double> sizes(const std::vector<double>& size_of_source) const;
  /// [rows] 1 for the rows that have a coefficient (which may be 0).
  std::vector<char> rows_with_entries() const;
  /// Marks the elements of the source that marked rows read.
  void mark_read(const std::vector<char>& row_is_marked, std::vector<char>& element) const;

  /// All rows as numbers. What is alike shares its lists: the columns of all channels of a pixel,
  /// the values of all pixels of a channel under which the same taps lie.
  const SparseRows& written() const;
  bool is_written() const { return is_written_; }

 private:
  class Writer;
  std::int32_t source_of(std::int64_t column) const {
    return source_of_.empty() ? static_cast<std::int32_t>(column)
                              : source_of_[static_cast<std::size_t>(column)];
  }

  ConvolutionMap convolution_;
  std::vector<std::int32_t> image_of_, picks_;
  std::vector<std::int32_t> source_of_;  // [columns of the convolution] image_of_ turned round
  mutable std::once_flag once_;
  mutable std::atomic<bool> is_written_{false};
  mutable SparseRows written_;
};

/// Rows one at a time, of numbers or of a map, which stays unwritten.
class RowReader {
 public:
  struct Row {
    std::span<const std::int32_t> index;
    std::span<const double> value;
  };
  explicit RowReader(const Coefficients& coefficients)
      : structure_(coefficients.structure()),
        selection_(coefficients.selection()),
        rows_(structure_ == nullptr && selection_ == nullptr ? &coefficients.written() : nullptr) {}
  /// Valid until the next one is read.
  Row row(std::int64_t i) {
    if (rows_ != nullptr) return {rows_->indices(i), rows_->values(i)};
    if (selection_ != nullptr)
      selection_->row(i, columns_, values_);
    else
      structure_->row(i, columns_, values_);
    return {columns_, values_};
  }

 private:
  const StructuredMap* structure_;
  const SelectionMap* selection_;
  const SparseRows* rows_;
  std::vector<std::int32_t> columns_;
  std::vector<double> values_;
};

}  // namespace clipbound::bounds
