#include "specs/ops/affine_index.h"

#include <algorithm>

namespace clipbound::specs {

namespace {

const Node* producer_of(const Network& network, ValueId id) {
  const auto made =
      std::find_if(network.nodes.rbegin(), network.nodes.rend(), [id](const Node& node) {
        return std::find(node.outputs.begin(), node.outputs.end(), id) != node.outputs.end();
      });
  return made == network.nodes.rend() ? nullptr : &*made;
}

}  // namespace

AffineIndex affine_index(const Network& network, ValueId id) {
  std::int64_t offset = 0;
  for (;;) {
    const Value& value = network.value(id);
    if (value.size() != 1 || value.type != DataType::int64) return {id, offset};
    // Sums of fewer bits wrap around at indices that tensors have.
    const bool few_bits =
        value.integers != StoredInteger::int64 && value.integers != StoredInteger::int32;
    if (few_bits && !value.constant) return {id, offset};
    std::int64_t more = 0;
    if (value.constant) {
      more = value.constant->as_int64()[0];
      return __builtin_add_overflow(offset, more, &offset) ? AffineIndex{id, 0}
                                                           : AffineIndex{kNoValue, offset};
    }
    const Node* node = producer_of(network, id);
    if (node == nullptr) return {id, offset};
    ValueId next = node->inputs.empty() ? kNoValue : node->inputs[0];
    if (node->kind == OpKind::add || node->kind == OpKind::sub) {
      const bool left = node->kind == OpKind::add && network.is_constant(node->inputs[0]);
      const Value& constant = network.value(node->inputs[left ? 0 : 1]);
      next = node->inputs[left ? 1 : 0];
      if (!constant.constant || constant.size() != 1) return {id, offset};
      more = constant.constant->as_int64()[0];
      if (node->kind == OpKind::sub && __builtin_sub_overflow(std::int64_t{0}, more, &more))
        return {id, offset};
    } else if (!op_row(node->kind).has(OpTrait::reshapes)) {
      return {id, offset};
    }
    std::int64_t sum = 0;
    if (__builtin_add_overflow(offset, more, &sum)) return {id, offset};
    offset = sum;
    id = next;
  }
}

}  // namespace clipbound::specs
