#pragma once
// Idea: a function of one variable near a point as a parabola with an error, for bounds that keep
// second-order terms (bounds/forward/taylor_models). By the curve's own derivatives (taylor.h);
// where the interval is too wide for that, or for curves that have none, the line midway between
// relax()'s two is taken, and half their gap.
// Source: own; Taylor models as Makino and Berz 1996.
// Guarantees: what Expansion says (S8).
#include "bounds/relax/curve.h"
#include "bounds/relax/lines.h"

namespace clipbound::bounds {

/// The parabola of f at z for steps in [-d, d].
Expansion expand(const Activation& activation, double z, double d);

}  // namespace clipbound::bounds
