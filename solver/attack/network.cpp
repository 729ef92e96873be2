#include "solver/attack/network.h"

#include "specs/network/op_table.h"
#include "specs/simplify/terminal_softmax.h"

namespace clipbound::solver {

namespace {

double work_of(const Network& network, const Node& node) {
  double work = 0.0;
  for (const ValueId id : node.outputs) {
    if (id != kNoValue) work += static_cast<double>(network.value(id).size());
  }
  const OpRow& row = op_row(node.kind);
  const auto input = [&](std::size_t k) -> const Value& { return network.value(node.inputs[k]); };
  const auto filter_size = [&] {
    return static_cast<double>(input(1).size()) / static_cast<double>(input(1).shape[0]);
  };
  if (row.has(OpTrait::sums_columns)) {
    const Shape& shape = input(0).shape;
    work += static_cast<double>(shape.empty() ? 1 : shape.back()) *
            static_cast<double>(network.value(node.outputs[0]).size());
  } else if (row.has(OpTrait::sums_kernel)) {
    work += filter_size() * static_cast<double>(network.value(node.outputs[0]).size());
  } else if (row.has(OpTrait::spreads_kernel)) {
    work += filter_size() * static_cast<double>(input(0).size());
  }
  return work;
}

}  // namespace

AttackNetwork attack_network(std::shared_ptr<const Network> network, const Query& query) {
  AttackNetwork result;
  for (const Node& node : network->nodes) {
    result.work += work_of(*network, node);
    result.has_steps |= op_row(node.kind).has(OpTrait::step);
  }
  result.network = network;
  if (auto shortened = without_softmax(*network, query)) result.network = std::move(shortened);
  return result;
}

}  // namespace clipbound::solver
