// Idea: ScatterND whose indices are known where it is lowered: every element is a copy. So it is
// for constant indices, and for those that integer cases or step decisions have made numbers.
// Source: own.
// Guarantees: exact (S1).
#include <algorithm>

#include "base/error.h"
#include "bounds/lowering/ops/integers.h"
#include "specs/network/absent_elements.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

bool is_absent(const double* index, std::int64_t depth) {
  return std::any_of(index, index + depth, [](double i) { return i < kAbsentBelow; });
}

/// Where the slice of an index begins. Throws Unsupported where the index is out of range: what
/// that means is for the intervals to say.
std::int64_t place_of(const double* index, std::int64_t depth, const Shape& shape) {
  std::int64_t at = 0;
  for (std::int64_t d = 0; d < depth; ++d) {
    const std::int64_t length = shape[static_cast<std::size_t>(d)];
    const double i = index[d] < 0.0 ? index[d] + static_cast<double>(length) : index[d];
    if (!(i >= 0.0 && i < static_cast<double>(length)))
      throw Unsupported("an index is out of range");
    at = at * length + static_cast<std::int64_t>(i);
  }
  return at;
}

}  // namespace

std::vector<AffineForm> lower_scatter_nd(LowerContext& context, const Node& node) {
  const Network& network = context.network();
  const Shape& shape = network.value(node.inputs[0]).shape;
  const std::int64_t depth = network.value(node.inputs[1]).shape.back();
  const std::int64_t slice = element_count(Shape(shape.begin() + depth, shape.end()));
  const std::vector<double> indices = known_integers(context, node.inputs[1]);
  std::vector<Pick> picks;
  for (std::int64_t i = 0; i < element_count(shape); ++i) picks.push_back({0, i});
  const std::int64_t slices = static_cast<std::int64_t>(indices.size()) / depth;
  for (std::int64_t s = 0; s < slices; ++s) {  // the last one of several wins
    if (is_absent(indices.data() + s * depth, depth)) continue;
    const std::int64_t at = place_of(indices.data() + s * depth, depth, shape) * slice;
    for (std::int64_t i = 0; i < slice; ++i)
      picks[static_cast<std::size_t>(at + i)] = {1, s * slice + i};
  }
  AffineForm data, updates;
  return {
      gather({&form_of(context, node.inputs[0], data), &form_of(context, node.inputs[2], updates)},
             picks)};
}

}  // namespace clipbound::bounds
