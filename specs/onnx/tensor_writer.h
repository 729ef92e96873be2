#pragma once
// Idea: tensors as ONNX's TensorProto, for assignments of a query's variables.
// Source: ONNX IR specification, TensorProto; the VNN-LIB standard 2.0 (serialised assignments).
// Guarantees: what is written is read as the same numbers, where the type has them.
#include <span>
#include <string>
#include <string_view>

#include "specs/network/tensor.h"

namespace clipbound::specs {

/// The bytes of a TensorProto of this element type ("float32", "int8", "bool", ...), values in C
/// order. Throws Unsupported for types that have no numbers of one byte or more.
std::string serialised_tensor(const std::string& name, const Shape& shape,
                              std::string_view element_type, std::span<const double> values);

}  // namespace clipbound::specs
