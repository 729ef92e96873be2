// Idea: InstanceNormalization and GroupNormalization as LayerNormalization of lists that are cut
// out first; RMSNormalization, LpNormalization, MeanVarianceNormalization and LRN written out.
// Source: ONNX operator specification and the function bodies there.
// Guarantees: equal to the standard's in real arithmetic. A deviation is computed as one of centred
// elements, which does not cancel.
#include <algorithm>

#include "specs/expand/steps.h"

namespace clipbound::specs {
namespace {

/// x [lists, ...] cut into lists of `length` elements, each centred and divided by its deviation;
/// in the shape of x.
ValueId normalised_lists(Expansion& e, ValueId x, std::int64_t length, double epsilon) {
  const Shape shape = e.shape(x);
  const std::int64_t size = element_count(shape);
  if (length == 0 || size == 0) throw InputError("input " + to_string(shape) + " is empty");
  const ValueId lists = reshape(e, x, {size / length, length});
  const ValueId one = numbers(e, {1}, {1.0}, x);
  const ValueId normal = e.add("LayerNormalization", {lists, one}, {{"epsilon", epsilon}});
  return reshape(e, normal, shape);
}

/// x * scale + bias, both [count] along axis 1.
ValueId scaled(Expansion& e, ValueId x, ValueId scale, ValueId bias) {
  const std::int64_t rank = rank_of(e, x);
  return e.add("Add",
               {e.add("Mul", {x, along_axis(e, scale, 1, rank)}), along_axis(e, bias, 1, rank)});
}

void expect_list(const Expansion& e, std::size_t i, std::int64_t length) {
  const Shape shape = e.shape(e.input(i));
  if (shape != Shape{length})
    throw InputError("input " + std::to_string(i) + " is " + to_string(shape) + ", not [" +
                     std::to_string(length) + "]");
}

double epsilon_of(const Expansion& e) {
  return e.node().float_attribute("epsilon", static_cast<double>(1e-5F));
}

/// The input's shape [batch, channels, ...].
Shape image_shape(const Expansion& e) {
  const Shape shape = e.shape(e.input(0));
  if (shape.size() < 3) throw InputError("input " + to_string(shape) + " has no spatial axes");
  return shape;
}

/// All axes that are given from `axis` on, by the attribute; and that the scale fits them.
Axes axes_from(const Expansion& e, std::int64_t fallback) {
  const std::int64_t rank = rank_of(e, e.input(0));
  const std::int64_t axis =
      checked_axis(e.node().int_attribute("axis", fallback), static_cast<std::size_t>(rank));
  return counting(rank - axis, axis);
}

}  // namespace

void expand_instance_normalization(Expansion& e) {
  expect_inputs(e, 3, 3);
  expect_floating(e, 0);
  const Shape shape = image_shape(e);
  expect_list(e, 1, shape[1]);
  expect_list(e, 2, shape[1]);
  const std::int64_t length = element_count(Shape(shape.begin() + 2, shape.end()));
  const ValueId normal = normalised_lists(e, e.input(0), length, epsilon_of(e));
  e.output(0, scaled(e, normal, e.input(1), e.input(2)));
}

/// In opset 18 scale and bias belong to groups, since opset 21 to channels.
void expand_group_normalization(Expansion& e) {
  expect_inputs(e, 3, 3);
  expect_floating(e, 0);
  const Shape shape = image_shape(e);
  const std::int64_t groups = e.node().int_attribute("num_groups", 0);
  if (groups <= 0 || shape[1] % groups != 0)
    throw InputError(std::to_string(shape[1]) + " channels do not make " + std::to_string(groups) +
                     " groups");
  const bool by_group = e.node().opset < 21;
  expect_list(e, 1, by_group ? groups : shape[1]);
  expect_list(e, 2, by_group ? groups : shape[1]);
  const std::int64_t rest = element_count(Shape(shape.begin() + 1, shape.end()));
  const ValueId normal = normalised_lists(e, e.input(0), rest / groups, epsilon_of(e));
  const ValueId x = by_group ? reshape(e, normal, {shape[0], groups, rest / groups}) : normal;
  e.output(0, reshape(e, scaled(e, x, e.input(1), e.input(2)), shape));
}

void expand_rms_normalization(Expansion& e) {
  expect_inputs(e, 2, 2);
  expect_floating(e, 0);
  const ValueId x = e.input(0);
  const ValueId mean = reduce(e, "ReduceMean", e.add("Mul", {x, x}), axes_from(e, -1));
  const ValueId root = e.add("Sqrt", {e.add("Add", {mean, e.number(epsilon_of(e), x)})});
  const ValueId y = e.add("Mul", {e.add("Div", {x, root}), e.input(1)});
  if (e.shape(y) != e.shape(x))
    throw InputError("the scale " + to_string(e.shape(e.input(1))) + " does not fit " +
                     to_string(e.shape(x)));
  e.output(0, y);
}

/// Where the norm is 0 the result is 0, as in ONNX Runtime and the standard's reference.
void expand_lp_normalization(Expansion& e) {
  expect_inputs(e, 1, 1);
  expect_floating(e, 0);
  const ValueId x = e.input(0);
  const std::int64_t p = e.node().int_attribute("p", 2);
  if (p != 1 && p != 2) throw InputError("p is " + std::to_string(p));
  const Axes axis{checked_axis(e.node().int_attribute("axis", -1), e.shape(x).size())};
  ValueId norm = reduce(e, "ReduceSum", p == 1 ? e.add("Abs", {x}) : e.add("Mul", {x, x}), axis);
  if (p == 2) norm = e.add("Sqrt", {norm});
  const ValueId zero = e.number(0.0, x);
  const ValueId none = e.add("Equal", {norm, zero});
  e.output(0, e.add("Where", {none, zero, e.add("Div", {x, norm})}));
}

/// The standard adds its epsilon to the deviation, not to the variance.
void expand_mean_variance_normalization(Expansion& e) {
  expect_inputs(e, 1, 1);
  expect_floating(e, 0);
  const ValueId x = e.input(0);
  const auto* given = e.node().ints_attribute("axes");
  const Axes axes = checked_axes(given != nullptr ? *given : Axes{0, 2, 3}, e.shape(x).size());
  const ValueId centred = e.add("Sub", {x, reduce(e, "ReduceMean", x, axes)});
  const ValueId variance = reduce(e, "ReduceMean", e.add("Mul", {centred, centred}), axes);
  const ValueId deviation =
      e.add("Add", {e.add("Sqrt", {variance}), e.number(static_cast<double>(1e-9F), x)});
  e.output(0, e.add("Div", {centred, deviation}));
}

/// x / (bias + alpha / size * sum of the squares of `size` channels around it)^beta.
void expand_lrn(Expansion& e) {
  expect_inputs(e, 1, 1);
  expect_floating(e, 0);
  const ValueId x = e.input(0);
  const Shape shape = e.shape(x);
  const std::int64_t size = e.node().int_attribute("size", 0);
  if (shape.size() < 3) throw InputError("input " + to_string(shape) + " has no spatial axes");
  if (size < 1) throw InputError("size is " + std::to_string(size));
  const double alpha = e.node().float_attribute("alpha", static_cast<double>(1e-4F)),
               beta = e.node().float_attribute("beta", 0.75),
               bias = e.node().float_attribute("bias", 1.0);
  // What lies beyond the channels is 0, so no window need reach further than they do.
  const std::int64_t channels = shape[1], before = std::min((size - 1) / 2, channels - 1),
                     after = std::min(size - 1 - (size - 1) / 2, channels - 1);
  const ValueId squares =
      e.add("Pad", {e.add("Mul", {x, x}), e.integers({before, after}), kNoValue, e.integers({1})});
  ValueId sum = slice(e, squares, 1, 0, channels);
  for (std::int64_t i = 1; i <= before + after; ++i)
    sum = e.add("Add", {sum, slice(e, squares, 1, i, i + channels)});
  const ValueId share = e.number(alpha / static_cast<double>(size), x);
  const ValueId base = e.add("Add", {e.add("Mul", {sum, share}), e.number(bias, x)});
  e.output(0, e.add("Mul", {x, e.add("Pow", {base, e.number(-beta, x)})}));
}

}  // namespace clipbound::specs
