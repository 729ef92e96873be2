// Idea: MaxPool by halving the window: max(a, b) = a + relu(b - a) for all positions at once.
// Source: own.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/rounding.h"
#include "bounds/lowering/ops/lower_op.h"
#include "bounds/lowering/ops/taps.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// The maximum as a layer of its own, which lies where the largest of the candidates' intervals
/// are: a + relu(b - a) has wider ones.
AffineForm layer_of_maxima(LowerContext& context, const Node& node, const AffineForm& form,
                           const std::vector<std::vector<Pick>>& picks, const AffineForm& largest) {
  const IntervalVector range = enclose(form, context.sources());
  LayerLimits limits;
  limits.z.lower.assign(picks.front().size(), -kInfinity);
  limits.z.upper = limits.z.lower;
  for (const std::vector<Pick>& tap : picks) {
    for (std::size_t i = 0; i < tap.size(); ++i) {
      const auto e = static_cast<std::size_t>(tap[i].element);
      limits.z.lower[i] = std::max(limits.z.lower[i], range.lower[e]);
      limits.z.upper[i] = std::max(limits.z.upper[i], range.upper[e]);
    }
  }
  return context.add_maxima(largest, node.outputs[0], limits, picks);
}

}  // namespace

std::vector<AffineForm> lower_max_pool(LowerContext& context, const Node& node) {
  const Network& network = context.network();
  if (node.outputs.size() > 1) throw Unsupported("the indices of a maximum have no linear bounds");
  const auto* kernel = node.ints_attribute("kernel_shape");
  const Shape& x = network.value(node.inputs[0]).shape;
  const Windows windows(windows_over(node, spatial(x), *kernel));
  AffineForm scratch;
  const AffineForm& form = form_of(context, node.inputs[0], scratch);
  const std::int64_t channels = x[0] * x[1], positions = windows.positions();
  // One candidate per position and tap; -1 where the window reaches over the edge.
  std::vector<std::vector<Pick>> picks(
      static_cast<std::size_t>(windows.taps()),
      std::vector<Pick>(static_cast<std::size_t>(channels * positions), Pick{-1, 0}));
  for_each_tap(windows, [&](std::int64_t position, std::int64_t tap, std::int64_t element) {
    for (std::int64_t ch = 0; ch < channels; ++ch) {
      picks[static_cast<std::size_t>(tap)][static_cast<std::size_t>(ch * positions + position)] = {
          0, ch * windows.image_size() + element};
    }
  });
  // Let a tap that is missing repeat one that is there: the maximum stays the same. Of a window
  // that lies between the elements (a dilated one on a small image) nothing is known: it has no
  // maximum.
  AffineForm unknown = AffineForm::of_constant({0.0});
  unknown.radius[0] = std::numeric_limits<double>::infinity();
  std::vector<Pick> from;
  for (std::size_t i = 0; i < static_cast<std::size_t>(channels * positions); ++i) {
    Pick present{-1, 0};
    for (const auto& tap : picks) present = tap[i].input >= 0 ? tap[i] : present;
    from.push_back(present.input >= 0 ? Pick{0, static_cast<std::int64_t>(i)} : Pick{1, 0});
    for (auto& tap : picks) tap[i] = tap[i].input >= 0 ? tap[i] : present;
  }
  const bool is_known =
      std::all_of(from.begin(), from.end(), [](const Pick& pick) { return pick.input == 0; });
  if (!is_known) context.note_undefined(node.outputs[0]);
  std::vector<AffineForm> candidates;
  for (const auto& tap : picks) candidates.push_back(gather({&form}, tap));
  const bool is_layer = is_known && context.keeps_layers_whole();
  if (is_layer) context.begin_maxima(form);
  const AffineForm largest = extreme_of(context, std::move(candidates), Extreme::maximum);
  if (is_layer) return {layer_of_maxima(context, node, form, picks, largest)};
  return {gather({&largest, &unknown}, from)};
}

}  // namespace clipbound::bounds
