#pragma once
// Sign, Step, Floor, Ceil, Round: constant between jumps. At a jump they stand for all values that they take next to it
// and there, so that a rounded input cannot fall off the edge.
#include "bounds/relax/closed_forms.h"

namespace clipbound::relax_detail {

/// A lower bound of v - s z; v where s z is 0, also for an infinite z.
inline double below_level(double v, double s, double z) {
  return s == 0.0 || z == 0.0 ? v : below(Sample{z, v, 0.0, 0.0, 0.0}, s);
}
/// 1 / run, or 0 where that is too steep to be of use.
inline double steep(double rise, double run) {
  return rise < run * 0x1p30 ? rise / run : 0.0;
}

/// `left` up to 0, `right` from 0 on.
struct Jump {
  double left, right, at_zero;

  /// The lower hull is flat up to the jump and climbs to (u, right) from there; the upper one likewise.
  Planes planes(double l, double u) const {
    if (l > 0.0) return {0.0, right, 0.0, right};
    if (u < 0.0) return {0.0, left, 0.0, left};
    const double m = middle(l, u), rise = right - left;
    const double low = m > 0.0 ? steep(rise, u) : 0.0, high = m < 0.0 ? steep(rise, -l) : 0.0;
    return {low, lower(low, l, u), high, upper(high, l, u)};
  }
  double lower(double s, double l, double u) const {
    double least = kInfinity;
    if (l <= 0.0) least = weaker(below_level(left, s, l), below_level(left, s, std::min(u, 0.0)));
    if (u > 0.0) least = weaker(least, weaker(below_level(right, s, std::max(l, 0.0)), below_level(right, s, u)));
    return least;
  }
  /// By symmetry about 0.
  double upper(double s, double l, double u) const { return -Jump{-right, -left, 0.0}.lower(s, -u, -l); }
  Range range(double l, double u) const { return {l <= 0.0 ? left : right, u >= 0.0 ? right : left}; }
  double value(double z) const { return z > 0.0 ? right : z < 0.0 ? left : z == 0.0 ? at_zero : z; }
  double slope(double) const { return 0.0; }
};

/// Jumps by 1 at n + phase for every whole n, from n + level; within 1 of the identity.
struct Staircase {
  double phase, level;

  static bool countable(double l, double u) { return l >= -0x1p51 && u <= 0x1p51; }
  // Where z - phase rounds, it rounds to a whole number at worst: a jump next to the interval may count as inside.
  double first(double l) const { return std::ceil(l - phase); }
  double last(double u) const { return std::floor(u - phase); }

  /// The lower hull is flat up to the first jump, climbs by 1 from jump to jump and then up to (u, f(u)); the upper one
  /// likewise.
  Planes planes(double l, double u) const {
    if (!countable(l, u)) return {1.0, -1.0, 1.0, 1.0};
    const double n = first(l), k = last(u), m = middle(l, u);
    if (n > k) return {0.0, n + level, 0.0, n + level};
    const double a = n + phase, b = k + phase;
    const double low = m <= a ? 0.0 : m >= b ? steep(1.0, u - b) : 1.0;
    const double high = m >= b ? 0.0 : m <= a ? steep(1.0, a - l) : 1.0;
    return {low, lower(low, l, u), high, upper(high, l, u)};
  }
  double lower(double s, double l, double u) const {
    if (!countable(l, u)) return next_down(Identity{}.lower(s, l, u) - 1.0);
    const double n = first(l), k = last(u);
    if (n > k) return weaker(below_level(n + level, s, l), below_level(n + level, s, u));
    return weaker(weaker(below_level(n + level, s, l), below_level(n + level, s, n + phase)),
                  weaker(below_level(k + level, s, k + phase), below_level(k + level + 1.0, s, u)));
  }
  /// By symmetry: -f(-z) has its jumps at n - phase, and comes from -(level + 1) + n there.
  double upper(double s, double l, double u) const { return -Staircase{-phase, -(level + 1.0)}.lower(s, -u, -l); }
  Range range(double l, double u) const {
    if (!countable(l, u)) return {next_down(l - 1.0), next_up(u + 1.0)};
    const double n = first(l), k = last(u);
    return {n + level, n > k ? n + level : k + level + 1.0};
  }
  /// At a jump, the even neighbour for phase 1/2, the upper (floor) or the lower one (ceil) else.
  double value(double z) const { return phase != 0.0 ? std::nearbyint(z) : level < 0.0 ? std::floor(z) : std::ceil(z); }
  double slope(double) const { return 0.0; }
};

}  // namespace clipbound::relax_detail
