#include "specs/ops/missing.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "specs/op_table.h"

namespace clipbound {

namespace {

/// What of a value may not exist: nothing, all of it at once (what began as one number), or the end of a list.
enum class Missing : std::uint8_t { nothing, whole, end };

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
    case OpKind::expand:
    case OpKind::concat: return what == Missing::whole;  // a list would push the others to other places, or become another size
    default: return false;
  }
}

/// What may not exist of the results, where input k may lack `what`. Throws Unsupported where ONNX would compute something else.
Missing missing_behind(const Network& network, const Node& node, std::size_t k, Missing what) {
  if (node.kind == OpKind::scatter_nd && k == 1) return Missing::nothing;
  if (node.kind == OpKind::add || node.kind == OpKind::sub) {
    // A list that is cut to one number would be broadcast against another list.
    const bool single = network.value(node.inputs[1 - k]).size() == 1;
    if (what == Missing::whole || single) return what;
  }
  if (k == 0 || node.kind == OpKind::concat) {
    if (keeps_places(network, node, what)) return what;
  }
  throw Unsupported(network.source + ": " + describe(node) + " computes with a slice of integers that may be cut at the border");
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
      if (what != Missing::nothing) behind = std::max(behind, missing_behind(network, node, k, what));
    }
    for (const ValueId id : node.outputs) {
      if (id != kNoValue) missing[index_of(id)] = behind;
    }
  }
  for (const ValueId id : network.outputs) {
    if (missing[index_of(id)] != Missing::nothing) throw Unsupported(network.source + ": an output is a slice of integers that may be cut at the border");
  }
}

}  // namespace clipbound
