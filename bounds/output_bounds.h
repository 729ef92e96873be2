#pragma once
// Idea: what the outputs of a network may be on a box: ranges, and linear bounds in the input.
// Source: CROWN (Zhang et al. 2018), alpha-CROWN (Xu et al. 2021).
// Guarantees: ranges and linear bounds hold for every real x of the box; slopes are free (S5, S6).
// Legend: M outputs, N inputs.
#include <memory>
#include <vector>

#include "base/deadline.h"
#include "bounds/crown/crown_bounder.h"

namespace clipbound::bounds {

/// lower_A x + lower_b <= Y(x) <= upper_A x + upper_b for every real x of the box.
struct OutputLinearBounds {
  std::vector<double> lower_A, upper_A;  ///< [M, N] row by row
  std::vector<double> lower_b, upper_b;  ///< [M]
};

struct OutputBounds {
  std::vector<double> lower, upper;  ///< [M], infinite where nothing is known, never NaN
  OutputLinearBounds linear;         ///< empty where they were not asked for
};

/// Interval bounds of the outputs on [lower, upper], a box inside that of `system`.
OutputBounds bound_outputs_by_intervals(const LayeredSystem& system, std::vector<double> lower,
                                        std::vector<double> upper);

/// Whether slopes are optimised: alpha-CROWN (bounds/alpha_beta/intermediate_bounds.h) with so many
/// iterations; 0: CROWN's own slopes.
struct SlopeSearch {
  std::shared_ptr<const LayeredSystem> system;  ///< the bounder's
  int iterations = 0;
};

/// CROWN bounds of the outputs on [lower, upper], a box inside that of the bounder's system. Sound
/// whenever the deadline ends it.
OutputBounds bound_outputs(const CrownBounder& bounder, const SlopeSearch& slopes,
                           std::vector<double> lower, std::vector<double> upper, bool with_linear,
                           const Deadline& deadline);

}  // namespace clipbound::bounds
