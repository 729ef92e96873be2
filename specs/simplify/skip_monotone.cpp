// Idea: ArgMax and ArgMin ask which number of a list is the largest or smallest, and Softmax
// changes no order: between them it may be left out. In real arithmetic that is exact (equal
// numbers stay equal); in float32 a softmax may saturate, which makes numbers equal that are not,
// so replay never uses the simplified network. Small numbers underflow to 0 together, on whole
// neighbourhoods; the largest of a whole list does not. Hence a Softmax is skipped only for an
// ArgMax of whole lists, and a LogSoftmax for all.
// Source: own.
// Guarantees: exact in real numbers (S1); in float32 no replay depends on it (S11).
#include <algorithm>
#include <numeric>
#include <set>

#include "specs/network/op_table.h"
#include "specs/ops/movement.h"
#include "specs/simplify/passes.h"

namespace clipbound::specs {

namespace {

const Node* producer_of(const Network& network, ValueId id) {
  for (const Node& node : network.nodes)
    if (std::find(node.outputs.begin(), node.outputs.end(), id) != node.outputs.end()) return &node;
  return nullptr;
}

/// For every element of a softmax's input, the number of the list that it belongs to.
std::vector<std::int64_t> lists_of_softmax(const Network& network, const Node& node) {
  const Shape& shape = network.value(node.inputs[0]).shape;
  const auto rank = static_cast<std::int64_t>(shape.size());
  std::int64_t axis = node.int_attribute("axis", node.opset < 13 ? 1 : -1);
  if (axis < 0) axis += rank;
  std::int64_t inner = 1;
  for (std::int64_t d = axis + 1; d < rank; ++d) inner *= shape[static_cast<std::size_t>(d)];
  std::int64_t length = axis < rank ? shape[static_cast<std::size_t>(axis)] : 1;
  if (node.opset < 13) {  // all axes from `axis` on are one list
    length *= inner;
    inner = 1;
  }
  std::vector<std::int64_t> list(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t e = 0; e < list.size(); ++e) {
    const auto i = static_cast<std::int64_t>(e);
    list[e] = i / (length * inner) * inner + i % inner;
  }
  return list;
}

/// Whether all numbers that an ArgMax compares belong to the same list, and all of the list's are
/// among them where `whole` is asked for. `source` is the softmax's element that each is a copy of.
bool compares_one_list(const Network& network, const Node& node,
                       const std::vector<std::int64_t>& source,
                       const std::vector<std::int64_t>& list, bool whole) {
  const Shape& shape = network.value(node.inputs[0]).shape;
  std::int64_t axis = node.int_attribute("axis", 0);
  if (axis < 0) axis += static_cast<std::int64_t>(shape.size());
  const std::int64_t length = shape[static_cast<std::size_t>(axis)];
  const std::int64_t inner = element_count(Shape(shape.begin() + axis + 1, shape.end()));
  const std::int64_t outer = element_count(shape) / (length * inner);
  std::vector<std::size_t> size_of(list.size(), 0);
  for (const std::int64_t l : list) ++size_of[static_cast<std::size_t>(l)];
  for (std::int64_t group = 0; group < outer * inner; ++group) {
    std::set<std::int64_t> compared;
    for (std::int64_t j = 0; j < length; ++j) {
      compared.insert(
          source[static_cast<std::size_t>((group / inner * length + j) * inner + group % inner)]);
    }
    const std::int64_t of = list[static_cast<std::size_t>(*compared.begin())];
    if (std::any_of(compared.begin(), compared.end(),
                    [&](std::int64_t e) { return list[static_cast<std::size_t>(e)] != of; }))
      return false;
    if (whole && size_of[static_cast<std::size_t>(of)] != compared.size()) return false;
  }
  return true;
}

/// The movements between a softmax and an ArgMax, last first, and the softmax; nullptr where there
/// is none.
const Node* softmax_before(const Network& network, const Node& node, std::vector<Node>& movements) {
  constexpr std::size_t kMost = 16;
  ValueId id = node.inputs[0];
  while (movements.size() < kMost) {
    const Node* before = producer_of(network, id);
    if (before == nullptr) return nullptr;
    if (op_row(before->kind).has(OpTrait::keeps_order)) return before;
    // One variable input, the first, and one output.
    const bool moves =
        op_row(before->kind).op_class == OpClass::movement && before->outputs.size() == 1 &&
        !before->inputs.empty() &&
        std::all_of(before->inputs.begin() + 1, before->inputs.end(),
                    [&](ValueId x) { return x == kNoValue || network.is_constant(x); });
    if (!moves) return nullptr;
    movements.push_back(*before);
    id = before->inputs[0];
  }
  return nullptr;
}

/// The softmax's element that each element an ArgMax compares is a copy of; empty where one comes
/// from a constant.
std::vector<std::int64_t> sources_behind(const Network& network, std::size_t count,
                                         const std::vector<Node>& movements) {
  std::vector<std::int64_t> from(count);
  std::iota(from.begin(), from.end(), std::int64_t{0});
  for (auto node = movements.rbegin(); node != movements.rend(); ++node) {
    std::vector<std::int64_t> moved;
    for (const SourceElement& source : movement_map(network, *node, 0)) {
      if (source.input != 0) return {};
      moved.push_back(from[static_cast<std::size_t>(source.element)]);
    }
    from = std::move(moved);
  }
  return from;
}

}  // namespace

std::string skip_monotone(Network& network) {
  std::size_t skipped = 0;
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    if (network.nodes[n].kind != OpKind::arg_max && network.nodes[n].kind != OpKind::arg_min)
      continue;
    std::vector<Node> movements;
    const Node* softmax = softmax_before(network, network.nodes[n], movements);
    if (softmax == nullptr) continue;
    const std::vector<std::int64_t> list = lists_of_softmax(network, *softmax),
                                    source = sources_behind(network, list.size(), movements);
    const bool underflows = softmax->kind == OpKind::softmax;
    if (underflows && network.nodes[n].kind == OpKind::arg_min) continue;
    if (source.empty() || !compares_one_list(network, network.nodes[n], source, list, underflows))
      continue;
    // The same movements once more, from the softmax's input on: others may read the ones that are
    // there.
    ValueId from = softmax->inputs[0];
    std::reverse(movements.begin(), movements.end());
    for (Node& movement : movements) {
      const Value copy = network.value(movement.outputs[0]);
      const auto id = ValueId{static_cast<std::int32_t>(network.values.size())};
      network.values.push_back(copy);
      movement.inputs[0] = from;
      movement.outputs[0] = from = id;
    }
    network.nodes[n].inputs[0] = from;
    network.nodes.insert(network.nodes.begin() + static_cast<std::ptrdiff_t>(n), movements.begin(),
                         movements.end());
    n += movements.size();
    ++skipped;
  }
  if (skipped == 0) return "";
  return "let " + std::to_string(skipped) + " ArgMax node" + (skipped == 1 ? "" : "s") +
         " look past a softmax";
}

}  // namespace clipbound::specs
