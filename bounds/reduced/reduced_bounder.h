#pragma once
// Bounds kLanes subproblems of one reduced network at once (CROWN by backward substitution,
// clipped).
//
// Legend: U neurons, S rows, N inputs, K constraints. Arrays are [item] of Vec, one number per
// lane.
#include <memory>
#include <vector>

#include "base/simd.h"
#include "bounds/reduced/reduced_network.h"

namespace clipbound::bounds {

/// How much clipping the bounds get.
struct ClipSettings {
  bool neurons = true;  ///< complete clipping: constraints enter every concretization
  int passes = 2;       ///< over the constraints
  int most = 1 << 20;   ///< only the first so many enter concretizations
};

/// A half-space per lane: sum_i g[i] x_i + h <= 0 holds at every counterexample of the lane's
/// subproblem (h includes its error term). A lane without the constraint has g = 0, h <= 0.
class ForwardBounder;

class ReducedBounder {
 public:
  ReducedBounder();
  ReducedBounder(ReducedBounder&&) noexcept;
  ReducedBounder& operator=(ReducedBounder&&) noexcept;
  ~ReducedBounder();
  /// Sizes the scratch memory for `network`, which must outlive the use.
  void attach(const ReducedNetwork& network, int max_constraints);

  // ---- input of bound(): fill per lane ----
  std::vector<Vec> lower_x, upper_x;  ///< [N] the boxes
  std::vector<Vec> lower_z, upper_z;  ///< [U] what is known of the neurons; bound() tightens them
  int constraints = 0;                ///< K
  std::vector<Vec> constraint;        ///< [K, N + 1]: g, h

  /// Bounds every neuron that is unstable in some lane, then every row. Sound in every lane for
  /// every point of the lane's box that satisfies its constraints.
  void bound(const ClipSettings& settings);

  // ---- output ----
  std::vector<Vec> row_lower;  ///< [S] lower bound of y_s over box and constraints
  std::vector<Vec>
      row_plane;  ///< [S, N + 1]: y_s >= A x + b on the box (b includes its error term)
  Mask refuted;   ///< lanes in which one row is excluded, or no point satisfies box and constraints

  /// Values of the rows at one point per lane (float64, not rigorous: for finding candidates).
  /// point [N], values [S].
  void evaluate(const Vec* point, Vec* values);

  /// Estimate, per input, of how much of the relaxations' looseness in the row nearest to
  /// refutation a split of that input would remove (any scale; free choice, not a bound). [N],
  /// valid after bound().
  std::vector<Vec> split_gain;

 private:
  friend class ForwardBounder;
  struct Side;
  template <bool kAbove>
  Vec replace_relu(int w, Vec g, Side& side) const;
  template <bool kAbove>
  Vec replace_by_planes(int w, Vec g, Side& side) const;
  Vec looseness_of(int w, Vec g) const;
  template <bool kUpper>
  void substitute(int v, int layer);
  Vec concretize_lower(const Vec* plane, Vec base) const;
  bool ascend(int k, bool first_pass);
  Vec clip_lower(const Vec* plane, Vec base, const ClipSettings& settings);
  void prepare_constraints();
  void set_slopes(int v);
  void set_planes(int v);
  void set_product(int first);
  bool is_product(int v) const {
    return network_->activation[static_cast<std::size_t>(v)].curve == Curve::product;
  }
  bool is_second_factor(int v) const {
    return bounds::is_second_factor(network_->activation[static_cast<std::size_t>(v)]);
  }
  bool is_relu(int v) const {
    return network_->activation[static_cast<std::size_t>(v)].curve == Curve::relu;
  }
  void bound_neuron(int v, int layer, const ClipSettings& settings);
  void bound_rows(const ClipSettings& settings);
  void estimate_split_gain();

  const ReducedNetwork* network_ = nullptr;
  std::unique_ptr<ForwardBounder> forward_;  // of networks that stand for a ForwardProblem
  // [U] relaxation of each neuron in each lane. ReLU: slopes below and above on [low, high] (0
  // where it is decided), intercepts follow from the multiplier. Others: slopes and offsets below
  // and above, and the mean gap between these planes.
  std::vector<Vec> slope_convex_, slope_chord_, low_, high_;
  std::vector<Vec> offset_lower_, offset_upper_, gap_;
  std::vector<Vec> multiplier_lower_, multiplier_upper_;  // [U] p of the row being substituted
  std::vector<Vec> plane_lower_, plane_upper_;            // [N + 1]
  Vec intercept_lower_, intercept_upper_;                 // sum of q
  Vec error_lower_, error_upper_;
  Mask infeasible_ = {};
  std::vector<int> live_;  // neurons that are not inactive in all lanes, of the layers done so far
  std::vector<int> live_begin_;  // [layers + 1]
  std::vector<Vec> centre_, half_,
      reach_;  // [N] box as centre and half-width (outward), largest |x|
  std::vector<Vec> constraint_centre_, constraint_size_;  // [K] value at the centre, magnitude
  std::vector<Vec> constraint_inverse_;                   // [K, N] 1 / coefficient
  std::vector<Vec> objective_;                            // [N] scratch of clip_lower
  std::vector<Vec> applied_;                              // [K] multipliers of the constraints
  std::vector<Vec> mirrored_;                             // [N + 1]
  std::vector<Vec> first_lower_,
      first_upper_;  // [N + 1] planes of a product's first factor, errors in their constants
  std::vector<Vec> sensitivity_;  // [U, N] mean |slope| of the neuron's two planes
  std::vector<Vec> looseness_,
      best_looseness_;  // [U] mean gap of the neuron's relaxation in a row's bound
};

}  // namespace clipbound::bounds
