#pragma once
// Idea: what happens to one element's coefficients in all rows of a batch.
// Source: the step of backward substitution (bounds/crown/relaxation_step.h), in lanes.
// Guarantees: coefficient * f(z) >= multiplier * z + intercept on [low, high], and <= with the
//   other side's intercept (S5).
// Legend: S numbers side by side, whole lanes.
#include <cstddef>
#include <cstring>
#include <vector>

#include "base/simd.h"
#include "bounds/windows/relaxed_layers.h"

namespace clipbound::bounds {

inline Vec load_lanes(const double* from) {
  Vec v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
inline void store_lanes(double* to, Vec v) {
  std::memcpy(to, &v, sizeof v);
}

/// Sums of some elements, one per row: of a channel, of a layer, of all layers, so that no sum is
/// long.
struct RowTotals {
  explicit RowTotals(std::size_t S) : constant(S, 0.0), low(S, 0.0), high(S, 0.0), error(S, 0.0) {}
  RowTotals& operator+=(const RowTotals& part) {
    for (std::size_t b = 0; b < constant.size(); ++b) {
      constant[b] += part.constant[b];
      low[b] += part.low[b];
      high[b] += part.high[b];
      error[b] += part.error[b];
    }
    return *this;
  }
  std::vector<double> constant, low, high, error;  // intercepts of both sides: at most 0
};

/// The multiplier's part of the sums.
inline void add_sums(Vec p, const NeuronLines& lines, std::size_t b, RowTotals& sums) {
  store_lanes(sums.constant.data() + b,
              load_lanes(sums.constant.data() + b) + p * broadcast(lines.constant));
  // The slack of an unbounded z is infinite.
  store_lanes(sums.error.data() + b,
              load_lanes(sums.error.data() + b) +
                  select(p != Vec{}, vabs(p) * broadcast(lines.slack), Vec{}));
}

/// row[S] coefficients become multipliers; sums.low and sums.high get the intercepts of both sides.
inline void relax_both_sides(const NeuronLines& lines, std::size_t S, double* row,
                             RowTotals& sums) {
  if (lines.is_inactive()) {
    std::memset(row, 0, S * sizeof(double));
    return;
  }
  const bool is_linear = !lines.is_unstable();
  const Vec slope = broadcast(lines.slope), low = broadcast(lines.low),
            high = broadcast(lines.high), zero = {};
  for (std::size_t b = 0; b < S; b += kLanes) {
    const Vec g = load_lanes(row + b), p = slope * g;
    add_sums(p, lines, b, sums);
    store_lanes(row + b, p);
    if (is_linear) continue;
    const Vec size = vabs(p),
              q = select(g != zero, vmin(zero, vmin(size * low, (size - vabs(g)) * high)), zero);
    const Mask negative = g < zero;
    store_lanes(sums.low.data() + b, load_lanes(sums.low.data() + b) + select(negative, q, zero));
    store_lanes(sums.high.data() + b, load_lanes(sums.high.data() + b) + select(negative, zero, q));
  }
}

/// The same from below, with slopes of one's own where coefficients are not negative (nullptr:
/// NeuronLines::convex()).
inline void relax_from_below(const NeuronLines& lines, std::size_t S, double* row, RowTotals& sums,
                             const float* alpha = nullptr) {
  if (lines.is_inactive()) {
    std::memset(row, 0, S * sizeof(double));
    return;
  }
  const bool is_linear = !lines.is_unstable();
  const Vec slope = broadcast(lines.slope), low = broadcast(lines.low),
            high = broadcast(lines.high), zero = {};
  Vec convex = is_linear ? slope : broadcast(lines.convex());
  for (std::size_t b = 0; b < S; b += kLanes) {
    if (alpha != nullptr && !is_linear) {
      for (int lane = 0; lane < kLanes; ++lane)
        convex[lane] = static_cast<double>(alpha[b + static_cast<std::size_t>(lane)]);
    }
    const Vec g = load_lanes(row + b);
    const Mask negative = g < zero;
    const Vec p = g * select(negative, slope, convex);
    add_sums(p, lines, b, sums);
    store_lanes(row + b, p);
    if (is_linear) continue;
    const Vec q = vmin(zero, vmin(-p * low, (g - p) * high));
    store_lanes(sums.low.data() + b, load_lanes(sums.low.data() + b) + select(negative, q, zero));
  }
}

struct RangeTotals {
  explicit RangeTotals(std::size_t S) : least(S, 0.0), most(S, 0.0) {}
  RangeTotals& operator+=(const RangeTotals& part) {
    for (std::size_t b = 0; b < least.size(); ++b) {
      least[b] += part.least[b];
      most[b] += part.most[b];
    }
    return *this;
  }
  std::vector<double> least, most;
};

/// Adds the ends of row[S] times a value in [lower, upper], which may be infinite.
inline void add_range(const double* row, double lower, double upper, std::size_t S,
                      RangeTotals& totals) {
  const Vec low = broadcast(lower), high = broadcast(upper), zero = {};
  for (std::size_t b = 0; b < S; b += kLanes) {
    const Vec g = load_lanes(row + b);
    const Mask negative = g < zero;
    const Vec least = g * select(negative, high, low), most = g * select(negative, low, high);
    // 0 times infinity; a NaN stays.
    const Mask counts = g != zero;
    store_lanes(totals.least.data() + b,
                load_lanes(totals.least.data() + b) + select(counts, least, zero));
    store_lanes(totals.most.data() + b,
                load_lanes(totals.most.data() + b) + select(counts, most, zero));
  }
}

}  // namespace clipbound::bounds
