#pragma once
// Idea: Sign, Step, Floor, Ceil, Round, Trunc: constant between jumps. At a jump they stand for all
// values that they take next to it and there, so that a rounded input cannot fall off the edge.
// Source: own.
// Guarantees: lines and ranges hold for every value at a jump (S3).
#include "bounds/relax/closed_form_curves.h"

namespace clipbound::bounds::relax_detail {

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

  /// The lower hull is flat up to the jump and climbs to (u, right) from there; the upper one
  /// likewise.
  LinePair lines(double l, double u) const {
    if (l > 0.0) return {0.0, right, 0.0, right};
    if (u < 0.0) return {0.0, left, 0.0, left};
    const double m = middle(l, u), rise = right - left;
    const double low = m > 0.0 ? steep(rise, u) : 0.0, high = m < 0.0 ? steep(rise, -l) : 0.0;
    return {low, lower(low, l, u), high, upper(high, l, u)};
  }
  double lower(double s, double l, double u) const {
    double least = kInfinity;
    if (l <= 0.0) least = weaker(below_level(left, s, l), below_level(left, s, std::min(u, 0.0)));
    if (u > 0.0)
      least =
          weaker(least, weaker(below_level(right, s, std::max(l, 0.0)), below_level(right, s, u)));
    return least;
  }
  /// By symmetry about 0.
  double upper(double s, double l, double u) const {
    return -Jump{-right, -left, 0.0}.lower(s, -u, -l);
  }
  Range range(double l, double u) const {
    return {l <= 0.0 ? left : right, u >= 0.0 ? right : left};
  }
  double value(double z) const { return z > 0.0 ? right : z < 0.0 ? left : z == 0.0 ? at_zero : z; }
  double slope(double) const { return 0.0; }
};

/// Jumps by 1 at n + phase for every whole n, from n + level; within 1 of the identity.
struct Staircase {
  double phase, level;

  static bool countable(double l, double u) { return l >= -0x1p51 && u <= 0x1p51; }
  // Where z - phase rounds, it rounds to a whole number at worst: a jump next to the interval may
  // count as inside.
  double first(double l) const { return std::ceil(l - phase); }
  double last(double u) const { return std::floor(u - phase); }

  /// The lower hull is flat up to the first jump, climbs by 1 from jump to jump and then up to (u,
  /// f(u)); the upper one likewise.
  LinePair lines(double l, double u) const {
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
  double upper(double s, double l, double u) const {
    return -Staircase{-phase, -(level + 1.0)}.lower(s, -u, -l);
  }
  Range range(double l, double u) const {
    if (!countable(l, u)) return {next_down(l - 1.0), next_up(u + 1.0)};
    const double n = first(l), k = last(u);
    return {n + level, n > k ? n + level : k + level + 1.0};
  }
  /// At a jump, the even neighbour for phase 1/2, the upper (floor) or the lower one (ceil) else.
  double value(double z) const {
    return phase != 0.0 ? std::nearbyint(z) : level < 0.0 ? std::floor(z) : std::ceil(z);
  }
  double slope(double) const { return 0.0; }
};

/// Towards 0: floor right of 0 and ceil left of it, without their jumps at 0. Odd.
struct Truncation {
  static constexpr Staircase kFloor{0.0, -1.0};

  LinePair lines(double l, double u) const {
    const Range r = range(l, u);
    if (r.lower == r.upper) return {0.0, r.lower, 0.0, r.upper};
    if (l >= 1.0 || u <= -1.0) {  // a staircase like any other
      const Staircase stairs{0.0, l >= 1.0 ? -1.0 : 0.0};
      const LinePair p = stairs.lines(l, u);
      return {p.lower_slope, lower(p.lower_slope, l, u), p.upper_slope, upper(p.upper_slope, l, u)};
    }
    const bool countable = Staircase::countable(l, u);
    const double low = countable ? lower_slope(l, u) : 1.0,
                 high = countable ? lower_slope(-u, -l) : 1.0;
    return {low, lower(low, l, u), high, upper(high, l, u)};
  }
  double lower(double s, double l, double u) const {
    double least = kInfinity;
    if (u >= 0.0) least = lower_right(s, std::max(l, 0.0), u);
    if (l <= 0.0) least = weaker(least, -upper_right(s, -std::min(u, 0.0), -l));
    return least;
  }
  double upper(double s, double l, double u) const { return -lower(s, -u, -l); }
  Range range(double l, double u) const {
    return {l >= 1.0   ? kFloor.range(l, u).lower
            : l > -1.0 ? 0.0
                       : -kFloor.range(-l, -l).upper,
            u <= -1.0 ? -kFloor.range(-u, -l).lower
            : u < 1.0 ? 0.0
                      : kFloor.range(u, u).upper};
  }
  double value(double z) const { return std::trunc(z); }
  double slope(double) const { return 0.0; }

 private:
  /// Slope of the lower hull in the middle, l < 1 and u > -1. Its corners are (l, -k), (-k, -k),
  /// (1, 0), (n, n - 1), (u, n); (l, -k), (-k, -k), (u, 0) where u < 1; and (l, -k), (-k, -k), (-1,
  /// -1), (u, 0) where u < 0.
  static double lower_slope(double l, double u) {
    const double k = l <= -1.0 ? std::floor(-l) : 0.0, n = u >= 1.0 ? std::floor(u) : 0.0,
                 m = middle(l, u);
    if (m <= -k) return 0.0;
    if (u < 0.0 && k >= 1.0) return m <= -1.0 ? 1.0 : steep(1.0, u + 1.0);
    if (n == 0.0) return steep(k, u + k);
    return m <= 1.0 ? k / (k + 1.0) : m <= n ? 1.0 : steep(1.0, u - n);
  }
  /// On [l, u], l >= 0: the step 0 up to 1, and floor from there on.
  static double lower_right(double s, double l, double u) {
    double least = kInfinity;
    if (l <= 1.0) least = weaker(below_level(0.0, s, l), below_level(0.0, s, std::min(u, 1.0)));
    if (u >= 1.0) least = weaker(least, kFloor.lower(s, std::max(l, 1.0), u));
    return least;
  }
  static double upper_right(double s, double l, double u) {
    double most = kInfinity;  // of the negative
    if (l <= 1.0) most = weaker(below_level(0.0, -s, l), below_level(0.0, -s, std::min(u, 1.0)));
    if (u >= 1.0) most = weaker(most, -kFloor.upper(s, std::max(l, 1.0), u));
    return -most;
  }
};

}  // namespace clipbound::bounds::relax_detail
