#include "bounds/layered/layered_system.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/layered/sharp_ends.h"
#include "bounds/relax/product.h"

namespace clipbound::bounds {

bool cut_to_limits(const LayeredSystem& system, std::size_t layer, const SourceIntervals& sources,
                   IntervalVector& z) {
  if (has_edge(system.activations[layer])) sharpen(system.layers[layer], sources, z);
  const IntervalVector& limits = system.limits[layer].z;
  bool left = true;
  for (std::size_t v = 0; v < limits.lower.size(); ++v) {
    z.lower[v] = std::max(z.lower[v], limits.lower[v]);
    z.upper[v] = std::min(z.upper[v], limits.upper[v]);
    const double end = limits.lower[v] > -kInfinity ? limits.lower[v] : limits.upper[v];
    if (!(z.lower[v] > z.upper[v]) || !(end < kInfinity)) continue;
    left = false;
    z.lower[v] = z.upper[v] = end;
  }
  return left;
}

IntervalVector activate(const Activation& activation, const IntervalVector& z) {
  IntervalVector result = z;
  if (activation.curve == Curve::product) {
    for (std::size_t v = 0; v < z.lower.size(); v += 2) {
      const Range range = product_range(range_of(z, v), range_of(z, v + 1));
      result.lower[v] = range.lower;
      result.upper[v] = range.upper;
    }
    return result;
  }
  for (std::size_t i = 0; i < z.lower.size(); ++i) {
    const Range range = range_of(activation, z.lower[i], z.upper[i]);
    result.lower[i] = range.lower;
    result.upper[i] = range.upper;
  }
  return result;
}

std::vector<LinePair> relax_layer(const Activation& activation, const IntervalVector& z) {
  std::vector<LinePair> lines;
  for (std::size_t v = 0; v < z.lower.size(); ++v) {
    if (activation.curve != Curve::product) {
      lines.push_back(relax(activation, z.lower[v], z.upper[v]));
    } else if (v % 2 == 0) {
      const ProductPlanes of = relax_product(range_of(z, v), range_of(z, v + 1));
      lines.push_back({of.x_slope, of.lower, of.x_slope, of.upper});
      lines.push_back({of.y_slope, 0.0, of.y_slope, 0.0});
    }
  }
  return lines;
}

std::vector<int> varying_inputs(const std::vector<double>& lower,
                                const std::vector<double>& upper) {
  std::vector<int> varying;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    // Narrower than two steps of float32: a constant input (its decimal and its float32 value may
    // differ).
    const double magnitude = std::max(std::fabs(lower[i]), std::fabs(upper[i]));
    if (upper[i] - lower[i] > 4.0 * kUnitRoundoff32 * magnitude)
      varying.push_back(static_cast<int>(i));
  }
  return varying;
}

std::string describe_interval_only(const LayeredSystem& system) {
  constexpr std::size_t kMostNamed = 3;
  std::string text;
  for (std::size_t i = 0; i < system.interval_only.size() && i < kMostNamed; ++i) {
    const IntervalOnlyOperator& op = system.interval_only[i];
    text += (i == 0 ? "node '" : "; node '") + op.node + "' (" + op.op + "): " + op.reason;
  }
  if (system.interval_only.size() > kMostNamed)
    text += "; and " + std::to_string(system.interval_only.size() - kMostNamed) + " more";
  return text;
}

}  // namespace clipbound::bounds
