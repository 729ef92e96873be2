#pragma once
// Idea: the taps of windows that slide over an image (Conv, pools), each with the image element
// under it.
// Source: own.
// Guarantees: exact.
#include "specs/network/tensor.h"
#include "specs/ops/windows.h"

namespace clipbound::bounds {

/// The extents behind batch and channel.
inline Shape spatial(const Shape& shape) {
  return Shape(shape.begin() + 2, shape.end());
}

/// Calls visit(position, tap, image element) for all taps that lie inside the image.
template <typename Visit>
void for_each_tap(const Windows& windows, const Visit& visit) {
  for (std::int64_t row = 0; row < windows.rows(); ++row) {
    for (std::int64_t tap = 0; tap < windows.taps(); ++tap) {
      const Windows::Stretch& s = windows.stretch(tap, row);
      for (std::int64_t j = s.first; j < s.last; ++j)
        visit(row * windows.width() + j, tap, s.source + j * windows.step());
    }
  }
}

}  // namespace clipbound::bounds
