// Idea: what no output depends on is not computed.
// Source: own.
// Guarantees: the outputs are the same numbers.
#include <algorithm>

#include "specs/simplify/passes.h"

namespace clipbound::specs {

namespace {

/// Marks what the outputs depend on, from the last node to the first.
std::vector<bool> live_values(const Network& network, std::vector<bool>& live_nodes) {
  std::vector<bool> live(network.values.size(), false);
  for (const ValueId id : network.inputs) live[index_of(id)] = true;
  for (const ValueId id : network.outputs) live[index_of(id)] = true;
  live_nodes.assign(network.nodes.size(), false);
  for (std::size_t n = network.nodes.size(); n-- > 0;) {
    const Node& node = network.nodes[n];
    live_nodes[n] = std::any_of(node.outputs.begin(), node.outputs.end(),
                                [&](ValueId id) { return id != kNoValue && live[index_of(id)]; });
    if (!live_nodes[n]) continue;
    for (const auto* ids : {&node.inputs, &node.outputs})
      for (const ValueId id : *ids)
        if (id != kNoValue) live[index_of(id)] = true;
  }
  return live;
}

}  // namespace

std::string drop_dead(Network& network) {
  std::vector<bool> live_nodes;
  const std::vector<bool> live = live_values(network, live_nodes);
  const std::size_t dead_values =
      static_cast<std::size_t>(std::count(live.begin(), live.end(), false));
  if (dead_values == 0) return "";

  std::vector<ValueId> renamed(network.values.size(), kNoValue);
  std::vector<Value> values;
  for (std::size_t i = 0; i < live.size(); ++i) {
    if (!live[i]) continue;
    renamed[i] = ValueId{static_cast<std::int32_t>(values.size())};
    values.push_back(std::move(network.values[i]));
  }
  network.values = std::move(values);
  const auto rename = [&](std::vector<ValueId>& ids) {
    for (ValueId& id : ids)
      if (id != kNoValue) id = renamed[index_of(id)];
  };
  std::vector<Node> nodes;
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    if (!live_nodes[n]) continue;
    nodes.push_back(std::move(network.nodes[n]));
    rename(nodes.back().inputs);
    rename(nodes.back().outputs);
  }
  const std::size_t dead_nodes = network.nodes.size() - nodes.size();
  network.nodes = std::move(nodes);
  rename(network.inputs);
  rename(network.outputs);
  return "dropped " + std::to_string(dead_nodes) + " dead nodes and " +
         std::to_string(dead_values) + " unused values";
}

}  // namespace clipbound::specs
