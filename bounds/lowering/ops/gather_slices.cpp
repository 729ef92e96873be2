// Idea: GatherElements and GatherND at computed indices that are known on the box: copies.
// Source: own.
// Guarantees: exact (S1).
#include "bounds/lowering/ops/decided_places.h"
#include "bounds/lowering/ops/lower_op.h"
#include "specs/ops/gather_elements.h"

namespace clipbound::bounds {

std::vector<AffineForm> lower_gather_slices(LowerContext& context, const Node& node) {
  const IndexedSlices slices = gather_slices_of(context.network(), node);
  std::vector<Pick> picks;
  for (const std::int64_t place : decided_places(context, node.inputs[1], slices)) {
    for (std::int64_t i = 0; i < slices.slice; ++i) picks.push_back({0, place + i});
  }
  AffineForm scratch;
  return {gather({&form_of(context, node.inputs[0], scratch)}, picks)};
}

}  // namespace clipbound::bounds
