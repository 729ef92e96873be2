#include "bounds/ops/lower_op.h"

#include <cmath>

#include "base/check.h"
#include "specs/op_table.h"

namespace clipbound {

const AffineForm& form_of(const LowerContext& context, ValueId id, AffineForm& scratch) {
  if (const auto found = context.forms.find(id); found != context.forms.end()) return found->second;
  CLIPBOUND_CHECK(context.network.is_constant(id));
  scratch = AffineForm::of_constant(context.network.value(id).constant->as_float64());
  for (const double x : scratch.constant) {
    if (!std::isfinite(x)) throw InputError(context.network.source + ": constant '" + context.network.value(id).name + "' has an element that is not finite");
  }
  return scratch;
}

std::vector<double> constant_of(const LowerContext& context, const Node& node, ValueId id) {
  std::vector<double> values = context.network.value(id).constant->as_float64();
  for (const double x : values) {
    if (!std::isfinite(x)) throw InputError(context.network.source + ": " + describe(node) + " has a weight that is not finite");
  }
  return values;
}

LowerFunction lower_function(OpKind kind) {
  switch (kind) {
    case OpKind::gemm: return lower_gemm;
    case OpKind::matmul: return lower_matmul;
    case OpKind::add:
    case OpKind::sub: return lower_add_sub;
    case OpKind::mul:
    case OpKind::div: return lower_mul_div;
    default: return op_row(kind).op_class == OpClass::movement ? lower_movement : nullptr;
  }
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

std::vector<AffineForm> lower_movement(const LowerContext& context, const Node& node) {
  std::vector<AffineForm> scratch(node.inputs.size());
  std::vector<const AffineForm*> forms(node.inputs.size(), nullptr);
  std::vector<AffineForm> results;
  for (std::size_t output = 0; output < node.outputs.size(); ++output) {
    const auto sources = movement_map(context.network, node, static_cast<int>(output));
    std::vector<Pick> picks;
    picks.reserve(sources.size());
    for (const SourceElement& source : sources) {
      const auto i = static_cast<std::size_t>(source.input);
      if (forms[i] == nullptr) forms[i] = &form_of(context, node.inputs[i], scratch[i]);
      picks.push_back({source.input, source.element});
    }
    for (std::size_t i = 0; i < forms.size(); ++i) {
      if (forms[i] == nullptr) forms[i] = &scratch[i];  // an input that no element comes from (indices, shapes)
    }
    results.push_back(gather(forms, picks));
  }
  return results;
}

}  // namespace clipbound
