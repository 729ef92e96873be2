// Idea: Gather whose computed indices are known where it is lowered: every element is a copy. Cases
// make such numbers of them.
// Source: own.
// Guarantees: exact (S1).
#include "base/error.h"
#include "bounds/lowering/ops/integers.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

std::vector<AffineForm> lower_gather_at(LowerContext& context, const Node& node) {
  const Shape& shape = context.network().value(node.inputs[0]).shape;
  std::int64_t axis = node.int_attribute("axis", 0);
  if (axis < 0) axis += static_cast<std::int64_t>(shape.size());
  const std::int64_t length = shape[static_cast<std::size_t>(axis)];
  const std::int64_t inner = element_count(Shape(shape.begin() + axis + 1, shape.end()));
  const std::int64_t outer = element_count(Shape(shape.begin(), shape.begin() + axis));
  std::vector<std::int64_t> places;
  for (const double index : known_integers(context, node.inputs[1])) {
    const double place = index < 0.0 ? index + static_cast<double>(length) : index;
    if (!(place >= 0.0 && place < static_cast<double>(length)))
      throw Unsupported("an index is out of range");
    places.push_back(static_cast<std::int64_t>(place));
  }
  std::vector<Pick> picks;
  for (std::int64_t o = 0; o < outer; ++o) {
    for (const std::int64_t place : places) {
      for (std::int64_t i = 0; i < inner; ++i)
        picks.push_back({0, (o * length + place) * inner + i});
    }
  }
  AffineForm scratch;
  return {gather({&form_of(context, node.inputs[0], scratch)}, picks)};
}

}  // namespace clipbound::bounds
