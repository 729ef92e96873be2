#pragma once
// Idea: bounds of inputs that follow from rows over inputs: X_g[0] is where X_f[0] is, because they
// are equated.
// Source: own; interval propagation of linear rows.
// Guarantees: the intervals enclose every point of the reals, and every point of each floating type
// as the judge sees it, that the box and the rows allow (S11).
#include <span>

#include "specs/query/query.h"
#include "specs/vnnlib/box_state.h"

namespace clipbound::specs {

/// Gives inputs without a bound one, where the rows have it from others. False where the box
/// becomes empty.
bool carry_bounds(std::span<const Row> rows, BoxState& box);

}  // namespace clipbound::specs
