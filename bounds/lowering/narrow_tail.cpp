#include "bounds/lowering/narrow_tail.h"

#include <algorithm>
#include <cmath>

#include "specs/simplify/simplify.h"

namespace clipbound::bounds {

namespace {

constexpr double kNarrow = 0x1p-12;  // of a value's largest element
constexpr double kLeast = 0x1p-90;   // below it, float32 may have 0 (S11, underflow)

bool is_narrow(const IntervalVector& z) {
  double width = 0.0, size = 0.0;
  for (std::size_t i = 0; i < z.lower.size(); ++i) {
    width = std::fmax(width, z.upper[i] - z.lower[i]);
    size = std::fmax(size, std::fmax(std::fabs(z.lower[i]), std::fabs(z.upper[i])));
    if (!(width < HUGE_VAL)) return false;
  }
  return width <= kNarrow * size && (size == 0.0 || size >= kLeast);
}

}  // namespace

std::optional<NarrowTail> narrow_tail(const Network& network,
                                      const std::map<ValueId, IntervalVector>& intervals) {
  const auto narrow = [&](ValueId id) {
    const auto found = intervals.find(id);
    return id == kNoValue || network.is_constant(id) ||
           (found != intervals.end() && is_narrow(found->second));
  };
  // A value stays an input of the tail where it is narrow and somebody behind the narrow part reads
  // it.
  auto tail = std::make_shared<Network>(network);
  tail->nodes.clear();
  std::vector<char> read(network.values.size(), 0);
  for (const Node& node : network.nodes) {
    if (std::all_of(node.outputs.begin(), node.outputs.end(), narrow)) continue;
    tail->nodes.push_back(node);
    for (const ValueId id : node.inputs) {
      if (id != kNoValue) read[index_of(id)] = 1;
    }
  }
  if (tail->nodes.size() == network.nodes.size() || tail->nodes.empty()) return std::nullopt;
  for (const ValueId id : network.outputs) read[index_of(id)] = 1;
  for (const Node& node : tail->nodes) {
    for (const ValueId id : node.outputs) {
      if (id != kNoValue) read[index_of(id)] = 0;
    }
  }
  tail->inputs.clear();
  NarrowTail result;
  for (std::size_t i = 0; i < read.size(); ++i) {
    const auto id = ValueId{static_cast<std::int32_t>(i)};
    if (read[i] == 0 || network.is_constant(id)) continue;
    const auto found = intervals.find(id);
    if (found == intervals.end()) return std::nullopt;
    tail->inputs.push_back(id);
    result.lower.insert(result.lower.end(), found->second.lower.begin(), found->second.lower.end());
    result.upper.insert(result.upper.end(), found->second.upper.begin(), found->second.upper.end());
  }
  result.network = simplify(std::move(tail)).network;
  return result;
}

}  // namespace clipbound::bounds
