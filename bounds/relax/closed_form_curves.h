#pragma once
// Idea: Identity, ReLU, Square: the least f(z) - s z on [l, u] has a closed form.
// Source: ReLU: Zhang et al. 2018 (CROWN); the others own.
// Guarantees: offsets and ranges hold with all roundings (S3).
#include "bounds/relax/smooth.h"

namespace clipbound::bounds::relax_detail {

/// A lower bound of (1 - s) z; -s z where not kOnes. Infinite z are allowed.
template <bool kOnes>
double below_ray(double s, double z) {
  const double rate = kOnes ? 1.0 - s : -s;
  if (rate == 0.0 || z == 0.0) return 0.0;
  const double product = rate * z;
  return product - (4.0 * kUnitRoundoff * std::fabs(product) + kTiny);
}

struct Identity {
  LinePair lines(double, double) const { return {1.0, 0.0, 1.0, 0.0}; }
  double lower(double s, double l, double u) const {
    return weaker(below_ray<true>(s, l), below_ray<true>(s, u));
  }
  double upper(double s, double l, double u) const {
    return lower(s, -u, -l) == 0.0 ? 0.0 : -lower(s, -u, -l);
  }
  Range range(double l, double u) const { return {l, u}; }
  double value(double z) const { return z; }
  double slope(double) const { return 1.0; }
};

struct Relu {
  LinePair lines(double l, double u) const {
    if (l >= 0.0) return {1.0, 0.0, 1.0, 0.0};
    if (u <= 0.0) return {};
    // In [0, 1]: 0 where l is -infinity or the difference overflows.
    const double chord = u / (u - l);
    LinePair result{u > -l ? 1.0 : 0.0, 0.0, chord, upper(chord, l, u)};
    if (!(u < kInfinity)) result.upper_slope = 0.0, result.upper_offset = kInfinity;
    return result;
  }
  /// Least at an end or at the kink.
  double lower(double s, double l, double u) const {
    double least = weaker(below_end(s, l), below_end(s, u));
    return l < 0.0 && u > 0.0 ? weaker(least, 0.0) : least;
  }
  /// Greatest at an end: convex.
  double upper(double s, double l, double u) const {
    return -weaker(below_negated(s, l), below_negated(s, u));
  }
  Range range(double l, double u) const { return {std::max(l, 0.0), std::max(u, 0.0)}; }
  double value(double z) const { return z > 0.0 ? z : z <= 0.0 ? 0.0 : z; }
  double slope(double z) const { return z > 0.0 ? 1.0 : 0.0; }

 private:
  static double below_end(double s, double z) {
    return z > 0.0 ? below_ray<true>(s, z) : below_ray<false>(s, z);
  }
  /// s z - relu(z).
  static double below_negated(double s, double z) {
    return z > 0.0 ? below_ray<true>(s, -z) : below_ray<false>(s, -z);
  }
};

struct Square {
  LinePair lines(double l, double u) const { return supporting(l, u, middle(l, u)); }
  LinePair supporting(double l, double u, double z) const {
    const double sum = l + u;
    LinePair result{2.0 * z, -mul_up(z, z), sum, upper(sum, l, u)};
    if (std::isfinite(result.lower_offset) && std::isfinite(result.lower_slope) &&
        std::isfinite(result.upper_offset))
      return result;
    const Range r = range(l, u);
    return {0.0, r.lower, 0.0, r.upper};
  }
  /// z (z - s) is least at s / 2, where it is -(s/2)^2.
  double lower(double s, double l, double u) const {
    if (s < 2.0 * l) return below_end(l, s);
    if (s > 2.0 * u) return below_end(u, s);
    return -next_up(mul_up(0.5 * s, 0.5 * s));
  }
  double upper(double s, double l, double u) const {
    return -weaker(-above_end(l, s), -above_end(u, s));
  }
  Range range(double l, double u) const {
    const double nearest = clamped(0.0, l, u), farthest = std::max(std::fabs(l), std::fabs(u));
    return {mul_down(nearest, nearest), mul_up(farthest, farthest)};
  }
  double value(double z) const { return z * z; }
  double slope(double z) const { return 2.0 * z; }

 private:
  /// Both sides of z (z - s), of two roundings.
  static double below_end(double z, double s) {
    const double v = z * (z - s);
    return v - (4.0 * kUnitRoundoff * std::fabs(v) + kTiny);
  }
  static double above_end(double z, double s) {
    const double v = z * (z - s);
    return v + (4.0 * kUnitRoundoff * std::fabs(v) + kTiny);
  }
};

}  // namespace clipbound::bounds::relax_detail
