#pragma once
// Idea: Elu: z on the right of 0, alpha (e^z - 1) on the left, with a kink where alpha is not 1.
// Source: own.
// Guarantees: both parts are proved apart, and the weaker bound counts (S3).
#include "bounds/relax/closed_form_curves.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::bounds::relax_detail {

/// alpha (e^z - 1), whatever z.
struct EluLeft {
  double alpha;

  static bool defined(double, double) { return true; }
  Bending bending(double, double) const {
    return alpha >= 0.0 ? Bending::convex : Bending::concave;
  }
  Stretches stretches(double l, double u) const { return {l, u, alpha >= 0.0}; }
  Sample at(double z) const {
    const double v = alpha * std::expm1(z), d = alpha * std::exp(z);
    return {z, v, d, 2.0 * kLibraryError * std::fabs(v) + kTiny,
            2.0 * kLibraryError * std::fabs(d) + kTiny * (1.0 + std::fabs(alpha))};
  }
  static double curvature(const Sample& p) { return p.slope; }
  double where(double s, double, double) const { return std::log(s / alpha); }
  static double tangent_guess(const Sample&, double a, double b) { return middle(a, b); }
  static double meeting_point(double l, double u) { return middle(l, u); }
  Range range(double l, double u) const {
    const Sample left = at(l), right = at(u);
    return {std::min(least(left), least(right)), std::max(most(left), most(right))};
  }
};

/// Both parts, for the choice of slopes where the kink bends the other way: -f for alpha < 0, f for
/// alpha > 1.
struct EluShape : EluLeft {
  Sample at(double z) const { return z > 0.0 ? Sample{z, z, 1.0, 0.0, 0.0} : EluLeft::at(z); }
  /// Rough: half way, but where the function is flat.
  static double tangent_guess(const Sample&, double a, double b) {
    return std::max(a, std::min(b, -0.5));
  }
};

struct Elu {
  explicit Elu(double a) : left{{a}}, shape{{a}} {}

  LinePair lines(double l, double u) const {
    if (l >= 0.0) return right.lines(l, u);
    if (u <= 0.0) return left.lines(l, u);
    const auto constant = [&] { return range(l, u); };
    if (!std::isfinite(l) || !std::isfinite(u))
      return lines_of({0.0, kInfinity}, {0.0, kInfinity}, constant);
    const Sample a = shape.at(l), m = shape.at(middle(l, u)), b = shape.at(u);
    double low = m.slope, high = chord_slope(a, m, b);
    if (!(shape.alpha >= 0.0 && shape.alpha <= 1.0)) {
      // One hull follows the curve on the left, the other consists of segments from l to the kink
      // and on to u.
      Stretches stretches(l, u, shape.alpha > 0.0);
      stretches.bend(0.0, 0.0, 0.0);
      const double to_kink = a.value / l;
      Sample touch;
      if (shape.alpha > 1.0) {
        low = choose(View<EluShape, false>{shape}, stretches, a, m, b, touch);
        if (to_kink > 1.0) high = m.z < 0.0 ? to_kink : 1.0;
      } else {
        low = m.z < 0.0 ? to_kink : 1.0;
        high = -choose(View<EluShape, true>{shape}, stretches, negated(a), negated(m), negated(b),
                       touch);
      }
    }
    return lines_of({low, lower(low, l, u)}, {-high, -upper(high, l, u)}, constant);
  }
  double lower(double s, double l, double u) const {
    double least = kInfinity;
    if (l <= 0.0) least = weaker(least, left.lower(s, l, std::min(u, 0.0)));
    if (u > 0.0) least = weaker(least, right.lower(s, std::max(l, 0.0), u));
    return least;
  }
  double upper(double s, double l, double u) const {
    double minus_most = kInfinity;
    if (l <= 0.0) minus_most = weaker(minus_most, -left.upper(s, l, std::min(u, 0.0)));
    if (u > 0.0) minus_most = weaker(minus_most, -right.upper(s, std::max(l, 0.0), u));
    return -minus_most;
  }
  Range range(double l, double u) const {
    Range r = u > 0.0 ? Range{std::max(l, 0.0), u} : Range{kInfinity, -kInfinity};
    if (l > 0.0) return r;
    const Range on_left = left.range(l, std::min(u, 0.0));
    return {std::min(r.lower, on_left.lower), std::max(r.upper, on_left.upper)};
  }
  double value(double z) const { return shape.at(z).value; }
  double slope(double z) const { return shape.at(z).slope; }

  Smooth<EluLeft> left;
  EluShape shape;
  Identity right;
};

}  // namespace clipbound::bounds::relax_detail
