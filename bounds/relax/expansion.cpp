#include "bounds/relax/expansion.h"

#include <algorithm>
#include <cmath>

#include "bounds/relax/s_curves.h"
#include "bounds/relax/waves.h"

namespace clipbound::bounds {
namespace {

using namespace relax_detail;

constexpr Expansion kUnknown{0.0, 0.0, 0.0, kInfinity};
/// Relative to the sizes of all terms: far more than the functions' and the derivatives' own
/// roundings.
constexpr double kRounding = 0x1p-43;
/// Beyond it lines may be better.
constexpr double kWide = 0.5;

/// The parabola of a function with derivatives `first` to `third` at z, whose fourth is no larger
/// than `fourth` within d. `size` bounds the value and all derivatives' terms: their errors are far
/// below kRounding of it.
Expansion of_taylor(double value, double first, double second, double third, double fourth,
                    double d, double size) {
  const double square = d * d;
  Expansion e{value, first + 0.125 * third * square, 0.5 * second, 0.0};
  e.error = (std::fabs(third) * d + fourth * square) * square * ((1.0 + 0x1p-40) / 24.0) +
            kRounding * (std::fabs(value) + size * (1.0 + d) * (d + square)) + kTiny;
  return e;
}

/// e^x <= 1 + x + x^2 for x <= 1.79: how much larger than at z a function with |f'| <= f may be.
double most_growth(double x) {
  return x <= 1.79 ? 1.0 + x + x * x : kInfinity;
}

/// t = tanh, b = 1 - t^2: f'' = -2 t b, f''' = b (6 t^2 - 2), f'''' = t b (16 - 24 t^2), no larger
/// than 4.1 and than 8 b; |b'| <= 2 b.
Expansion of_tanh(double z, double d) {
  const Sample p = Tanh::at(z);
  const double t = p.value, b = p.slope;
  return of_taylor(t, b, -2.0 * t * b, b * (6.0 * t * t - 2.0),
                   std::min(4.1, 8.0 * b * most_growth(2.0 * d)), d, 8.0 * b);
}
/// The same, once derived: the fifth derivative b (16 - 120 t^2 + 120 t^4) is no larger than 16 b.
Expansion of_tanh_slope(double z, double d) {
  const Sample p = Tanh::at(z);
  const double t = p.value, b = p.slope;
  return of_taylor(b, -2.0 * t * b, b * (4.0 - 6.0 * b), t * b * (24.0 * b - 8.0),
                   std::min(16.0, 16.0 * b * most_growth(2.0 * d)), d, 32.0 * b);
}
/// sigmoid(z) = (1 + tanh(z / 2)) / 2.
Expansion of_sigmoid(double z, double d) {
  Expansion e = of_tanh(0.5 * z, 0.5 * d);
  e = {0.5 + 0.5 * e.value, 0.25 * e.slope, 0.125 * e.half_curvature, 0.5 * e.error + 0x1p-51};
  return e;
}
Expansion of_wave(double z, double d, bool cosine) {
  if (std::fabs(z) > kFarthestWave) return kUnknown;
  const double s = std::sin(z), c = std::cos(z);
  return cosine ? of_taylor(c, -s, -c, s, 1.0, d, 1.0) : of_taylor(s, c, -s, -c, 1.0, d, 1.0);
}
Expansion of_exp(double z, double d) {
  const double v = std::exp(z);
  return of_taylor(v, v, v, v, v * most_growth(d), d, v);
}
Expansion of_reciprocal(double z, double d) {
  const double v = 1.0 / z, nearest = std::fabs(z) - d;
  if (!(nearest > 0x1p-20 * std::fabs(z))) return kUnknown;
  const double w = v * v, most = 1.0 / nearest, square = most * most;
  return of_taylor(v, -w, 2.0 * w * v, -6.0 * w * w, 24.1 * square * square * most, d,
                   8.0 * (w + w * std::fabs(v) + w * w));
}

/// Midway between the lines of relax().
Expansion of_lines(const Activation& activation, double z, double d) {
  const double l = next_down(z - d), u = next_up(z + d);
  const Planes p = relax(activation, l, u);
  const double low = p.lower_slope * z + p.lower_offset, high = p.upper_slope * z + p.upper_offset;
  Expansion e{0.5 * low + 0.5 * high, 0.5 * p.lower_slope + 0.5 * p.upper_slope, 0.0, 0.0};
  // Half the gap is 0.5 (high - low) + 0.5 (slopes' difference) D: largest at an end.
  const double sizes = std::fabs(p.lower_offset) + std::fabs(p.upper_offset) +
                       (std::fabs(p.lower_slope) + std::fabs(p.upper_slope)) * (std::fabs(z) + d);
  e.error = 0.5 * (high - low) + 0.5 * std::fabs(p.upper_slope - p.lower_slope) * d +
            kRounding * sizes + kTiny;
  return std::isfinite(e.value) && std::isfinite(e.slope) ? e : kUnknown;
}

Expansion of_curve(const Activation& activation, double z, double d) {
  switch (activation.curve) {
    case Curve::tanh: return of_tanh(z, d);
    case Curve::tanh_slope: return of_tanh_slope(z, d);
    case Curve::sigmoid: return of_sigmoid(z, d);
    case Curve::sin: return of_wave(z, d, false);
    case Curve::cos: return of_wave(z, d, true);
    case Curve::exp: return of_exp(z, d);
    case Curve::reciprocal: return of_reciprocal(z, d);
    default: return kUnknown;
  }
}

bool is_finite(const Expansion& e) {
  return std::isfinite(e.value) && std::isfinite(e.slope) && std::isfinite(e.half_curvature) &&
         std::isfinite(e.error);
}

}  // namespace

Expansion expand(const Activation& activation, double z, double d) {
  if (!std::isfinite(z) || !(d >= 0.0 && d < kInfinity)) return kUnknown;
  if (activation.curve == Curve::identity) return {z, 1.0, 0.0, 0.0};
  if (activation.curve == Curve::square) {
    const Expansion e{z * z, 2.0 * z, 1.0, 0x1p-52 * z * z + kTiny};
    return is_finite(e) ? e : kUnknown;
  }
  const Expansion curved = of_curve(activation, z, d);
  if (d <= kWide && is_finite(curved)) return curved;
  const Expansion lines = of_lines(activation, z, d);
  if (!is_finite(curved)) return is_finite(lines) ? lines : kUnknown;
  return lines.error < curved.error ? lines : curved;
}

}  // namespace clipbound::bounds
