// Idea: ReducedBounder's backward substitution of one row: the neurons' coefficients layer by layer,
// kColumns at once, and what stands for their activations.
// Source, guarantees, legend: reduced_bounder.h.
#include "base/rounding.h"
#include "bounds/reduced/reduced_bounder.h"

namespace clipbound::bounds {

namespace {
// Columns of one substitution at once: with both sides, twice as many accumulators. AVX-512 has 32
// registers, AVX2 16.
#if defined(__AVX512F__)
constexpr int kColumns = 8;
#else
constexpr int kColumns = 4;
#endif

/// acc[c] = start[column + c] + sum over live w in [from, to) of coefficient[w] * B[w][column + c],
/// c < kColumns. Not inlined: among the caller's values the compiler has no registers for all of
/// these sums, and puts some into memory in the innermost loop (a third of the speed).
template <bool kUpper>
[[gnu::noinline]] void accumulate(const ReducedNetwork& network, const double* start,
                                  const int* live, int from, int to, int column, const Vec* lower,
                                  const Vec* upper, Vec* acc_lower, Vec* acc_upper) {
  Vec l[kColumns], u[kColumns];
#pragma GCC unroll 8
  for (int c = 0; c < kColumns; ++c) l[c] = u[c] = broadcast(start[column + c]);
  const double* base = network.coefficients.data() + column;
  const auto stride = static_cast<std::size_t>(network.stride);
  for (int k = from; k < to; ++k) {
    const int w = live[k];
    const double* b = base + static_cast<std::size_t>(w) * stride;
    const Vec p = lower[w];
    if constexpr (kUpper) {
      const Vec q = upper[w];
#pragma GCC unroll 8
      for (int c = 0; c < kColumns; ++c) {
        const Vec entry = broadcast(b[c]);
        l[c] += p * entry;
        u[c] += q * entry;
      }
    } else {
#pragma GCC unroll 8
      for (int c = 0; c < kColumns; ++c) l[c] += p * b[c];
    }
  }
#pragma GCC unroll 8
  for (int c = 0; c < kColumns; ++c) {
    acc_lower[c] = l[c];
    if constexpr (kUpper) acc_upper[c] = u[c];
  }
}

}  // namespace

/// What a substitution gathers on one side, from below or from above.
struct ReducedBounder::Side {
  Vec relu{};  // intercepts of ReLUs: no larger than 0 from below, no smaller from above
  Vec other{}, other_magnitude{};  // intercepts of other neurons, and their sizes
  Vec error{};
};

/// The coefficient of z_w that takes the place of the coefficient g of relu(z_w).
template <bool kAbove>
[[gnu::always_inline]] inline Vec ReducedBounder::relax_relu(int w, Vec g, Side& side) const {
  const auto i = static_cast<std::size_t>(w);
  const Vec zero = {};
  const Vec p = g * select(kAbove ? g > zero : g < zero, upper_slope_[i], lower_slope_[i]);
  // The intercept comes from p as rounded, so p is a free choice; g relu(z) >= p z + q (above: <=)
  // at both ends, hence between.
  const Vec at_low = -p * low_[i], at_high = (g - p) * high_[i];
  side.relu += kAbove ? vmax(zero, vmax(at_low, at_high)) : vmin(zero, vmin(at_low, at_high));
  side.error += vabs(p) * network_->slack[i];
  return p;
}

/// The same for another neuron: g f(z) >= g (slope z + offset). The roundings of both products are
/// charged: the first with the slack (it is one more rounding of z's terms), the second with the
/// sizes.
template <bool kAbove>
[[gnu::always_inline]] inline Vec ReducedBounder::relax_nonlinear(int w, Vec g, Side& side) const {
  const auto i = static_cast<std::size_t>(w);
  const Vec zero = {};
  const Mask upper_line = kAbove ? ~(g < zero) : g < zero;
  const Vec p = g * select(upper_line, upper_slope_[i], lower_slope_[i]);
  const Vec q = select(g == zero, zero, g * select(upper_line, upper_offset_[i], lower_offset_[i]));
  side.other += q;
  side.other_magnitude += vabs(q);
  // The slack of an unbounded z is infinite.
  side.error += select(p == zero, zero, vabs(p) * network_->slack[i]);
  return p;
}

/// The gap of a neuron's relaxation with coefficient g: its mean over [l, u], times u - l.
[[gnu::always_inline]] inline Vec ReducedBounder::relaxation_gap(int w, Vec g) const {
  const auto i = static_cast<std::size_t>(w);
  const Vec zero = {};
  if (!is_relu(w)) return vabs(g) * gap_[i] * (high_[i] - low_[i]);
  // The mean gap over [l, u]: of the chord -l u / 2(u - l), of slope 1 l^2 / 2(u - l), of slope 0
  // u^2 / 2(u - l).
  const Vec gap = select(g < zero, -low_[i] * high_[i],
                         select(lower_slope_[i] > zero, low_[i] * low_[i], high_[i] * high_[i]));
  return vabs(g) * gap;
}

template <bool kAbove>
[[gnu::always_inline]] inline Vec ReducedBounder::relax_any(int w, Vec g, Side& side) const {
  return is_relu(w) ? relax_relu<kAbove>(w, g, side) : relax_nonlinear<kAbove>(w, g, side);
}

/// What the coefficients g [2] of neuron w and its twin have in common, of opposite signs, is taken
/// out of both and becomes multipliers of both pre-activations of its own, extra [2]: as
/// take_difference() of bounds/relax/difference.h, per lane.
template <bool kAbove>
[[gnu::always_inline]] inline void ReducedBounder::take_difference(int w, Vec* g, Vec* extra,
                                                                   Side& side) const {
  const auto i = static_cast<std::size_t>(w);
  const TwinState& of = twins_[i];
  const Vec zero = {};
  const Mask rises = (g[1] > zero) & (g[0] < zero), falls = (g[1] < zero) & (g[0] > zero);
  const Mask ordinary = (vabs(g[0]) < kOverflow) & (vabs(g[1]) < kOverflow);
  const Mask low = (kAbove ? falls : rises) & of.below & ordinary,
             high = (kAbove ? rises : falls) & of.above & ordinary;
  const Vec m = select(low | high, vmin(vabs(g[0]), vabs(g[1])), zero);
  const Vec s = select(rises, m, -m);
  g[0] += s;
  g[1] -= s;
  const Vec p = s * select(low, of.lower_slope, of.upper_slope),
            q = s * select(low, of.lower_offset, of.upper_offset),
            x = s * select(low, zero, of.upper_x), y = s * select(low, of.lower_y, zero);
  extra[0] = x - p;
  extra[1] = y + p;
  side.other += q;
  side.other_magnitude += vabs(q);
  // What is added up is charged one by one.
  side.error += (vabs(p) + vabs(x)) * network_->slack[i] +
                (vabs(p) + vabs(y)) * network_->slack[static_cast<std::size_t>(second_twin(w))];
}

/// The coefficients of neuron w and its twin become multipliers. What the lines of the difference
/// lose counts with both neurons: it is gone where either is stable.
template <bool kUpper>
void ReducedBounder::relax_twins(int w, Side& below, Side& above) {
  const int pair[2] = {w, second_twin(w)};
  Vec g[2], extra[2];
  for (const int k : {0, 1}) g[k] = lower_coefficient_[static_cast<std::size_t>(pair[k])];
  const Vec before = g[0];
  take_difference<false>(w, g, extra, below);
  for (const int k : {0, 1}) {
    lower_coefficient_[static_cast<std::size_t>(pair[k])] =
        relax_any<false>(pair[k], g[k], below) + extra[k];
  }
  if constexpr (kUpper) {
    for (const int k : {0, 1}) g[k] = upper_coefficient_[static_cast<std::size_t>(pair[k])];
    take_difference<true>(w, g, extra, above);
    for (const int k : {0, 1}) {
      upper_coefficient_[static_cast<std::size_t>(pair[k])] =
          relax_any<true>(pair[k], g[k], above) + extra[k];
    }
  } else {
    const Vec gap = vabs(before - g[0]) * twins_[static_cast<std::size_t>(w)].gap;
    for (const int k : {0, 1}) {
      const auto j = static_cast<std::size_t>(pair[k]);
      row_gap_[j] = relaxation_gap(pair[k], g[k]) + gap * (high_[j] - low_[j]);
    }
  }
}

/// The coefficients of a layer's neurons become multipliers.
template <bool kUpper>
void ReducedBounder::relax_layer_of_twins(const LiveNeurons& live, int layer, Side& below,
                                          Side& above) {
  Vec product_lower = {}, product_upper = {};  // as in substitute_row()
  for (int k = live.begin[static_cast<std::size_t>(layer)];
       k < live.begin[static_cast<std::size_t>(layer) + 1]; ++k) {
    const int w = live.neurons[static_cast<std::size_t>(k)], first = first_twin(w);
    const auto i = static_cast<std::size_t>(w);
    if (first >= 0 && twins_[static_cast<std::size_t>(first)].taken) continue;  // with its twin
    if (twins_[i].taken) {
      relax_twins<kUpper>(w, below, above);
      continue;
    }
    const bool second = is_second_factor(w);
    const Vec g = second ? product_lower : lower_coefficient_[i];
    product_lower = g;
    lower_coefficient_[i] = relax_any<false>(w, g, below);
    if constexpr (kUpper) {
      const Vec gu = second ? product_upper : upper_coefficient_[i];
      product_upper = gu;
      upper_coefficient_[i] = relax_any<true>(w, gu, above);
    } else {
      row_gap_[i] = relaxation_gap(w, g);
    }
  }
}

/// Substitutes the layers before `layer` into row v: its linear bound in x, intercepts and error
/// terms; with kUpper from above as well, else with the neurons' relaxation gaps.
template <bool kUpper>
void ReducedBounder::substitute(int v, int layer) {
  const double slack = network_->slack[static_cast<std::size_t>(v)];
  if (twins_.empty()) return substitute_row<kUpper, false>(network_->row(v), slack, layer, live_);
  if (v < network_->neurons && twins_[static_cast<std::size_t>(v)].apart)
    return substitute_row<kUpper, false>(network_->row(v), slack, layer, live_apart_);
  substitute_row<kUpper, true>(network_->row(v), slack, layer, live_);
}

template <bool kUpper, bool kTwins>
void ReducedBounder::substitute_row(const double* start, double slack, int layer,
                                    const LiveNeurons& live) {
  const ReducedNetwork& net = *network_;
  const int* neurons = live.neurons.data();
  Side below, above;
  Vec* lower = lower_coefficient_.data();
  Vec* upper = upper_coefficient_.data();
  const int end = live.begin[static_cast<std::size_t>(layer)];
  Vec acc_lower[kColumns], acc_upper[kColumns];
  // Coefficients of the last product, which both its factors take.
  Vec product_lower = {}, product_upper = {};
  for (int j = layer - 1; j >= 0; --j) {
    const int begin = live.begin[static_cast<std::size_t>(j)],
              after = live.begin[static_cast<std::size_t>(j) + 1];
    for (int k = begin; k < after;) {
      // Columns of one layer are consecutive; take kColumns from the first live one (dead ones
      // among them cost nothing extra).
      const int column = neurons[k];
      accumulate<kUpper>(net, start, neurons, after, end, column, lower, upper, acc_lower,
                         acc_upper);
      for (; k < after && neurons[k] < column + kColumns; ++k) {
        const int w = neurons[k];
        if constexpr (kTwins) {  // twins need both coefficients: relax_layer_of_twins()
          lower[w] = acc_lower[w - column];
          if constexpr (kUpper) upper[w] = acc_upper[w - column];
          continue;
        }
        const bool relu = is_relu(w), second = is_second_factor(w);
        const Vec g = second ? product_lower : acc_lower[w - column];
        product_lower = g;
        lower[w] = relu ? relax_relu<false>(w, g, below) : relax_nonlinear<false>(w, g, below);
        if constexpr (kUpper) {
          const Vec gu = second ? product_upper : acc_upper[w - column];
          product_upper = gu;
          upper[w] = relu ? relax_relu<true>(w, gu, above) : relax_nonlinear<true>(w, gu, above);
        } else {
          row_gap_[static_cast<std::size_t>(w)] = relaxation_gap(w, g);
        }
      }
    }
    if constexpr (kTwins) relax_layer_of_twins<kUpper>(live, j, below, above);
  }
  for (int k = 0; k <= net.inputs; k += kColumns) {
    accumulate<kUpper>(net, start, neurons, 0, end, net.first_input() + k, lower, upper,
                       linear_lower_.data() + k, linear_upper_.data() + k);
  }
  const double inflate = 1.0 + 4.0 * net.gamma, rounding = 4.0 * net.gamma;
  error_lower_ = (below.error + slack + rounding * (below.other_magnitude - below.relu)) * inflate;
  intercept_lower_ = below.relu + below.other;
  if constexpr (kUpper) {
    error_upper_ =
        (above.error + slack + rounding * (above.other_magnitude + above.relu)) * inflate;
    intercept_upper_ = above.relu + above.other;
  }
}

template void ReducedBounder::substitute<true>(int, int);
template void ReducedBounder::substitute<false>(int, int);
template void ReducedBounder::substitute_row<true, true>(const double*, double, int,
                                                         const LiveNeurons&);

}  // namespace clipbound::bounds
