#pragma once
// Idea: indices that are computed, but known on the box where they are lowered.
// Source: own.
// Guarantees: a place is given only where the index is one integer at every point of the box (S1,
// S2).
#include "bounds/lowering/lower_context.h"
#include "specs/ops/indexed_slices.h"

namespace clipbound::bounds {

/// Where each slice begins. `id`: the value that holds the indices. Throws Unsupported where one of
/// them is not decided, or out of range.
std::vector<std::int64_t> decided_places(const LowerContext& context, ValueId id,
                                         const IndexedSlices& slices);

}  // namespace clipbound::bounds
