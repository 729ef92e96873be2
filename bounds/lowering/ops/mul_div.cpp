// Idea: Mul and Div with a constant side (of Div, the divisor); products and quotients of
// variables elsewhere (multiplication.h, quotient.cpp).
// Source: own.
// Guarantees: exact up to roundings in the radii (S1).
#include <cmath>

#include "base/error.h"
#include "base/rounding.h"
#include "bounds/lowering/ops/lower_op.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// Mul, Div with one constant side (Div: the divisor); products and quotients of variables
/// elsewhere.
std::vector<AffineForm> lower_real(LowerContext& context, const Node& node) {
  const bool is_div = node.kind == OpKind::div;
  const int variable = context.network().is_constant(node.inputs[1]) ? 0 : 1;
  if (!context.network().is_constant(node.inputs[static_cast<std::size_t>(1 - variable)]) ||
      (is_div && variable == 1)) {
    return is_div ? lower_quotient(context, node) : lower_variable_mul(context, node);
  }
  AffineForm scratch;
  const ValueId moving = node.inputs[static_cast<std::size_t>(variable)],
                constant = node.inputs[static_cast<std::size_t>(1 - variable)];
  const std::vector<const AffineForm*> forms = {&form_of(context, moving, scratch)};
  const Shape& shape = context.network().value(node.outputs[0]).shape;
  const auto from =
      broadcast_map(operand_shape(context, node, static_cast<std::size_t>(variable)), shape);
  const auto factor =
      broadcast_map(operand_shape(context, node, static_cast<std::size_t>(1 - variable)), shape);
  const std::vector<double> constants = constant_of(context, node, constant);
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const double c = constants[static_cast<std::size_t>(factor[i])];
    if (is_div && c == 0.0)
      throw InputError(context.network().source + ": " + describe(node) + " divides by zero");
    terms.push_back({0, from[i], is_div ? 1.0 / c : c});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  AffineForm result =
      linear_map(forms, begin, terms, std::vector<double>(from.size(), 0.0), context.magnitudes());
  if (is_div) {
    // 1 / c was rounded: relative error u of the whole value, whose size the enclosure of its terms
    // bounds.
    for (std::size_t i = 0; i < from.size(); ++i) {
      int exponent = 0;
      if (std::fabs(std::frexp(constants[static_cast<std::size_t>(factor[i])], &exponent)) == 0.5)
        continue;  // a power of two
      double size = std::fabs(result.constant[i]) + result.radius[i];
      for (const auto& [source, coefficients] : result.terms) {
        const SparseRows& rows = coefficients.written();
        const auto index = rows.indices(static_cast<std::int64_t>(i));
        const auto value = rows.values(static_cast<std::int64_t>(i));
        for (std::size_t j = 0; j < index.size(); ++j)
          size += std::fabs(value[j]) *
                  context.magnitudes().at(source)[static_cast<std::size_t>(index[j])];
      }
      result.radius[i] =
          (result.radius[i] + 4.0 * kUnitRoundoff * size) * (1.0 + 0x1p-40) + 0x1p-1000;
    }
  }
  return {std::move(result)};
}

/// Quotients of integers are cut towards 0. Of numbers known exactly they are known exactly: no
/// rounding pushes them over an edge.
AffineForm cut_quotients(LowerContext& context, const Node& node, const AffineForm& quotient) {
  constexpr double kLargest = 0x1p50;
  const AffineForm x = broadcast_operand(context, node, 0), y = broadcast_operand(context, node, 1);
  const AffineForm cut =
      staircase_of(context, quotient, Curve::trunc, kNoValue, context.next_steps());
  const std::vector<char> x_constant = constant_elements(x), y_constant = constant_elements(y);
  std::vector<double> numbers(x_constant.size(), 0.0);
  std::vector<Pick> from;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const bool exact = x_constant[i] != 0 && y_constant[i] != 0 && x.radius[i] == 0.0 &&
                       y.radius[i] == 0.0 && y.constant[i] != 0.0 &&
                       std::fabs(x.constant[i]) <= kLargest;
    if (exact) numbers[i] = std::trunc(x.constant[i] / y.constant[i]);
    from.push_back({exact ? 1 : 0, static_cast<std::int64_t>(i)});
  }
  const AffineForm certain = AffineForm::of_constant(std::move(numbers));
  return gather({&cut, &certain}, from);
}

}  // namespace

std::vector<AffineForm> lower_mul_div(LowerContext& context, const Node& node) {
  std::vector<AffineForm> results = lower_real(context, node);
  if (node.kind == OpKind::div && context.network().value(node.outputs[0]).type == DataType::int64)
    results[0] = cut_quotients(context, node, results[0]);
  return results;
}

}  // namespace clipbound::bounds
