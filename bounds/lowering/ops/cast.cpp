// Idea: Cast to integers (towards 0) and to truth values (1 is true, 0 false).
// Source: own.
// Guarantees: values that leave the range of the integers become any of them, as runtimes differ
// (S1).
#include <cmath>

#include "bounds/lowering/ops/integers.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// What leaves the range of the integers becomes any of them: runtimes wrap, or give the least one.
AffineForm cut_to_range(LowerContext& context, const Node& node, const AffineForm& x,
                        AffineForm cut) {
  constexpr std::int64_t kInt32 = 6;  // onnx.proto, TensorProto.DataType
  const double limit = node.opset >= 6 && node.int_attribute("to", 0) != kInt32 ? 0x1p63 : 0x1p31;
  const IntervalVector range = enclose(x, context.sources());
  AffineForm any = AffineForm::of_constant({0.0});
  any.radius[0] = limit;
  std::vector<Pick> from;
  bool all_inside = true;
  for (std::size_t i = 0; i < range.lower.size(); ++i) {
    const bool inside = range.lower[i] > -limit && range.upper[i] < limit;
    all_inside = all_inside && inside;
    from.push_back(inside ? Pick{0, static_cast<std::int64_t>(i)} : Pick{1, 0});
  }
  return all_inside ? std::move(cut) : gather({&cut, &any}, from);
}

}  // namespace

std::vector<AffineForm> lower_cast(LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const std::vector<char> integer = integer_elements(context, node.inputs[0], x);
  if (context.network().value(node.outputs[0]).type == DataType::boolean) {
    const AffineForm zero = is_zero(context, x, integer, context.next_steps());
    return {combine(context, {&zero}, {-1.0}, repeat(1.0, x))};
  }
  return {
      cut_to_range(context, node, x,
                   staircase_of(context, x, Curve::trunc, node.inputs[0], context.next_steps()))};
}

}  // namespace clipbound::bounds
