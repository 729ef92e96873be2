#pragma once
// Idea: one row per operator: its ONNX name, what kind of function it is, what else may be assumed
// of it, and its concrete meaning (specs/ops/<op>.cpp). A new operator is one file that defines
// `OpVerbs verbs_of_<id>()` and one row of op_list.def.
// Source: own.
// Guarantees: every id has a row and verbs; the rows stand in the order of OpKind.
#include <memory>
#include <span>
#include <string_view>

#include "specs/network/network.h"
#include "specs/network/op_traits.h"

namespace clipbound::specs {

class Operation;  // specs/network/operation.h

/// What bounds may assume of an operator.
enum class OpClass : std::uint8_t {
  movement,    ///< every output element is a copy of one element of one input (Reshape, Slice,
               ///< Concat, Gather, ...)
  linear,      ///< affine in its inputs as soon as the inputs that its file requires are constants
               ///< (Gemm, MatMul, Add, ...)
  activation,  ///< one nonlinear function on every element (Relu, ...)
  other
};

enum class OpKind : std::uint16_t {
#define CLIPBOUND_OP(id, ...) id,
#define CLIPBOUND_OP_FORM CLIPBOUND_OP
#include "specs/network/op_list.def"
#undef CLIPBOUND_OP
};

/// The concrete meaning of an operator.
struct OpVerbs {
  /// Checks inputs and attributes and sets type and shape of the node's outputs in `network` (their
  /// values exist already), or their `constant` where it follows from shapes and attributes alone.
  /// May drop outputs that it made constant, and may turn the node's kind into another form of the
  /// same operator (op_list.def). Throws InputError or Unsupported without naming the node
  /// (append_node() adds that).
  void (*infer)(Network& network, Node& node);
  /// The node made ready for evaluation (specs/network/operation.h). Inputs that are constants in
  /// `network` stay so.
  std::unique_ptr<const Operation> (*prepare)(const Network& network, const Node& node);
};

/// A row of the table.
struct OpRow {
  OpKind kind;
  const char* onnx_name;
  OpClass op_class;
  OpTrait traits;
  OpVerbs verbs;
  /// Whether the operator has every trait of `asked`.
  bool has(OpTrait asked) const { return has_traits(traits, asked); }
};

/// All rows, in the order of OpKind.
std::span<const OpRow> op_table();
std::size_t op_count();
const OpRow& op_row(OpKind kind);
/// The row of an ONNX operator of the default domain (not of its other forms); nullptr where there
/// is none.
const OpRow* find_op(std::string_view onnx_name);
/// The 16-bit format of a node's first input of a floating type, which by ONNX's schemas is that of
/// its floating outputs (Cast and what makes constants say another).
Half half_of_inputs(const Network& network, const Node& node);
/// As in the file: of a node that is a part of a composite, the composite's.
std::string operator_name(const Node& node);
/// "node 'fc1' (Gemm, opset 13)".
std::string describe(const Node& node);

/// Adds a node whose inputs and outputs are values of `network` already: infers its outputs,
/// computes them where all inputs are constants and they are integers, or numbers few enough to
/// belong to shape arithmetic too, and drops the node where all its outputs are constants. Throws
/// InputError or Unsupported, naming the node.
void append_node(Network& network, Node node);
/// The same without the node's name in what is thrown: for nodes that are parts of others.
void append_part(Network& network, Node node);

/// Evaluates a node whose inputs are all constants, in the type of its outputs; the constants of
/// its outputs in order.
std::vector<Tensor> evaluate_constant(const Network& network, const Node& node);

}  // namespace clipbound::specs
