// Idea: an operator that is one function of one variable is a layer of neurons with that
// activation.
// Source: own.
// Guarantees: exact; the relaxation of the activation is chosen later (S1, S3).
#include "base/check.h"
#include "bounds/lowering/edges.h"
#include "bounds/lowering/ops/lower_op.h"
#include "bounds/lowering/ops/steps.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// Functions that end elsewhere than at 0.
bool has_vertical_ends(Curve curve) {
  return curve == Curve::asin || curve == Curve::acos || curve == Curve::acosh ||
         curve == Curve::atanh;
}

}  // namespace

/// The curve is the one that has the operator's name; operators with a parameter have a lowering of
/// their own (lower_elu()).
std::vector<AffineForm> lower_curve(LowerContext& context, const Node& node) {
  const std::optional<Curve> curve = curve_named(op_row(node.kind).onnx_name);
  CLIPBOUND_CHECK_NOTE(curve.has_value(), node.name);
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  if (!has_edge({*curve}) && !has_vertical_ends(*curve))
    return {context.add_layer(x, {*curve}, node.inputs[0])};
  const EdgeOperand operand{x, node.inputs[0], certain_ends(context, node.inputs[0]), {}};
  return {add_layer_with_edge(context, node, operand, {*curve})};
}

/// Cases may decide the values of those that have jumps, Sign and Round.
std::vector<AffineForm> lower_listed_curve(LowerContext& context, const Node& node) {
  const std::optional<Curve> curve = curve_named(op_row(node.kind).onnx_name);
  CLIPBOUND_CHECK_NOTE(curve.has_value(), node.name);
  if (!has_jumps(*curve)) return lower_curve(context, node);
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  return {add_steps(context, x, {.curve = *curve}, context.next_steps(), all_elements(x),
                    node.inputs[0])};
}

}  // namespace clipbound::bounds
