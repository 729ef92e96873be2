#include "bounds/lowering/ops/lower_op.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/error.h"
#include "specs/network/op_table.h"
#include "specs/ops/movement.h"

namespace clipbound::bounds {

const AffineForm& form_of(const LowerContext& context, ValueId id, AffineForm& scratch) {
  if (const auto found = context.forms.find(id); found != context.forms.end()) return found->second;
  CLIPBOUND_CHECK(context.network.is_constant(id));
  scratch = AffineForm::of_constant(context.network.value(id).constant->as_float64());
  for (const double x : scratch.constant) {
    if (!std::isfinite(x))
      throw InputError(context.network.source + ": constant '" + context.network.value(id).name +
                       "' has an element that is not finite");
  }
  return scratch;
}

const AffineForm& form_to_compose(const LowerContext& context, ValueId id, std::int64_t outputs,
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
    composed += std::min(products, static_cast<double>(outputs) * static_cast<double>(rows.cols));
  }
  constexpr double kMostWork = 1e9;
  if (composed <= 1.5 * (terms + own) && work <= kMostWork) return form;
  scratch = context.activate(form, {Curve::identity}, kNoValue);
  return scratch;
}

std::vector<double> constant_of(const LowerContext& context, const Node& node, ValueId id) {
  std::vector<double> values = context.network.value(id).constant->as_float64();
  for (const double x : values) {
    if (!std::isfinite(x))
      throw InputError(context.network.source + ": " + describe(node) +
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

LowerFunction lower_function(OpKind kind) {
  static constexpr LowerFunction kRows[] = {
#define CLIPBOUND_OP(id, onnx_name, op_class, lowering, ...) lower_##lowering,
#define CLIPBOUND_OP_FORM CLIPBOUND_OP
#include "specs/network/op_list.def"
#undef CLIPBOUND_OP
  };
  return kRows[static_cast<std::size_t>(kind)];
}

bool has_linear_bounds(OpKind kind) {
  return lower_function(kind) != lower_none;
}

std::vector<AffineForm> lower_none(const LowerContext& context, const Node& node) {
  throw Unsupported(context.network.source + ": " + describe(node) +
                    ": there are no linear bounds of this operator");
}

AffineForm combine(const LowerContext& context, const std::vector<const AffineForm*>& forms,
                   const std::vector<double>& weights, const std::vector<double>& offset) {
  const std::int64_t size = forms.at(0)->size();
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::int64_t i = 0; i < size; ++i) {
    for (std::size_t k = 0; k < forms.size(); ++k)
      terms.push_back({static_cast<std::int32_t>(k), i, weights[k]});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  return linear_map(
      forms, begin, terms,
      offset.empty() ? std::vector<double>(static_cast<std::size_t>(size), 0.0) : offset,
      context.magnitudes);
}

void charge_weights(const LowerContext& context, AffineForm& form, double relative) {
  for (std::size_t i = 0; i < form.constant.size(); ++i) {
    double size = std::fabs(form.constant[i]) + form.radius[i];
    for (const auto& [source, rows] : form.terms) {
      const auto index = rows.indices(static_cast<std::int64_t>(i));
      const auto value = rows.values(static_cast<std::int64_t>(i));
      const std::vector<double>& magnitude = context.magnitudes.at(source);
      for (std::size_t j = 0; j < index.size(); ++j)
        size += std::fabs(value[j]) * magnitude[static_cast<std::size_t>(index[j])];
    }
    form.radius[i] = (form.radius[i] + relative * size) * (1.0 + 0x1p-30) + 0x1p-1000;
  }
}

Shape operand_shape(const LowerContext& context, const Node& node, std::size_t k) {
  Shape shape = context.network.value(node.inputs[k]).shape;
  if (k == 0 || node.opset >= 7 || !node.attributes.contains("axis")) return shape;
  const auto rank = static_cast<std::int64_t>(context.network.value(node.outputs[0]).shape.size());
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
  for (const std::int64_t e :
       broadcast_map(operand_shape(context, node, k), context.network.value(node.outputs[0]).shape))
    picks.push_back({0, e});
  return gather({&form_of(context, node.inputs[k], scratch)}, picks);
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
      if (forms[i] == nullptr)
        forms[i] = &scratch[i];  // an input that no element comes from (indices, shapes)
    }
    results.push_back(gather(forms, picks));
  }
  return results;
}

}  // namespace clipbound::bounds
