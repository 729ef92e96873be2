#include "bounds/relax/product_lanes.h"

#include "base/rounding.h"
#include "bounds/relax/product.h"

namespace clipbound::bounds {

LaneProduct relax_product(const LaneFactor& x, const LaneFactor& y, const Vec* lower,
                          const Vec* upper, std::size_t N) {
  const Vec zero = {}, x_width = x.u - x.l, y_width = y.u - y.l;
  Vec s;
  for (int lane = 0; lane < kLanes; ++lane) s[lane] = product_balance(x_width[lane], y_width[lane]);
  const Vec inverse = 1.0 / s;  // exact: a power of two
  // u = s x + y / s and v = s x - y / s between the sums and differences of the factors' linear
  // bounds.
  Vec u_low = s * x.base_low + inverse * y.base_low,
      u_high = s * x.base_high + inverse * y.base_high;
  Vec v_low = s * x.base_low - inverse * y.base_high,
      v_high = s * x.base_high - inverse * y.base_low;
  Vec size =
      s * (vabs(x.base_low) + vabs(x.base_high)) + inverse * (vabs(y.base_low) + vabs(y.base_high));
  for (std::size_t i = 0; i < N; ++i) {
    const Vec a = s * x.low[i], b = s * x.high[i], c = inverse * y.low[i], d = inverse * y.high[i];
    u_low += (a + c) * select(a + c < zero, upper[i], lower[i]);
    u_high += (b + d) * select(b + d < zero, lower[i], upper[i]);
    v_low += (a - d) * select(a - d < zero, upper[i], lower[i]);
    v_high += (b - c) * select(b - c < zero, lower[i], upper[i]);
    size += (vabs(a) + vabs(b) + vabs(c) + vabs(d)) * vmax(vabs(lower[i]), vabs(upper[i]));
  }
  // Every one of the sums has 2 N + 2 terms of at most three roundings each; the factor 2 covers
  // the size's own roundings.
  const Vec rounding = size * (2.0 * gamma_bound(2.0 * static_cast<double>(N) + 8.0)) + 0x1p-1000;
  LaneProduct result;
  for (int lane = 0; lane < kLanes; ++lane) {
    ProductPlanes box = relax_product(Range{x.l[lane], x.u[lane]}, Range{y.l[lane], y.u[lane]});
    tighten_product(s[lane], {u_low[lane] - rounding[lane], u_high[lane] + rounding[lane]},
                    {v_low[lane] - rounding[lane], v_high[lane] + rounding[lane]}, box);
    result.x_slope[lane] = box.x_slope;
    result.y_slope[lane] = box.y_slope;
    result.lower[lane] = box.lower;
    result.upper[lane] = box.upper;
  }
  return result;
}

}  // namespace clipbound::bounds
