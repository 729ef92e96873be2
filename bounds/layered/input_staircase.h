#pragma once
// Idea: integers made of single inputs (Cast, Floor, Ceil of an input). Where they take several
// values on a box they tell where to cut it, and a box that was cut there may have open ends.
// Source: own.
// Guarantees: ranges are exact, because nothing is rounded on the way to an input's staircase; the
// parts of a cut cover the box, and no point is in both (S10).
// Legend: N inputs.
#include <vector>

#include "bounds/relax/curve.h"
#include "bounds/relax/lines.h"

namespace clipbound::bounds {

/// Which ends of a box do not belong to it: x_i > lower_i, x_i < upper_i. Empty: all of them do.
/// Only staircases of inputs use it. Ignoring it is sound: it enlarges the box.
struct OpenEnds {
  std::vector<char> lower, upper;  ///< [N]
};

/// f(x_i) takes the integers lower ... upper on the box, lower < upper.
struct InputStaircase {
  int input = 0;
  Curve curve = Curve::trunc;
  double lower = 0.0, upper = 0.0;
};

/// Values of floor, ceil or trunc on an interval of x itself. At an open end it is the limit. |l|,
/// |u| <= 2^50.
Range staircase_range(Curve curve, double l, double u, bool open_l, bool open_u);

/// Cuts the box of one input where its staircase changes, near the middle of the values that it
/// takes: no point is in both parts, and none is lost. The parts differ from the box in the
/// returned edge alone.
struct StaircaseCut {
  double at = 0.0;
  bool right_has_it = true;  ///< x = at belongs to the right part (x < at | x >= at), else to the
                             ///< left one (x <= at | x > at)
};
StaircaseCut cut_staircase(const InputStaircase& staircase);

}  // namespace clipbound::bounds
