#pragma once
// Idea: what an affine form multiplies one source with: rows of numbers, or a convolution or a
// selection whose rows are written only where somebody reads them.
// Source: own.
// Guarantees: exact; all are the same matrix. Thread safety: const members may be called from many
// threads at once.
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "bounds/layered/selection_map.h"
#include "bounds/layered/sparse_rows.h"

namespace clipbound::bounds {

class StructuredMap;

class Coefficients {
 public:
  Coefficients(SparseRows rows)  // NOLINT(google-explicit-constructor): rows are coefficients
      : rows_(std::make_shared<const SparseRows>(std::move(rows))) {}
  explicit Coefficients(std::shared_ptr<const StructuredMap> structure)
      : structure_(std::move(structure)) {}
  explicit Coefficients(std::shared_ptr<const SelectionMap> selection)
      : selection_(std::move(selection)) {}

  /// nullptr: rows of numbers or a selection. Else products with the map are the fast way, and rows
  /// the slow one.
  const StructuredMap* structure() const { return structure_.get(); }
  const std::shared_ptr<const StructuredMap>& shared_structure() const { return structure_; }
  /// nullptr: none. Else visiting it is the fast way.
  const SelectionMap* selection() const { return selection_.get(); }
  const std::shared_ptr<const SelectionMap>& shared_selection() const { return selection_; }
  /// The rows; those of a map are written at the first call, and stay.
  const SparseRows& written() const { return rows_ != nullptr ? *rows_ : write(); }

  std::int64_t rows() const;
  std::int64_t cols() const;
  /// Of all rows; of a structured map about so many, coefficients that are 0 included.
  std::int64_t entries() const;
  double density() const {
    const double cells = static_cast<double>(rows()) * static_cast<double>(cols());
    return cells > 0.0 ? static_cast<double>(entries()) / cells : 0.0;
  }

  // As in SparseRows: they write the rows of a structured map. Loops take written() first.
  std::span<const std::int32_t> indices(std::int64_t r) const { return written().indices(r); }
  std::span<const double> values(std::int64_t r) const { return written().values(r); }
  std::int64_t list_of_indices(std::int64_t r) const { return written().list_of_indices(r); }
  bool is_unit() const { return selection_ != nullptr || (rows_ != nullptr && rows_->is_unit()); }

 private:
  const SparseRows& write() const;

  std::shared_ptr<const SparseRows> rows_;  // one of the three
  std::shared_ptr<const StructuredMap> structure_;
  std::shared_ptr<const SelectionMap> selection_;
};

}  // namespace clipbound::bounds
