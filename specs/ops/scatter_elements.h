#pragma once
// Idea: where ScatterElements writes, and what it does with an element that is there already.
// Source: ONNX operator specification, ScatterElements; Scatter is its name before opset 11.
// Guarantees: none of its own.
#include "specs/ops/indexed_slices.h"

namespace clipbound::specs {

enum class ScatterReduction : std::uint8_t { none, add, mul, max, min };

ScatterReduction scatter_reduction_of(const Node& node);
/// One slice of one element per update.
IndexedSlices scatter_slices_of(const Network& network, const Node& node);

}  // namespace clipbound::specs
