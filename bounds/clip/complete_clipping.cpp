// Complete clipping in the concretizations of ReducedBounder.
#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/reduced/reduced_bounder.h"

namespace clipbound::bounds {

void ReducedBounder::prepare_constraints() {
  const auto N = static_cast<std::size_t>(network_->inputs);
  for (std::size_t i = 0; i < N; ++i) {
    const Vec l = lower_x[i], u = upper_x[i];
    const Vec m = 0.5 * (l + u);
    centre_[i] = m;
    // One part in 2^50 covers the rounding of the centre and of the two differences.
    half_[i] = vmax(u - m, m - l) + (vabs(l) + vabs(u)) * 0x1p-50 + 0x1p-1000;
    reach_[i] = vmax(vabs(l), vabs(u));
  }
  for (int k = 0; k < constraints; ++k) {
    const Vec* g = constraint.data() + static_cast<std::size_t>(k) * (N + 1);
    Vec at = g[N], size = vabs(g[N]);
    for (std::size_t i = 0; i < N; ++i) {
      at += g[i] * centre_[i];
      size += vabs(g[i]) * (reach_[i] + half_[i]);
    }
    for (std::size_t i = 0; i < N; ++i)
      constraint_inverse_[static_cast<std::size_t>(k) * N + i] = 1.0 / g[i];
    constraint_centre_[static_cast<std::size_t>(k)] = at;
    constraint_size_[static_cast<std::size_t>(k)] = size;
  }
}

namespace {
constexpr int kStepsAtOnce =
    4;  // whose sums run side by side: each is a chain of additions that wait for one another
}  // namespace

/// One coordinate of the dual ascent in clip_lower(): moves constraint k's multiplier and the
/// objective with it. False where that gains nothing in any lane.
bool ReducedBounder::ascend(int k, bool first_pass) {
  const int N = network_->inputs;
  const auto c = static_cast<std::size_t>(k);
  const Vec* g = constraint.data() + c * (static_cast<std::size_t>(N) + 1);
  const Vec* inverse = constraint_inverse_.data() + c * static_cast<std::size_t>(N);
  const Vec zero = {}, beta = first_pass ? zero : applied_[c];
  // Slope of the dual at the present point, towards larger beta: nothing to gain where it is not
  // positive.
  Vec slope = constraint_centre_[c], value = zero;
  for (int i = 0; i < N; ++i) {
    const auto n = static_cast<std::size_t>(i);
    const Vec t = g[i] * half_[n];
    slope -= select(objective_[n] < zero, -t, select(objective_[n] > zero, t, vabs(t)));
    value -= vabs(objective_[n]) * half_[n];
  }
  if (first_pass) applied_[c] = zero;
  if (!any((slope > zero) | (beta > zero))) return false;
  Vec best = value, step = zero;
  for (int first = 0; first < N; first += kStepsAtOnce) {
    Vec delta[kStepsAtOnce], at[kStepsAtOnce];
    for (int j = 0; j < kStepsAtOnce; ++j) {
      const int i = std::min(first + j, N - 1);
      delta[j] = vmax(-objective_[static_cast<std::size_t>(i)] * inverse[i],
                      -beta);  // NaN (0 times infinity) becomes -beta; an infinite step never
                               // compares better below
      at[j] = delta[j] * constraint_centre_[c];
    }
    for (int i = 0; i < N; ++i) {
      const auto m = static_cast<std::size_t>(i);
      for (int j = 0; j < kStepsAtOnce; ++j)
        at[j] -= vabs(objective_[m] + delta[j] * g[i]) * half_[m];
    }
    for (int j = 0; j < kStepsAtOnce; ++j) {
      const Mask better = (at[j] > best) & (delta[j] < kOverflow) & (at[j] < kOverflow);
      best = select(better, at[j], best);
      step = select(better, delta[j], step);
    }
  }
  if (!any(step != zero)) return false;
  applied_[c] = vmax(beta + step, zero);
  step = applied_[c] - beta;
  for (int i = 0; i < N; ++i) objective_[static_cast<std::size_t>(i)] += step * g[i];
  return true;
}

/// max over multipliers beta >= 0 of  min over the box of (plane + sum_k beta_k g_k) x + base +
/// sum_k beta_k h_k: coordinate ascent, exact in each coordinate (the maximum of a concave
/// piecewise-linear function lies at a breakpoint). Every beta >= 0 is sound, so only the last
/// evaluation has to be rigorous.
Vec ReducedBounder::clip_lower(const Vec* plane, Vec base, const ClipSettings& settings) {
  const int N = network_->inputs, used = std::min(constraints, settings.most);
  const auto width = static_cast<std::size_t>(N) + 1;
  for (int i = 0; i < N; ++i) objective_[static_cast<std::size_t>(i)] = plane[i];
  bool moved = false;
  for (int pass = 0; pass < settings.passes; ++pass) {
    bool moved_now = false;
    for (int k = 0; k < used; ++k) moved_now = ascend(k, pass == 0) || moved_now;
    moved = moved || moved_now;
    if (!moved_now || used == 1) break;
  }
  if (!moved)
    return broadcast(-kInfinity);  // nothing said: a number in its place would be taken for a bound
  // Rigorous value for the multipliers as they stand in applied_: the objective is recomputed from
  // them.
  Vec sum = base, size = vabs(base), reach = broadcast(1.0);
  for (int i = 0; i < N; ++i) {
    const auto n = static_cast<std::size_t>(i);
    sum += plane[i] * centre_[n];
    size += vabs(plane[i]) * (reach_[n] + half_[n]);
    reach += reach_[n] + half_[n];
  }
  for (int k = 0; k < used; ++k) {
    const auto c = static_cast<std::size_t>(k);
    sum += applied_[c] * constraint_centre_[c];
    size += applied_[c] * constraint_size_[c];
  }
  for (int i = 0; i < N; ++i) {
    const auto n = static_cast<std::size_t>(i);
    Vec o = plane[i];
    for (int k = 0; k < used; ++k)
      o += applied_[static_cast<std::size_t>(k)] *
           constraint[static_cast<std::size_t>(k) * width + n];
    sum -= vabs(o) * half_[n];
  }
  const double rounding = gamma_bound(2.0 * N + 4.0 * used + 16.0) * 2.0;
  return sum - size * rounding - reach * 0x1p-1030;  // the last: products beta g that underflow
}

}  // namespace clipbound::bounds
