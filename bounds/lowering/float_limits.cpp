#include "bounds/lowering/float_limits.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rounding.h"
#include "bounds/layered/underflow.h"
#include "bounds/layered/weighted_sum.h"
#include "bounds/lowering/operands.h"
#include "specs/network/half.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

bool is_floating(const Value& value) {
  return value.type == DataType::float32 || value.type == DataType::float64;
}

bool is_jump(OpKind kind) {
  switch (kind) {
    case OpKind::equal:
    case OpKind::less:
    case OpKind::greater:
    case OpKind::less_or_equal:
    case OpKind::greater_or_equal:
    case OpKind::is_nan:
    case OpKind::is_inf:
    case OpKind::sign:
    case OpKind::floor:
    case OpKind::ceil:
    case OpKind::round:
    case OpKind::cast:
    case OpKind::mod:
    case OpKind::thresholded_relu:
    case OpKind::arg_max:
    case OpKind::arg_min:
    case OpKind::top_k: return true;
    default: return false;
  }
}

bool is_comparison(OpKind kind) {
  return kind == OpKind::equal || kind == OpKind::less || kind == OpKind::greater ||
         kind == OpKind::less_or_equal || kind == OpKind::greater_or_equal;
}

/// Sums of products, in which infinities of both signs may meet.
bool is_sum(OpKind kind) {
  switch (kind) {
    case OpKind::gemm:
    case OpKind::matmul:
    case OpKind::conv:
    case OpKind::conv_transpose:
    case OpKind::batch_normalization:
    case OpKind::average_pool:
    case OpKind::global_average_pool:
    case OpKind::reduce_mean:
    case OpKind::interpolate:
    case OpKind::interpolate_upsample: return true;
    default: return false;
  }
}

/// What makes of an infinity what it makes of a huge number, or that number's limit.
bool follows_limits(OpKind kind) {
  switch (kind) {
    case OpKind::neg:
    case OpKind::relu:
    case OpKind::leaky_relu:
    case OpKind::abs:
    case OpKind::clip:
    case OpKind::min:
    case OpKind::max:
    case OpKind::max_pool:
    case OpKind::global_max_pool:
    case OpKind::reduce_max:
    case OpKind::reduce_min:
    case OpKind::where:
    case OpKind::exp:
    case OpKind::sigmoid:
    case OpKind::tanh:
    case OpKind::reciprocal:
    case OpKind::sign:
    case OpKind::floor:
    case OpKind::ceil:
    case OpKind::round:
    case OpKind::cast: return true;
    default: return op_row(kind).op_class == OpClass::movement;
  }
}

IntervalVector interval_of(const LowerContext& context, ValueId id) {
  AffineForm scratch;
  return enclose(form_of(context, id, scratch), context.sources());
}

bool is_endless(const LowerContext& context, ValueId id) {
  return context.edges().endless.contains(id);
}

/// Which infinities a value may be.
struct Infinities {
  bool plus = false, minus = false;
};
Infinities infinities_of(const IntervalVector& range, double limit) {
  const auto beyond = [limit](double x) { return !(x <= limit); };
  return {
      std::any_of(range.upper.begin(), range.upper.end(), beyond),
      std::any_of(range.lower.begin(), range.lower.end(), [&](double x) { return beyond(-x); })};
}
Infinities infinities_of(const LowerContext& context, ValueId id) {
  if (!is_endless(context, id)) return {};
  return infinities_of(interval_of(context, id), certainly_finite(context.network().value(id)));
}

/// Whether a sum of infinite inputs, a product of an infinite one, ... may be NaN, or infinite
/// where real arithmetic has no huge number.
bool mixes_infinities(const LowerContext& context, const Node& node) {
  const auto of = [&](std::size_t k) { return infinities_of(context, node.inputs[k]); };
  switch (node.kind) {
    case OpKind::add: return (of(0).plus && of(1).minus) || (of(0).minus && of(1).plus);
    case OpKind::sub: return (of(0).plus && of(1).plus) || (of(0).minus && of(1).minus);
    case OpKind::reduce_sum: return of(0).plus && of(0).minus;
    default: return !follows_limits(node.kind);
  }
}

/// A quotient of a number of ordinary size by what may be infinite is 0, or next to it.
bool is_small_quotient(const LowerContext& context, const Node& node) {
  constexpr double kOrdinary = 0x1p20;
  if (node.kind != OpKind::div || is_endless(context, node.inputs[0])) return false;
  const IntervalVector x = interval_of(context, node.inputs[0]);
  for (std::size_t i = 0; i < x.lower.size(); ++i) {
    if (!(std::fmax(std::fabs(x.lower[i]), std::fabs(x.upper[i])) <= kOrdinary)) return false;
  }
  return true;
}

/// The largest relative and absolute error of rounding to the type of `to`; 0 where every number
/// of `from` is one of it.
struct Rounding {
  double relative = 0.0, absolute = 0.0, whole = 0.0;  ///< whole: integers up to it are numbers
};
Rounding rounding_between(const Value& from, const Value& to) {
  if (to.half == from.half && to.type == from.type) return {};
  if (from.type == DataType::boolean || !is_floating(to)) return {};
  if (to.half == Half::float16) return {0x1p-11, 0x1p-25, 0x1p11};
  if (to.half == Half::bfloat16) return {0x1p-8, 0x1p-133, 0x1p8};
  if (to.type == DataType::float64)
    return from.type == DataType::int64 ? Rounding{0x1p-53, 0.0, 0x1p53} : Rounding{};
  if (from.type == DataType::float64 || from.type == DataType::int64)
    return {kUnitRoundoff32, 0x1p-150, 0x1p24};
  return {};
}

bool is_number_of(const Value& type, double x) {
  if (type.type == DataType::float64) return true;
  const auto single = static_cast<float>(x);
  return static_cast<double>(nearest_half(type.half, single)) == x;
}

void charge_narrowing(const LowerContext& context, const Node& node, AffineForm& form) {
  const Network& network = context.network();
  const Value &from = network.value(node.inputs[0]), &to = network.value(node.outputs[0]);
  const Rounding rounding = rounding_between(from, to);
  if (rounding.relative == 0.0) return;
  const bool judged = context.edges().before_jumps[index_of(node.outputs[0])] != 0;
  const std::vector<char> constant = constant_elements(form);
  const IntervalVector range = enclose(form, context.sources());
  for (std::size_t i = 0; i < constant.size(); ++i) {
    if (constant[i] == 0 && !judged) continue;
    if (constant[i] != 0 && form.radius[i] == 0.0 && is_number_of(to, form.constant[i])) continue;
    const double size = std::fmax(std::fabs(range.lower[i]), std::fabs(range.upper[i]));
    if (from.type == DataType::int64 && size <= rounding.whole) continue;
    form.radius[i] =
        add_up(form.radius[i], add_up(mul_up(rounding.relative, size), rounding.absolute));
  }
}

bool has_products(OpKind kind) {
  const OpClass op_class = op_row(kind).op_class;
  if (op_class == OpClass::linear)
    return kind != OpKind::add && kind != OpKind::sub && kind != OpKind::neg &&
           kind != OpKind::reduce_sum && kind != OpKind::pad;
  return kind == OpKind::pow || kind == OpKind::exp || kind == OpKind::reciprocal;
}

/// Whether element i is no larger than kUnderflow, but no exact 0 either.
bool is_tiny(const LowerContext& context, const AffineForm& form,
             const std::vector<double>& structured, std::int64_t i) {
  const auto e = static_cast<std::size_t>(i);
  double size = std::fabs(form.constant[e]) + form.radius[e] + structured[e];
  for (auto term = form.terms.begin(); term != form.terms.end() && size < kUnderflow; ++term) {
    if (term->second.structure() != nullptr) continue;
    const SparseRows& rows = term->second.written();
    const auto index = rows.indices(i);
    const auto value = rows.values(i);
    const std::vector<double>& magnitude = context.magnitudes().at(term->first);
    for (std::size_t j = 0; j < index.size() && size < kUnderflow; ++j)
      size += std::fabs(value[j]) * magnitude[static_cast<std::size_t>(index[j])];
  }
  return size > 0.0 && size < kUnderflow;
}

}  // namespace

double certainly_finite(const Value& value) {
  if (value.half == Half::float16) return 0.5 * 65504.0;
  return value.type == DataType::float64
             ? 0.5 * std::numeric_limits<double>::max()
             : 0.5 * static_cast<double>(std::numeric_limits<float>::max());
}

Judges judges_of(const Network& network) {
  Judges judges{std::vector<char>(network.values.size(), 0),
                std::vector<char>(network.values.size(), 0)};
  for (std::size_t n = network.nodes.size(); n-- > 0;) {
    const Node& node = network.nodes[n];
    bool jumps = is_jump(node.kind), divisions = false;
    for (const ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      jumps = jumps || judges.jumps[index_of(id)] != 0;
      divisions = divisions || judges.divisions[index_of(id)] != 0;
    }
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      if (node.inputs[k] == kNoValue) continue;
      const bool divisor = node.kind == OpKind::reciprocal || (node.kind == OpKind::div && k == 1);
      char& before_jumps = judges.jumps[index_of(node.inputs[k])];
      char& before_divisions = judges.divisions[index_of(node.inputs[k])];
      if (jumps) before_jumps = 1;
      if (divisions || divisor) before_divisions = 1;
    }
  }
  return judges;
}

bool keeps_endless(const LowerContext& context, const Node& node) {
  if (context.edges().endless.empty()) return true;
  const auto endless = std::count_if(node.inputs.begin(), node.inputs.end(),
                                     [&](ValueId id) { return is_endless(context, id); });
  if (endless == 0 || follows_limits(node.kind)) return true;
  // A small part of a huge number is no huge number, and what it divides not 0.
  if (is_sum(node.kind) || node.kind == OpKind::mul)
    return context.edges().before_divisions[index_of(node.outputs[0])] == 0;
  // Of a huge number and another that is none an infinity tells the same. Nor is it in doubt
  // whether it is one: not_finite.cpp looks at the interval.
  if (is_comparison(node.kind)) return endless == 1;
  switch (node.kind) {
    case OpKind::add:
    case OpKind::sub:
    case OpKind::reduce_sum:
    case OpKind::is_nan:
    case OpKind::is_inf: return true;
    default: return is_small_quotient(context, node);
  }
}

void note_overflow(LowerContext& context, const Node& node, std::size_t k, const AffineForm& form) {
  const ValueId id = node.outputs[k];
  EdgeFacts& edges = context.edges();
  if (id == kNoValue || !is_floating(context.network().value(id)) || edges.undefined.contains(id))
    return;
  const bool before_jumps = edges.before_jumps[index_of(id)] != 0;
  if (!before_jumps && edges.before_divisions[index_of(id)] == 0) return;
  const bool from_endless = std::any_of(node.inputs.begin(), node.inputs.end(),
                                        [&](ValueId input) { return is_endless(context, input); });
  if (from_endless && !is_small_quotient(context, node) && mixes_infinities(context, node))
    return context.note_undefined(id);
  const Infinities infinities = infinities_of(enclose(form, context.sources()),
                                              certainly_finite(context.network().value(id)));
  if (!infinities.plus && !infinities.minus) return;
  if (is_sum(node.kind) && before_jumps) return context.note_undefined(id);
  edges.endless.insert(id);
}

void charge_type(const LowerContext& context, const Node& node, std::size_t k, AffineForm& form) {
  if (node.kind == OpKind::convert) return charge_narrowing(context, node, form);
  const ValueId id = node.outputs[k];
  if (id == kNoValue || !has_products(node.kind) ||
      context.network().value(id).type != DataType::float32)
    return;
  constexpr double kLoss = 0x1p-120;  // float32's least normal number, and many of them
  std::vector<double> structured;     // made where some element needs it
  for (std::int64_t i = 0; i < form.size(); ++i) {
    double& radius = form.radius[static_cast<std::size_t>(i)];
    if (std::fabs(form.constant[static_cast<std::size_t>(i)]) + radius >= kUnderflow) continue;
    if (structured.empty()) structured = structured_sizes(form, context.magnitudes());
    if (is_tiny(context, form, structured, i)) radius = add_up(radius, kLoss);
  }
}

WidenedInputs::WidenedInputs(LowerContext& context, const Node& node) : context_(context) {
  if (!is_jump(node.kind)) return;
  const std::vector<double> losses = underflow_of_layers(context.layers(), context.activations());
  for (const ValueId id : node.inputs) {
    if (id == kNoValue || context.form(id) == nullptr ||
        context.network().value(id).type != DataType::float32 ||
        std::any_of(kept_.begin(), kept_.end(), [&](const auto& k) { return k.first == id; }))
      continue;
    AffineForm wide = *context.form(id);
    const std::vector<char> constant = constant_elements(wide);
    bool wider = false;
    for (std::int64_t i = 0; i < wide.size(); ++i) {
      const auto e = static_cast<std::size_t>(i);
      const double loss = constant[e] == 0       ? underflow_of(wide, i, losses)
                          : wide.radius[e] > 0.0 ? kUnderflow
                                                 : 0.0;
      if (loss == 0.0) continue;
      wide.radius[e] = add_up(wide.radius[e], loss);
      wider = true;
    }
    if (!wider) continue;
    kept_.emplace_back(id, *context.form(id));
    context.set_form(id, std::move(wide));
  }
}

WidenedInputs::~WidenedInputs() {
  for (auto& [id, form] : kept_) context_.set_form(id, std::move(form));
}

}  // namespace clipbound::bounds
