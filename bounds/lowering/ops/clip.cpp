// Idea: Clip, HardSigmoid and HardSwish as ReLUs.
// Source: own; min and max as ReLUs are the usual encoding (Katz et al. 2017).
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/rounding.h"
#include "bounds/layered/weighted_sum.h"
#include "bounds/lowering/ops/lower_op.h"
#include "bounds/lowering/ops/multiplication.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// max(x, c) = c + relu(x - c) and min(x, c) = x - relu(x - c), c per element.
AffineForm against_constant(LowerContext& context, const AffineForm& x,
                            const std::vector<double>& c, Extreme which) {
  std::vector<double> minus(c);
  for (double& v : minus) v = -v;
  const AffineForm r = context.add_relu(combine(context, {&x}, {1.0}, minus), kNoValue);
  return which == Extreme::maximum ? combine(context, {&r}, {1.0}, c)
                                   : combine(context, {&x, &r}, {1.0, -1.0});
}

/// min(max(x, low), high).
AffineForm clip_to(LowerContext& context, const AffineForm& x, const std::vector<double>& low,
                   const std::vector<double>& high) {
  return against_constant(context, against_constant(context, x, low, Extreme::maximum), high,
                          Extreme::minimum);
}

/// True where every |element| surely is below `limit`.
bool stays_below(LowerContext& context, const AffineForm& form, double limit) {
  const std::vector<double> structured = structured_sizes(form, context.magnitudes());
  for (std::int64_t i = 0; i < form.size(); ++i) {
    double size = std::fabs(form.constant[static_cast<std::size_t>(i)]) +
                  form.radius[static_cast<std::size_t>(i)] +
                  structured[static_cast<std::size_t>(i)];
    for (const auto& [source, coefficients] : form.terms) {
      if (coefficients.structure() != nullptr) continue;
      const SparseRows& rows = coefficients.written();
      const auto index = rows.indices(i);
      const auto value = rows.values(i);
      const std::vector<double>& magnitude = context.magnitudes().at(source);
      for (std::size_t j = 0; j < index.size(); ++j)
        size += std::fabs(value[j]) * magnitude[static_cast<std::size_t>(index[j])];
    }
    // Half: room for the rounding of the sum. NaN is not below.
    if (!(size < 0.5 * limit)) return false;
  }
  return true;
}

bool varies(const LowerContext& context, const Node& node, std::size_t input) {
  return node.inputs.size() > input && node.inputs[input] != kNoValue &&
         !context.network().is_constant(node.inputs[input]);
}

/// max(x, limit) or min(x, limit) for a limit that is computed: one number for all elements.
AffineForm against_variable(LowerContext& context, const AffineForm& x, ValueId limit,
                            Extreme which) {
  AffineForm scratch;
  const std::vector<Pick> picks(x.constant.size(), Pick{0, 0});
  return extreme_of(context, {x, gather({&form_of(context, limit, scratch)}, picks)}, which);
}

/// A constant bound of Clip: attribute (opset 6) or input (11 and later); `fallback` where there is
/// none.
double clip_bound(LowerContext& context, const Node& node, const char* attribute, std::size_t input,
                  double fallback) {
  if (varies(context, node, input)) return fallback;
  if (node.inputs.size() > input && node.inputs[input] != kNoValue) {
    const double limit = context.network().value(node.inputs[input]).constant->at(0);
    if (std::isnan(limit))
      throw InputError(context.network().source + ": " + describe(node) +
                       " has a limit that is not a number");
    return limit;
  }
  return node.opset < 11 ? node.float_attribute(attribute, fallback) : fallback;
}

}  // namespace

std::vector<AffineForm> lower_clip(LowerContext& context, const Node& node) {
  constexpr double kNone = std::numeric_limits<double>::infinity(),
                   kFloatMax = std::numeric_limits<float>::max();
  const bool float64 = context.network().value(node.outputs[0]).type == DataType::float64;
  const double low = clip_bound(context, node, "min", 1, -kNone),
               high = clip_bound(context, node, "max", 2, kNone);
  AffineForm scratch;
  AffineForm x = form_of(context, node.inputs[0], scratch);
  const auto size = static_cast<std::size_t>(x.size());
  // Limits at the ends of float32 (the defaults of opset 6) cannot be told from none while the
  // value stays inside them.
  if ((low == -kFloatMax || high == kFloatMax) && !stays_below(context, x, kFloatMax)) {
    throw Unsupported("values beyond the range of float32 have no linear bounds");
  }
  // ONNX clips from below first: with min > max the result is max everywhere.
  // Finite limits beyond them are those of float64.
  if (varies(context, node, 1))
    x = against_variable(context, x, node.inputs[1], Extreme::maximum);
  else if (low > -kFloatMax || (float64 && low != -kFloatMax && low != -kNone))
    x = against_constant(context, x, std::vector<double>(size, low), Extreme::maximum);
  if (varies(context, node, 2))
    x = against_variable(context, x, node.inputs[2], Extreme::minimum);
  else if (high < kFloatMax || (float64 && high != kFloatMax && high != kNone))
    x = against_constant(context, x, std::vector<double>(size, high), Extreme::minimum);
  return {std::move(x)};
}

/// HardSigmoid: alpha x + beta clipped to [0, 1]; HardSwish: x times that with alpha = 1 / 6, beta
/// = 1 / 2.
std::vector<AffineForm> lower_hard(LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const std::vector<double> zero(x.constant.size(), 0.0), one(x.constant.size(), 1.0);
  if (node.kind == OpKind::hard_sigmoid) {
    const double alpha = node.float_attribute("alpha", static_cast<double>(0.2F)),
                 beta = node.float_attribute("beta", 0.5);
    const AffineForm line =
        combine(context, {&x}, {alpha}, std::vector<double>(x.constant.size(), beta));
    return {clip_to(context, line, zero, one)};
  }
  // x * clip(x + 3, 0, 6) / 6, so that nothing is rounded before the last division.
  const AffineForm shifted =
      combine(context, {&x}, {1.0}, std::vector<double>(x.constant.size(), 3.0));
  const AffineForm clipped =
      clip_to(context, shifted, zero, std::vector<double>(x.constant.size(), 6.0));
  AffineForm result = multiply(context, x, clipped);
  result = combine(context, {&result}, {1.0 / 6.0});
  charge_weights(context, result, kUnitRoundoff * 2.0);
  return {std::move(result)};
}

}  // namespace clipbound::bounds
