#pragma once
// One row per operator: its ONNX name, what kind of function it is, and its concrete meaning (specs/ops/<op>.cpp).
#include "specs/network.h"

namespace clipbound {

/// What bounds may assume of an operator.
enum class OpClass : std::uint8_t {
  movement,    ///< every output element is a copy of one element of one input (Reshape, Slice, Concat, Gather, ...)
  linear,      ///< affine in its inputs as soon as the inputs that its file requires are constants (Gemm, MatMul, Add, ...)
  activation,  ///< one nonlinear function on every element (Relu, ...)
  other
};

enum class OpKind : std::uint16_t {
#define CLIPBOUND_OP(id, onnx_name, op_class) id,
#include "specs/op_list.def"
#undef CLIPBOUND_OP
};

}  // namespace clipbound
