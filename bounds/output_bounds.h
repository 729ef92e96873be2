#pragma once
// What the outputs of a network may be on a box: ranges, and planes in the input.
//
// Legend: M outputs, N inputs.
#include <cstdint>
#include <vector>

#include "base/deadline.h"
#include "bounds/root_bounds.h"

namespace clipbound {

/// ibp: interval arithmetic through the layers (Gowal et al., 2018). crown: linear relaxations substituted backwards to the
/// input, with intermediate bounds by the same means (Zhang et al., 2018).
enum class BoundMethod : std::uint8_t { ibp, crown };

/// lower_A x + lower_b <= Y(x) <= upper_A x + upper_b for every real x of the box.
struct OutputPlanes {
  std::vector<double> lower_A, upper_A;  ///< [M, N] row by row
  std::vector<double> lower_b, upper_b;  ///< [M]
};

struct OutputBounds {
  std::vector<double> lower, upper;  ///< [M], infinite where nothing is known, never NaN
  OutputPlanes planes;               ///< empty where they were not asked for
};

/// Interval bounds of the outputs on [lower, upper], a box inside that of `system`.
OutputBounds bound_outputs_by_intervals(const LayeredSystem& system, std::vector<double> lower, std::vector<double> upper);

/// CROWN bounds of the outputs on [lower, upper], a box inside that of the bounder's system. Sound whenever the deadline ends it.
OutputBounds bound_outputs(const RootBounder& bounder, std::vector<double> lower, std::vector<double> upper, bool with_planes,
                           const Deadline& deadline);

}  // namespace clipbound
