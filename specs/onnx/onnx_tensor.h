#pragma once
// Idea: ONNX's tensors, attributes and files as ours.
// Source: ONNX IR specification, TensorProto, AttributeProto.
// Guarantees: numbers keep their bits; float16 and bfloat16 widen exactly.
#include <cstddef>
#include <string>

#include "specs/network/network.h"

namespace onnx {
class AttributeProto;
class TensorProto;
}  // namespace onnx

namespace clipbound::specs {

class ExternalData;

/// Our type for an ONNX element type (TensorProto::DataType): half floats widen to float32,
/// integers to int64. Throws Unsupported for strings, complex numbers and unknown types; `what`
/// names the tensor.
DataType data_type_of(int onnx_type, const std::string& what);
/// The 16-bit format of an ONNX element type.
Half half_of(int onnx_type);
/// What a file stores integers of an ONNX element type as; int64 for other types.
StoredInteger stored_as(int onnx_type);
/// Throws InputError where data and shape do not fit, or external data cannot be read.
Tensor tensor_from(const onnx::TensorProto& proto, ExternalData& external);
/// Throws Unsupported for graphs, types and lists of them.
Attribute attribute_from(const onnx::AttributeProto& proto, ExternalData& external);
/// protobuf's own limit.
inline constexpr std::size_t kLargestModel = (std::size_t{1} << 31) - 1;

}  // namespace clipbound::specs
