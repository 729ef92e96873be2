// Idea: Where on data: no + condition (yes - no).
// Source: own.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3); what may be a constant
// that is not finite is noted as undefined.
#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/lowering/ops/lower_op.h"
#include "bounds/lowering/ops/multiplication.h"
#include "bounds/lowering/ops/step_product.h"

namespace clipbound::bounds {

namespace {

/// What Where chooses from. A constant that is not finite (a mask's -infinity) is a number of which
/// nothing is known.
AffineForm choice_of(LowerContext& context, const Node& node, std::size_t k) {
  if (!context.network().is_constant(node.inputs[k])) return broadcast_operand(context, node, k);
  AffineForm form =
      AffineForm::of_constant(context.network().value(node.inputs[k]).constant->as_float64());
  for (std::size_t i = 0; i < form.constant.size(); ++i) {
    if (std::isfinite(form.constant[i])) continue;
    form.constant[i] = 0.0;
    form.radius[i] = kInfinity;
  }
  std::vector<Pick> picks;
  for (const std::int64_t e : broadcast_map(operand_shape(context, node, k),
                                            context.network().value(node.outputs[0]).shape))
    picks.push_back({0, e});
  return gather({&form}, picks);
}

/// Notes what Where's result may be where it is one of the constants that are not finite, given
/// whether it may be the first or second branch.
void note_not_finite(LowerContext& context, const Node& node, const std::vector<char>& may_be_yes,
                     const std::vector<char>& may_be_no) {
  const Network& network = context.network();
  bool found = false, only_masks = true;
  for (const std::size_t k : {std::size_t{1}, std::size_t{2}}) {
    if (!network.is_constant(node.inputs[k])) continue;
    const std::vector<double> numbers = network.value(node.inputs[k]).constant->as_float64();
    const std::vector<std::int64_t> from =
        broadcast_map(operand_shape(context, node, k), network.value(node.outputs[0]).shape);
    for (std::size_t i = 0; i < from.size(); ++i) {
      const double x = numbers[static_cast<std::size_t>(from[i])];
      if (std::isfinite(x) || (k == 1 ? may_be_yes : may_be_no)[i] == 0) continue;
      found = true;
      only_masks = only_masks && x == -kInfinity;
    }
  }
  if (!found) return;
  const std::set<ValueId>&undefined = context.edges().undefined, &masked = context.edges().masked;
  for (const ValueId id : {node.inputs[1], node.inputs[2]})
    only_masks = only_masks && (!undefined.contains(id) || masked.contains(id));
  if (only_masks) {
    context.note_masked(node.outputs[0]);
  } else {
    context.note_undefined(node.outputs[0]);
  }
}

/// condition * difference.
AffineForm choose(LowerContext& context, const AffineForm& condition,
                  const AffineForm& difference) {
  const std::vector<char> steps = are_steps(context, condition);
  const bool all = std::find(steps.begin(), steps.end(), 0) == steps.end();
  return all ? multiply(context, condition, difference)
             : multiply_by_truth(context, condition, difference);
}

}  // namespace

/// no + condition (yes - no); where the condition is known, what it chooses.
std::vector<AffineForm> lower_where(LowerContext& context, const Node& node) {
  const AffineForm condition = broadcast_operand(context, node, 0),
                   yes = choice_of(context, node, 1), no = choice_of(context, node, 2);
  const IntervalVector range = enclose(condition, context.sources());
  std::vector<char> may_be_yes(range.lower.size(), 1), may_be_no(range.lower.size(), 1);
  AffineForm unknown = AffineForm::of_constant({0.0});
  unknown.radius[0] = kInfinity;
  std::vector<Pick> open, from;
  for (std::size_t i = 0; i < range.lower.size(); ++i) {
    const bool holds = std::ceil(range.lower[i]) >= 1.0, fails = std::floor(range.upper[i]) <= 0.0;
    const bool endless = !(yes.radius[i] < kInfinity) || !(no.radius[i] < kInfinity);
    const auto e = static_cast<std::int64_t>(i);
    may_be_yes[i] = holds || !fails ? 1 : 0;
    may_be_no[i] = holds ? 0 : 1;
    if (holds || fails) {
      from.push_back({holds ? 0 : 1, e});
    } else if (endless) {
      from.push_back({3, 0});
    } else {
      from.push_back({2, static_cast<std::int64_t>(open.size())});
      open.push_back({0, e});
    }
  }
  note_not_finite(context, node, may_be_yes, may_be_no);
  AffineForm mixed;
  if (!open.empty()) {
    const AffineForm y = gather({&yes}, open), n = gather({&no}, open);
    const AffineForm chosen =
        choose(context, gather({&condition}, open), combine(context, {&y, &n}, {1.0, -1.0}));
    mixed = combine(context, {&n, &chosen}, {1.0, 1.0});
  }
  return {gather({&yes, &no, &mixed, &unknown}, from)};
}

}  // namespace clipbound::bounds
