#pragma once
// Elements that do not exist at some points, because the size of a slice depends on the input there.
//
// Every value has one shape for all points. A slice that ONNX would leave empty holds, where its numbers are integers,
// an index that is certainly none: sums with other indices stay so, and a scatter writes nothing there, as it does for
// an empty list of indices. Other numbers that do not exist are NaN, which proves nothing.
#include <cstdint>
#include <limits>
#include <type_traits>

#include "specs/enclosed.h"

namespace clipbound {

inline constexpr double kMissingIndex = -0x1p60;
/// Below this, an index stands for a missing element.
inline constexpr double kMissingBelow = -0x1p59;

/// What has no meaning: NaN where the scalar has it.
template <typename S>
S undefined() {
  constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
  if constexpr (std::is_same_v<S, Enclosed>)
    return with_error(kNothing, 0.0);
  else if constexpr (std::is_same_v<S, std::int64_t>)
    return static_cast<S>(kMissingIndex);
  else
    return static_cast<S>(kNothing);
}

}  // namespace clipbound
