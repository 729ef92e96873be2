#pragma once
// Idea: elements that do not exist at some points, because the size of a slice depends on the input
// there. Every value has one shape for all points; a slice that ONNX would cut at the border holds,
// where its numbers are integers, an index that is certainly none: sums with other indices stay so,
// and a scatter writes nothing there, as it does for an empty list of indices. Other numbers that
// do not exist are NaN, which proves nothing.
// Source: own; ONNX's Slice clamps at the border, its shapes depend on the point.
// Guarantees: a network that check_absent_elements() accepts has the outputs that ONNX gives, or
// NaN, at every point (S1).
#include <cstdint>
#include <limits>
#include <type_traits>

#include "specs/network/enclosed.h"

namespace clipbound::specs {

struct Network;

/// Throws Unsupported where integers that may not exist enter anything but sums with integers along
/// other axes, changes of shape and the indices of a scatter (the traits *_absent of op_traits.h):
/// ONNX computes with a shorter list there, and we with a number that stands for nothing.
void check_absent_elements(const Network& network);

inline constexpr double kAbsentIndex = -0x1p60;
/// Below this, an index stands for an element that does not exist.
inline constexpr double kAbsentBelow = -0x1p59;

/// What has no meaning: NaN where the scalar has it.
template <typename S>
S undefined() {
  constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
  if constexpr (std::is_same_v<S, Enclosed>)
    return with_error(kNothing, 0.0);
  else if constexpr (std::is_same_v<S, std::int64_t>)
    return static_cast<S>(kAbsentIndex);
  else
    return static_cast<S>(kNothing);
}

}  // namespace clipbound::specs
