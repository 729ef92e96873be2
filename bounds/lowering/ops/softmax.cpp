// Idea: Softmax and LogSoftmax as 1 / sum over j of exp(x_j - x_i): never overflowing to the
// wrong side, and without a product of two variables.
// Source: own; the same form is in Wei et al. 2023.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include "bounds/lowering/ops/axis_lists.h"
#include "bounds/lowering/ops/multiplication.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// sum over j of exp(x_j - x_i) for every element i of every list, in the elements' order: at least
/// 1, never overflowing to the wrong side, and without a product of two variables.
AffineForm relative_sums(LowerContext& context, const AffineForm& values, const AxisLists& lists) {
  const AffineForm x = as_neurons(context, values);
  std::vector<std::int64_t> begin{0}, sum_begin{0};
  std::vector<WeightedTerm> differences, terms;
  // Position of element (list, i) in the order of the sums.
  std::vector<std::int64_t> element;
  for (const std::int64_t first : lists.first) {
    for (std::int64_t i = 0; i < lists.length; ++i) {
      element.push_back(first + i * lists.step);
      for (std::int64_t j = 0; j < lists.length; ++j) {
        if (j == i) continue;
        differences.push_back({0, first + j * lists.step, 1.0});
        differences.push_back({0, first + i * lists.step, -1.0});
        begin.push_back(static_cast<std::int64_t>(differences.size()));
        terms.push_back({0, static_cast<std::int64_t>(begin.size()) - 2, 1.0});
      }
      sum_begin.push_back(static_cast<std::int64_t>(terms.size()));
    }
  }
  if (lists.length == 1) return AffineForm::of_constant(std::vector<double>(element.size(), 1.0));
  const AffineForm exponents = linear_map(
      {&x}, begin, differences, std::vector<double>(begin.size() - 1, 0.0), context.magnitudes());
  const AffineForm powers = context.add_layer(exponents, {Curve::exp}, kNoValue);
  const AffineForm sums = linear_map(
      {&powers}, sum_begin, terms, std::vector<double>(element.size(), 1.0), context.magnitudes());
  std::vector<Pick> picks(element.size());
  for (std::size_t k = 0; k < element.size(); ++k)
    picks[static_cast<std::size_t>(element[k])] = {0, static_cast<std::int64_t>(k)};
  return gather({&sums}, picks);
}

}  // namespace

std::vector<AffineForm> lower_softmax(LowerContext& context, const Node& node) {
  const Shape& shape = context.network().value(node.inputs[0]).shape;
  const bool before_13 = node.opset < 13;
  const AxisLists lists = lists_of(shape, node.int_attribute("axis", before_13 ? 1 : -1),
                                   before_13 ? Extent::all_axes_behind : Extent::one_axis);
  AffineForm scratch;
  const AffineForm sums = relative_sums(context, form_of(context, node.inputs[0], scratch), lists);
  if (node.kind == OpKind::softmax) {
    AffineForm result = invert(context, sums);
    for (const std::int64_t first : lists.first) {
      std::vector<std::int64_t> elements;
      for (std::int64_t i = 0; i < lists.length; ++i) elements.push_back(first + i * lists.step);
      context.note_sum_is_one(result, elements);
    }
    return {std::move(result)};
  }
  const AffineForm logarithms = context.add_layer(sums, {Curve::log}, kNoValue);
  return {combine(context, {&logarithms}, {-1.0})};
}

}  // namespace clipbound::bounds
