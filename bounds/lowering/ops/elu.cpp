// Idea: Elu and Selu: a layer with the activation elu of the operator's alpha.
// Source: own.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include "bounds/lowering/ops/lower_op.h"

namespace clipbound::bounds {

std::vector<AffineForm> lower_elu(LowerContext& context, const Node& node) {
  AffineForm scratch;
  return {context.add_layer(form_of(context, node.inputs[0], scratch),
                            {Curve::elu, node.float_attribute("alpha", 1.0)}, node.inputs[0])};
}

/// gamma * elu(x, alpha).
std::vector<AffineForm> lower_selu(LowerContext& context, const Node& node) {
  const double alpha =
      node.float_attribute("alpha", static_cast<double>(1.67326319217681884765625F));
  const double gamma =
      node.float_attribute("gamma", static_cast<double>(1.05070102214813232421875F));
  AffineForm scratch;
  const AffineForm e = context.add_layer(form_of(context, node.inputs[0], scratch),
                                         {Curve::elu, alpha}, node.inputs[0]);
  return {combine(context, {&e}, {gamma})};
}

}  // namespace clipbound::bounds
