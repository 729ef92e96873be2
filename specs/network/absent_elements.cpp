#include "specs/network/absent_elements.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "specs/network/op_table.h"

namespace clipbound::specs {

namespace {

/// What of a value may not exist: nothing, all of it at once (what began as one number), or the end
/// of a list.
enum class Absent : std::uint8_t { nothing, all, end };

/// Whether a Concat puts numbers side by side: along its axis, each input has one element. Joined
/// end to end, a list would push others to other positions.
bool joins_columns(const Network& network, const Node& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
    const Shape& shape = network.value(id).shape;
    const auto rank = static_cast<std::int64_t>(shape.size());
    const std::int64_t axis = node.int_attribute("axis", 0);
    return shape[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] == 1;
  });
}

/// Whether the operands never have more than one element along the same axis: a list that is cut to
/// one number would be broadcast against another list.
bool is_outer_sum(const Network& network, const Node& node) {
  const Shape &x = network.value(node.inputs[0]).shape, &y = network.value(node.inputs[1]).shape;
  for (std::size_t d = 1; d <= std::min(x.size(), y.size()); ++d) {
    if (x[x.size() - d] > 1 && y[y.size() - d] > 1) return false;
  }
  return true;
}

/// What may not exist of the results, where input k may lack `absent`. Throws Unsupported where
/// ONNX would compute something else.
Absent absent_behind(const Network& network, const Node& node, std::size_t k, Absent absent) {
  const OpRow& row = op_row(node.kind);
  if (row.has(OpTrait::skips_absent) && k == 1) return Absent::nothing;
  if (row.has(OpTrait::adds_absent) && (absent == Absent::all || is_outer_sum(network, node)))
    return absent;
  if (network.value(node.outputs[0]).type == DataType::int64) {
    if (row.has(OpTrait::keeps_absent) && k == 0) return absent;
    if (row.has(OpTrait::joins_absent) && (absent == Absent::all || joins_columns(network, node)))
      return absent;
  }
  throw Unsupported(network.source + ": " + describe(node) +
                    " computes with a slice of integers that may be cut at the border");
}

}  // namespace

void check_absent_elements(const Network& network) {
  std::vector<Absent> absent(network.values.size(), Absent::nothing);
  for (const Node& node : network.nodes) {
    Absent behind = Absent::nothing;
    if (op_row(node.kind).has(OpTrait::makes_absent) &&
        network.value(node.outputs[0]).type == DataType::int64) {
      behind = network.value(node.outputs[0]).size() == 1 ? Absent::all : Absent::end;
    }
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      if (node.inputs[k] == kNoValue) continue;
      const Absent here = absent[index_of(node.inputs[k])];
      if (here != Absent::nothing) behind = std::max(behind, absent_behind(network, node, k, here));
    }
    for (const ValueId id : node.outputs) {
      if (id != kNoValue) absent[index_of(id)] = behind;
    }
  }
  for (const ValueId id : network.outputs) {
    if (absent[index_of(id)] != Absent::nothing)
      throw Unsupported(network.source +
                        ": an output is a slice of integers that may be cut at the border");
  }
}

}  // namespace clipbound::specs
