#include "bounds/lowering/operands.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/error.h"
#include "bounds/limits.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

const AffineForm& form_of(const LowerContext& context, ValueId id, AffineForm& scratch) {
  if (const AffineForm* const form = context.form(id)) return *form;
  CLIPBOUND_CHECK(context.network().is_constant(id));
  const Value& value = context.network().value(id);
  scratch = AffineForm::of_constant(value.constant->as_float64());
  for (std::size_t i = 0; i < scratch.constant.size(); ++i) {
    const double x = scratch.constant[i];
    if (!std::isfinite(x))
      throw InputError(context.network().source + ": constant '" + value.name +
                       "' has an element that is not finite");
    // A float64 is not always what an integer beyond 2^53 is.
    if (value.type == DataType::int64 && std::fabs(x) >= 0x1p53)
      scratch.radius[i] = 0x1p-52 * std::fabs(x);
  }
  return scratch;
}

const AffineForm& form_to_compose(LowerContext& context, ValueId id, std::int64_t outputs,
                                  std::int64_t reads, AffineForm& scratch) {
  const AffineForm& form = form_of(context, id, scratch);
  const double terms = static_cast<double>(outputs) * static_cast<double>(reads);
  double own = 0.0, composed = 0.0, work = 0.0;
  for (const auto& [source, rows] : form.terms) {
    const auto entries = static_cast<double>(rows.entries());
    const double products =
        terms * entries / static_cast<double>(std::max<std::int64_t>(1, form.size()));
    own += entries;
    work += products;
    composed += std::min(products, static_cast<double>(outputs) * static_cast<double>(rows.cols()));
  }
  constexpr double kMostWork = 1e9;
  if (composed <= kWorthComposing * (terms + own) && work <= kMostWork) return form;
  scratch = context.add_layer(form, {Curve::identity}, kNoValue);
  return scratch;
}

std::vector<double> constant_of(const LowerContext& context, const Node& node, ValueId id) {
  std::vector<double> values = context.network().value(id).constant->as_float64();
  for (const double x : values) {
    if (!std::isfinite(x))
      throw InputError(context.network().source + ": " + describe(node) +
                       " has a weight that is not finite");
  }
  return values;
}

void check_attributes(const Network& network, const Node& node) {
  const auto check = [&](const std::string& name, double x) {
    if (std::isfinite(x) || (node.kind == OpKind::clip && std::isinf(x))) return;
    throw InputError(network.source + ": " + describe(node) + ": attribute '" + name +
                     "' is not a finite number");
  };
  for (const auto& [name, value] : node.attributes) {
    if (const auto* number = std::get_if<double>(&value)) check(name, *number);
    if (const auto* numbers = std::get_if<std::vector<double>>(&value)) {
      for (const double x : *numbers) check(name, x);
    }
  }
}

Shape operand_shape(const Network& network, const Node& node, std::size_t k) {
  Shape shape = network.value(node.inputs[k]).shape;
  if (k == 0 || node.opset >= 7 || !node.attributes.contains("axis")) return shape;
  const auto rank = static_cast<std::int64_t>(network.value(node.outputs[0]).shape.size());
  std::int64_t axis = node.int_attribute("axis", 0);
  if (axis < 0) axis += rank;
  while (static_cast<std::int64_t>(shape.size()) + axis < rank) shape.push_back(1);
  return shape;
}

std::vector<std::int64_t> broadcast_map(const Shape& from, const Shape& to) {
  const std::size_t rank = to.size();
  CLIPBOUND_CHECK(from.size() <= rank);
  std::vector<std::int64_t> step(rank, 0);
  std::int64_t stride = 1;
  for (std::size_t d = from.size(); d-- > 0;) {
    const std::size_t target = rank - from.size() + d;
    CLIPBOUND_CHECK(from[d] == 1 || from[d] == to[target]);
    step[target] = from[d] == 1 ? 0 : stride;
    stride *= from[d];
  }
  std::vector<std::int64_t> map(static_cast<std::size_t>(element_count(to)));
  std::vector<std::int64_t> at(rank, 0);
  std::int64_t source = 0;
  for (auto& entry : map) {
    entry = source;
    for (std::size_t d = rank; d-- > 0;) {
      source += step[d];
      if (++at[d] < to[d]) break;
      source -= step[d] * to[d];
      at[d] = 0;
    }
  }
  return map;
}

AffineForm broadcast_operand(const LowerContext& context, const Node& node, std::size_t k) {
  AffineForm scratch;
  std::vector<Pick> picks;
  for (const std::int64_t e : broadcast_map(operand_shape(context, node, k),
                                            context.network().value(node.outputs[0]).shape))
    picks.push_back({0, e});
  return gather({&form_of(context, node.inputs[k], scratch)}, picks);
}

}  // namespace clipbound::bounds
