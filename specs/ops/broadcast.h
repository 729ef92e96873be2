#pragma once
// Idea: Numpy broadcasting: trailing dimensions align, a dimension of 1 repeats.
// Source: ONNX operator specification, Broadcasting (multidirectional, numpy).
// Guarantees: shapes that do not fit throw InputError.
#include <vector>

#include "specs/network/tensor.h"

namespace clipbound::specs {

/// The common shape of two shapes. Throws InputError where there is none.
Shape broadcast_shapes(const Shape& a, const Shape& b);
/// For each element of `to`, the element of `from` that it reads (C order). `from` must broadcast
/// to `to` (InputError otherwise).
std::vector<std::int64_t> broadcast_index(const Shape& from, const Shape& to);

}  // namespace clipbound::specs
