#pragma once
// Bounds kLanes boxes of few inputs at once by forward planes through the whole layered network:
// for networks whose neurons are never decided (smooth ones), or are too many for a reduced
// network. Every neuron costs 2 (N + 1) numbers and a concretization, which is where the
// half-spaces of the search enter (complete clipping), so that a batch costs the weights times N
// instead of a cube of neurons.
//
// Legend: N columns (inputs that vary), S rows. Planes are [N + 1] of Vec: A | b.
#include <memory>
#include <vector>

#include "bounds/forward/forward_problem.h"
#include "bounds/forward/row_blocks.h"
#include "bounds/forward/taylor_models.h"
#include "bounds/reduced/reduced_bounder.h"
#include "bounds/relax/product_lanes.h"

namespace clipbound::bounds {

/// A reduced network without neurons that stands for `problem`: its lanes are bounded by forward
/// planes.
std::shared_ptr<const ReducedNetwork> forward_network(
    std::shared_ptr<const ForwardProblem> problem);

class ForwardBounder {
 public:
  explicit ForwardBounder(std::shared_ptr<const ForwardProblem> problem);
  /// ReducedBounder::bound() for the boxes and constraints of `lanes`.
  void bound(ReducedBounder& lanes, const ClipSettings& settings);
  /// ReducedBounder::evaluate(): point [N], values [S]; float64, not rigorous.
  void evaluate(const Vec* point, Vec* values);

 private:
  /// Planes of all elements of a source, and what their rounding may cost.
  struct Source {
    std::vector<Vec> middle, half;  ///< [size, N + 1] mean of both planes, and half their
                                    ///< difference: coefficient by coefficient, of any sign
    std::vector<Vec> sizes;  ///< [size, 2] the error; the reach, >= |A||x| + |b| of either plane
    Vec& error(std::size_t i) { return sizes[2 * i]; }
    Vec& reach(std::size_t i) { return sizes[2 * i + 1]; }
    // For rows that are substituted backwards: f(z) between slope z + offset, and what using z with
    // multiplier 1 may cost.
    std::vector<Vec> slope_low, offset_low, slope_high, offset_high, cost;
    std::vector<Vec> coefficient;  ///< of the row being substituted
    // For the choice of the input to split: the gap between both lines per width of [l, u], and
    // |slopes| of z's planes [size, N].
    std::vector<Vec> looseness, sensitivity;
  };
  void fill_input(const ReducedBounder& lanes);
  /// Planes of a block's rows of a form into block_.
  void combine(const AffineForm& form, const RowBlock& block);
  /// Row r of the block: its planes into low_ and high_, bulk_; returns their error term.
  Vec take_row(int r);
  /// The planes in below_ and above_ become those of an element.
  void store(Source& to, std::size_t i) const;
  /// Row s by backward substitution with the lanes' planes: tighter, because signs are seen after
  /// cancellation. Its plane goes into low_ (the offset includes all errors); returns its least
  /// value on the lanes' boxes.
  Vec substitute_row(const ReducedBounder& lanes, std::size_t s);
  void scatter(const AffineForm& form, std::size_t i, Vec multiplier);
  Vec reach_of(const Vec* low, const Vec* high) const;
  void bound_layer(ReducedBounder& lanes, std::size_t k, const ClipSettings& settings);
  void bound_element(ReducedBounder& lanes, std::size_t k, std::size_t i, Vec error,
                     const ClipSettings& settings);
  void activate_element(const Activation& activation, Source& to, std::size_t i, Vec l, Vec u,
                        Vec error);
  void activate_product(const ReducedBounder& lanes, Source& to, std::size_t second,
                        const LaneFactor& y, Vec error);
  void silence(Source& to, std::size_t i, Mask sane);
  void bound_rows(ReducedBounder& lanes, const ClipSettings& settings);
  void bound_row(ReducedBounder& lanes, std::size_t s, Vec error, const ClipSettings& settings);

  void bound_quadratically(ReducedBounder& lanes, const ClipSettings& settings);
  void merge_quadratic(ReducedBounder& lanes) const;
  void merge_gains(ReducedBounder& lanes) const;

  std::shared_ptr<const ForwardProblem> problem_;
  std::unique_ptr<TaylorModels> quadratic_;
  std::vector<TaylorModels::Ranges> ranges_;  // of the layers
  double tried_ = 0.0, gained_ = 0.0;         // lanes that second-order bounds were tried for, and
                                              // refuted; older ones count less
  std::uint64_t batches_ = 0;
  std::size_t width_;                          // N + 1
  std::vector<int> column_of_;                 // [n]
  std::vector<Source> sources_;                // 0: input, k + 1: layer k
  std::vector<std::vector<RowBlock>> blocks_;  // of the layers, and of the rows
  std::vector<Vec> block_middle_, block_half_,
      block_sizes_;  // [kBlockRows, N + 1], [kBlockRows, 2] of combine()
  Vec block_error_[kBlockRows] = {}, block_bulk_[kBlockRows] = {};
  std::vector<Vec> below_, above_;        // [N + 1] of an activation
  std::vector<std::vector<Vec>> values_;  // of evaluate()
  std::vector<Vec> low_, high_, mirrored_, largest_x_, gain_;
  // The first factor of a product, until its second is known.
  std::vector<Vec> first_low_, first_high_;
  Vec first_base_low_ = {}, first_base_high_ = {}, first_l_ = {}, first_u_ = {}, first_error_ = {};
  Vec bulk_ = {};     // of the last take_row(): sizes of the terms
  Vec nearest_ = {};  // the largest of the rows' least values
  double underflow_ = 0.0, gamma_ = 0.0;
};

}  // namespace clipbound::bounds
