// Piecewise-linear operators through ReLU, exactly.
#include <cmath>
#include <limits>

#include "base/error.h"
#include "bounds/ops/lower_op.h"
#include "specs/op_table.h"

namespace clipbound {

std::vector<AffineForm> lower_relu(const LowerContext& context, const Node& node) {
  AffineForm scratch;
  return {context.relu(form_of(context, node.inputs[0], scratch), node.inputs[0])};
}

/// x > 0 ? x : a x  =  a x + relu(x) - a relu(x), so that 1 - a is never rounded.
std::vector<AffineForm> lower_leaky_relu(const LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const double a = node.float_attribute("alpha", static_cast<double>(0.01F));
  const AffineForm r = context.relu(x, node.inputs[0]);
  return {combine(context, {&x, &r, &r}, {a, 1.0, -a})};
}

/// |x| = relu(x) + relu(-x).
std::vector<AffineForm> lower_abs(const LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const AffineForm positive = context.relu(x, node.inputs[0]);
  const AffineForm negative = context.relu(combine(context, {&x}, {-1.0}), kNoValue);
  return {combine(context, {&positive, &negative}, {1.0, 1.0})};
}

namespace {

/// max(x, c) = c + relu(x - c) and min(x, c) = x - relu(x - c), c per element.
AffineForm against_constant(const LowerContext& context, const AffineForm& x, const std::vector<double>& c, bool maximum) {
  std::vector<double> minus(c);
  for (double& v : minus) v = -v;
  const AffineForm r = context.relu(combine(context, {&x}, {1.0}, minus), kNoValue);
  return maximum ? combine(context, {&r}, {1.0}, c) : combine(context, {&x, &r}, {1.0, -1.0});
}

/// True where every |element| surely is below `limit`.
bool stays_below(const LowerContext& context, const AffineForm& form, double limit) {
  for (std::int64_t i = 0; i < form.size(); ++i) {
    double size = std::fabs(form.constant[static_cast<std::size_t>(i)]) + form.radius[static_cast<std::size_t>(i)];
    for (const auto& [source, rows] : form.terms) {
      const auto index = rows.indices(i);
      const auto value = rows.values(i);
      const std::vector<double>& magnitude = context.magnitudes.at(source);
      for (std::size_t j = 0; j < index.size(); ++j) size += std::fabs(value[j]) * magnitude[static_cast<std::size_t>(index[j])];
    }
    if (!(size < 0.5 * limit)) return false;  // half: room for the rounding of the sum; NaN is not below
  }
  return true;
}

/// A bound of Clip: attribute (opset 6) or input (11 and later); `fallback` where there is none.
double clip_bound(const LowerContext& context, const Node& node, const char* attribute, std::size_t input, double fallback) {
  if (node.inputs.size() > input && node.inputs[input] != kNoValue) {
    if (!context.network.is_constant(node.inputs[input])) {
      throw Unsupported(context.network.source + ": " + describe(node) + ": bounds need constant limits");
    }
    return context.network.value(node.inputs[input]).constant->at(0);
  }
  return node.float_attribute(attribute, fallback);
}

}  // namespace

std::vector<AffineForm> lower_clip(const LowerContext& context, const Node& node) {
  constexpr double kNone = std::numeric_limits<double>::infinity(), kFloatMax = std::numeric_limits<float>::max();
  const double low = clip_bound(context, node, "min", 1, -kNone), high = clip_bound(context, node, "max", 2, kNone);
  AffineForm scratch;
  AffineForm x = form_of(context, node.inputs[0], scratch);
  const auto size = static_cast<std::size_t>(x.size());
  // Limits at the ends of float32 (the defaults of opset 6) cannot be told from none while the value stays inside them.
  if ((low == -kFloatMax || high == kFloatMax) && !stays_below(context, x, kFloatMax)) {
    throw Unsupported(context.network.source + ": " + describe(node) + ": bounds of values beyond the range of float32");
  }
  // ONNX clips from below first: with min > max the result is max everywhere.
  if (low > -kFloatMax) x = against_constant(context, x, std::vector<double>(size, low), true);
  if (high < kFloatMax) x = against_constant(context, x, std::vector<double>(size, high), false);
  return {std::move(x)};
}

/// Min, Max of any number of inputs, pair by pair: max(a, b) = a + relu(b - a), min(a, b) = a - relu(a - b).
std::vector<AffineForm> lower_min_max(const LowerContext& context, const Node& node) {
  const bool maximum = node.kind == OpKind::max;
  const Shape& shape = context.network.value(node.outputs[0]).shape;
  AffineForm result;
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    AffineForm scratch;
    const AffineForm& form = form_of(context, node.inputs[k], scratch);
    std::vector<Pick> picks;
    for (const std::int64_t e : broadcast_map(context.network.value(node.inputs[k]).shape, shape)) picks.push_back({0, e});
    AffineForm next = gather({&form}, picks);
    if (k == 0) {
      result = std::move(next);
      continue;
    }
    const double sign = maximum ? 1.0 : -1.0;
    const AffineForm r = context.relu(combine(context, {&next, &result}, {sign, -sign}), kNoValue);
    result = combine(context, {&result, &r}, {1.0, sign});
  }
  return {std::move(result)};
}

}  // namespace clipbound
