// Idea: an operator that is one function of one variable is a layer of neurons with that
// activation. Source: own. Guarantees: exact; the relaxation of the activation is chosen later (S1,
// S3).
#include "base/check.h"
#include "bounds/lowering/ops/lower_op.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// The curve that has the operator's name.
Curve curve_of(const Node& node) {
  const std::optional<Curve> curve = curve_named(op_row(node.kind).onnx_name);
  CLIPBOUND_CHECK_NOTE(curve.has_value(), node.name);
  return *curve;
}

std::vector<AffineForm> activate_input(const LowerContext& context, const Node& node,
                                       const Activation& activation) {
  AffineForm scratch;
  return {context.activate(form_of(context, node.inputs[0], scratch), activation, node.inputs[0])};
}

}  // namespace

std::vector<AffineForm> lower_curve(const LowerContext& context, const Node& node) {
  return activate_input(context, node, {curve_of(node)});
}

std::vector<AffineForm> lower_elu(const LowerContext& context, const Node& node) {
  return activate_input(context, node, {Curve::elu, node.float_attribute("alpha", 1.0)});
}

std::vector<AffineForm> lower_gelu(const LowerContext& context, const Node& node) {
  const auto found = node.attributes.find("approximate");
  const bool by_tanh =
      found != node.attributes.end() && std::get<std::string>(found->second) == "tanh";
  return activate_input(context, node, {by_tanh ? Curve::gelu_tanh : Curve::gelu});
}

std::vector<AffineForm> lower_staircase(const LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  return {staircase_of(context, x, curve_of(node), node.inputs[0])};
}

}  // namespace clipbound::bounds
