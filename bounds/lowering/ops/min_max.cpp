// Idea: Min, Max, ReduceMin, ReduceMax and GlobalMaxPool as ReLUs: max(a, b) = a + relu(b - a).
// Source: own; the encoding is the usual one (Katz et al. 2017).
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include "bounds/lowering/ops/lower_op.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

/// Min, Max of any number of inputs, pair by pair: max(a, b) = a + relu(b - a), min(a, b) = a -
/// relu(a - b).
std::vector<AffineForm> lower_min_max(LowerContext& context, const Node& node) {
  const bool maximum = node.kind == OpKind::max;
  const Shape& shape = context.network().value(node.outputs[0]).shape;
  AffineForm result;
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    AffineForm scratch;
    const AffineForm& form = form_of(context, node.inputs[k], scratch);
    std::vector<Pick> picks;
    for (const std::int64_t e : broadcast_map(context.network().value(node.inputs[k]).shape, shape))
      picks.push_back({0, e});
    AffineForm next = gather({&form}, picks);
    if (k == 0) {
      result = std::move(next);
      continue;
    }
    const double sign = maximum ? 1.0 : -1.0;
    const AffineForm r =
        context.add_relu(combine(context, {&next, &result}, {sign, -sign}), kNoValue);
    result = combine(context, {&result, &r}, {1.0, sign});
  }
  return {std::move(result)};
}

AffineForm extreme_of(LowerContext& context, std::vector<AffineForm> candidates, Extreme which) {
  const double sign = which == Extreme::maximum ? 1.0 : -1.0;
  while (candidates.size() > 1) {
    std::vector<AffineForm> next;
    for (std::size_t k = 0; k + 1 < candidates.size(); k += 2) {
      const AffineForm r = context.add_relu(
          combine(context, {&candidates[k + 1], &candidates[k]}, {sign, -sign}), kNoValue);
      next.push_back(combine(context, {&candidates[k], &r}, {1.0, sign}));
    }
    if (candidates.size() % 2 == 1) next.push_back(std::move(candidates.back()));
    candidates = std::move(next);
  }
  return std::move(candidates[0]);
}

/// ReduceMax, ReduceMin, GlobalMaxPool: the elements that meet in one output, found by their
/// positions.
std::vector<AffineForm> lower_reduce_extreme(LowerContext& context, const Node& node) {
  const Network& network = context.network();
  const Shape& shape = network.value(node.inputs[0]).shape;
  const auto rank = static_cast<std::int64_t>(shape.size());
  std::vector<char> reduced(shape.size(), 0);
  std::vector<std::int64_t> axes;
  if (node.kind == OpKind::global_max_pool) {
    for (std::int64_t d = 2; d < rank; ++d) axes.push_back(d);
  } else if (const auto* given =
                 node.ints_attribute("axes")) {  // first, as in specs/ops/reduce.cpp
    axes = *given;
  } else if (node.inputs.size() > 1 && node.inputs[1] != kNoValue) {
    for (const double axis : constant_of(context, node, node.inputs[1]))
      axes.push_back(static_cast<std::int64_t>(axis));
  }
  const bool all = axes.empty() && node.kind != OpKind::global_max_pool &&
                   node.int_attribute("noop_with_empty_axes", 0) == 0;
  for (std::int64_t d = 0; all && d < rank; ++d) axes.push_back(d);
  for (const std::int64_t axis : axes)
    reduced[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = 1;
  Shape kept(shape);
  for (std::size_t d = 0; d < shape.size(); ++d) kept[d] = reduced[d] ? 1 : shape[d];
  const auto target = broadcast_map(kept, shape);
  std::vector<std::vector<Pick>> picks;
  std::vector<std::size_t> count(static_cast<std::size_t>(element_count(kept)), 0);
  for (std::size_t i = 0; i < target.size(); ++i) {
    const auto to = static_cast<std::size_t>(target[i]);
    if (count[to] == picks.size()) picks.emplace_back(count.size());
    picks[count[to]++][to] = {0, static_cast<std::int64_t>(i)};
  }
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  std::vector<AffineForm> candidates;
  for (const auto& pick : picks) candidates.push_back(gather({&x}, pick));
  return {extreme_of(context, std::move(candidates),
                     node.kind == OpKind::reduce_min ? Extreme::minimum : Extreme::maximum)};
}

}  // namespace clipbound::bounds
