#pragma once
// Exact values of activations, computed another way: long double (64 bits) where that decides, else
// __float128 (113 bits).
#include "bounds/relax/activation.h"
#include "tests/support/floors.h"

namespace clipbound::reference {

using Quad = __float128;

/// f(z) in 64 and in 113 bits. At a jump both give one of the values; see jump_low, jump_high.
long double value_of(const Activation& activation, long double z);
Quad quad_value_of(const Activation& activation, double z);

/// The set that a function with jumps stands for at z: from its left limit, its value and its right
/// limit the least and the greatest (has_jumps()). Both equal f(z) where it is continuous.
long double jump_low(Curve curve, double z);
long double jump_high(Curve curve, double z);

/// How far slope * z + offset lies below (for `above`: above) f(z), up to the error of a 64-bit
/// computation.
long double gap(const Activation& activation, double slope, double offset, double z, bool above);

/// Whether slope * z + offset <= f(z) (>=, for `above`), unless 113 bits cannot tell; infinite
/// offsets on the safe side pass.
bool holds(const Activation& activation, double slope, double offset, double z, bool above);

}  // namespace clipbound::reference
