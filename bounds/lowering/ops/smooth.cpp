// Functions of one variable, each a layer of neurons of its own.
#include <cmath>

#include "base/error.h"
#include "bounds/lowering/ops/lower_op.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

Activation activation_of(const Node& node) {
  switch (node.kind) {
    case OpKind::sigmoid: return {Curve::sigmoid};
    case OpKind::tanh: return {Curve::tanh};
    case OpKind::exp: return {Curve::exp};
    case OpKind::log: return {Curve::log};
    case OpKind::sqrt: return {Curve::sqrt};
    case OpKind::reciprocal: return {Curve::reciprocal};
    case OpKind::sin: return {Curve::sin};
    case OpKind::cos: return {Curve::cos};
    case OpKind::tan: return {Curve::tan};
    case OpKind::atan: return {Curve::atan};
    case OpKind::erf: return {Curve::erf};
    case OpKind::softplus: return {Curve::softplus};
    case OpKind::sign: return {Curve::sign};
    case OpKind::floor: return {Curve::floor};
    case OpKind::ceil: return {Curve::ceil};
    case OpKind::round: return {Curve::round};
    case OpKind::elu: return {Curve::elu, node.float_attribute("alpha", 1.0)};
    case OpKind::gelu: {
      const auto found = node.attributes.find("approximate");
      const bool by_tanh =
          found != node.attributes.end() && std::get<std::string>(found->second) == "tanh";
      return {by_tanh ? Curve::gelu_tanh : Curve::gelu};
    }
    default: throw ContractError("activation_of: not a function of one variable");
  }
}

}  // namespace

std::vector<AffineForm> lower_smooth(const LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  if (node.kind == OpKind::floor || node.kind == OpKind::ceil)
    return {lower_staircase(context, x, activation_of(node).curve, node.inputs[0])};
  return {context.activate(x, activation_of(node), node.inputs[0])};
}

}  // namespace clipbound::bounds
