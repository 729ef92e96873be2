// Idea: ScatterElements at indices that are known on the box, one update of each element after the
// other: in every round an element takes at most one.
// Source: own.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include "specs/ops/scatter_elements.h"

#include "bounds/lowering/ops/decided_places.h"
#include "bounds/lowering/ops/multiplication.h"

namespace clipbound::bounds {

namespace {

AffineForm combined(LowerContext& context, ScatterReduction reduction, const AffineForm& old,
                    const AffineForm& update) {
  switch (reduction) {
    case ScatterReduction::add: return combine(context, {&old, &update}, {1.0, 1.0});
    case ScatterReduction::mul: return multiply(context, old, update);
    case ScatterReduction::max: return extreme_of(context, {old, update}, Extreme::maximum);
    case ScatterReduction::min: return extreme_of(context, {old, update}, Extreme::minimum);
    default: return update;
  }
}

}  // namespace

std::vector<AffineForm> lower_scatter_elements(LowerContext& context, const Node& node) {
  const Network& network = context.network();
  const std::vector<std::int64_t> places =
      decided_places(context, node.inputs[1], scatter_slices_of(network, node));
  const ScatterReduction reduction = scatter_reduction_of(node);
  AffineForm scratch_data, scratch_updates;
  AffineForm form = form_of(context, node.inputs[0], scratch_data);
  const AffineForm& updates = form_of(context, node.inputs[2], scratch_updates);
  // Round by round: the elements that are updated, and by which update.
  std::vector<std::vector<Pick>> elements, sources;
  std::vector<std::size_t> count(form.constant.size(), 0);
  for (std::size_t s = 0; s < places.size(); ++s) {
    const std::size_t round = count[static_cast<std::size_t>(places[s])]++;
    if (round == elements.size()) elements.emplace_back(), sources.emplace_back();
    elements[round].push_back({0, places[s]});
    sources[round].push_back({0, static_cast<std::int64_t>(s)});
  }
  for (std::size_t round = 0; round < elements.size(); ++round) {
    const AffineForm written = combined(context, reduction, gather({&form}, elements[round]),
                                        gather({&updates}, sources[round]));
    std::vector<Pick> picks;
    for (std::int64_t i = 0; i < form.size(); ++i) picks.push_back({0, i});
    for (std::size_t i = 0; i < elements[round].size(); ++i)
      picks[static_cast<std::size_t>(elements[round][i].element)] = {1,
                                                                     static_cast<std::int64_t>(i)};
    form = gather({&form, &written}, picks);
  }
  return {std::move(form)};
}

}  // namespace clipbound::bounds
