#pragma once
// Idea: many rows of backward substitution at once: the coefficients of one source's elements in
//   all rows are one dense matrix, and a layer is a product of matrices.
// Source: CROWN (Zhang et al., NeurIPS 2018). Ours differs: sparse layers are multiplied by
//   compressed rows, sums carry what roundings may lose.
// Guarantees: lower bounds of the rows on the box (S5).
// Legend: R rows, N inputs.
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "bounds/crown/relaxation_step.h"
#include "bounds/layered/layered_system.h"

namespace clipbound::bounds {

/// A matrix of a layer, multiplied as a dense one where that pays. The dense form is written when
/// it is first used: a network that another engine bounds never needs it. Thread safety: const
/// members may be called from many threads at once.
class LayerMatrix {
 public:
  /// `coefficients` must outlive the matrix.
  LayerMatrix(int from, const Coefficients& coefficients);

  int source() const { return source_; }  ///< kInputSource or a layer
  std::int64_t rows() const { return coefficients_->rows(); }
  std::int64_t cols() const { return coefficients_->cols(); }
  std::int64_t entries() const { return coefficients_->entries(); }
  bool is_dense() const { return dense_ != nullptr; }
  /// nullptr: rows of numbers, or a selection.
  const StructuredMap* structure() const { return coefficients_->structure(); }
  const SelectionMap* selection() const { return coefficients_->selection(); }
  const SparseRows& sparse() const { return coefficients_->written(); }
  /// [rows, cols], where is_dense().
  const std::vector<double>& dense() const;

  /// Multiplications that a row takes, in those of dense matrices.
  double work() const {
    if (is_dense()) return static_cast<double>(rows()) * static_cast<double>(cols());
    return (structure() != nullptr || selection() != nullptr ? 1.0 : 4.0) *
           static_cast<double>(entries());
  }

 private:
  struct Dense {
    std::once_flag written;
    std::vector<double> values;
  };
  int source_;
  const Coefficients* coefficients_;
  std::unique_ptr<Dense> dense_;  // nullptr: sparse rows or the structured map count
};

class DenseBackwardRows {
 public:
  /// Elements `which` of `form`, each times sign; the form is over the input and layers before
  /// `layer`. Their own errors still have to be set.
  DenseBackwardRows(const LayeredSystem& system, int layer, const AffineForm& form,
                    std::span<const std::int64_t> which, double sign);

  std::vector<RowSums> sums;  ///< [R]

  /// Replaces the activations of layer k by what they depend on.
  void substitute(int k, const RelaxedLayer& layer, const std::vector<LayerMatrix>& matrices);
  /// After all layers: the rows' lower bounds on the box, and in the system's ball. [R]
  std::vector<double> lower_bounds(const std::vector<double>& lower,
                                   const std::vector<double>& upper, double gamma) const;

 private:
  std::vector<double> lower_bounds_in_ball(const std::vector<double>& lower,
                                           const std::vector<double>& upper, double gamma) const;
  std::vector<double>& of(int source);
  /// Takes the common parts out of the twins' coefficients, here and in the layer before; their
  /// multipliers are added to those of the neurons later.
  void take_differences(int k, const RelaxedLayer& layer, std::vector<double>& extra);
  void add_multipliers(const std::vector<double>& extra, std::size_t r, double* row,
                       const RelaxedLayer& layer);

  const LayeredSystem& system_;
  std::vector<std::vector<double>> coefficients_;  // per source (0 is the input, k + 1 layer k):
                                                   // [R, elements], or empty for zeros
  // [R, elements] of the next layer to come: what its neurons' multipliers get from twins; or
  // empty.
  std::vector<double> pending_;
};

}  // namespace clipbound::bounds
