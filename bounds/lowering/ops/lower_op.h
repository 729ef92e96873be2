#pragma once
// Idea: the abstract meaning of operators: what each makes of affine forms. One function per
// operator, named by its row of specs/network/op_list.def, in a file of this folder.
// Source: own.
// Guarantees: the forms that a function returns enclose the outputs of the node on the box (S1).
#include <optional>
#include <vector>

#include "bounds/lowering/combine.h"
#include "bounds/lowering/lower_context.h"
#include "bounds/lowering/operands.h"

namespace clipbound::bounds {

/// The forms of the node's outputs. Throws Unsupported, saying why, where there are no linear
/// bounds of this node: then there is lower_by_intervals().
using LowerFunction = std::vector<AffineForm> (*)(LowerContext&, const Node&);
LowerFunction lower_function(OpKind kind);
/// False where the operator has no linear bounds at all.
bool has_linear_bounds(OpKind kind);

// lower_<lowering>() of every row.
#define CLIPBOUND_OP(id, onnx_name, op_class, lowering, ...) \
  std::vector<AffineForm> lower_##lowering(LowerContext& context, const Node& node);
#define CLIPBOUND_OP_FORM CLIPBOUND_OP
#include "specs/network/op_list.def"
#undef CLIPBOUND_OP

/// Any operator at all: its outputs as constants within intervals, which depend on no source. An
/// element of which nothing is known has radius infinity.
std::vector<AffineForm> lower_by_intervals(LowerContext& context, const Node& node);

// Parts of operators that others use.
/// Whether the node is a convolution that is not written out. In a network that has some, large
/// dense layers are not, and layers are whole.
bool stays_structured(const LowerContext& context, const Node& node);
/// Mul, Div and MatMul of two variables.
std::vector<AffineForm> lower_variable_mul(LowerContext& context, const Node& node);
std::vector<AffineForm> lower_quotient(LowerContext& context, const Node& node);
std::vector<AffineForm> lower_variable_matmul(LowerContext& context, const Node& node);
enum class Extreme { minimum, maximum };
/// The largest (smallest) of forms of equal size, element by element, by halving: max(a, b) = a +
/// relu(b - a).
AffineForm extreme_of(LowerContext& context, std::vector<AffineForm> candidates, Extreme which);
/// Activations floor, ceil or trunc of a form. Cases may decide them where `steps` are given: see
/// steps.h.
AffineForm staircase_of(LowerContext& context, const AffineForm& form, Curve curve, ValueId value,
                        const std::optional<StepId>& steps = std::nullopt);

}  // namespace clipbound::bounds
