#include "solver/certificate/scope_slopes.h"

#include <algorithm>
#include <cstdint>

namespace clipbound::solver {

namespace {

/// IEEE 754 binary16 of k / 64, 0 <= k <= 64.
std::uint16_t half_of(int k) {
  if (k == 0) return 0;
  int exponent = 15;
  for (; k < 64; k *= 2) --exponent;
  return static_cast<std::uint16_t>((exponent << 10) | ((k - 64) << 4));
}

}  // namespace

void write_slopes(const FileLayers& layers, std::size_t k, const std::vector<SlopeChoice>& slopes,
                  Records& records) {
  if (slopes.empty()) return;
  const bool halves = std::all_of(slopes.begin(), slopes.end(), [](const SlopeChoice& choice) {
    const double slope = static_cast<double>(choice.slope);
    return slope >= 0.0 && slope <= 1.0 && short_slope(slope) == slope;
  });
  records.tag('a').varint(layers.numbers[k]).varint(halves ? 1 : 2).varint(slopes.size());
  std::size_t next = 0;
  for (const auto& [v, slope] : slopes) {
    const std::size_t neuron = layers.neuron(k, v);
    records.varint(neuron - next);
    next = neuron + 1;
    if (!halves) {
      records.f32(slope);
      continue;
    }
    const std::uint16_t half = half_of(static_cast<int>(std::lround(slope * 64.0F)));
    records.tag(static_cast<char>(half & 0xff)).tag(static_cast<char>(half >> 8));
  }
}

}  // namespace clipbound::solver
