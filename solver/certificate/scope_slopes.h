#pragma once
// Idea: the slopes that a scope of the certificate has, so that a record names only those that
// change. Slopes are multiples of 1/64 or float32: what is written is what was used.
// Source: docs/certificate.md, record 'a'.
// Guarantees: none: clipbound-check decides.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/floors.h"
#include "solver/certificate/records.h"
#include "solver/certificate/relu_network.h"

namespace clipbound::solver {

/// The nearest slope of two bytes.
inline double short_slope(double slope) {
  return std::round(slope * 64.0) / 64.0;
}

/// A neuron of a layer of the system and its slope.
struct SlopeChoice {
  std::uint32_t neuron;
  float slope;
};

/// Record 'a' for neurons of the system's layer k, ascending; nothing for none.
void write_slopes(const FileLayers& layers, std::size_t k, const std::vector<SlopeChoice>& slopes,
                  Records& records);

class ScopeSlopes {
 public:
  explicit ScopeSlopes(const std::vector<std::size_t>& sizes) {
    for (const std::size_t size : sizes) slopes_.emplace_back(size, std::nanf(""));
  }
  /// Those that differ become the scope's.
  std::vector<SlopeChoice> change(std::size_t layer, const std::vector<SlopeChoice>& slopes) {
    std::vector<SlopeChoice> changed;
    for (const SlopeChoice& choice : slopes) {
      float& now = slopes_[layer][choice.neuron];
      if (now == choice.slope) continue;
      now = choice.slope;
      changed.push_back(choice);
    }
    return changed;
  }

 private:
  std::vector<std::vector<float>> slopes_;  // [layers][neurons]; NaN: the checker's choice
};

}  // namespace clipbound::solver
