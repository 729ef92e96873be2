#pragma once
// Idea: A clipping method says what half-spaces that hold at every counterexample do to a search:
// whether they shrink boxes, enter concretizations, or both. One row of a table per method.
// Source: Zhou et al., "Clip-and-Verify", NeurIPS 2025 (relaxed clipping: Theorem 3.1; complete
// clipping: Theorem 3.2); ours differs by rounding outward and by bounds of kLanes boxes at once.
// Guarantees: no method removes a counterexample, so that all of them give the same verdicts (S9).
// Legend: N inputs, K half-spaces g x + h <= 0 stored as [K, N + 1]: g, h. One number per lane.
//
// A new method is one file of this room, one row of clipping.cpp, and its word in the row of option
// --clipping in base/options.def.
#include <span>
#include <string_view>

#include "base/simd.h"

namespace clipbound::bounds {

/// How the bounds of a batch of boxes use the half-spaces.
struct Clipping {
  bool complete = true;           ///< half-spaces enter every concretization
  int passes = 2;                 ///< of the coordinate ascent over their multipliers
  int most_halfspaces = 1 << 20;  ///< only the first so many enter concretizations
};

/// Shrinks the boxes [lower, upper] (N numbers each, updated) by K half-spaces, in one pass.
/// Returns the lanes in which no point of the box satisfies all of them.
using BoxClipper = Mask (*)(int N, Vec* lower, Vec* upper, int K, const Vec* halfspaces);

/// One row of the table.
struct ClippingMethod {
  std::string_view word;            ///< of option --clipping
  BoxClipper clip_boxes;            ///< null: boxes stay as the splits made them
  bool complete_clipping;           ///< Clipping::complete
  bool refine_intermediate_bounds;  ///< activation splits: rows may tighten neurons of subproblems
};

/// All methods, in the order of the option's words.
std::span<const ClippingMethod> clipping_methods();

/// The method of a word of option --clipping.
const ClippingMethod& clipping_method(std::string_view word);

}  // namespace clipbound::bounds
