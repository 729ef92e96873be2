// Piecewise-linear operators through ReLU, exactly.
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/rounding.h"
#include "bounds/lowering/ops/lower_op.h"
#include "bounds/lowering/ops/product.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

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
AffineForm against_constant(const LowerContext& context, const AffineForm& x,
                            const std::vector<double>& c, bool maximum) {
  std::vector<double> minus(c);
  for (double& v : minus) v = -v;
  const AffineForm r = context.relu(combine(context, {&x}, {1.0}, minus), kNoValue);
  return maximum ? combine(context, {&r}, {1.0}, c) : combine(context, {&x, &r}, {1.0, -1.0});
}

/// True where every |element| surely is below `limit`.
bool stays_below(const LowerContext& context, const AffineForm& form, double limit) {
  for (std::int64_t i = 0; i < form.size(); ++i) {
    double size = std::fabs(form.constant[static_cast<std::size_t>(i)]) +
                  form.radius[static_cast<std::size_t>(i)];
    for (const auto& [source, rows] : form.terms) {
      const auto index = rows.indices(i);
      const auto value = rows.values(i);
      const std::vector<double>& magnitude = context.magnitudes.at(source);
      for (std::size_t j = 0; j < index.size(); ++j)
        size += std::fabs(value[j]) * magnitude[static_cast<std::size_t>(index[j])];
    }
    if (!(size < 0.5 * limit))
      return false;  // half: room for the rounding of the sum; NaN is not below
  }
  return true;
}

/// A bound of Clip: attribute (opset 6) or input (11 and later); `fallback` where there is none.
double clip_bound(const LowerContext& context, const Node& node, const char* attribute,
                  std::size_t input, double fallback) {
  if (node.inputs.size() > input && node.inputs[input] != kNoValue) {
    if (!context.network.is_constant(node.inputs[input])) {
      throw Unsupported(context.network.source + ": " + describe(node) +
                        ": bounds need constant limits");
    }
    const double limit = context.network.value(node.inputs[input]).constant->at(0);
    if (std::isnan(limit))
      throw InputError(context.network.source + ": " + describe(node) +
                       " has a limit that is not a number");
    return limit;
  }
  return node.opset < 11 ? node.float_attribute(attribute, fallback) : fallback;
}

}  // namespace

std::vector<AffineForm> lower_clip(const LowerContext& context, const Node& node) {
  constexpr double kNone = std::numeric_limits<double>::infinity(),
                   kFloatMax = std::numeric_limits<float>::max();
  const bool float64 = context.network.value(node.outputs[0]).type == DataType::float64;
  const double low = clip_bound(context, node, "min", 1, -kNone),
               high = clip_bound(context, node, "max", 2, kNone);
  AffineForm scratch;
  AffineForm x = form_of(context, node.inputs[0], scratch);
  const auto size = static_cast<std::size_t>(x.size());
  // Limits at the ends of float32 (the defaults of opset 6) cannot be told from none while the
  // value stays inside them.
  if ((low == -kFloatMax || high == kFloatMax) && !stays_below(context, x, kFloatMax)) {
    throw Unsupported(context.network.source + ": " + describe(node) +
                      ": bounds of values beyond the range of float32");
  }
  // ONNX clips from below first: with min > max the result is max everywhere.
  // Finite limits beyond them are those of float64.
  if (low > -kFloatMax || (float64 && low != -kFloatMax && low != -kNone))
    x = against_constant(context, x, std::vector<double>(size, low), true);
  if (high < kFloatMax || (float64 && high != kFloatMax && high != kNone))
    x = against_constant(context, x, std::vector<double>(size, high), false);
  return {std::move(x)};
}

/// Min, Max of any number of inputs, pair by pair: max(a, b) = a + relu(b - a), min(a, b) = a -
/// relu(a - b).
std::vector<AffineForm> lower_min_max(const LowerContext& context, const Node& node) {
  const bool maximum = node.kind == OpKind::max;
  const Shape& shape = context.network.value(node.outputs[0]).shape;
  AffineForm result;
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    AffineForm scratch;
    const AffineForm& form = form_of(context, node.inputs[k], scratch);
    std::vector<Pick> picks;
    for (const std::int64_t e : broadcast_map(context.network.value(node.inputs[k]).shape, shape))
      picks.push_back({0, e});
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

AffineForm extreme_of(const LowerContext& context, std::vector<AffineForm> candidates,
                      bool maximum) {
  const double sign = maximum ? 1.0 : -1.0;
  while (candidates.size() > 1) {
    std::vector<AffineForm> next;
    for (std::size_t k = 0; k + 1 < candidates.size(); k += 2) {
      const AffineForm r = context.relu(
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
std::vector<AffineForm> lower_reduce_extreme(const LowerContext& context, const Node& node) {
  const Network& network = context.network;
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
  return {extreme_of(context, std::move(candidates), node.kind != OpKind::reduce_min)};
}

/// x > 0 ? x : a x with a constant a per element:  a x + relu(x) - a relu(x).
std::vector<AffineForm> lower_prelu(const LowerContext& context, const Node& node) {
  if (!context.network.is_constant(node.inputs[1])) {
    throw Unsupported(context.network.source + ": " + describe(node) +
                      ": bounds need constant slopes");
  }
  const std::vector<double> slopes = constant_of(context, node, node.inputs[1]);
  const Shape& shape = context.network.value(node.outputs[0]).shape;
  Shape of_slopes = context.network.value(node.inputs[1]).shape;
  // Before opset 7 one slope per channel (axis 1) was meant without saying so
  // (specs/ops/prelu.cpp).
  if (node.opset < 7 && of_slopes.size() == 1 && shape.size() > 2 && of_slopes[0] == shape[1])
    of_slopes.resize(shape.size() - 1, 1);
  const auto slope_at = broadcast_map(of_slopes, shape);
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const AffineForm r = context.relu(x, node.inputs[0]);
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
                     context.magnitudes)};
}

/// HardSigmoid: alpha x + beta clipped to [0, 1]; HardSwish: x times that with alpha = 1 / 6, beta
/// = 1 / 2.
std::vector<AffineForm> lower_hard(const LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const std::vector<double> zero(x.constant.size(), 0.0), one(x.constant.size(), 1.0);
  if (node.kind == OpKind::hard_sigmoid) {
    const double alpha = node.float_attribute("alpha", static_cast<double>(0.2F)),
                 beta = node.float_attribute("beta", 0.5);
    const AffineForm line =
        combine(context, {&x}, {alpha}, std::vector<double>(x.constant.size(), beta));
    return {against_constant(context, against_constant(context, line, zero, true), one, false)};
  }
  // x * clip(x + 3, 0, 6) / 6, so that nothing is rounded before the last division.
  const AffineForm shifted =
      combine(context, {&x}, {1.0}, std::vector<double>(x.constant.size(), 3.0));
  const AffineForm clipped =
      against_constant(context, against_constant(context, shifted, zero, true),
                       std::vector<double>(x.constant.size(), 6.0), false);
  AffineForm result = multiply(context, x, clipped);
  result = combine(context, {&result}, {1.0 / 6.0});
  charge_weights(context, result, kUnitRoundoff * 2.0);
  return {std::move(result)};
}

/// gamma * elu(x, alpha).
std::vector<AffineForm> lower_selu(const LowerContext& context, const Node& node) {
  const double alpha =
      node.float_attribute("alpha", static_cast<double>(1.67326319217681884765625F));
  const double gamma =
      node.float_attribute("gamma", static_cast<double>(1.05070102214813232421875F));
  AffineForm scratch;
  const AffineForm e = context.activate(form_of(context, node.inputs[0], scratch),
                                        {Curve::elu, alpha}, node.inputs[0]);
  return {combine(context, {&e}, {gamma})};
}

/// x / (1 + |x|).
std::vector<AffineForm> lower_softsign(const LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const AffineForm size = lower_abs(context, node).front();
  const AffineForm divisor =
      combine(context, {&size}, {1.0}, std::vector<double>(x.constant.size(), 1.0));
  return {multiply(context, x, invert(context, divisor))};
}

}  // namespace clipbound::bounds
