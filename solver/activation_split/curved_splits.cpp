// Curved neurons in the search: a split restricts z to one part of its range, which gives the
// neuron new lines there.
#include <algorithm>

#include "solver/activation_split/worker.h"

namespace clipbound::solver {

std::pair<double, double> ActivationSplitWorker::part_of(int lane, std::int32_t slot,
                                                         bool upper) const {
  constexpr double kLeast = 0.25;  // of the range that either part gets
  const double low = sweep_.lower_of(lane, slot), high = sweep_.upper_of(lane, slot),
               edge = kLeast * (high - low);
  const double z = sweep_.curved_lanes().z_at_corner(
      network_
          .curve_of[static_cast<std::size_t>(network_.place_of[static_cast<std::size_t>(slot)])],
      lane);
  const double middle = z > low + edge ? std::min(z, high - edge) : low + edge;
  return upper ? std::pair(middle, high) : std::pair(low, middle);
}

void ActivationSplitWorker::load_restrictions(const ActivationSubproblem& node, int lane) {
  for (const NonlinearSplit& split : node.curved) {
    const double low = std::max(split.lower, sweep_.lower_of(lane, split.slot)),
                 high = std::min(split.upper, sweep_.upper_of(lane, split.slot));
    const bool fits = low <= high;
    sweep_.restrict_curved(lane, split.slot, fits ? low : split.lower, fits ? high : split.upper,
                           static_cast<double>(split.multiplier));
  }
}

void ActivationSplitWorker::save_multipliers(ActivationSubproblem& node, int lane) const {
  for (NonlinearSplit& split : node.curved)
    split.multiplier = static_cast<float>(sweep_.multiplier(lane, split.slot));
}

void ActivationSplitWorker::split_child(ActivationSubproblem& child, int lane, std::int32_t slot,
                                        bool upper) const {
  ++child.depth;
  child.newest_slot = slot;
  if (!sweep_.curved(slot)) {
    child.splits.push_back(2 * slot + (upper ? 1 : 0));
    return;
  }
  const auto [low, high] = part_of(lane, slot, upper);
  auto at = std::find_if(child.curved.begin(), child.curved.end(),
                         [slot](const NonlinearSplit& split) { return split.slot == slot; });
  if (at == child.curved.end()) at = child.curved.insert(at, {slot, 0.0F, low, high});
  at->lower = low;
  at->upper = high;
}

}  // namespace clipbound::solver
