// Idea: Floor, Ceil and the cut towards 0 (Cast). Of an input itself they are exact, also at
// their jumps: nothing has been rounded that could end up on the other side.
// Source: own.
// Guarantees: exact (S1, S3); staircases of inputs are noted for case splits (S10).
#include <cmath>

#include "base/check.h"
#include "base/rounding.h"
#include "bounds/lowering/ops/lower_op.h"
#include "bounds/lowering/ops/steps.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

constexpr double kLargest = 0x1p50;

/// The input that element i is a copy of, or -1.
int copied_input(const AffineForm& form, std::int64_t i) {
  const auto e = static_cast<std::size_t>(i);
  if (form.constant[e] != 0.0 || form.radius[e] != 0.0) return -1;
  int input = -1;
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    const auto index = rows.indices(i);
    if (index.empty()) continue;
    if (source != kInputSource || index.size() != 1 || rows.values(i)[0] != 1.0) return -1;
    input = index[0];
  }
  return input;
}

}  // namespace

AffineForm staircase_of(LowerContext& context, const AffineForm& form, Curve curve, ValueId value,
                        const std::optional<StepId>& steps) {
  const IntervalVector& box = context.sources().at(kInputSource);
  IntervalVector known{std::vector<double>(form.constant.size(), -kInfinity),
                       std::vector<double>(form.constant.size(), kInfinity)};
  for (std::int64_t i = 0; i < form.size(); ++i) {
    const int input = copied_input(form, i);
    if (input < 0) continue;
    const auto c = static_cast<std::size_t>(input);
    const double l = box.lower[c], u = box.upper[c];
    if (!(std::fabs(l) <= kLargest && std::fabs(u) <= kLargest)) continue;
    const bool open_l = !context.open().lower.empty() && context.open().lower[c] != 0,
               open_u = !context.open().upper.empty() && context.open().upper[c] != 0;
    const Range range = staircase_range(curve, l, u, open_l, open_u);
    known.lower[static_cast<std::size_t>(i)] = range.lower;
    known.upper[static_cast<std::size_t>(i)] = range.upper;
    if (range.lower < range.upper) context.note_staircase({input, curve, range.lower, range.upper});
  }
  return add_steps(context, form, {.curve = curve}, steps, all_elements(form), value,
                   std::move(known));
}

std::vector<AffineForm> lower_staircase(LowerContext& context, const Node& node) {
  const std::optional<Curve> curve = curve_named(op_row(node.kind).onnx_name);
  CLIPBOUND_CHECK_NOTE(curve.has_value(), node.name);
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  return {staircase_of(context, x, *curve, node.inputs[0], context.next_steps())};
}

}  // namespace clipbound::bounds
