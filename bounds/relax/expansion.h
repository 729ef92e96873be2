#pragma once
// A function of one variable near a point as a parabola with an error, for bounds that keep
// second-order terms (bounds/forward/taylor_models).
//
// From Taylor's polynomial of degree 3; on [-d, d] its cubic term c D^3 is replaced by 3/4 c d^2 D,
// which is wrong by |c| d^3 / 4 at most (Chebyshev), and the fourth derivative bounds the rest.
// Where the interval is too wide for that, or for curves that have no derivatives here, the line
// midway between relax()'s two is taken, and half their gap.
#include "bounds/relax/activation.h"

namespace clipbound::bounds {

/// |f(z + D) - (value + slope D + half_curvature D^2)| <= error for all real D in [-d, d]; error
/// may be infinite, the others are finite then.
struct Expansion {
  double value = 0.0, slope = 0.0, half_curvature = 0.0, error = 0.0;
};
Expansion expand(const Activation& activation, double z, double d);

}  // namespace clipbound::bounds
