#pragma once
// Idea: linear bounds of a product of two neurons, for kLanes boxes at once, from what is known of
// both factors there.
// Source: own; see product.h.
// Guarantees: as relax_product() in every lane (S4).
// Legend: N inputs. Linear bounds in the inputs are [N] of Vec.
#include <cstddef>

#include "base/simd.h"

namespace clipbound::bounds {

/// A factor z: low x + base_low <= z <= high x + base_high on the boxes, and z in [l, u].
struct LaneFactor {
  const Vec* low;
  const Vec* high;
  Vec base_low, base_high;
  Vec l, u;
};

/// x_slope x + y_slope y + lower <= x y <= x_slope x + y_slope y + upper; offsets may be infinite.
struct LaneProduct {
  Vec x_slope, y_slope, lower, upper;
};

/// relax_product() in every lane, tightened by how the factors' linear bounds move together on the
/// boxes [lower, upper] (N numbers each).
LaneProduct relax_product(const LaneFactor& x, const LaneFactor& y, const Vec* lower,
                          const Vec* upper, std::size_t N);

}  // namespace clipbound::bounds
