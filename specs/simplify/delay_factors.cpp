// Idea: a number s that scales a whole tensor, and what that tensor is multiplied with afterwards:
// s (a . b) is the same as (s a) . b, and C (s a) as s (C a). Bounds lose at every product of
// variables, so a factor is applied where that leaves the fewest of them. The gradient of a scalar
// function of the last layer, written out by the chain rule, begins with such a factor: V (1 - V)
// for a V behind a sigmoid.
// Source: own.
// Guarantees: the same function of real numbers (S1); no constant is computed anew.
#include <algorithm>
#include <optional>

#include "specs/network/op_table.h"
#include "specs/ops/broadcast.h"
#include "specs/simplify/passes.h"

namespace clipbound::specs {

namespace {

/// node(s x, others) = s node(x, others), x being input `position`.
bool is_homogeneous(const Node& node, std::size_t position) {
  if (node.outputs.size() != 1) return false;
  const OpRow& row = op_row(node.kind);
  if (row.has(OpTrait::scales_first)) return position == 0;
  const bool third = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
  return row.has(OpTrait::scales_each) && position < 2 && !third;
}

/// A node that reads a scaled tensor.
struct Step {
  std::size_t node = 0, position = 0;
};

/// A Mul by one number, and the homogeneous nodes behind it, each the only reader of the one
/// before.
struct Chain {
  std::size_t mul = 0;
  ValueId factor = kNoValue, tensor = kNoValue;
  std::vector<Step> steps;
};

/// Where each value is read, if that is in one place only and it is no output of the network.
std::vector<std::optional<Step>> only_readers(const Network& network) {
  std::vector<std::optional<Step>> reader(network.values.size());
  std::vector<int> count(network.values.size(), 0);
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      if (node.inputs[k] == kNoValue) continue;
      reader[index_of(node.inputs[k])] = Step{n, k};
      ++count[index_of(node.inputs[k])];
    }
  }
  for (const ValueId id : network.outputs) count[index_of(id)] = 2;
  for (std::size_t i = 0; i < count.size(); ++i)
    if (count[i] != 1) reader[i].reset();
  return reader;
}

/// Whether input k of a Mul is a variable number that scales the other input, without changing its
/// shape.
bool is_factor(const Network& network, const Node& mul, std::size_t k) {
  const Value& factor = network.value(mul.inputs[k]);
  const Shape& shape = network.value(mul.outputs[0]).shape;
  // A quotient of integers is cut.
  if (factor.type != DataType::float32 && factor.type != DataType::float64) return false;
  return !factor.constant && factor.size() == 1 && network.value(mul.inputs[1 - k]).shape == shape;
}

std::optional<Chain> chain_from(const Network& network, std::size_t mul) {
  const Node& node = network.nodes[mul];
  if (node.kind != OpKind::mul || (!is_factor(network, node, 0) && !is_factor(network, node, 1)))
    return std::nullopt;
  const std::vector<std::optional<Step>> readers = only_readers(network);
  for (std::size_t k = 0; k < 2; ++k) {
    if (!is_factor(network, node, k)) continue;
    Chain chain{mul, node.inputs[k], node.inputs[1 - k], {}};
    bool constant = network.is_constant(chain.tensor);
    for (ValueId at = node.outputs[0]; readers[index_of(at)];) {
      const Step step = *readers[index_of(at)];
      const Node& next = network.nodes[step.node];
      if (!is_homogeneous(next, step.position)) break;
      for (std::size_t i = 0; i < next.inputs.size(); ++i)
        constant = constant && (i == step.position || next.inputs[i] == kNoValue ||
                                network.is_constant(next.inputs[i]));
      if (constant) break;  // nothing new becomes a constant: that would be rounded
      chain.steps.push_back(step);
      at = next.outputs[0];
    }
    if (!chain.steps.empty()) return chain;
  }
  return std::nullopt;
}

/// Products of two variables if the factor is applied after `delay` steps.
std::int64_t products_at(const Network& network, const Chain& chain, std::size_t delay) {
  std::int64_t count = 0;
  bool variable = !network.is_constant(chain.tensor);
  const auto apply_factor = [&](ValueId to) {
    if (variable) count += network.value(to).size();
    variable = true;
  };
  if (delay == 0) apply_factor(network.nodes[chain.mul].outputs[0]);
  for (std::size_t i = 0; i < chain.steps.size(); ++i) {
    const Node& node = network.nodes[chain.steps[i].node];
    const std::size_t other = 1 - chain.steps[i].position;
    const bool variables = other < node.inputs.size() && node.inputs[other] != kNoValue &&
                           !network.is_constant(node.inputs[other]);
    if (variables) {
      const bool sums = op_row(node.kind).has(OpTrait::sums_columns);
      const Shape& read = network.value(node.inputs[chain.steps[i].position]).shape;
      if (variable)
        count += network.value(node.outputs[0]).size() * (sums && !read.empty() ? read.back() : 1);
      variable = true;
    }
    if (delay == i + 1) apply_factor(node.outputs[0]);
  }
  return count;
}

/// How many steps later the factor is best applied.
std::size_t best_delay(const Network& network, const Chain& chain) {
  std::size_t best = 0;
  std::int64_t least = products_at(network, chain, 0);
  for (std::size_t delay = 1; delay <= chain.steps.size(); ++delay) {
    const Shape& shape = network.value(network.nodes[chain.steps[delay - 1].node].outputs[0]).shape;
    // The product would have another shape.
    if (network.value(chain.factor).shape.size() > shape.size()) continue;
    const std::int64_t count = products_at(network, chain, delay);
    if (count < least) least = count, best = delay;
  }
  return best;
}

/// Moves the Mul behind the first `delay` steps. What is between gets values of its own: they are
/// others than before.
void move_factor(Network& network, const Chain& chain, std::size_t delay) {
  Node mul = std::move(network.nodes[chain.mul]);
  ValueId at = chain.tensor;
  for (std::size_t i = 0; i < delay; ++i) {
    Node& node = network.nodes[chain.steps[i].node];
    node.inputs[chain.steps[i].position] = at;
    if (i + 1 == delay) mul.outputs = node.outputs;
    Value unscaled = network.value(node.outputs[0]);
    unscaled.name += " before " + mul.name;
    at = ValueId{static_cast<std::int32_t>(network.values.size())};
    network.values.push_back(std::move(unscaled));
    node.outputs = {at};
  }
  mul.inputs = {chain.factor, at};
  network.nodes.insert(
      network.nodes.begin() + static_cast<std::ptrdiff_t>(chain.steps[delay - 1].node) + 1,
      std::move(mul));
  network.nodes.erase(network.nodes.begin() + static_cast<std::ptrdiff_t>(chain.mul));
}

}  // namespace

std::string delay_factors(Network& network) {
  std::size_t moved = 0;
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const auto chain = chain_from(network, n);
    const std::size_t delay = chain ? best_delay(network, *chain) : 0;
    if (delay == 0) continue;
    move_factor(network, *chain, delay);
    ++moved;
    --n;  // another node stands there now
  }
  if (moved == 0) return "";
  return "applied " + std::to_string(moved) + " factor" + (moved == 1 ? "" : "s") +
         " of whole tensors later";
}

}  // namespace clipbound::specs
