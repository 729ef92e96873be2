#pragma once
// Idea: Relaxed clipping shrinks a box by half-spaces g x + h <= 0 that hold at every
// counterexample, one coordinate at a time: the other coordinates are at their best ends.
// Source: Zhou et al., NeurIPS 2025, Theorem 3.1; ours differs by rounding outward.
// Guarantees: what is cut off holds no point that satisfies the half-spaces (S9).
// Legend: N inputs, K half-spaces [K, N + 1]: g, h. One number per lane.
//
// The least x_i over box and half-space has a closed form (the dual in one multiplier has a single
// breakpoint that matters), so this shares nothing with the search for multipliers in
// one_multiplier.h.
#include "base/rounding.h"
#include "base/simd.h"

namespace clipbound::bounds {

/// Shrinks lower/upper [N] by one half-space; `empty` gains the lanes in which the half-space
/// misses the box.
inline void clip_boxes_by(int N, Vec* lower, Vec* upper, const Vec* g, double rounding,
                          Mask& empty) {
  const Vec zero = {};
  Vec least = g[N], magnitude = vabs(g[N]);
  for (int i = 0; i < N; ++i) {
    least += g[i] * select(g[i] < zero, upper[i], lower[i]);
    magnitude += vabs(g[i]) * vmax(vabs(lower[i]), vabs(upper[i]));
  }
  const Vec slack = magnitude * rounding + 0x1p-1000;
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

/// Shrinks lower/upper [N] by the K half-spaces in `passes` passes. Returns the lanes in which the
/// box is empty: no point of it satisfies all half-spaces. NaN and infinities clip nothing.
inline Mask clip_boxes(int N, Vec* lower, Vec* upper, int K, const Vec* halfspaces, int passes) {
  Mask empty = {};
  const double rounding = gamma_bound(2.0 * N + 12.0) * 2.0;
  for (int pass = 0; pass < passes; ++pass) {
    for (int k = 0; k < K; ++k) {
      const Vec* g = halfspaces + static_cast<std::ptrdiff_t>(k) * (N + 1);
      clip_boxes_by(N, lower, upper, g, rounding, empty);
    }
  }
  for (int i = 0; i < N; ++i) empty |= lower[i] > upper[i];
  return empty;
}

/// In one pass: what the search does with every child.
inline Mask clip_boxes(int N, Vec* lower, Vec* upper, int K, const Vec* halfspaces) {
  return clip_boxes(N, lower, upper, K, halfspaces, 1);
}

}  // namespace clipbound::bounds
