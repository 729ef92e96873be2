#pragma once
// Whole numbers made of single inputs (Cast, Floor, Ceil of an input): where they depend on a box
// they tell where to cut it, and a box cut there may have open ends.
#include <vector>

#include "bounds/relax/activation.h"

namespace clipbound::bounds {

/// Which ends of a box do not belong to it: x_i > lower_i, x_i < upper_i. Empty: all of them do.
/// Only staircases of inputs use it; whoever ignores it speaks of more points.
struct OpenEnds {
  std::vector<char> lower, upper;  ///< [N]
};

/// f(x_i) takes the whole numbers lower ... upper on the box, lower < upper.
struct InputStaircase {
  int input = 0;
  Curve curve = Curve::trunc;
  double lower = 0.0, upper = 0.0;
};

/// Values of floor, ceil or trunc on an interval of x itself: exact, because nothing is rounded on
/// the way to an input's staircase. At an open end it is the limit. |l|, |u| <= 2^50.
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
