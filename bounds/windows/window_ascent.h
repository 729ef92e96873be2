#pragma once
// Idea: better slopes for rows by windows: the gradient of a bound by all slopes is one evaluation
//   of the linearised network at the minimising corner, forward through the same windows.
// Source: alpha-CROWN: Xu et al., "Fast and Complete", ICLR 2021; Adam (Kingma and Ba, 2015).
// Guarantees: none needed; a slope is a free choice in [0, 1] (S5).
#include <vector>

#include "base/deadline.h"
#include "bounds/windows/window_rows.h"

namespace clipbound::bounds {

struct AscentSchedule {
  int iterations = 0;
  double rate = 0.25, decay = 0.9;
  double until_s = 1e30;  ///< of the deadline's clock: no iteration begins later
};

/// Lower bounds of elements `which` of a form over the layers before plan.layer, inside the plan's
/// windows: the best of all iterations. Ends where all rows are above 0.
std::vector<double> ascend(const WindowNetwork& network, const RelaxedLayers& layers,
                           const WindowPlan& plan, const AffineForm& form,
                           const std::vector<std::int64_t>& which, const AscentSchedule& schedule,
                           const Deadline& deadline, WindowMemory& memory);

}  // namespace clipbound::bounds
