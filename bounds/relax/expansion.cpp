#include "bounds/relax/expansion.h"

#include <algorithm>
#include <cmath>

#include "bounds/relax/activation.h"
#include "bounds/relax/curve_dispatch.h"

namespace clipbound::bounds {
namespace {

using namespace relax_detail;

/// Beyond it lines may be better.
constexpr double kWide = 0.5;

/// Midway between the lines of relax().
Expansion of_lines(const Activation& activation, double z, double d) {
  const double l = next_down(z - d), u = next_up(z + d);
  const LinePair p = relax(activation, l, u);
  const double low = p.lower_slope * z + p.lower_offset, high = p.upper_slope * z + p.upper_offset;
  Expansion e{0.5 * low + 0.5 * high, 0.5 * p.lower_slope + 0.5 * p.upper_slope, 0.0, 0.0};
  // Half the gap is 0.5 (high - low) + 0.5 (slopes' difference) D: largest at an end.
  const double sizes = std::fabs(p.lower_offset) + std::fabs(p.upper_offset) +
                       (std::fabs(p.lower_slope) + std::fabs(p.upper_slope)) * (std::fabs(z) + d);
  e.error = 0.5 * (high - low) + 0.5 * std::fabs(p.upper_slope - p.lower_slope) * d +
            kExpansionRounding * sizes + kTiny;
  return std::isfinite(e.value) && std::isfinite(e.slope) ? e : kUnknownExpansion;
}

/// By the curve's derivatives, where it knows them.
Expansion of_curve(const Activation& activation, double z, double d) {
  return with_curve(activation, [&](const auto& c) -> Expansion {
    if constexpr (requires { c.expansion(z, d); }) {
      return c.expansion(z, d);
    } else {
      return kUnknownExpansion;
    }
  });
}

bool is_finite(const Expansion& e) {
  return std::isfinite(e.value) && std::isfinite(e.slope) && std::isfinite(e.half_curvature) &&
         std::isfinite(e.error);
}

}  // namespace

Expansion expand(const Activation& activation, double z, double d) {
  if (!std::isfinite(z) || !(d >= 0.0 && d < kInfinity)) return kUnknownExpansion;
  if (activation.curve == Curve::identity) return {z, 1.0, 0.0, 0.0};
  if (activation.curve == Curve::square) {
    const Expansion e{z * z, 2.0 * z, 1.0, 0x1p-52 * z * z + kTiny};
    return is_finite(e) ? e : kUnknownExpansion;
  }
  const Expansion parabola = of_curve(activation, z, d);
  if (d <= kWide && is_finite(parabola)) return parabola;
  const Expansion lines = of_lines(activation, z, d);
  if (!is_finite(parabola)) return is_finite(lines) ? lines : kUnknownExpansion;
  return lines.error < parabola.error ? lines : parabola;
}

}  // namespace clipbound::bounds
