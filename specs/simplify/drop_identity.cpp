// Idea: Identity, Dropout (at inference) and whatever else turns out to return its input: a Pad by
// nothing, a Reshape or an Expand to the shape that is there, ...
// Source: own.
// Guarantees: the outputs are the same numbers; the maps are exact copies (S1).
#include <algorithm>

#include "specs/network/op_table.h"
#include "specs/ops/movement.h"
#include "specs/simplify/passes.h"

namespace clipbound::specs {

namespace {

bool returns_its_input(const Network& network, const Node& node) {
  if (op_row(node.kind).op_class != OpClass::movement || node.outputs.size() != 1 ||
      node.inputs.empty())
    return false;
  const Value& x = network.value(node.inputs[0]);
  const Value& y = network.value(node.outputs[0]);
  if (x.constant || x.type != y.type || x.half != y.half || x.integers != y.integers ||
      x.shape != y.shape)
    return false;
  return op_row(node.kind).verbs.prepare(network, node)->movement()->is_unchanged(x.size());
}

}  // namespace

std::string drop_identity(Network& network) {
  std::vector<ValueId> stands_for(network.values.size());
  for (std::size_t i = 0; i < stands_for.size(); ++i)
    stands_for[i] = ValueId{static_cast<std::int32_t>(i)};
  const auto is_output = [&](ValueId id) {
    return std::find(network.outputs.begin(), network.outputs.end(), id) != network.outputs.end();
  };
  std::vector<Node> kept;
  std::size_t dropped = 0;
  for (Node& node : network.nodes) {
    for (ValueId& id : node.inputs)
      if (id != kNoValue) id = stands_for[index_of(id)];
    // An output keeps its own value, and so its name.
    if (!is_output(node.outputs[0]) && returns_its_input(network, node)) {
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

}  // namespace clipbound::specs
