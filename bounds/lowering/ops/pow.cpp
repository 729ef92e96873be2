// Idea: Pow. x^c with a constant c is a function of one variable. x^y with an exponent that varies,
// x positive, is exp(y log x). What is neither is enclosed by intervals, element by element.
// Source: own.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3); the intervals of the
// other elements are those of by_intervals.cpp (S2).
#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/rounding.h"
#include "base/simd.h"
#include "bounds/lowering/edges.h"
#include "bounds/lowering/ops/multiplication.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// x^c for some elements of the node's first operand, as it is broadcast.
AffineForm power(LowerContext& context, const Node& node, const AffineForm& all,
                 const std::vector<Pick>& elements, double c) {
  const AffineForm x = gather({&all}, elements);
  if (c == 0.0) return AffineForm::of_constant(std::vector<double>(x.constant.size(), 1.0));
  if (c == 1.0) return x;
  if (c == 2.0) return square(context, x, kNoValue);
  const Activation f = c == -1.0  ? Activation{Curve::reciprocal}
                       : c == 0.5 ? Activation{Curve::sqrt}
                                  : Activation{Curve::power, c};
  if (!has_edge(f)) return context.add_layer(x, f, kNoValue);
  const auto from = broadcast_map(operand_shape(context, node, 0),
                                  context.network().value(node.outputs[0]).shape);
  std::vector<std::int64_t> operand, output;
  for (const Pick& pick : elements) {
    operand.push_back(from[static_cast<std::size_t>(pick.element)]);
    output.push_back(pick.element);
  }
  return add_layer_with_edge(
      context, node,
      {x, kNoValue, certain_ends(context, node.inputs[0], operand), std::move(output)}, f);
}

/// x^y for each element, x > 0.
AffineForm power_by_logarithm(LowerContext& context, const AffineForm& x, const AffineForm& y) {
  const AffineForm logarithm = context.add_layer(x, {Curve::log}, kNoValue);
  return context.add_layer(multiply(context, y, logarithm), {Curve::exp}, kNoValue);
}

/// One kind of elements: those with a constant exponent, those with a positive base, the others.
struct PowerParts {
  std::map<double, std::vector<Pick>> by_exponent;
  std::vector<Pick> by_logarithm, others;
};

PowerParts sort_elements(const LowerContext& context, const AffineForm& x, const AffineForm& y,
                         bool integer) {
  const std::vector<char> constant = constant_elements(y);
  const IntervalVector base = enclose(x, context.sources());
  PowerParts parts;
  for (std::size_t i = 0; i < constant.size(); ++i) {
    const Pick pick{0, static_cast<std::int64_t>(i)};
    if (constant[i] != 0 && y.radius[i] == 0.0 && !(integer && y.constant[i] < 0.0))
      parts.by_exponent[y.constant[i]].push_back(pick);
    else if (!integer && base.lower[i] > 0.0 && y.radius[i] < kInfinity)
      parts.by_logarithm.push_back(pick);
    else
      parts.others.push_back(pick);
  }
  return parts;
}

/// x^y for x >= 0, and y > 0 where x may be 0: monotone in either, so that the ends decide.
Range power_of_ends(const Range& x, const Range& y) {
  constexpr double kLibrary = 0x1p-46;  // relative: 64 ulp, for 16 of the library
  Range range{kInfinity, 0.0};
  for (const double base : {x.lower, x.upper}) {
    for (const double exponent : {y.lower, y.upper}) {
      const double end = std::pow(base, exponent);
      range.lower = std::min(range.lower, end);
      range.upper = std::max(range.upper, end);
    }
  }
  return {std::max(0.0, next_down(range.lower * (1.0 - kLibrary) - 0x1p-1000)),
          next_up(range.upper * (1.0 + kLibrary) + 0x1p-1000)};
}

/// Whether no base is negative, nor 0 with an exponent that may not be positive.
bool is_inside(const Range& base, double least_exponent) {
  return base.lower > 0.0 || (base.lower >= 0.0 && least_exponent > 0.0);
}

/// The node's outputs by intervals, those of bases that are certainly not negative by their ends.
AffineForm power_by_intervals(LowerContext& context, const Node& node, const AffineForm& x,
                              const AffineForm& y, const std::vector<Pick>& elements) {
  AffineForm result = lower_by_intervals(context, node)[0];
  const auto from = broadcast_map(operand_shape(context, node, 0),
                                  context.network().value(node.outputs[0]).shape);
  const IntervalVector base = enclose(x, context.sources()), power = enclose(y, context.sources()),
                       certain = certain_ends(context, node.inputs[0], from);
  for (const Pick& pick : elements) {
    const auto i = static_cast<std::size_t>(pick.element);
    const Range b{std::max(base.lower[i], certain.lower[i]),
                  std::min(base.upper[i], certain.upper[i])};
    const bool inside = is_inside(b, power.lower[i]);
    if (!inside && !fails_all(context, node.outputs[0], pick.element, result.size(),
                              kNaN | kPlusInfinity | kMinusInfinity))
      context.note_undefined(node.outputs[0]);
    if (!inside || !(b.upper < kInfinity) ||
        !(power.lower[i] > -kInfinity && power.upper[i] < kInfinity))
      continue;
    const Range range = power_of_ends(b, {power.lower[i], power.upper[i]});
    if (!(range.upper < kOverflow)) continue;
    const AffineForm number = constant_within({{range.lower}, {range.upper}});
    if (number.radius[0] >= result.radius[i]) continue;
    result.constant[i] = number.constant[0];
    result.radius[i] = number.radius[0];
  }
  return result;
}

/// More than roundings.
bool is_wide(const AffineForm& form, const std::vector<Pick>& elements) {
  constexpr double kWidestRounding = 0x1p-20;
  return std::any_of(elements.begin(), elements.end(), [&](const Pick& pick) {
    const auto i = static_cast<std::size_t>(pick.element);
    return form.radius[i] > kWidestRounding * (1.0 + std::fabs(form.constant[i]));
  });
}

const char* reason_of(bool integer) {
  return integer ? "integers to a negative power, which are cut towards 0, and to a power that "
                   "varies have no linear bounds"
                 : "the exponent varies, and the base may be 0 or negative";
}

}  // namespace

std::vector<AffineForm> lower_pow(LowerContext& context, const Node& node) {
  const Network& network = context.network();
  if (network.is_constant(node.inputs[1])) constant_of(context, node, node.inputs[1]);  // finite
  const bool integer = network.value(node.outputs[0]).type == DataType::int64;
  const AffineForm x = broadcast_operand(context, node, 0), y = broadcast_operand(context, node, 1);
  const PowerParts parts = sort_elements(context, x, y, integer);
  if (integer && parts.others.size() == x.constant.size()) throw Unsupported(reason_of(integer));
  std::vector<AffineForm> forms;
  std::vector<Pick> from(x.constant.size());
  const auto put = [&](AffineForm form, const std::vector<Pick>& elements) {
    for (std::size_t k = 0; k < elements.size(); ++k)
      from[static_cast<std::size_t>(elements[k].element)] = {
          static_cast<std::int32_t>(forms.size()), static_cast<std::int64_t>(k)};
    forms.push_back(std::move(form));
  };
  for (const auto& [exponent, elements] : parts.by_exponent)
    put(power(context, node, x, elements, exponent), elements);
  if (!parts.by_logarithm.empty())
    put(power_by_logarithm(context, gather({&x}, parts.by_logarithm),
                           gather({&y}, parts.by_logarithm)),
        parts.by_logarithm);
  if (!parts.others.empty()) {
    const AffineForm intervals = integer ? lower_by_intervals(context, node)[0]
                                         : power_by_intervals(context, node, x, y, parts.others);
    if (is_wide(intervals, parts.others))
      context.note_interval_only({node.name, op_row(node.kind).onnx_name, reason_of(integer)});
    put(gather({&intervals}, parts.others), parts.others);
  }
  std::vector<const AffineForm*> pointers;
  for (const AffineForm& form : forms) pointers.push_back(&form);
  return {gather(pointers, from)};
}

}  // namespace clipbound::bounds
