#pragma once
// Idea: integers wrap around at the range of their type. What an operator computes in real
// arithmetic stands where its interval stays in the range; any integer of the type stands for an
// element that may leave it.
// Source: own; the ranges are those of specs/network/integer_range.h.
// Guarantees: encloses what runtimes compute, however they wrap (S1).
#include "bounds/lowering/lower_context.h"

namespace clipbound::bounds {

/// `form`: the first output of a node of which may_leave_range() says that it may. Notes the node
/// as one that is known by its interval alone where an element is replaced.
void keep_in_range(LowerContext& context, const Node& node, AffineForm& form);

}  // namespace clipbound::bounds
