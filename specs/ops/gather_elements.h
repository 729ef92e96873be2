#pragma once
// Idea: where GatherElements and GatherND read.
// Source: ONNX operator specification, GatherElements, GatherND.
// Guarantees: none of its own.
#include "specs/ops/indexed_slices.h"

namespace clipbound::specs {

/// The slices of the data, in the order of the output.
IndexedSlices gather_slices_of(const Network& network, const Node& node);

}  // namespace clipbound::specs
