// Softmax, LogSoftmax, LayerNormalization: sums over lists of elements, inverted or rooted.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rounding.h"
#include "bounds/lowering/ops/product.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// The lists along an axis: element k of list i is first[i] + k * step.
struct Lists {
  std::vector<std::int64_t> first;
  std::int64_t length = 1, step = 1;
};

Lists lists_of(const Shape& shape, std::int64_t axis, bool all_behind) {
  Lists lists;
  const std::int64_t total = element_count(shape);
  if (shape.empty()) {
    lists.first.push_back(0);
    return lists;
  }
  if (axis < 0) axis += static_cast<std::int64_t>(shape.size());
  std::int64_t behind = 1;
  for (std::size_t d = static_cast<std::size_t>(axis) + 1; d < shape.size(); ++d)
    behind *= shape[d];
  const std::int64_t extent =
      axis < static_cast<std::int64_t>(shape.size()) ? shape[static_cast<std::size_t>(axis)] : 1;
  lists.step = all_behind ? 1 : behind;
  lists.length = all_behind ? extent * behind : extent;
  for (std::int64_t outer = 0; outer < total; outer += lists.length * lists.step) {
    for (std::int64_t i = 0; i < lists.step; ++i) lists.first.push_back(outer + i);
  }
  return lists;
}

/// sum over j of exp(x_j - x_i) for every element i of every list, in the elements' order: at least
/// 1, never overflowing to the wrong side, and without a product of two variables.
AffineForm relative_sums(const LowerContext& context, const AffineForm& values,
                         const Lists& lists) {
  const AffineForm x = cut(context, values);
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
      {&x}, begin, differences, std::vector<double>(begin.size() - 1, 0.0), context.magnitudes);
  const AffineForm powers = context.activate(exponents, {Curve::exp}, kNoValue);
  const AffineForm sums = linear_map({&powers}, sum_begin, terms,
                                     std::vector<double>(element.size(), 1.0), context.magnitudes);
  std::vector<Pick> picks(element.size());
  for (std::size_t k = 0; k < element.size(); ++k)
    picks[static_cast<std::size_t>(element[k])] = {0, static_cast<std::int64_t>(k)};
  return gather({&sums}, picks);
}

/// Adds to the radii what the rounding of the weights 1 / n and (n - 1) / n costs, element by
/// element: the elements may cancel each other, in the constants too, but the roundings do not.
void charge_mean(const IntervalVector& x, const Lists& lists, AffineForm& centred) {
  const double n = static_cast<double>(lists.length);
  for (const std::int64_t first : lists.first) {
    double sum = 0.0;
    for (std::int64_t j = 0; j < lists.length; ++j) {
      const auto e = static_cast<std::size_t>(first + j);
      sum += std::max(std::fabs(x.lower[e]), std::fabs(x.upper[e]));
    }
    for (std::int64_t i = 0; i < lists.length; ++i) {
      const auto e = static_cast<std::size_t>(first + i);
      const double own = std::max(std::fabs(x.lower[e]), std::fabs(x.upper[e]));
      centred.radius[e] =
          add_up(centred.radius[e], 0x1p-50 * (own + sum / n) * (1.0 + 0x1p-30) + 0x1p-1000);
    }
  }
}

/// x_i minus the mean of its list. x must be a variable of its own: what the weights' rounding
/// costs is charged on its elements, before anything cancels.
AffineForm centre(const LowerContext& context, const AffineForm& x, const Lists& lists) {
  const double n = static_cast<double>(lists.length);
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (const std::int64_t first : lists.first) {
    for (std::int64_t i = 0; i < lists.length; ++i) {
      for (std::int64_t j = 0; j < lists.length; ++j)
        terms.push_back({0, first + j, j == i ? (n - 1.0) / n : -1.0 / n});
      begin.push_back(static_cast<std::int64_t>(terms.size()));
    }
  }
  AffineForm centred = linear_map({&x}, begin, terms, std::vector<double>(x.constant.size(), 0.0),
                                  context.magnitudes);
  charge_mean(enclose(x, context.sources), lists, centred);
  return centred;
}

/// 1 / sqrt(mean of d_i^2 + epsilon), a number per list.
AffineForm inverse_deviations(const LowerContext& context, const AffineForm& d, const Lists& lists,
                              double epsilon) {
  const AffineForm squares = context.activate(d, {Curve::square}, kNoValue);
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (const std::int64_t first : lists.first) {
    for (std::int64_t j = 0; j < lists.length; ++j)
      terms.push_back({0, first + j, 1.0 / static_cast<double>(lists.length)});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  AffineForm variance =
      linear_map({&squares}, begin, terms, std::vector<double>(lists.first.size(), epsilon),
                 context.magnitudes);
  charge_weights(context, variance, 0x1p-50);
  return context.activate(variance, {Curve::power, -0.5}, kNoValue);
}

/// A constant input of the node, broadcast to the elements of a list.
std::vector<double> parameter_of(const LowerContext& context, const Node& node, std::size_t k,
                                 const Shape& list) {
  const Network& network = context.network;
  if (!network.is_constant(node.inputs[k])) {
    throw Unsupported(network.source + ": " + describe(node) +
                      ": bounds need its parameters to be constants");
  }
  const std::vector<double> given = constant_of(context, node, node.inputs[k]);
  std::vector<double> values;
  for (const std::int64_t e : broadcast_map(network.value(node.inputs[k]).shape, list))
    values.push_back(given[static_cast<std::size_t>(e)]);
  return values;
}

}  // namespace

std::vector<AffineForm> lower_softmax(const LowerContext& context, const Node& node) {
  const Shape& shape = context.network.value(node.inputs[0]).shape;
  const bool before_13 = node.opset < 13;
  const Lists lists = lists_of(shape, node.int_attribute("axis", before_13 ? 1 : -1), before_13);
  AffineForm scratch;
  const AffineForm sums = relative_sums(context, form_of(context, node.inputs[0], scratch), lists);
  if (node.kind == OpKind::softmax) {
    AffineForm result = invert(context, sums);
    for (const std::int64_t first : lists.first) {
      std::vector<std::int64_t> elements;
      for (std::int64_t i = 0; i < lists.length; ++i) elements.push_back(first + i * lists.step);
      context.adds_to_one(result, elements);
    }
    return {std::move(result)};
  }
  const AffineForm logarithms = context.activate(sums, {Curve::log}, kNoValue);
  return {combine(context, {&logarithms}, {-1.0})};
}

std::vector<AffineForm> lower_layer_normalization(const LowerContext& context, const Node& node) {
  const Network& network = context.network;
  if (node.outputs.size() > 1)
    throw Unsupported(network.source + ": " + describe(node) + ": bounds of its second output");
  const Shape& shape = network.value(node.inputs[0]).shape;
  const std::int64_t given_axis = node.int_attribute("axis", -1);
  const Lists lists = lists_of(shape, given_axis, true);
  // Scale and bias belong to the elements of a list.
  const std::int64_t axis =
      given_axis < 0 ? given_axis + static_cast<std::int64_t>(shape.size()) : given_axis;
  const Shape inner(shape.begin() + axis, shape.end());
  const bool biased = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
  const std::vector<double> scale = parameter_of(context, node, 1, inner);
  const std::vector<double> bias =
      biased ? parameter_of(context, node, 2, inner) : std::vector<double>(scale.size(), 0.0);

  AffineForm scratch;
  const AffineForm x = cut(context, form_of(context, node.inputs[0], scratch));
  const AffineForm d = cut(context, centre(context, x, lists));
  const AffineForm inverse = inverse_deviations(
      context, d, lists, node.float_attribute("epsilon", static_cast<double>(1e-5F)));
  std::vector<Pick> picks;
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  std::vector<double> offset;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const auto k = static_cast<std::size_t>(i % lists.length);
    picks.push_back({0, i / lists.length});
    terms.push_back({0, i, scale[k]});
    offset.push_back(bias[k]);
    begin.push_back(i + 1);
  }
  const AffineForm normalised = multiply(context, d, gather({&inverse}, picks));
  return {linear_map({&normalised}, begin, terms, offset, context.magnitudes)};
}

}  // namespace clipbound::bounds
