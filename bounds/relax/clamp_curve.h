#pragma once
// Idea: numbers that are known to lie in [-c, c], whatever their own intervals say: cut off at both
// ends. A quotient |x| / (|x| + ...) is such a number; where its factors are unbounded, the
// constants are lines that need none of them.
// Source: own.
// Guarantees: offsets and ranges hold with all roundings (S3).
#include "bounds/relax/smooth.h"

namespace clipbound::bounds::relax_detail {

struct Clamp {
  double c;

  /// Each supports the hull in the middle: the upper one is the chord where nothing is cut off
  /// above, else climbs from the left end to (c, c) or is c.
  LinePair lines(double l, double u) const {
    const double high = upper_slope(l, u), low = upper_slope(-u, -l);
    return lines_of({low, lower(low, l, u)}, {-high, -upper(high, l, u)},
                    [&] { return range(l, u); });
  }
  /// Linear between the ends and the kinks: least at one of them.
  double lower(double s, double l, double u) const {
    double least = weaker(below_at(s, l), below_at(s, u));
    for (const double kink : {-c, c}) {
      if (kink > l && kink < u) least = weaker(least, below_at(s, kink));
    }
    return least;
  }
  /// Odd.
  double upper(double s, double l, double u) const { return -lower(s, -u, -l); }
  Range range(double l, double u) const { return {clamped(l, -c, c), clamped(u, -c, c)}; }
  double value(double z) const { return std::isnan(z) ? z : clamped(z, -c, c); }
  double slope(double z) const { return z >= -c && z <= c ? 1.0 : 0.0; }

 private:
  double upper_slope(double l, double u) const {
    if (l >= c || u <= -c) return 0.0;
    const double from = std::max(l, -c), to = std::min(u, c);
    if (l >= -c && u <= c) return 1.0;
    if (u > c && middle(l, u) >= c) return 0.0;
    const double slope = (to - from) / (to - l);
    return slope > 0.0 && slope <= 1.0 ? slope : 0.0;
  }
  /// A lower bound of f(z) - s z.
  double below_at(double s, double z) const {
    const double v = clamped(z, -c, c);
    return s == 0.0 ? v : below({z, v, 0.0, 0.0, 0.0}, s);
  }
};

}  // namespace clipbound::bounds::relax_detail
