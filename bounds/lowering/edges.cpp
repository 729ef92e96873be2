#include "bounds/lowering/edges.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/layered/sharp_ends.h"
#include "bounds/lowering/operands.h"
#include "bounds/lowering/ops/axis_lists.h"
#include "specs/network/op_table.h"
#include "specs/ops/movement.h"

namespace clipbound::bounds {

namespace {

IntervalVector unknown_ends(std::size_t size) {
  return {std::vector<double>(size, -kInfinity), std::vector<double>(size, kInfinity)};
}

/// Between which numbers a function without a pole has values.
Range domain_of(Curve curve) {
  switch (curve) {
    case Curve::asin:
    case Curve::acos:
    case Curve::atanh: return {-1.0, 1.0};
    case Curve::acosh: return {1.0, kInfinity};
    default: return {0.0, kInfinity};
  }
}

/// The elements of one operand, one after the other.
class EdgeLayer {
 public:
  EdgeLayer(LowerContext& context, const Node& node, const EdgeOperand& operand, Activation f)
      : context_(context), node_(node), operand_(operand), f_(f) {
    const auto size = static_cast<std::size_t>(operand.form.size());
    limits_.z = operand.certain.lower.empty() ? unknown_ends(size) : operand.certain;
    z_ = enclose(operand.form, context.sources());
    sharpen(operand.form, context.sources(), z_);
    for (std::size_t i = 0; i < size; ++i) {
      z_.lower[i] = std::max(z_.lower[i], limits_.z.lower[i]);
      z_.upper[i] = std::min(z_.upper[i], limits_.z.upper[i]);
    }
  }

  AffineForm add() {
    for (std::size_t i = 0; i < z_.lower.size(); ++i) {
      if (f_.curve == Curve::reciprocal) {
        look_at_pole(i);
      } else if (f_.curve == Curve::power && f_.parameter < 0.0) {
        undefined_ = undefined_ || !(z_.lower[i] > 0.0 || (is_whole() && z_.upper[i] < 0.0));
      } else {
        look_at_end(i);
      }
    }
    if (poles_ && !undefined_) f_ = kReciprocalWithoutPole;
    if (undefined_) context_.note_undefined(node_.outputs[0]);
    return context_.add_layer_inside(operand_.form, f_, operand_.value, limits_);
  }

 private:
  bool is_whole() const { return std::trunc(f_.parameter) == f_.parameter; }
  /// Whether every clause fails where f of element i is one of `what`.
  bool fails(std::size_t i, NonNumbers what) const {
    const std::int64_t e =
        operand_.output.empty() ? static_cast<std::int64_t>(i) : operand_.output[i];
    return fails_all(context_, node_.outputs[0], e, operand_.form.size(), what);
  }
  void look_at_end(std::size_t i) {
    const Range domain = domain_of(f_.curve);
    if (z_.lower[i] < domain.lower || z_.upper[i] > domain.upper) {
      if (!fails(i, kNaN)) {
        undefined_ = true;
        return;
      }
      limits_.z.lower[i] = std::max(limits_.z.lower[i], domain.lower);
      limits_.z.upper[i] = std::min(limits_.z.upper[i], domain.upper);
      limits_.of_counterexamples = true;
    }
    // log(0), atanh(1) are values, of which more than that they are some would be said.
    const bool endless = f_.curve == Curve::log || f_.curve == Curve::atanh;
    if (endless && z_.lower[i] <= domain.lower && !fails(i, kMinusInfinity)) undefined_ = true;
    if (f_.curve == Curve::atanh && z_.upper[i] >= domain.upper && !fails(i, kPlusInfinity))
      undefined_ = true;
  }
  void look_at_pole(std::size_t i) {
    if (z_.lower[i] > 0.0 || z_.upper[i] < 0.0) return;
    // 0 has a sign in floating-point arithmetic, and nobody knows which.
    if (fails(i, operand_.at_plus) && fails(i, operand_.at_minus)) {
      poles_ = true;
    } else {
      undefined_ = true;
    }
  }

  LowerContext& context_;
  const Node& node_;
  const EdgeOperand& operand_;
  Activation f_;
  LayerLimits limits_;
  IntervalVector z_;
  bool poles_ = false, undefined_ = false;
};

/// Ends of x op y, element by element, broadcast.
template <typename F>
IntervalVector binary_ends(const LowerContext& context, const Node& node, const F& ends) {
  const Shape& shape = context.network().value(node.outputs[0]).shape;
  const IntervalVector x = certain_ends(context, node.inputs[0],
                                        broadcast_map(operand_shape(context, node, 0), shape)),
                       y = certain_ends(context, node.inputs[1],
                                        broadcast_map(operand_shape(context, node, 1), shape));
  IntervalVector result;
  for (std::size_t i = 0; i < x.lower.size(); ++i) {
    const Range range = ends(Range{x.lower[i], x.upper[i]}, Range{y.lower[i], y.upper[i]});
    result.lower.push_back(range.lower);
    result.upper.push_back(range.upper);
  }
  return result;
}

Range product_ends(const Range& x, const Range& y) {
  Range result{kInfinity, -kInfinity};
  for (const double a : {x.lower, x.upper}) {
    for (const double b : {y.lower, y.upper}) {
      result.lower = std::min(result.lower, sharp_product_down(a, b));
      result.upper = std::max(result.upper, sharp_product_up(a, b));
    }
  }
  return result;
}

Range quotient_ends(const Range& x, const Range& y) {
  if (!(y.lower > 0.0)) return {-kInfinity, kInfinity};
  const double low = x.lower / (x.lower > 0.0 ? y.upper : y.lower),
               high = x.upper / (x.upper > 0.0 ? y.lower : y.upper);
  return {x.lower >= 0.0 ? std::max(0.0, next_down(low)) : next_down(low),
          x.upper <= 0.0 ? std::min(0.0, next_up(high)) : next_up(high)};
}

/// Of all elements together: what means, and extremes, of some of them cannot leave.
Range ends_of_all(const IntervalVector& x) {
  return {*std::min_element(x.lower.begin(), x.lower.end()),
          *std::max_element(x.upper.begin(), x.upper.end())};
}

/// What an operator's values cannot leave, whatever it is applied to.
Range range_of_operator(const LowerContext& context, const Node& node) {
  const auto limit = [&](std::size_t k, const char* key, double none) {
    if (node.opset < 11) return node.float_attribute(key, none);
    if (k >= node.inputs.size() || node.inputs[k] == kNoValue) return none;
    const auto& constant = context.network().value(node.inputs[k]).constant;
    return constant && !std::isnan(constant->at(0)) ? constant->at(0) : none;
  };
  const auto is_computed = [&](std::size_t k) {
    return node.opset >= 11 && k < node.inputs.size() && node.inputs[k] != kNoValue &&
           !context.network().is_constant(node.inputs[k]);
  };
  switch (node.kind) {
    case OpKind::tanh:
    case OpKind::sin:
    case OpKind::cos:
    case OpKind::erf: return {-1.0, 1.0};
    case OpKind::sigmoid:
    case OpKind::softmax: return {0.0, 1.0};
    case OpKind::clip: {
      // Where an upper limit lies below the lower one it is the value.
      if (is_computed(1) || is_computed(2)) return {-kInfinity, kInfinity};
      const double low = limit(1, "min", -kInfinity), high = limit(2, "max", kInfinity);
      return low <= high ? Range{low, high} : Range{-kInfinity, kInfinity};
    }
    default: return {-kInfinity, kInfinity};
  }
}

IntervalVector moved_ends(const LowerContext& context, const Node& node, std::size_t k) {
  std::vector<IntervalVector> inputs;
  for (const ValueId id : node.inputs)
    inputs.push_back(id == kNoValue ? IntervalVector() : certain_ends(context, id));
  IntervalVector result;
  for (const specs::SourceElement& from :
       specs::movement_map(context.network(), node, static_cast<int>(k))) {
    const IntervalVector& input = inputs[static_cast<std::size_t>(from.input)];
    result.lower.push_back(input.lower[static_cast<std::size_t>(from.element)]);
    result.upper.push_back(input.upper[static_cast<std::size_t>(from.element)]);
  }
  return result;
}

/// A mean lies between the least and the largest element, a sum has their sign.
IntervalVector reduced_ends(const LowerContext& context, const Node& node, std::size_t size) {
  Range range = ends_of_all(certain_ends(context, node.inputs[0]));
  if (node.kind == OpKind::average_pool)
    range = {std::min(range.lower, 0.0), std::max(range.upper, 0.0)};
  if (node.kind == OpKind::reduce_sum)
    range = {range.lower >= 0.0 ? 0.0 : -kInfinity, range.upper <= 0.0 ? 0.0 : kInfinity};
  return {std::vector<double>(size, range.lower), std::vector<double>(size, range.upper)};
}

/// Whether a softmax of numbers and -infinity makes shares of all its lists: some element of each
/// is certainly a number, or every clause fails where its shares are NaN.
bool leaves_shares(const LowerContext& context, const Node& node) {
  const Shape& shape = context.network().value(node.inputs[0]).shape;
  const bool before_13 = node.opset < 13;
  const AxisLists lists = lists_of(shape, node.int_attribute("axis", before_13 ? 1 : -1),
                                   before_13 ? Extent::all_axes_behind : Extent::one_axis);
  AffineForm scratch;
  const IntervalVector x = enclose(form_of(context, node.inputs[0], scratch), context.sources());
  const auto size = static_cast<std::int64_t>(x.lower.size());
  return std::all_of(lists.first.begin(), lists.first.end(), [&](std::int64_t first) {
    bool number = false, fails = true;
    for (std::int64_t i = 0; i < lists.length; ++i) {
      const std::int64_t e = first + i * lists.step;
      number = number || x.lower[static_cast<std::size_t>(e)] > -kInfinity;
      fails = fails && (number || fails_all(context, node.outputs[0], e, size, kNaN));
    }
    return number || fails;
  });
}

bool passes_ends(OpKind kind) {
  switch (kind) {
    case OpKind::add:
    case OpKind::sub:
    case OpKind::mul:
    case OpKind::div:
    case OpKind::reduce_sum:
    case OpKind::reduce_mean:
    case OpKind::average_pool:
    case OpKind::global_average_pool: return true;
    default: return op_row(kind).op_class == OpClass::movement;
  }
}

}  // namespace

bool fails_all(const LowerContext& context, ValueId id, std::int64_t element, std::int64_t size,
               NonNumbers what) {
  constexpr std::int64_t kMostElements = 256;  // each is followed through the whole network
  const UndefinedReach* const undefined_reach = context.edges().undefined_reach;
  if (undefined_reach == nullptr || size > kMostElements) return false;
  return undefined_reach->fails(id, element, what);
}

AffineForm add_layer_with_edge(LowerContext& context, const Node& node, const EdgeOperand& operand,
                               const Activation& f) {
  return EdgeLayer(context, node, operand, f).add();
}

IntervalVector certain_ends(const LowerContext& context, ValueId id,
                            const std::vector<std::int64_t>& from) {
  const Network& network = context.network();
  const auto size = static_cast<std::size_t>(network.value(id).size());
  IntervalVector all;
  if (network.is_constant(id)) {
    all.lower = all.upper = network.value(id).constant->as_float64();
    for (std::size_t i = 0; i < size; ++i) {
      if (!std::isfinite(all.lower[i])) all.lower[i] = -kInfinity, all.upper[i] = kInfinity;
    }
  } else {
    const auto found = context.edges().certain.find(id);
    all = found == context.edges().certain.end() ? unknown_ends(size) : found->second;
  }
  if (from.empty()) return all;
  IntervalVector result;
  for (const std::int64_t e : from) {
    result.lower.push_back(all.lower[static_cast<std::size_t>(e)]);
    result.upper.push_back(all.upper[static_cast<std::size_t>(e)]);
  }
  return result;
}

std::vector<char> values_before_edges(const Network& network) {
  std::vector<char> wanted(network.values.size(), 0);
  for (std::size_t n = network.nodes.size(); n-- > 0;) {
    const Node& node = network.nodes[n];
    const bool passes = passes_ends(node.kind) &&
                        std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) {
                          return id != kNoValue && wanted[index_of(id)] != 0;
                        });
    const bool edge = node.kind == OpKind::sqrt || node.kind == OpKind::log ||
                      node.kind == OpKind::reciprocal || node.kind == OpKind::pow ||
                      node.kind == OpKind::asin || node.kind == OpKind::acos ||
                      node.kind == OpKind::acosh || node.kind == OpKind::atanh;
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const bool divisor = node.kind == OpKind::div && k == 1;
      if (node.inputs[k] != kNoValue && (passes || edge || divisor))
        wanted[index_of(node.inputs[k])] = 1;
    }
  }
  return wanted;
}

IntervalVector ends_by_operator(const LowerContext& context, const Node& node, std::size_t k) {
  const auto size = static_cast<std::size_t>(context.network().value(node.outputs[k]).size());
  // Integers are divided towards 0, and wrap.
  if (context.network().value(node.outputs[k]).type == DataType::int64) return unknown_ends(size);
  if (!passes_ends(node.kind)) {
    const Range range = range_of_operator(context, node);
    return {std::vector<double>(size, range.lower), std::vector<double>(size, range.upper)};
  }
  if (op_row(node.kind).op_class == OpClass::movement) return moved_ends(context, node, k);
  switch (node.kind) {
    case OpKind::add:
      return binary_ends(context, node, [](const Range& x, const Range& y) {
        return Range{sharp_sum_down(x.lower, y.lower), sharp_sum_up(x.upper, y.upper)};
      });
    case OpKind::sub:
      return binary_ends(context, node, [](const Range& x, const Range& y) {
        return Range{sharp_sum_down(x.lower, -y.upper), sharp_sum_up(x.upper, -y.lower)};
      });
    case OpKind::mul: {
      const bool square = node.inputs[0] == node.inputs[1];
      return binary_ends(context, node, [&](const Range& x, const Range& y) {
        Range range = product_ends(x, y);
        if (square) range.lower = x.lower > 0.0 || x.upper < 0.0 ? std::max(range.lower, 0.0) : 0.0;
        return range;
      });
    }
    case OpKind::div: return binary_ends(context, node, quotient_ends);
    default: return reduced_ends(context, node, size);
  }
}

bool keeps_undefined(const LowerContext& context, const Node& node) {
  switch (node.kind) {
    case OpKind::add:
    case OpKind::sub:
    case OpKind::mul:
    case OpKind::div:
    case OpKind::neg:
    case OpKind::sqrt:
    case OpKind::reciprocal:
    case OpKind::where:
    case OpKind::interpolate:
    case OpKind::interpolate_upsample:
    case OpKind::gemm:
    case OpKind::matmul:
    case OpKind::conv:
    case OpKind::conv_transpose:
    case OpKind::batch_normalization:
    case OpKind::average_pool:
    case OpKind::global_average_pool:
    case OpKind::reduce_sum:
    case OpKind::reduce_mean: return true;
    // The share of -infinity is 0.
    case OpKind::softmax: return context.edges().masked.contains(node.inputs[0]);
    // NaN may become a limit. So may real numbers, where all of them stand for it.
    case OpKind::relu:
    case OpKind::leaky_relu:
    case OpKind::abs:
    case OpKind::clip:
    case OpKind::min:
    case OpKind::max: break;
    default: return op_row(node.kind).op_class == OpClass::movement;
  }
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
    if (id == kNoValue || !context.edges().undefined.contains(id)) return true;
    AffineForm scratch;
    const IntervalVector z = enclose(form_of(context, id, scratch), context.sources());
    return std::all_of(z.lower.begin(), z.lower.end(), [](double l) { return l == -kInfinity; }) &&
           std::all_of(z.upper.begin(), z.upper.end(), [](double u) { return u == kInfinity; });
  });
}

void pass_undefined(LowerContext& context, const Node& node, std::size_t k) {
  const std::set<ValueId>&undefined = context.edges().undefined, &masked = context.edges().masked;
  const ValueId id = node.outputs[k];
  if (undefined.empty() || context.network().value(id).type == DataType::boolean) return;
  const auto is_in = [](const std::set<ValueId>& set) {
    return [&set](ValueId input) { return set.contains(input); };
  };
  if (std::none_of(node.inputs.begin(), node.inputs.end(), is_in(undefined))) return;
  const std::set<ValueId>& endless = context.edges().endless;
  const bool only_masked = std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId input) {
    return !endless.contains(input) && (!undefined.contains(input) || masked.contains(input));
  });
  if (node.kind == OpKind::softmax && only_masked && leaves_shares(context, node)) return;
  const bool copies = op_row(node.kind).op_class == OpClass::movement ||
                      node.kind == OpKind::where || node.kind == OpKind::add;
  if (only_masked && copies && !undefined.contains(id)) {
    context.note_masked(id);
  } else {
    context.note_undefined(id);
  }
}

std::vector<AffineForm> unknown_outputs(const Network& network, const Node& node) {
  std::vector<AffineForm> results;
  for (const ValueId id : node.outputs) {
    const auto size =
        id == kNoValue ? std::size_t{0} : static_cast<std::size_t>(network.value(id).size());
    const bool truth = id != kNoValue && network.value(id).type == DataType::boolean;
    results.push_back(AffineForm::of_constant(std::vector<double>(size, truth ? 0.5 : 0.0)));
    results.back().radius.assign(size, truth ? 0.5 : kInfinity);
  }
  return results;
}

}  // namespace clipbound::bounds
