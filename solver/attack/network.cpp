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
  const bool convolution = node.kind == OpKind::conv,
             transposed = node.kind == OpKind::conv_transpose;
  if (!convolution && !transposed && node.kind != OpKind::gemm && node.kind != OpKind::matmul)
    return work;
  const Value &x = network.value(node.inputs[0]), &w = network.value(node.inputs[1]),
              &y = network.value(node.outputs[0]);
  const double terms = convolution || transposed
                           ? static_cast<double>(w.size()) / static_cast<double>(w.shape[0])
                           : static_cast<double>(x.shape.empty() ? 1 : x.shape.back());
  return work + terms * static_cast<double>(transposed ? x.size() : y.size());
}

}  // namespace

AttackNetwork attack_network(std::shared_ptr<const Network> network, const Query& query) {
  AttackNetwork result;
  for (const Node& node : network->nodes) {
    result.work += work_of(*network, node);
    result.has_steps |= node.kind == OpKind::sign || node.kind == OpKind::floor ||
                        node.kind == OpKind::ceil || node.kind == OpKind::round;
  }
  result.network = network;
  if (auto shortened = without_softmax(*network, query)) result.network = std::move(shortened);
  return result;
}

}  // namespace clipbound::solver
