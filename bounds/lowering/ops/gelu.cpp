// Idea: Gelu in its exact form and in that with tanh, each a curve of its own.
// Source: own.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include "bounds/lowering/ops/lower_op.h"

namespace clipbound::bounds {

std::vector<AffineForm> lower_gelu(LowerContext& context, const Node& node) {
  const auto found = node.attributes.find("approximate");
  const bool by_tanh =
      found != node.attributes.end() && std::get<std::string>(found->second) == "tanh";
  AffineForm scratch;
  return {context.add_layer(form_of(context, node.inputs[0], scratch),
                            {by_tanh ? Curve::gelu_tanh : Curve::gelu}, node.inputs[0])};
}

}  // namespace clipbound::bounds
