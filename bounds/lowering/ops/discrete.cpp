// Cast to integers and truth values; comparisons; And, Or, Xor, Not; Where on data. Truth is 1,
// falsehood 0.
//
// A comparison jumps where both sides are equal. As at every jump, both values are possible there
// (bounds/relax/steps.h), so it does not matter which of `<` and `<=` was asked; whole numbers are
// compared half a step off instead, where nothing jumps.
#include <cmath>

#include "base/error.h"
#include "base/rounding.h"
#include "bounds/lowering/ops/product.h"
#include "bounds/lowering/ops/whole.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

std::vector<double> repeat(double value, const AffineForm& form) {
  return std::vector<double>(form.constant.size(), value);
}

/// Both operands of a binary operator, broadcast, and which elements are whole numbers on either
/// side.
struct Operands {
  AffineForm x, y;
  std::vector<char> whole;

  Operands(const LowerContext& context, const Node& node)
      : x(broadcast_operand(context, node, 0)), y(broadcast_operand(context, node, 1)) {
    const std::vector<char> x_whole = whole_of(context, node, 0),
                            y_whole = whole_of(context, node, 1);
    for (std::size_t i = 0; i < x_whole.size(); ++i)
      whole.push_back(x_whole[i] != 0 && y_whole[i] != 0);
  }
  static std::vector<char> whole_of(const LowerContext& context, const Node& node, std::size_t k) {
    AffineForm scratch;
    const std::vector<char> whole =
        whole_elements(context, node.inputs[k], form_of(context, node.inputs[k], scratch));
    std::vector<char> result;
    for (const std::int64_t e : broadcast_map(operand_shape(context, node, k),
                                              context.network.value(node.outputs[0]).shape)) {
      result.push_back(whole[static_cast<std::size_t>(e)]);
    }
    return result;
  }
};

/// Elements of two forms that are numbers known exactly.
std::vector<char> exact_elements(const AffineForm& x, const AffineForm& y) {
  std::vector<char> exact = fixed_elements(x);
  const std::vector<char> other = fixed_elements(y);
  for (std::size_t i = 0; i < exact.size(); ++i)
    exact[i] = exact[i] != 0 && other[i] != 0 && x.radius[i] == 0.0 && y.radius[i] == 0.0;
  return exact;
}

bool compare(OpKind kind, double x, double y) {
  switch (kind) {
    case OpKind::equal: return x == y;
    case OpKind::less: return x < y;
    case OpKind::greater: return x > y;
    case OpKind::less_or_equal: return x <= y;
    case OpKind::greater_or_equal: return x >= y;
    default: throw ContractError("compare: no comparison");
  }
}

/// The comparison of numbers that are not both known exactly.
AffineForm compare_forms(const LowerContext& context, OpKind kind, const Operands& o) {
  if (kind == OpKind::equal)
    return is_zero(context, combine(context, {&o.x, &o.y}, {1.0, -1.0}), o.whole);
  const bool greater = kind == OpKind::greater || kind == OpKind::greater_or_equal;
  const bool strict = kind == OpKind::less || kind == OpKind::greater;
  const double sign = greater ? 1.0 : -1.0;
  std::vector<double> offset;
  for (const char whole : o.whole)
    offset.push_back(whole != 0 && !strict ? 1.0 : 0.0);  // x >= y is x - y + 1 > 0
  return is_positive(context, combine(context, {&o.x, &o.y}, {sign, -sign}, offset), o.whole);
}

/// What leaves the range of the integers becomes any of them: runtimes wrap, or give the least one.
AffineForm cut_to_range(const LowerContext& context, const Node& node, const AffineForm& x,
                        AffineForm cut) {
  constexpr std::int64_t kInt32 = 6;  // onnx.proto, TensorProto.DataType
  const double limit = node.opset >= 6 && node.int_attribute("to", 0) != kInt32 ? 0x1p63 : 0x1p31;
  const IntervalVector range = enclose(x, context.sources);
  AffineForm any = AffineForm::of_constant({0.0});
  any.radius[0] = limit;
  std::vector<Pick> place;
  bool all_inside = true;
  for (std::size_t i = 0; i < range.lower.size(); ++i) {
    const bool inside = range.lower[i] > -limit && range.upper[i] < limit;
    all_inside = all_inside && inside;
    place.push_back(inside ? Pick{0, static_cast<std::int64_t>(i)} : Pick{1, 0});
  }
  return all_inside ? std::move(cut) : gather({&cut, &any}, place);
}

}  // namespace

std::vector<AffineForm> lower_cast(const LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const std::vector<char> whole = whole_elements(context, node.inputs[0], x);
  if (context.network.value(node.outputs[0]).type == DataType::boolean) {
    const AffineForm zero = is_zero(context, x, whole);
    return {combine(context, {&zero}, {-1.0}, repeat(1.0, x))};
  }
  return {cut_to_range(context, node, x, staircase_of(context, x, Curve::trunc, node.inputs[0]))};
}

std::vector<AffineForm> lower_comparison(const LowerContext& context, const Node& node) {
  const Operands o(context, node);
  const AffineForm compared = compare_forms(context, node.kind, o);
  const std::vector<char> exact = exact_elements(o.x, o.y);
  std::vector<double> numbers(exact.size(), 0.0);
  std::vector<Pick> place;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    if (exact[i] != 0)
      numbers[i] = compare(node.kind, o.x.constant[i], o.y.constant[i]) ? 1.0 : 0.0;
    place.push_back({exact[i] != 0 ? 1 : 0, static_cast<std::int64_t>(i)});
  }
  const AffineForm certain = AffineForm::of_constant(std::move(numbers));
  return {gather({&compared, &certain}, place)};
}

/// With b = max(x + y - 1, 0), 1 where both hold: x + y - b is Or, and x + y - 2 b Xor.
std::vector<AffineForm> lower_logic(const LowerContext& context, const Node& node) {
  const Operands o(context, node);
  const AffineForm both =
      positive_part(context, combine(context, {&o.x, &o.y}, {1.0, 1.0}, repeat(-1.0, o.x)));
  if (node.kind == OpKind::logical_and) return {both};
  return {combine(context, {&o.x, &o.y, &both},
                  {1.0, 1.0, node.kind == OpKind::logical_or ? -1.0 : -2.0})};
}

std::vector<AffineForm> lower_logical_not(const LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  return {combine(context, {&x}, {-1.0}, repeat(1.0, x))};
}

namespace {

/// What Where chooses from. A constant that is not finite (a mask's -infinity) is a number of which
/// nothing is known.
AffineForm choice_of(const LowerContext& context, const Node& node, std::size_t k) {
  if (!context.network.is_constant(node.inputs[k])) return broadcast_operand(context, node, k);
  AffineForm form =
      AffineForm::of_constant(context.network.value(node.inputs[k]).constant->as_float64());
  for (std::size_t i = 0; i < form.constant.size(); ++i) {
    if (std::isfinite(form.constant[i])) continue;
    form.constant[i] = 0.0;
    form.radius[i] = kInfinity;
  }
  std::vector<Pick> picks;
  for (const std::int64_t e :
       broadcast_map(operand_shape(context, node, k), context.network.value(node.outputs[0]).shape))
    picks.push_back({0, e});
  return gather({&form}, picks);
}

}  // namespace

/// no + condition (yes - no); where the condition is known, what it chooses.
std::vector<AffineForm> lower_where(const LowerContext& context, const Node& node) {
  const AffineForm condition = broadcast_operand(context, node, 0),
                   yes = choice_of(context, node, 1), no = choice_of(context, node, 2);
  const IntervalVector range = enclose(condition, context.sources);
  AffineForm unknown = AffineForm::of_constant({0.0});
  unknown.radius[0] = kInfinity;
  std::vector<Pick> open, place;
  for (std::size_t i = 0; i < range.lower.size(); ++i) {
    const bool holds = std::ceil(range.lower[i]) >= 1.0, fails = std::floor(range.upper[i]) <= 0.0;
    const bool endless = !(yes.radius[i] < kInfinity) || !(no.radius[i] < kInfinity);
    const auto e = static_cast<std::int64_t>(i);
    if (holds || fails) {
      place.push_back({holds ? 0 : 1, e});
    } else if (endless) {
      place.push_back({3, 0});
    } else {
      place.push_back({2, static_cast<std::int64_t>(open.size())});
      open.push_back({0, e});
    }
  }
  AffineForm mixed;
  if (!open.empty()) {
    const AffineForm y = gather({&yes}, open), n = gather({&no}, open);
    const AffineForm chosen =
        multiply(context, gather({&condition}, open), combine(context, {&y, &n}, {1.0, -1.0}));
    mixed = combine(context, {&n, &chosen}, {1.0, 1.0});
  }
  return {gather({&yes, &no, &mixed, &unknown}, place)};
}

}  // namespace clipbound::bounds
