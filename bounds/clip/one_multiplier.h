#pragma once
// Idea: The dual of the least value of a linear function over a box and one half-space, in the
// half-space's multiplier. With the box as centre m and half-widths r, for every beta >= 0 and
// every x of the box with g x + h <= 0
//   a x >= a x + beta (g x + h) >= a m + D(beta),
//   D(beta) = beta (g m + h) - sum_i |a_i + beta g_i| r_i.
// D is concave and piecewise linear; its breakpoints are beta = -a_i / g_i.
// Source: Zhou et al., NeurIPS 2025, Theorem 3.2 (complete clipping, coordinate ascent); ours
// differs by evaluating all breakpoints in lanes instead of sorting them.
// Guarantees: none is needed. Every beta >= 0 gives a sound bound (S9); whoever uses one computes
// the bound from it with outward rounding.
// Legend: N inputs. One number per lane.
//
// Three callers find multipliers by it. CompleteClipping and TaylorModels ascend one multiplier at
// a time to the best breakpoint (best_step): exact, N evaluations of N terms, right for the few
// inputs of input splits. SingleHalfspaceClipping serves activation splits, whose networks have
// hundreds of inputs: it brackets the maximum by tangents in 8 evaluations, and shares add_input.
#include <algorithm>

#include "base/simd.h"

namespace clipbound::bounds {

/// Adds input i's share to D's value and to D's derivative from the right (up to beta (g m + h)).
/// coefficient: a_i + beta g_i; step: g_i r_i.
template <typename Radius>
inline void add_input(Vec coefficient, Radius radius, Vec step, Vec& value, Vec& slope) {
  const Vec zero = {};
  value -= vabs(coefficient) * radius;
  slope -= select(coefficient > zero, step, select(coefficient < zero, -step, vabs(step)));
}

/// Breakpoints that are evaluated side by side: each evaluation is a sequence of additions that
/// wait for one another.
inline constexpr int kBreakpointsAtOnce = 4;

/// The step >= -beta from the present multiplier `beta` to the breakpoint where D is largest; 0 in
/// lanes where no breakpoint is above the present `value` (of -sum |objective_i| r_i).
///
/// objective [N]: a + beta g. normal(i): g_i; radius(i): r_i; breakpoint(i): the step that makes
/// coefficient i vanish (NaN and infinity are never chosen); at_centre: g m + h.
template <typename Normal, typename Radius, typename Breakpoint>
inline Vec best_step(int N, const Vec* objective, Normal normal, Radius radius,
                     Breakpoint breakpoint, Vec at_centre, Vec beta, Vec value) {
  Vec best = value, step = {};
  for (int first = 0; first < N; first += kBreakpointsAtOnce) {
    Vec delta[kBreakpointsAtOnce], at[kBreakpointsAtOnce];
    for (int j = 0; j < kBreakpointsAtOnce; ++j) {
      // NaN (0 times infinity) becomes -beta.
      delta[j] = vmax(breakpoint(std::min(first + j, N - 1)), -beta);
      at[j] = delta[j] * at_centre;
    }
    for (int i = 0; i < N; ++i) {
      for (int j = 0; j < kBreakpointsAtOnce; ++j)
        at[j] -= vabs(objective[i] + delta[j] * normal(i)) * radius(i);
    }
    for (int j = 0; j < kBreakpointsAtOnce; ++j) {
      const Mask better = (at[j] > best) & (delta[j] < kOverflow) & (at[j] < kOverflow);
      best = select(better, at[j], best);
      step = select(better, delta[j], step);
    }
  }
  return step;
}

}  // namespace clipbound::bounds
