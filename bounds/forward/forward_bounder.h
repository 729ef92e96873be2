#pragma once
// Idea: The engine of input splits for networks whose neurons are never stable (smooth ones), or
// are too many for a reduced network: linear bounds of every neuron in the inputs, computed
// forward, for kLanes boxes of few inputs at once. Every neuron costs 2 (N + 1) numbers and a
// concretization, which is where the half-spaces of the search enter (complete clipping), so that a
// batch costs the weights times N instead of a cube of neurons.
// Source: Xu et al., "Automatic perturbation analysis for scalable certified robustness and
// beyond", NeurIPS 2020 (forward-mode LiRPA). Ours differs by storing both bounds as their mean and
// half their difference, by outward rounding, by substituting rows backward with the relaxations
// found forward, and by Taylor models of degree 2 where those say more (taylor_models.h).
// Guarantees: the rows' bounds hold at every point of a lane's box that satisfies its half-spaces
// (S3, S4, S5, S8, S9).
// Legend: N columns (inputs that vary), S rows. Linear bounds are [N + 1] of Vec: A | b.
#include <memory>
#include <vector>

#include "bounds/batch_bounder.h"
#include "bounds/clip/complete_clipping.h"
#include "bounds/forward/forward_layout.h"
#include "bounds/forward/taylor_models.h"
#include "bounds/relax/product_lanes.h"

namespace clipbound::bounds {

class ForwardBounder final : public BatchBounder {
 public:
  /// `problem` must outlive the bounder.
  ForwardBounder(const ForwardProblem& problem, int most_halfspaces);
  void bound(BoxBatch& boxes, const Clipping& clipping, RowBounds& rows) override;
  void evaluate(const Vec* point, Vec* values) override;

 private:
  /// Linear bounds of all elements of a source, and what their rounding may cost.
  struct Source {
    /// [size, N + 1] mean of both bounds, and half their difference: coefficient by coefficient, of
    /// any sign.
    std::vector<Vec> middle, half;
    /// [size, 2] the error; the magnitude, >= |A||x| + |b| of either bound.
    std::vector<Vec> errors;
    Vec& error(std::size_t i) { return errors[2 * i]; }
    Vec& magnitude(std::size_t i) { return errors[2 * i + 1]; }
    // For rows that are substituted backward: f(z) between slope z + offset, and the error of using
    // z with multiplier 1.
    std::vector<Vec> lower_slope, lower_offset, upper_slope, upper_offset, slack;
    std::vector<Vec> coefficient;  ///< of the row being substituted
    // For the branching score: the relaxation gap per width of [l, u], and |slopes| of z's linear
    // bounds [size, N].
    std::vector<Vec> gap, sensitivity;
  };
  /// Lines below and above an activation.
  struct Lines {
    Vec lower_slope, lower_offset, upper_slope, upper_offset;
  };
  /// The arguments of bound().
  struct Batch {
    const BoxBatch& boxes;
    const Clipping& clipping;
    RowBounds& rows;
  };
  void fill_input(const BoxBatch& boxes);
  /// Linear bounds of a block's rows of a form into block_.
  void combine(const AffineForm& form, const RowBlock& block);
  /// Row r of the block: its linear bounds into low_ and high_, row_magnitude_; returns their
  /// error.
  Vec load_row(int r);
  /// The linear bounds in below_ and above_ become those of an element.
  void store(Source& to, std::size_t i) const;
  /// Row s by backward substitution. Its linear bound goes into low_ (the offset includes all
  /// errors); returns its least value on the boxes.
  Vec substitute_row(const Batch& batch, std::size_t s);
  void scatter(const AffineForm& form, std::size_t i, Vec multiplier);
  Vec magnitude_of(const Vec* low, const Vec* high) const;
  void bound_layer(const Batch& batch, std::size_t k);
  void bound_element(const Batch& batch, std::size_t k, std::size_t i, Vec error);
  static Lines relax_lanes(const Activation& activation, Vec l, Vec u);
  void activate_element(const Activation& activation, Source& to, std::size_t i, Vec l, Vec u,
                        Vec error);
  void activate_product(const Batch& batch, Source& to, std::size_t second, const LaneFactor& y,
                        Vec error);
  void make_vacuous(Source& to, std::size_t i, Mask sane);
  void bound_rows(const Batch& batch);
  void bound_row(const Batch& batch, std::size_t s, Vec error);

  void bound_by_taylor_models(const Batch& batch);
  void merge_taylor(const Batch& batch) const;
  void merge_scores(const Batch& batch) const;

  const ForwardProblem& problem_;
  const ForwardLayout layout_;
  CompleteClipping clipping_;
  Mask infeasible_ = {};
  std::unique_ptr<TaylorModels> taylor_;
  std::vector<TaylorModels::Ranges> ranges_;  // of the layers
  // Lanes that second-order bounds were tried for, and refuted; older ones count less.
  double tried_ = 0.0, gained_ = 0.0;
  std::uint64_t batches_ = 0;
  std::size_t width_;            // N + 1
  std::vector<Source> sources_;  // 0: input, k + 1: layer k
  // Of combine(): [kBlockRows, N + 1] twice, [kBlockRows, 2].
  std::vector<Vec> block_middle_, block_half_, block_errors_;
  Vec block_error_[kBlockRows] = {}, block_magnitude_[kBlockRows] = {};
  std::vector<Vec> below_, above_;        // [N + 1] of an activation
  std::vector<std::vector<Vec>> values_;  // of evaluate()
  std::vector<Vec> low_, high_, mirrored_, largest_x_, row_score_;
  // The first factor of a product, until its second is known.
  std::vector<Vec> first_low_, first_high_;
  Vec first_base_low_ = {}, first_base_high_ = {}, first_l_ = {}, first_u_ = {}, first_error_ = {};
  Vec row_magnitude_ = {};  // of the last load_row(): sum of its |terms|
  Vec nearest_ = {};        // the largest of the rows' least values
  double underflow_ = 0.0;
};

}  // namespace clipbound::bounds
