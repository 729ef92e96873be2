// Idea: comparisons as jumps of a difference; truth is 1, falsehood 0. A comparison jumps where
// both sides are equal. As at every jump, both values are possible there
// (bounds/relax/step_curves.h), so it does not matter which of `<` and `<=` was asked; integers are
// compared half a step off instead, where nothing jumps.
// Source: own.
// Guarantees: both values at a tie of real numbers; exact for integers and constants (S1, S3).
#include <cmath>

#include "base/error.h"
#include "bounds/lowering/ops/integer_operands.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// Elements of two forms that are numbers known exactly.
std::vector<char> exact_elements(const AffineForm& x, const AffineForm& y) {
  std::vector<char> exact = constant_elements(x);
  const std::vector<char> other = constant_elements(y);
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
AffineForm compare_forms(LowerContext& context, OpKind kind, const IntegerOperands& o) {
  if (kind == OpKind::equal)
    return is_zero(context, combine(context, {&o.x, &o.y}, {1.0, -1.0}), o.integer,
                   context.next_steps());
  const bool greater = kind == OpKind::greater || kind == OpKind::greater_or_equal;
  const bool strict = kind == OpKind::less || kind == OpKind::greater;
  const double sign = greater ? 1.0 : -1.0;
  std::vector<double> offset;
  // x >= y is x - y + 1 > 0.
  for (const char integer : o.integer) offset.push_back(integer != 0 && !strict ? 1.0 : 0.0);
  return is_positive(context, combine(context, {&o.x, &o.y}, {sign, -sign}, offset), o.integer,
                     context.next_steps());
}

}  // namespace

std::vector<AffineForm> lower_comparison(LowerContext& context, const Node& node) {
  const IntegerOperands o(context, node);
  const AffineForm compared = compare_forms(context, node.kind, o);
  const std::vector<char> exact = exact_elements(o.x, o.y);
  std::vector<double> numbers(exact.size(), 0.0);
  std::vector<Pick> from;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    if (exact[i] != 0)
      numbers[i] = compare(node.kind, o.x.constant[i], o.y.constant[i]) ? 1.0 : 0.0;
    from.push_back({exact[i] != 0 ? 1 : 0, static_cast<std::int64_t>(i)});
  }
  const AffineForm certain = AffineForm::of_constant(std::move(numbers));
  return {gather({&compared, &certain}, from)};
}

}  // namespace clipbound::bounds
