// Identity and Dropout (at inference) return their input.
#include <algorithm>

#include "specs/op_table.h"
#include "specs/simplify/passes.h"

namespace clipbound {

std::string drop_identity(Network& network) {
  std::vector<ValueId> stands_for(network.values.size());
  for (std::size_t i = 0; i < stands_for.size(); ++i) stands_for[i] = ValueId{static_cast<std::int32_t>(i)};
  const auto is_output = [&](ValueId id) {
    return std::find(network.outputs.begin(), network.outputs.end(), id) != network.outputs.end();
  };
  std::vector<Node> kept;
  std::size_t dropped = 0;
  for (Node& node : network.nodes) {
    for (ValueId& id : node.inputs)
      if (id != kNoValue) id = stands_for[index_of(id)];
    const bool identity = node.kind == OpKind::identity || node.kind == OpKind::dropout;
    // An output keeps its own value, and so its name.
    if (identity && !is_output(node.outputs[0])) {
      stands_for[index_of(node.outputs[0])] = node.inputs[0];
      ++dropped;
    } else {
      kept.push_back(std::move(node));
    }
  }
  network.nodes = std::move(kept);
  if (dropped == 0) return "";
  return "dropped " + std::to_string(dropped) + " identity node" + (dropped == 1 ? "" : "s");
}

}  // namespace clipbound
