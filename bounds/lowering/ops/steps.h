#pragma once
// Idea: functions with jumps, element by element: those whose value is decided are constants, and
// where their argument lies then is a condition of the case; the others are neurons, and the system
// knows which of them are open.
// Source: own.
// Guarantees: at every point of the box at which the decided steps take their decided values the
// result encloses the function's, and every condition is at most 0 (S1, S10).
#include <optional>
#include <vector>

#include "bounds/lowering/ops/lower_op.h"

namespace clipbound::bounds {

/// The function of each element of a form. `elements` are their numbers among the elements of the
/// step functions `steps` (which other calls may share); `known` as in add_layer_within(). Without
/// `steps` nothing is decided. They may be given only where the order of next_steps() and the
/// elements' numbers depend on the network alone, never on the box: a decision that met another
/// step on another part of the box would lose points.
AffineForm add_steps(LowerContext& context, const AffineForm& form, const StepFunction& function,
                     const std::optional<StepId>& steps, const std::vector<std::int64_t>& elements,
                     ValueId value, IntervalVector known = {});

/// 0, 1, ... for every element of a form.
std::vector<std::int64_t> all_elements(const AffineForm& form);

inline bool is_decided(const LowerContext& context, const std::optional<StepId>& steps,
                       std::size_t element) {
  return steps && context.decision(
                      {steps->node, steps->call, static_cast<std::int64_t>(element)}) != nullptr;
}

}  // namespace clipbound::bounds
