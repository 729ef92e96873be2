#include "solver/attack_network.h"

#include <algorithm>

#include "specs/op_table.h"

namespace clipbound {

namespace {

bool compares_two_outputs(const Row& row) {
  return row.terms.size() == 2 && row.threshold.exact == 0 && row.terms[0].of == Term::Of::output &&
         row.terms[1].of == Term::Of::output && row.terms[0].coefficient.exact == -row.terms[1].coefficient.exact;
}

bool only_compares(const Query& query) {
  return std::all_of(query.clauses.begin(), query.clauses.end(), [](const Clause& clause) {
    return std::all_of(clause.rows.begin(), clause.rows.end(), compares_two_outputs);
  });
}

const Node* producer_of(const Network& network, ValueId id) {
  const auto at = std::find_if(network.nodes.begin(), network.nodes.end(), [id](const Node& node) {
    return std::find(node.outputs.begin(), node.outputs.end(), id) != node.outputs.end();
  });
  return at == network.nodes.end() ? nullptr : &*at;
}

/// One list: all elements lie along one axis, whichever axis it is that the softmax runs along.
bool is_single_softmax(const Network& network, const Node& node) {
  const Shape& shape = network.value(node.outputs[0]).shape;
  const bool one_axis = std::count_if(shape.begin(), shape.end(), [](std::int64_t d) { return d != 1; }) == 1;
  if ((node.kind != OpKind::softmax && node.kind != OpKind::log_softmax) || !one_axis) return false;
  const auto rank = static_cast<std::int64_t>(shape.size());
  std::int64_t axis = node.int_attribute("axis", node.opset < 13 ? 1 : -1);
  if (axis < 0) axis += rank;
  return axis >= 0 && axis < rank && shape[static_cast<std::size_t>(axis)] != 1;
}

double work_of(const Network& network, const Node& node) {
  double work = 0.0;
  for (const ValueId id : node.outputs) {
    if (id != kNoValue) work += static_cast<double>(network.value(id).size());
  }
  const bool convolution = node.kind == OpKind::conv, transposed = node.kind == OpKind::conv_transpose;
  if (!convolution && !transposed && node.kind != OpKind::gemm && node.kind != OpKind::matmul) return work;
  const Value &x = network.value(node.inputs[0]), &w = network.value(node.inputs[1]), &y = network.value(node.outputs[0]);
  const double terms = convolution || transposed ? static_cast<double>(w.size()) / static_cast<double>(w.shape[0])
                                                 : static_cast<double>(x.shape.empty() ? 1 : x.shape.back());
  return work + terms * static_cast<double>(transposed ? x.size() : y.size());
}

}  // namespace

AttackNetwork attack_network(std::shared_ptr<const Network> network, const Query& query) {
  AttackNetwork result;
  for (const Node& node : network->nodes) {
    result.work += work_of(*network, node);
    result.has_steps |= node.kind == OpKind::sign || node.kind == OpKind::floor || node.kind == OpKind::ceil || node.kind == OpKind::round;
  }
  result.network = network;
  if (network->outputs.size() == 1 && only_compares(query)) {
    const Node* last = producer_of(*network, network->outputs[0]);
    if (last != nullptr && is_single_softmax(*network, *last) && !network->is_constant(last->inputs[0])) {
      auto shortened = std::make_shared<Network>(*network);
      shortened->outputs[0] = last->inputs[0];
      result.network = std::move(shortened);
    }
  }
  return result;
}

}  // namespace clipbound
