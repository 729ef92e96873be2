#pragma once
// Idea: the product of two variables between two linear bounds: x y - (a x + b y), for any slopes a
// and b, is least and greatest at corners of the box, because it is linear in x and in y. So slopes
// are a free choice here too; the centre's gradient, a = y_m and b = x_m, leaves as little as
// McCormick's bounds do on average (theirs are the gradients at the corners).
//
// Where more is known than the box, of u = s x + y / s and v = s x - y / s, x y = (u^2 - v^2) / 4
// says more: operands that move together leave a small v, for example. The offset for the same
// slopes may then be taken from u's and v's intervals. s is chosen box by box, so that x and y
// weigh the same in u and v.
// Source: McCormick 1976; ours differs by the slopes and by u and v.
// Guarantees: the bounds hold with all roundings for any slopes (S4).
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rounding.h"
#include "bounds/relax/lines.h"

namespace clipbound::bounds {

/// x_slope x + y_slope y + lower <= x y <= x_slope x + y_slope y + upper. Offsets may be infinite;
/// no member is NaN.
struct ProductPlanes {
  double x_slope = 0.0, y_slope = 0.0, lower = -std::numeric_limits<double>::infinity(),
         upper = -lower;
};

namespace relax_detail {
// More than the roundings of any expression below cost, relative to its terms' sizes; and what
// underflow may cost.
inline constexpr double kProductRounding = 16.0 * kUnitRoundoff, kProductTiny = 0x1p-1000;
inline bool is_finite(const Range& t) {
  return std::isfinite(t.lower) && std::isfinite(t.upper);
}
}  // namespace relax_detail

/// Encloses x y; infinite where nothing is known.
inline Range product_range(const Range& x, const Range& y) {
  const double corners[] = {x.lower * y.lower, x.lower * y.upper, x.upper * y.lower,
                            x.upper * y.upper};
  Range range{corners[0], corners[0]};
  for (const double c : corners) {
    if (!std::isfinite(c))
      return {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
    range.lower = std::fmin(range.lower, c);
    range.upper = std::fmax(range.upper, c);
  }
  return {next_down(range.lower), next_up(range.upper)};
}

/// Linear bounds on a box.
inline ProductPlanes relax_product(const Range& x, const Range& y) {
  using namespace relax_detail;
  ProductPlanes result;
  const double a = 0.5 * y.lower + 0.5 * y.upper, b = 0.5 * x.lower + 0.5 * x.upper;
  const double x_size = std::fmax(std::fabs(x.lower), std::fabs(x.upper)),
               y_size = std::fmax(std::fabs(y.lower), std::fabs(y.upper));
  const double size = x_size * y_size + std::fabs(a) * x_size + std::fabs(b) * y_size;
  if (!(size < 0x1p1000) || !is_finite(x) || !is_finite(y)) return result;  // says nothing
  double least = std::numeric_limits<double>::infinity(), greatest = -least;
  for (const double at_x : {x.lower, x.upper}) {
    for (const double at_y : {y.lower, y.upper}) {
      const double rest = at_x * at_y - (a * at_x + b * at_y);
      least = std::fmin(least, rest);
      greatest = std::fmax(greatest, rest);
    }
  }
  const double error = kProductRounding * size + kProductTiny;
  return {a, b, least - error, greatest + error};
}

/// The power of two s with which s x and y / s vary about equally; 1 where that says nothing.
inline double product_balance(double x_width, double y_width) {
  const double ratio = y_width / x_width;
  if (!(x_width > 0.0) || !(y_width > 0.0) || !(ratio > 0x1p-400) || !(ratio < 0x1p400)) return 1.0;
  return std::exp2(std::round(0.5 * std::log2(ratio)));
}

/// The same slopes with better offsets, given u = s x + y / s and v = s x - y / s; s is a power of
/// two.
inline void tighten_product(double s, const Range& u, const Range& v, ProductPlanes& result) {
  using namespace relax_detail;
  // a x + b y = p u + q v; scaling by s is exact.
  const double a = result.x_slope / s, b = result.y_slope * s, p = 0.5 * (a + b), q = 0.5 * (a - b);
  const double u_size = std::fmax(std::fabs(u.lower), std::fabs(u.upper)),
               v_size = std::fmax(std::fabs(v.lower), std::fabs(v.upper));
  const double slope = std::fabs(a) + std::fabs(b),
               size = (u_size + v_size) * (u_size + v_size + slope);
  if (!(size < 0x1p1000) || !is_finite(u) || !is_finite(v)) return;
  // g(t) = t (t / 4 - c) is convex: least at 2 c or at the end next to it, greatest at an end.
  const auto least = [](const Range& t, double c) {
    const double at = std::clamp(2.0 * c, t.lower, std::fmax(t.lower, t.upper));
    return at * (0.25 * at - c);
  };
  const auto greatest = [](const Range& t, double c) {
    return std::fmax(t.lower * (0.25 * t.lower - c), t.upper * (0.25 * t.upper - c));
  };
  const double error = kProductRounding * size + kProductTiny;
  // x y - (a x + b y) = (u^2 / 4 - p u) - (v^2 / 4 + q v).
  result.lower = std::fmax(result.lower, least(u, p) - greatest(v, -q) - error);
  result.upper = std::fmin(result.upper, greatest(u, p) - least(v, -q) + error);
}

}  // namespace clipbound::bounds
