#pragma once
// Idea: Complete clipping by one half-space that is the same in all lanes: least values of kLanes
// linear functions over a box and that half-space. In activation splits the half-space is the
// linear bound of a row: a counterexample has row <= 0, so where that bound exceeds 0 no
// counterexample lies. Where the row's bound is close to 0 little is left of the box.
// Source: Zhou et al., NeurIPS 2025, Theorem 3.2; ours differs by finding the multiplier by
// tangents from both sides (one_multiplier.h says why).
// Guarantees: minimum() returns the least value for some beta >= 0, to nearest, with the magnitude
// that rounding is a share of; the caller subtracts it (S9).
// Legend: N inputs. Arrays of Vec have one number per lane.
#include <cstdint>
#include <vector>

#include "base/simd.h"

namespace clipbound::bounds {

/// normal x + offset <= 0 at all points that matter.
struct Halfspace {
  std::vector<double> normal;  ///< [N]
  double offset = 0.0;
};

class SingleHalfspaceClipping {
 public:
  bool active() const { return !normal_.empty(); }
  void clear() { normal_.clear(); }
  /// The same half-space for all lanes. lower, upper: the box [N].
  void set(Halfspace halfspace, const std::vector<double>& lower, const std::vector<double>& upper);
  /// The inputs that functions from now on have coefficients for; the half-space may depend on
  /// others.
  void restrict_to(const std::vector<std::int32_t>& inputs);

  struct Least {
    Vec value;      ///< of a x + beta (normal x + offset) at its least; rounded
    Vec magnitude;  ///< sum of its |terms|: what rounding is a share of
  };
  /// a: coefficients, used at `inputs` of restrict_to(). Writes the minimising point at these
  /// inputs: it lies on the half-space's edge where that cuts, between two corners (a free choice:
  /// gradients and candidates use it).
  Least minimum(const Vec* a, Vec* point) const;

 private:
  struct Tangent {
    Vec beta{}, value{}, slope{};
  };
  Tangent evaluate(const Vec* a, Vec beta) const;

  std::vector<double> normal_, lower_, upper_;
  double offset_ = 0.0;
  // Of the inputs at hand: normal, centre and half-width.
  std::vector<std::int32_t> inputs_;
  std::vector<double> normal_here_, centre_, radius_;
  // Offset + least value of the other inputs' part, and the sum of its |terms|.
  double rest_ = 0.0, rest_magnitude_ = 0.0;
  double slope_rest_ = 0.0;     // rest + normal times centre
  double normal_spread_ = 0.0;  // sum of |normal| * radius
};

}  // namespace clipbound::bounds
