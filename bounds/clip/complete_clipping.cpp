#include "bounds/clip/complete_clipping.h"

#include <algorithm>

#include "base/rounding.h"
#include "bounds/clip/one_multiplier.h"

namespace clipbound::bounds {

void CompleteClipping::resize(int inputs, int most_halfspaces) {
  inputs_ = inputs;
  count_ = 0;
  const auto N = static_cast<std::size_t>(inputs), K = static_cast<std::size_t>(most_halfspaces);
  for (auto* array : {&centre_, &half_, &largest_x_, &objective_}) array->resize(N);
  for (auto* array : {&at_centre_, &magnitude_, &multiplier_}) array->resize(K);
  inverse_.resize(K * N);
}

void CompleteClipping::prepare(const Vec* lower, const Vec* upper, int count,
                               const Vec* halfspaces) {
  count_ = count;
  halfspaces_ = halfspaces;
  const auto N = static_cast<std::size_t>(inputs_);
  for (std::size_t i = 0; i < N; ++i) {
    const Vec l = lower[i], u = upper[i];
    const Vec m = 0.5 * (l + u);
    centre_[i] = m;
    // One part in 2^50 covers the rounding of the centre and of the two differences.
    half_[i] = vmax(u - m, m - l) + (vabs(l) + vabs(u)) * 0x1p-50 + 0x1p-1000;
    largest_x_[i] = vmax(vabs(l), vabs(u));
  }
  for (int k = 0; k < count; ++k) {
    const Vec* g = halfspaces + static_cast<std::size_t>(k) * (N + 1);
    Vec at = g[N], magnitude = vabs(g[N]);
    for (std::size_t i = 0; i < N; ++i) {
      at += g[i] * centre_[i];
      magnitude += vabs(g[i]) * (largest_x_[i] + half_[i]);
    }
    for (std::size_t i = 0; i < N; ++i) inverse_[static_cast<std::size_t>(k) * N + i] = 1.0 / g[i];
    at_centre_[static_cast<std::size_t>(k)] = at;
    magnitude_[static_cast<std::size_t>(k)] = magnitude;
  }
}

/// One coordinate of the dual ascent in lower_bound(): moves half-space k's multiplier and the
/// objective with it. False where that gains nothing in any lane.
bool CompleteClipping::ascend(int k, bool first_pass) {
  const int N = inputs_;
  const auto c = static_cast<std::size_t>(k);
  const Vec* g = halfspaces_ + c * (static_cast<std::size_t>(N) + 1);
  const Vec* inverse = inverse_.data() + c * static_cast<std::size_t>(N);
  const Vec zero = {}, beta = first_pass ? zero : multiplier_[c];
  // Slope of the dual at the present point, towards larger beta: nothing to gain where it is not
  // positive.
  Vec slope = at_centre_[c], value = zero;
  for (int i = 0; i < N; ++i) {
    const auto n = static_cast<std::size_t>(i);
    add_input(objective_[n], half_[n], g[i] * half_[n], value, slope);
  }
  if (first_pass) multiplier_[c] = zero;
  if (!any((slope > zero) | (beta > zero))) return false;
  const Vec* objective = objective_.data();
  const Vec* half = half_.data();
  Vec step = best_step(
      N, objective, [g](int i) { return g[i]; }, [half](int i) { return half[i]; },
      [objective, inverse](int i) { return -objective[i] * inverse[i]; }, at_centre_[c], beta,
      value);
  if (!any(step != zero)) return false;
  multiplier_[c] = vmax(beta + step, zero);
  step = multiplier_[c] - beta;
  for (int i = 0; i < N; ++i) objective_[static_cast<std::size_t>(i)] += step * g[i];
  return true;
}

/// max over multipliers beta >= 0 of  min over the box of (linear + sum_k beta_k g_k) x + base +
/// sum_k beta_k h_k: coordinate ascent, exact in each coordinate. Every beta >= 0 is sound, so only
/// the last evaluation has to be rigorous.
Vec CompleteClipping::lower_bound(const Vec* linear, Vec base, const Clipping& clipping) {
  const int N = inputs_, used = std::min(count_, clipping.most_halfspaces);
  const auto width = static_cast<std::size_t>(N) + 1;
  for (int i = 0; i < N; ++i) objective_[static_cast<std::size_t>(i)] = linear[i];
  bool moved = false;
  for (int pass = 0; pass < clipping.passes; ++pass) {
    bool moved_now = false;
    for (int k = 0; k < used; ++k) moved_now = ascend(k, pass == 0) || moved_now;
    moved = moved || moved_now;
    if (!moved_now || used == 1) break;
  }
  // Nothing said: a number in its place would be taken for a bound.
  if (!moved) return broadcast(-kInfinity);
  // Rigorous value for the multipliers as they stand: the objective is recomputed from them.
  Vec sum = base, magnitude = vabs(base), largest = broadcast(1.0);
  for (int i = 0; i < N; ++i) {
    const auto n = static_cast<std::size_t>(i);
    sum += linear[i] * centre_[n];
    magnitude += vabs(linear[i]) * (largest_x_[n] + half_[n]);
    largest += largest_x_[n] + half_[n];
  }
  for (int k = 0; k < used; ++k) {
    const auto c = static_cast<std::size_t>(k);
    sum += multiplier_[c] * at_centre_[c];
    magnitude += multiplier_[c] * magnitude_[c];
  }
  for (int i = 0; i < N; ++i) {
    const auto n = static_cast<std::size_t>(i);
    Vec o = linear[i];
    for (int k = 0; k < used; ++k)
      o += multiplier_[static_cast<std::size_t>(k)] *
           halfspaces_[static_cast<std::size_t>(k) * width + n];
    sum -= vabs(o) * half_[n];
  }
  const double rounding = gamma_bound(2.0 * N + 4.0 * used + 16.0) * 2.0;
  return sum - magnitude * rounding - largest * 0x1p-1030;  // the last: products beta g that
                                                            // underflow
}

}  // namespace clipbound::bounds
