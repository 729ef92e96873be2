// Idea: LayerNormalization: the centred elements times the inverse root of their mean square.
// Source: own.
// Guarantees: the roundings of the weights 1 / n are charged before anything cancels (S1).
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rounding.h"
#include "bounds/lowering/ops/axis_lists.h"
#include "bounds/lowering/ops/multiplication.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// Adds to the radii what the rounding of the weights 1 / n and (n - 1) / n costs, element by
/// element: the elements may cancel each other, in the constants too, but the roundings do not.
void charge_mean(const IntervalVector& x, const AxisLists& lists, AffineForm& centred) {
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
AffineForm centre(LowerContext& context, const AffineForm& x, const AxisLists& lists) {
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
                                  context.magnitudes());
  charge_mean(enclose(x, context.sources()), lists, centred);
  return centred;
}

/// 1 / sqrt(mean of d_i^2 + epsilon), a number per list, of what becomes `output`.
AffineForm inverse_deviations(LowerContext& context, const AffineForm& d, const AxisLists& lists,
                              double epsilon, ValueId output) {
  const AffineForm squares = context.add_layer(d, {Curve::square}, kNoValue);
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (const std::int64_t first : lists.first) {
    for (std::int64_t j = 0; j < lists.length; ++j)
      terms.push_back({0, first + j, 1.0 / static_cast<double>(lists.length)});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  AffineForm variance =
      linear_map({&squares}, begin, terms, std::vector<double>(lists.first.size(), epsilon),
                 context.magnitudes());
  charge_weights(context, variance, 0x1p-50);
  // Of equal elements the variance is 0, and without an epsilon that float32 holds the quotient
  // NaN.
  constexpr double kLeastEpsilon = 0x1p-120;
  if (!(epsilon >= kLeastEpsilon)) {
    const IntervalVector range = enclose(variance, context.sources());
    if (std::any_of(range.lower.begin(), range.lower.end(),
                    [](double lower) { return !(lower > kLeastEpsilon); }))
      context.note_undefined(output);
  }
  return context.add_layer(variance, {Curve::power, -0.5}, kNoValue);
}

/// A constant input of the node, broadcast to the elements of a list.
std::vector<double> parameter_of(LowerContext& context, const Node& node, std::size_t k,
                                 const Shape& list) {
  const Network& network = context.network();
  if (!network.is_constant(node.inputs[k])) {
    throw Unsupported("bounds need its parameters to be constants");
  }
  const std::vector<double> given = constant_of(context, node, node.inputs[k]);
  std::vector<double> values;
  for (const std::int64_t e : broadcast_map(network.value(node.inputs[k]).shape, list))
    values.push_back(given[static_cast<std::size_t>(e)]);
  return values;
}

}  // namespace

std::vector<AffineForm> lower_layer_normalization(LowerContext& context, const Node& node) {
  const Network& network = context.network();
  if (node.outputs.size() > 1) throw Unsupported("its second output has no linear bounds");
  const Shape& shape = network.value(node.inputs[0]).shape;
  const std::int64_t given_axis = node.int_attribute("axis", -1);
  const AxisLists lists = lists_of(shape, given_axis, Extent::all_axes_behind);
  // Scale and bias belong to the elements of a list.
  const std::int64_t axis =
      given_axis < 0 ? given_axis + static_cast<std::int64_t>(shape.size()) : given_axis;
  const Shape inner(shape.begin() + axis, shape.end());
  const bool biased = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
  const std::vector<double> scale = parameter_of(context, node, 1, inner);
  const std::vector<double> bias =
      biased ? parameter_of(context, node, 2, inner) : std::vector<double>(scale.size(), 0.0);

  AffineForm scratch;
  const AffineForm x = as_neurons(context, form_of(context, node.inputs[0], scratch));
  const AffineForm d = as_neurons(context, centre(context, x, lists));
  const AffineForm inverse = inverse_deviations(
      context, d, lists, node.float_attribute("epsilon", static_cast<double>(1e-5F)),
      node.outputs[0]);
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
  return {linear_map({&normalised}, begin, terms, offset, context.magnitudes())};
}

}  // namespace clipbound::bounds
