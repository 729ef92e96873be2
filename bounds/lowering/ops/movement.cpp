// Idea: operators that copy elements: every output element is an element of an input.
// Source: own.
// Guarantees: exact (S1).
#include "specs/ops/movement.h"
#include "bounds/lowering/ops/lower_op.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

std::vector<AffineForm> lower_movement(LowerContext& context, const Node& node) {
  std::vector<AffineForm> scratch(node.inputs.size());
  std::vector<const AffineForm*> forms(node.inputs.size(), nullptr);
  std::vector<AffineForm> results;
  for (std::size_t output = 0; output < node.outputs.size(); ++output) {
    const auto sources = movement_map(context.network(), node, static_cast<int>(output));
    std::vector<Pick> picks;
    picks.reserve(sources.size());
    for (const SourceElement& source : sources) {
      const auto i = static_cast<std::size_t>(source.input);
      if (forms[i] == nullptr) forms[i] = &form_of(context, node.inputs[i], scratch[i]);
      picks.push_back({source.input, source.element});
    }
    for (std::size_t i = 0; i < forms.size(); ++i) {
      // An input that no element comes from (indices, shapes).
      if (forms[i] == nullptr) forms[i] = &scratch[i];
    }
    results.push_back(gather(forms, picks));
  }
  return results;
}

}  // namespace clipbound::bounds
