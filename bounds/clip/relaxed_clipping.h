#pragma once
// Relaxed clipping (Zhou et al., NeurIPS 2025, Theorem 3.1): half-spaces g x + h <= 0 that hold at
// every counterexample shrink the box, coordinate by coordinate. Ours rounds outward; what is cut
// off provably holds no counterexample.
//
// Legend: N inputs, K half-spaces, one number per lane.
#include "base/rounding.h"
#include "base/simd.h"

namespace clipbound::bounds {

/// Shrinks lower/upper [N] by the K half-spaces [K, N + 1] (g, h) in `sweeps` sweeps. Returns the
/// lanes in which the box is empty: no point of it satisfies all half-spaces. NaN and infinities
/// clip nothing.
inline Mask clip_input(int N, Vec* lower, Vec* upper, int K, const Vec* halfspaces, int sweeps) {
  const Vec zero = {};
  Mask empty = {};
  const double rounding = gamma_bound(2.0 * N + 12.0) * 2.0;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    for (int k = 0; k < K; ++k) {
      const Vec* g = halfspaces + static_cast<std::ptrdiff_t>(k) * (N + 1);
      Vec least = g[N], size = vabs(g[N]);
      for (int i = 0; i < N; ++i) {
        least += g[i] * select(g[i] < zero, upper[i], lower[i]);
        size += vabs(g[i]) * vmax(vabs(lower[i]), vabs(upper[i]));
      }
      const Vec slack = size * rounding + 0x1p-1000;
      empty |= (least > slack) & (least < 0x1p1000);
      for (int i = 0; i < N; ++i) {
        // g_i x_i <= -(least - g_i * end): the other coordinates can lower the left side by no more
        // than that.
        const Vec end = select(g[i] < zero, upper[i], lower[i]);
        const Vec room = g[i] * end - least + slack;
        const Vec edge = room / g[i];
        const Vec outward = vabs(edge) * 0x1p-50 + 0x1p-1000;
        const Vec above = edge + outward, below = edge - outward;
        upper[i] = select((g[i] > zero) & (above < upper[i]), above, upper[i]);
        lower[i] = select((g[i] < zero) & (below > lower[i]), below, lower[i]);
      }
    }
  }
  for (int i = 0; i < N; ++i) empty |= lower[i] > upper[i];
  return empty;
}

}  // namespace clipbound::bounds
