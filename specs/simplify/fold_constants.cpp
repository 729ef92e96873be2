// Idea: Constant subgraphs become constants. Their meaning is the float32 value that a float32
// evaluation gives them, so this is no approximation: it is where that value is fixed, for bounds,
// evaluation and replay alike.
// Source: own.
// Guarantees: constants are what a float32 evaluation gives, the same for bounds, evaluation and
// replay.
#include <algorithm>

#include "base/error.h"
#include "specs/network/op_table.h"
#include "specs/simplify/passes.h"

namespace clipbound::specs {

namespace {

bool is_constant_node(const Network& network, const Node& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(),
                     [&](ValueId id) { return id == kNoValue || network.is_constant(id); });
}

bool form_depends_on_constants(OpKind kind) {
  switch (kind) {
    case OpKind::where:
    case OpKind::gather_elements_at:
    case OpKind::gather_nd_at:
    case OpKind::scatter_elements_at:
    case OpKind::scatter_at: return true;
    default: return false;
  }
}

}  // namespace

bool has_constant_nodes(const Network& network) {
  return std::any_of(network.nodes.begin(), network.nodes.end(),
                     [&](const Node& node) { return is_constant_node(network, node); });
}

std::string fold_constants(Network& network) {
  if (!has_constant_nodes(network)) return "";
  std::vector<Node> kept;
  std::size_t folded = 0;
  for (Node& node : network.nodes) {  // in topological order, so whole subgraphs fold in one pass
    if (!is_constant_node(network, node)) {
      // A condition or indices that have become constants make it the other form of the operator.
      if (form_depends_on_constants(node.kind)) op_row(node.kind).verbs.infer(network, node);
      kept.push_back(std::move(node));
      continue;
    }
    try {
      std::vector<Tensor> results = evaluate_constant(network, node);
      for (std::size_t o = 0; o < results.size(); ++o)
        network.value(node.outputs[o]).constant = std::move(results[o]);
    } catch (const InputError& e) {
      throw InputError(describe(node) + ": " + e.what());
    } catch (const Unsupported& e) {
      throw Unsupported(describe(node) + ": " + e.what());
    }
    ++folded;
  }
  network.nodes = std::move(kept);
  return "folded " + std::to_string(folded) + " constant node" + (folded == 1 ? "" : "s");
}

}  // namespace clipbound::specs
