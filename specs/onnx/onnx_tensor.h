#pragma once
// Idea: ONNX's tensors and files as ours.
// Source: ONNX IR specification, TensorProto.
// Guarantees: numbers keep their bits; float16 and bfloat16 widen exactly.
#include <cstddef>
#include <string>

#include "specs/network/tensor.h"

namespace onnx {
class TensorProto;
}

namespace clipbound::specs {

/// Our type for an ONNX element type (TensorProto::DataType): half floats widen to float32,
/// integers to int64. Throws Unsupported for strings, complex numbers and unknown types; `what`
/// names the tensor.
DataType data_type_of(int onnx_type, const std::string& what);
/// Throws InputError where data and shape do not fit, Unsupported for external data.
Tensor tensor_from(const onnx::TensorProto& proto);
/// protobuf's own limit.
inline constexpr std::size_t kLargestModel = (std::size_t{1} << 31) - 1;
/// The bytes of a file, uncompressed where it is a gzip file. Throws InputError where it cannot be
/// read, is truncated or is larger than `limit` bytes when uncompressed.
std::string read_maybe_compressed(const std::string& path, std::size_t limit = kLargestModel);

}  // namespace clipbound::specs
