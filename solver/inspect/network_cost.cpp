#include "solver/inspect/network_cost.h"

#include <algorithm>
#include <vector>

#include "bounds/limits.h"
#include "specs/network/op_table.h"

namespace clipbound::solver {

namespace {

constexpr double kEntryBytes = 12.0;   // of a compressed row: a number and its column
constexpr double kRowsAtOnce = 256.0;  // rows that are substituted backwards at once

double size_of(const Network& network, ValueId id) {
  return static_cast<double>(network.value(id).size());
}

/// Terms that one output element sums over.
double fan_in(const Network& network, const Node& node) {
  const auto shape = [&](std::size_t k) -> const Shape& {
    return network.value(node.inputs[k]).shape;
  };
  const auto divided = [](double all, double parts) { return all / std::max(1.0, parts); };
  const OpRow& row = op_row(node.kind);
  if (row.has(OpTrait::sums_columns)) {
    if (shape(0).empty()) return 1.0;
    const bool transposed = node.int_attribute("transA", 0) != 0;
    return static_cast<double>(transposed ? shape(0).front() : shape(0).back());
  }
  if (row.has(OpTrait::sums_kernel))
    return divided(size_of(network, node.inputs[1]), static_cast<double>(shape(1).at(0)));
  if (row.has(OpTrait::spreads_kernel))
    return divided(size_of(network, node.inputs[1]), static_cast<double>(shape(1).at(1)));
  if (row.has(OpTrait::sums_window)) {
    double window = 1.0;
    if (const auto* kernel = node.ints_attribute("kernel_shape")) {
      for (const std::int64_t k : *kernel) window *= static_cast<double>(k);
    }
    return window;
  }
  if (row.has(OpTrait::sums_reduced)) {
    const double in = size_of(network, node.inputs[0]), out = size_of(network, node.outputs[0]);
    return std::max(1.0, divided(in, out));
  }
  return 1.0;
}

/// Whether the operator writes its argument out as a variable where composing would make more
/// coefficients than both maps have (form_to_compose). The others do not make more than they read.
bool composes(OpKind kind) {
  const OpRow& row = op_row(kind);
  return row.op_class == OpClass::linear && !row.has(OpTrait::elementwise);
}

/// Follows how many coefficients the affine form of each value has per element.
class FormCounter {
 public:
  explicit FormCounter(const Network& network)
      : network_(network), per_element_(network.values.size(), 0.0) {
    for (const ValueId id : network.inputs) {
      per_element_[index_of(id)] = 1.0;
      sources_ += size_of(network, id);
    }
  }

  void visit(const Node& node, NetworkCost& cost) {
    const OpClass op_class = op_row(node.kind).op_class;
    const double fan = fan_in(network_, node);
    double below = 0.0;
    for (const ValueId id : node.inputs) {
      if (id == kNoValue) continue;
      const double here = per_element_[index_of(id)];
      below = op_class == OpClass::movement ? std::max(below, here) : below + here;
    }
    const double out = size_of(network_, node.outputs[0]);
    cost.multiplications += out * fan;
    if (below == 0.0) return;  // constant
    if (op_class == OpClass::activation || op_class == OpClass::other) {
      for (const ValueId id : node.inputs) {
        if (id != kNoValue) keep(id, cost);
      }
      below = 1.0;
      sources_ += out;
      widest_ = std::max(widest_, out);
    } else if (op_class == OpClass::linear) {
      const double composed = std::min(below * fan, sources_);
      below = composes(node.kind) && writes_out(node, out, fan, composed, cost) ? fan : composed;
    }
    for (const ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      per_element_[index_of(id)] = below;
      largest_ = std::max(largest_, size_of(network_, id) * below * kEntryBytes);
    }
  }

  void finish(NetworkCost& cost) {
    for (const ValueId id : network_.outputs) keep(id, cost);
    cost.lowered_bytes += largest_;  // one form on its way
    cost.search_bytes = kRowsAtOnce * widest_ * sizeof(double);
    const double neurons = std::min(static_cast<double>(kMostReducedNeurons), sources_);
    // Levels of reduced networks and their bounders.
    cost.search_bytes += 64.0 * neurons * neurons * sizeof(double);
  }

 private:
  /// True where the node's argument becomes a layer of its own: composed with it, the node's forms
  /// would be larger than both together.
  bool writes_out(const Node& node, double out, double fan, double composed, NetworkCost& cost) {
    for (const ValueId id : node.inputs) {
      if (id == kNoValue || per_element_[index_of(id)] == 0.0) continue;  // no variable
      if (out * composed <=
          kWorthComposing * (out * fan + size_of(network_, id) * per_element_[index_of(id)]))
        continue;
      keep(id, cost);
      sources_ += size_of(network_, id);
      widest_ = std::max(widest_, size_of(network_, id));
      return true;
    }
    return false;
  }
  /// A form that stays: the argument of a layer, or the outputs.
  void keep(ValueId id, NetworkCost& cost) {
    const double entries = size_of(network_, id) * per_element_[index_of(id)];
    cost.lowered_bytes += entries * kEntryBytes;
    // From this density on a dense copy is kept as well.
    if (per_element_[index_of(id)] >= kDenseFrom * sources_)
      cost.lowered_bytes += entries * sizeof(double);
  }

  const Network& network_;
  std::vector<double> per_element_;
  double sources_ = 0.0;  // elements of all sources so far: no form has more coefficients
  double widest_ = 1.0, largest_ = 0.0;
};

}  // namespace

NetworkCost estimate_cost(const Network& network) {
  NetworkCost cost;
  FormCounter counter(network);
  for (const Node& node : network.nodes) {
    if (!node.inputs.empty() && node.inputs[0] != kNoValue) counter.visit(node, cost);
  }
  counter.finish(cost);
  return cost;
}

}  // namespace clipbound::solver
