// Idea: MaxPool by halving the window: max(a, b) = a + relu(b - a) for all positions at once.
// Source: own.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include <algorithm>
#include <limits>

#include "base/error.h"
#include "bounds/lowering/ops/lower_op.h"
#include "bounds/lowering/ops/taps.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

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
  if (std::any_of(from.begin(), from.end(), [](const Pick& pick) { return pick.input == 1; }))
    context.note_undefined(node.outputs[0]);
  std::vector<AffineForm> candidates;
  for (const auto& tap : picks) candidates.push_back(gather({&form}, tap));
  const AffineForm largest = extreme_of(context, std::move(candidates), Extreme::maximum);
  return {gather({&largest, &unknown}, from)};
}

}  // namespace clipbound::bounds
