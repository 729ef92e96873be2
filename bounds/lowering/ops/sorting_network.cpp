#include "bounds/lowering/ops/sorting_network.h"

#include <algorithm>

namespace clipbound::bounds {

std::vector<std::vector<Comparison>> sorting_network(std::size_t n, std::size_t k) {
  std::size_t half = 1;
  while (2 * half < n) half *= 2;
  std::vector<std::vector<Comparison>> stages;
  for (std::size_t p = n < 2 ? 0 : half; p > 0; p /= 2) {
    std::size_t q = half, r = 0, d = p;
    for (;;) {
      std::vector<Comparison>& stage = stages.emplace_back();
      for (std::size_t i = 0; i + d < n; ++i) {
        if ((i & p) == r) stage.push_back({i, i + d});
      }
      if (q == p) break;
      d = q - p;
      q /= 2;
      r = p;
    }
  }
  // From the end: a comparison counts where one of its places does; then both count before it.
  std::vector<char> counts(n, 0);
  std::fill_n(counts.begin(), std::min(n, k), 1);
  for (auto stage = stages.rbegin(); stage != stages.rend(); ++stage) {
    std::erase_if(
        *stage, [&](const Comparison& c) { return counts[c.first] == 0 && counts[c.second] == 0; });
    for (const Comparison& c : *stage) counts[c.first] = counts[c.second] = 1;
  }
  std::erase_if(stages, [](const auto& stage) { return stage.empty(); });
  return stages;
}

}  // namespace clipbound::bounds
