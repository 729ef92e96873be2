#include "bounds/lowering/integers_in_range.h"

#include <string>

#include "specs/network/integer_range.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// The intervals of the elements; those of constants that are known exactly are numbers.
IntervalVector ends_of(const LowerContext& context, const AffineForm& form) {
  IntervalVector range = enclose(form, context.sources());
  const std::vector<char> constant = constant_elements(form);
  for (std::size_t i = 0; i < constant.size(); ++i) {
    if (constant[i] != 0 && form.radius[i] == 0.0)
      range.lower[i] = range.upper[i] = form.constant[i];
  }
  return range;
}

}  // namespace

void keep_in_range(LowerContext& context, const Node& node, AffineForm& form) {
  const Value& value = context.network().value(node.outputs[0]);
  const IntervalVector range = ends_of(context, form);
  IntervalVector any;
  std::vector<Pick> from;
  for (std::size_t i = 0; i < range.lower.size(); ++i) {
    const specs::IntegerEnds computed{range.lower[i], range.upper[i]};
    const specs::IntegerEnds ends = specs::kept_in_range(value, node, computed);
    if (ends == computed) {
      from.push_back({0, static_cast<std::int64_t>(i)});
      continue;
    }
    from.push_back({1, static_cast<std::int64_t>(any.lower.size())});
    any.lower.push_back(ends.low);
    any.upper.push_back(ends.high);
  }
  if (any.lower.empty()) return;
  const AffineForm unknown = constant_within(any);
  form = gather({&form, &unknown}, from);
  context.note_interval_only(
      {node.name, operator_name(node),
       std::string("its integers may leave the range of ") + specs::name_of(value.integers)});
}

}  // namespace clipbound::bounds
