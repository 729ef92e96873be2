// Idea: Relu, LeakyRelu, PRelu and Abs through ReLU; ThresholdedRelu through a ReLU and a step.
// Source: own; the encodings are the usual ones.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include "base/error.h"
#include "bounds/lowering/ops/integers.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

std::vector<AffineForm> lower_relu(LowerContext& context, const Node& node) {
  AffineForm scratch;
  return {context.add_relu(form_of(context, node.inputs[0], scratch), node.inputs[0])};
}

/// x > 0 ? x : a x  =  a x + relu(x) - a relu(x), so that 1 - a is never rounded.
std::vector<AffineForm> lower_leaky_relu(LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const double a = node.float_attribute("alpha", static_cast<double>(0.01F));
  const AffineForm r = context.add_relu(x, node.inputs[0]);
  return {combine(context, {&x, &r, &r}, {a, 1.0, -a})};
}

/// x > a ? x : 0  =  relu(x - a) + a [x > a]: at the jump both values.
std::vector<AffineForm> lower_thresholded_relu(LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const double a = node.float_attribute("alpha", 1.0);
  const AffineForm above = combine(context, {&x}, {1.0}, repeat(-a, x));
  const AffineForm r = context.add_relu(above, kNoValue);
  if (a == 0.0) return {r};
  const AffineForm step =
      is_positive(context, above, std::vector<char>(x.constant.size(), 0), context.next_steps());
  return {combine(context, {&r, &step}, {1.0, a})};
}

/// |x| = relu(x) + relu(-x).
std::vector<AffineForm> lower_abs(LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const AffineForm positive = context.add_relu(x, node.inputs[0]);
  const AffineForm negative = context.add_relu(combine(context, {&x}, {-1.0}), kNoValue);
  return {combine(context, {&positive, &negative}, {1.0, 1.0})};
}

/// x > 0 ? x : a x with a constant a per element:  a x + relu(x) - a relu(x).
std::vector<AffineForm> lower_prelu(LowerContext& context, const Node& node) {
  if (!context.network().is_constant(node.inputs[1])) {
    throw Unsupported("bounds need constant slopes");
  }
  const std::vector<double> slopes = constant_of(context, node, node.inputs[1]);
  const Shape& shape = context.network().value(node.outputs[0]).shape;
  Shape of_slopes = context.network().value(node.inputs[1]).shape;
  // Before opset 7 one slope per channel (axis 1) was meant without saying so
  // (specs/ops/prelu.cpp).
  if (node.opset < 7 && of_slopes.size() == 1 && shape.size() > 2 && of_slopes[0] == shape[1])
    of_slopes.resize(shape.size() - 1, 1);
  const auto slope_at = broadcast_map(of_slopes, shape);
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const AffineForm r = context.add_relu(x, node.inputs[0]);
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const double a = slopes[static_cast<std::size_t>(slope_at[static_cast<std::size_t>(i)])];
    terms.push_back({0, i, a});
    terms.push_back({1, i, 1.0});
    terms.push_back({1, i, -a});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  return {linear_map({&x, &r}, begin, terms, std::vector<double>(x.constant.size(), 0.0),
                     context.magnitudes())};
}

}  // namespace clipbound::bounds
