#pragma once
// Idea: Complete clipping lets half-spaces that hold at every counterexample enter the
// concretization of a linear bound: the least value over box and half-spaces is bounded from below
// by its Lagrangian dual, whose multipliers coordinate ascent finds.
// Source: Zhou et al., NeurIPS 2025, Theorem 3.2; ours differs by bounding kLanes boxes at once,
// each with its own half-spaces, and by recomputing the bound rigorously from the multipliers
// found.
// Guarantees: lower_bound() holds at every point of the box that satisfies the half-spaces (S9).
// Legend: N inputs, K half-spaces [K, N + 1]: g, h. One number per lane.
#include <vector>

#include "base/simd.h"
#include "bounds/clip/clipping.h"

namespace clipbound::bounds {

class CompleteClipping {
 public:
  /// Sizes the scratch memory.
  void resize(int inputs, int most_halfspaces);
  /// Boxes [N] and half-spaces of the calls that follow; `halfspaces` must stay alive until then.
  void prepare(const Vec* lower, const Vec* upper, int count, const Vec* halfspaces);

  /// Whether there is anything for lower_bound() to do.
  bool applies(const Clipping& clipping) const { return clipping.complete && count_ > 0; }
  /// Lower bound of linear [N] x + base where the half-spaces hold; -infinity in all lanes where
  /// they lift it in none.
  Vec lower_bound(const Vec* linear, Vec base, const Clipping& clipping);

  // What prepare() computed.
  const Vec* centre() const { return centre_.data(); }        ///< [N]
  const Vec* half() const { return half_.data(); }            ///< [N] half-widths, outward
  const Vec* at_centre() const { return at_centre_.data(); }  ///< [K] g centre + h
  const Vec* magnitude() const { return magnitude_.data(); }  ///< [K] sum of all |terms| on the box

 private:
  bool ascend(int k, bool first_pass);

  int inputs_ = 0, count_ = 0;
  const Vec* halfspaces_ = nullptr;
  std::vector<Vec> centre_, half_, largest_x_;  // [N]; the last: largest |x|
  std::vector<Vec> at_centre_, magnitude_;      // [K]
  std::vector<Vec> inverse_;                    // [K, N] 1 / coefficient
  std::vector<Vec> objective_;                  // [N] linear + sum of multiplier * g
  std::vector<Vec> multiplier_;                 // [K]
};

}  // namespace clipbound::bounds
