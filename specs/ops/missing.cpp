#include "specs/ops/missing.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "specs/network/op_table.h"

namespace clipbound::specs {

namespace {

/// What of a value may not exist: nothing, all of it at once (what began as one number), or the end
/// of a list.
enum class Missing : std::uint8_t { nothing, whole, end };

/// Whether a Concat puts numbers side by side: along its axis, each input has one element.
bool joins_columns(const Network& network, const Node& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
    const Shape& shape = network.value(id).shape;
    const auto rank = static_cast<std::int64_t>(shape.size());
    const std::int64_t axis = node.int_attribute("axis", 0);
    return shape[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] == 1;
  });
}

/// Whether all elements keep their places and stay integers, whatever does not exist.
bool keeps_places(const Network& network, const Node& node, Missing what) {
  if (network.value(node.outputs[0]).type != DataType::int64) return false;
  switch (node.kind) {
    case OpKind::reshape:
    case OpKind::unsqueeze:
    case OpKind::squeeze:
    case OpKind::transpose:
    case OpKind::identity:
    case OpKind::convert: return true;
    case OpKind::expand: return true;
    case OpKind::concat:
      return what == Missing::whole ||
             joins_columns(network,
                           node);  // joined end to end, a list would push others to other places
    default: return false;
  }
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

/// What may not exist of the results, where input k may lack `what`. Throws Unsupported where ONNX
/// would compute something else.
Missing missing_behind(const Network& network, const Node& node, std::size_t k, Missing what) {
  if (node.kind == OpKind::scatter_nd && k == 1) return Missing::nothing;
  if (node.kind == OpKind::add || node.kind == OpKind::sub) {
    if (what == Missing::whole || is_outer_sum(network, node)) return what;
  }
  if (k == 0 || node.kind == OpKind::concat) {
    if (keeps_places(network, node, what)) return what;
  }
  throw Unsupported(network.source + ": " + describe(node) +
                    " computes with a slice of integers that may be cut at the border");
}

}  // namespace

void check_missing(const Network& network) {
  std::vector<Missing> missing(network.values.size(), Missing::nothing);
  for (const Node& node : network.nodes) {
    Missing behind = Missing::nothing;
    if (node.kind == OpKind::slice_at && network.value(node.outputs[0]).type == DataType::int64) {
      behind = network.value(node.outputs[0]).size() == 1 ? Missing::whole : Missing::end;
    }
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      if (node.inputs[k] == kNoValue) continue;
      const Missing what = missing[index_of(node.inputs[k])];
      if (what != Missing::nothing)
        behind = std::max(behind, missing_behind(network, node, k, what));
    }
    for (const ValueId id : node.outputs) {
      if (id != kNoValue) missing[index_of(id)] = behind;
    }
  }
  for (const ValueId id : network.outputs) {
    if (missing[index_of(id)] != Missing::nothing)
      throw Unsupported(network.source +
                        ": an output is a slice of integers that may be cut at the border");
  }
}

}  // namespace clipbound::specs
