#include "bounds/reduced/reduced_bounder.h"

#include <algorithm>

#include "base/check.h"
#include "base/rounding.h"
#include "bounds/forward/forward_bounder.h"
#include "bounds/relax/product_lanes.h"

namespace clipbound::bounds {

namespace {
// Columns of one substitution at once: with both sides, twice as many accumulators. AVX-512 has 32
// registers, AVX2 16.
#if defined(__AVX512F__)
constexpr int kColumns = 8;
#else
constexpr int kColumns = 4;
#endif

}  // namespace

ReducedBounder::ReducedBounder() = default;
ReducedBounder::ReducedBounder(ReducedBounder&&) noexcept = default;
ReducedBounder& ReducedBounder::operator=(ReducedBounder&&) noexcept = default;
ReducedBounder::~ReducedBounder() = default;

void ReducedBounder::attach(const ReducedNetwork& network, int max_constraints) {
  network_ = &network;
  const auto U = static_cast<std::size_t>(network.neurons),
             S = static_cast<std::size_t>(network.rows);
  const auto N = static_cast<std::size_t>(network.inputs),
             K = static_cast<std::size_t>(max_constraints);
  for (auto* array : {&lower_x, &upper_x, &centre_, &half_, &reach_, &objective_, &split_gain})
    array->resize(N);
  for (auto* array : {&lower_z, &upper_z, &slope_convex_, &slope_chord_, &low_, &high_,
                      &offset_lower_, &offset_upper_, &gap_, &looseness_, &best_looseness_})
    array->resize(U);
  sensitivity_.resize(U * N);
  for (auto* array : {&multiplier_lower_, &multiplier_upper_}) array->resize(U);
  for (auto* array : {&plane_lower_, &plane_upper_, &mirrored_}) array->resize(N + 1 + kColumns);
  for (auto* array : {&first_lower_, &first_upper_}) array->resize(N + 1);
  constraint.resize(K * (N + 1));
  for (auto* array : {&constraint_centre_, &constraint_size_, &applied_}) array->resize(K);
  constraint_inverse_.resize(K * N);
  forward_ =
      network.forward != nullptr ? std::make_unique<ForwardBounder>(network.forward) : nullptr;
  row_lower.resize(S);
  row_plane.resize(S * (N + 1));
  live_.reserve(U);
  live_begin_.reserve(static_cast<std::size_t>(network.layers()) + 2);
}

void ReducedBounder::set_slopes(int v) {
  // Unstable: lower slope 1 where the active side is the longer one (CROWN's choice), upper slope
  // the chord.
  const auto i = static_cast<std::size_t>(v);
  const Vec l = lower_z[i], u = upper_z[i], zero = {}, one = broadcast(1.0);
  const Mask active = l >= zero, inactive = (u <= zero) & ~active;
  const Mask unstable = ~(active | inactive);
  const Vec chord = u / (u - l);
  slope_convex_[i] = select(active, one, select(inactive, zero, select(u > -l, one, zero)));
  slope_chord_[i] = select(active, one, select(inactive, zero, chord));
  low_[i] = select(unstable, l, zero);
  high_[i] = select(unstable, u, zero);
}

/// Planes of a neuron that is not a ReLU, lane by lane.
void ReducedBounder::set_planes(int v) {
  const auto i = static_cast<std::size_t>(v);
  const Activation activation = network_->activation[i];
  low_[i] = lower_z[i];
  high_[i] = upper_z[i];
  const Vec width = high_[i] - low_[i];
  if (activation.curve == Curve::square) {
    // Below the tangent at the middle, above the chord, whose largest excess over z^2 lies at an
    // end whatever its slope; the offsets are rounded outward by more than the few roundings in
    // them can cost.
    const Vec l = low_[i], u = high_[i], tangent = l + u, chord = l + u;
    const Vec touch = 0.5 * tangent;  // exact: a power of two
    slope_convex_[i] = tangent;
    slope_chord_[i] = chord;
    offset_lower_[i] = -(touch * touch) * (1.0 + 0x1p-50) - 0x1p-1000;
    offset_upper_[i] = vmax(l * (l - chord), u * (u - chord)) +
                       (vabs(l) + vabs(u)) * (vabs(l) + vabs(u)) * 0x1p-50 + 0x1p-1000;
    gap_[i] = 0.25 * width * width;
    return;
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    const LinePair planes = relax(activation, lower_z[i][lane], upper_z[i][lane]);
    slope_convex_[i][lane] = planes.lower_slope;
    slope_chord_[i][lane] = planes.upper_slope;
    offset_lower_[i][lane] = planes.lower_offset;
    offset_upper_[i][lane] = planes.upper_offset;
  }
  const Vec middle = 0.5 * (low_[i] + high_[i]);
  gap_[i] = vmax(
      Vec{}, (slope_chord_[i] - slope_convex_[i]) * middle + (offset_upper_[i] - offset_lower_[i]));
}

/// Planes of the product of neurons `first` and first + 1. The planes of the first in the inputs
/// are in first_lower_ and first_upper_, those of the second where it was bounded last; both hold
/// their errors.
void ReducedBounder::set_product(int first) {
  const auto x = static_cast<std::size_t>(first), y = x + 1,
             N = static_cast<std::size_t>(network_->inputs);
  const LaneFactor factor_x{first_lower_.data(), first_upper_.data(), first_lower_[N],
                            first_upper_[N],     lower_z[x],          upper_z[x]};
  const LaneFactor factor_y{plane_lower_.data(), plane_upper_.data(), plane_lower_[N],
                            plane_upper_[N],     lower_z[y],          upper_z[y]};
  const LaneProduct product = relax_product(factor_x, factor_y, lower_x.data(), upper_x.data(), N);
  slope_convex_[x] = slope_chord_[x] = product.x_slope;
  slope_convex_[y] = slope_chord_[y] = product.y_slope;
  offset_lower_[x] = product.lower;
  offset_upper_[x] = product.upper;
  offset_lower_[y] = offset_upper_[y] = Vec{};
  // Halving either factor's range halves the gap.
  const Vec gap = product.upper - product.lower;
  gap_[x] = gap_[y] = select((gap > Vec{}) & (gap < kOverflow), gap, Vec{});
  for (const std::size_t i : {x, y}) {
    low_[i] = lower_z[i];
    high_[i] = upper_z[i];
  }
}

namespace {

/// acc[c] = start[column + c] + sum over live w in [from, to) of multiplier[w] * B[w][column + c],
/// c < kColumns.
template <bool kUpper>
inline void accumulate(const ReducedNetwork& network, const double* start, const int* live,
                       int from, int to, int column, const Vec* lower, const Vec* upper,
                       Vec* acc_lower, Vec* acc_upper) {
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
  Vec other{}, other_size{};  // intercepts of other neurons, and their sizes
  Vec error{};
};

/// The multiplier of z_w that takes the place of the coefficient g of relu(z_w).
template <bool kAbove>
[[gnu::always_inline]] inline Vec ReducedBounder::replace_relu(int w, Vec g, Side& side) const {
  const auto i = static_cast<std::size_t>(w);
  const Vec zero = {};
  const Vec p = g * select(kAbove ? g > zero : g < zero, slope_chord_[i], slope_convex_[i]);
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
[[gnu::always_inline]] inline Vec ReducedBounder::replace_by_planes(int w, Vec g,
                                                                    Side& side) const {
  const auto i = static_cast<std::size_t>(w);
  const Vec zero = {};
  const Mask upper_plane = kAbove ? ~(g < zero) : g < zero;
  const Vec p = g * select(upper_plane, slope_chord_[i], slope_convex_[i]);
  const Vec q =
      select(g == zero, zero, g * select(upper_plane, offset_upper_[i], offset_lower_[i]));
  side.other += q;
  side.other_size += vabs(q);
  side.error += select(p == zero, zero,
                       vabs(p) * network_->slack[i]);  // the slack of an unbounded z is infinite
  return p;
}

/// The gap of a neuron's relaxation with coefficient g: its mean over [l, u], times u - l.
[[gnu::always_inline]] inline Vec ReducedBounder::looseness_of(int w, Vec g) const {
  const auto i = static_cast<std::size_t>(w);
  const Vec zero = {};
  if (!is_relu(w)) return vabs(g) * gap_[i] * (high_[i] - low_[i]);
  // The mean gap over [l, u]: of the chord -l u / 2(u - l), of slope 1 l^2 / 2(u - l), of slope 0
  // u^2 / 2(u - l).
  const Vec gap = select(g < zero, -low_[i] * high_[i],
                         select(slope_convex_[i] > zero, low_[i] * low_[i], high_[i] * high_[i]));
  return vabs(g) * gap;
}

/// Substitutes the layers before `layer` into row v: planes in x, intercepts and error terms; with
/// kUpper from above as well, else with the neurons' looseness.
template <bool kUpper>
void ReducedBounder::substitute(int v, int layer) {
  const ReducedNetwork& net = *network_;
  const double* start = net.row(v);
  Side below, above;
  Vec* lower = multiplier_lower_.data();
  Vec* upper = multiplier_upper_.data();
  const int end = live_begin_[static_cast<std::size_t>(layer)];
  Vec acc_lower[kColumns], acc_upper[kColumns];
  Vec product_lower = {},
      product_upper = {};  // coefficients of the last product, which both its factors take
  for (int j = layer - 1; j >= 0; --j) {
    const int begin = live_begin_[static_cast<std::size_t>(j)],
              after = live_begin_[static_cast<std::size_t>(j) + 1];
    for (int k = begin; k < after;) {
      // Columns of one layer are consecutive; take kColumns from the first live one (dead ones
      // among them cost nothing extra).
      const int column = live_[static_cast<std::size_t>(k)];
      accumulate<kUpper>(net, start, live_.data(), after, end, column, lower, upper, acc_lower,
                         acc_upper);
      for (; k < after && live_[static_cast<std::size_t>(k)] < column + kColumns; ++k) {
        const int w = live_[static_cast<std::size_t>(k)];
        const bool relu = is_relu(w), second = is_second_factor(w);
        const Vec g = second ? product_lower : acc_lower[w - column];
        product_lower = g;
        lower[w] = relu ? replace_relu<false>(w, g, below) : replace_by_planes<false>(w, g, below);
        if constexpr (kUpper) {
          const Vec gu = second ? product_upper : acc_upper[w - column];
          product_upper = gu;
          upper[w] =
              relu ? replace_relu<true>(w, gu, above) : replace_by_planes<true>(w, gu, above);
        } else {
          looseness_[static_cast<std::size_t>(w)] = looseness_of(w, g);
        }
      }
    }
  }
  for (int k = 0; k <= net.inputs; k += kColumns) {
    accumulate<kUpper>(net, start, live_.data(), 0, end, net.first_input() + k, lower, upper,
                       plane_lower_.data() + k, plane_upper_.data() + k);
  }
  const double own = net.slack[static_cast<std::size_t>(v)];
  const double inflate = 1.0 + 4.0 * net.gamma, rounding = 4.0 * net.gamma;
  error_lower_ = (below.error + own + rounding * (below.other_size - below.relu)) * inflate;
  intercept_lower_ = below.relu + below.other;
  if constexpr (kUpper) {
    error_upper_ = (above.error + own + rounding * (above.other_size + above.relu)) * inflate;
    intercept_upper_ = above.relu + above.other;
  }
}

Vec ReducedBounder::concretize_lower(const Vec* plane, Vec base) const {
  Vec sum = base;
  const Vec zero = {};
  for (int i = 0; i < network_->inputs; ++i) {
    const auto k = static_cast<std::size_t>(i);
    sum += plane[i] * select(plane[i] < zero, upper_x[k], lower_x[k]);
  }
  return sum;
}

void ReducedBounder::bound_neuron(int v, int layer, const ClipSettings& settings) {
  const auto i = static_cast<std::size_t>(v);
  const Vec zero = {};
  const bool relu = is_relu(v);
  if (relu && !any((lower_z[i] < zero) & (upper_z[i] > zero))) return;
  substitute<true>(v, layer);
  const auto N = static_cast<std::size_t>(network_->inputs);
  const Vec base_lower = plane_lower_[N] + intercept_lower_ - error_lower_;
  Vec lower = concretize_lower(plane_lower_.data(), base_lower);
  for (std::size_t k = 0; k < N; ++k) {
    mirrored_[k] = -plane_upper_[k];
    sensitivity_[i * N + k] = vabs(plane_lower_[k]) + vabs(plane_upper_[k]);
  }
  const Vec base_upper = -(plane_upper_[N] + intercept_upper_ + error_upper_);
  Vec upper = concretize_lower(mirrored_.data(), base_upper);
  if (settings.neurons && constraints > 0) {
    // A ReLU needs no more than its sign.
    if (!relu || any((lower < zero) & (lower_z[i] < zero)))
      lower = vmax(clip_lower(plane_lower_.data(), base_lower, settings), lower);
    if (!relu || any((upper < zero) & (upper_z[i] > zero)))
      upper = vmax(clip_lower(mirrored_.data(), base_upper, settings), upper);
  }
  if (is_product(v)) {  // planes with their errors, for set_product()
    plane_lower_[N] =
        base_lower - (vabs(plane_lower_[N]) + vabs(intercept_lower_) + error_lower_) * 0x1p-50;
    plane_upper_[N] =
        -base_upper + (vabs(plane_upper_[N]) + vabs(intercept_upper_) + error_upper_) * 0x1p-50;
  }
  lower_z[i] = select((lower > lower_z[i]) & (vabs(lower) < kOverflow), lower, lower_z[i]);
  upper = -upper;
  upper_z[i] = select((upper < upper_z[i]) & (vabs(upper) < kOverflow), upper, upper_z[i]);
  // No value is left for the neuron: no point of the box satisfies the constraints.
  const Mask none = lower_z[i] > upper_z[i];
  infeasible_ |= none;
  upper_z[i] = select(none, lower_z[i], upper_z[i]);
  if (is_second_factor(v)) {
    set_product(v - 1);
  } else if (is_product(v)) {
    std::copy_n(plane_lower_.begin(), N + 1, first_lower_.begin());
    std::copy_n(plane_upper_.begin(), N + 1, first_upper_.begin());
  }
}

void ReducedBounder::bound_rows(const ClipSettings& settings) {
  const ReducedNetwork& net = *network_;
  const auto N = static_cast<std::size_t>(net.inputs);
  refuted = infeasible_;
  Vec nearest = broadcast(-kOverflow);
  for (Vec& loose : best_looseness_) loose = Vec{};
  for (int s = 0; s < net.rows; ++s) {
    const auto i = static_cast<std::size_t>(s);
    substitute<false>(net.neurons + s, net.layers());
    const Vec base = plane_lower_[N] + intercept_lower_ - error_lower_;
    Vec lower = concretize_lower(plane_lower_.data(), base);
    if (settings.neurons && constraints > 0 && any(!(lower > Vec{}))) {
      lower = vmax(clip_lower(plane_lower_.data(), base, settings), lower);
    }
    Vec* plane = row_plane.data() + i * (N + 1);
    for (std::size_t k = 0; k < N; ++k) plane[k] = plane_lower_[k];
    plane[N] = base - (vabs(plane_lower_[N]) + vabs(intercept_lower_) + error_lower_) * 0x1p-50;
    row_lower[i] = lower;
    const Mask nearer = lower > nearest;
    nearest = select(nearer, lower, nearest);
    for (const int w : live_) {
      const auto k = static_cast<std::size_t>(w);
      best_looseness_[k] = select(nearer, looseness_[k], best_looseness_[k]);
    }
    const Mask excluded = net.strict[i] != 0 ? (lower >= Vec{}) : (lower > Vec{});
    refuted |= excluded & (lower < kOverflow);
  }
}

void ReducedBounder::estimate_split_gain() {
  // Halving input i shrinks neuron v's range by a share |A_vi| w_i / (u - l), and its gap in
  // proportion.
  const auto N = static_cast<std::size_t>(network_->inputs);
  const Vec zero = {};
  for (Vec& gain : split_gain) gain = zero;
  for (const int w : live_) {
    const auto v = static_cast<std::size_t>(w);
    const Vec range = high_[v] - low_[v];
    const Mask unstable = range > zero;
    if (!any(unstable)) continue;
    const Vec weight = select(unstable, best_looseness_[v] / (range * range), zero);
    for (std::size_t i = 0; i < N; ++i) split_gain[i] += weight * sensitivity_[v * N + i];
  }
  for (std::size_t i = 0; i < N; ++i) split_gain[i] *= upper_x[i] - lower_x[i];
}

void ReducedBounder::bound(const ClipSettings& settings) {
  const ReducedNetwork& net = *network_;
  prepare_constraints();
  live_.clear();
  live_begin_.assign(1, 0);
  infeasible_ = Mask{};
  if (forward_ != nullptr) return forward_->bound(*this, settings);
  const Vec zero = {};
  for (int layer = 0; layer < net.layers(); ++layer) {
    const int begin = net.layer_begin[static_cast<std::size_t>(layer)],
              end = net.layer_begin[static_cast<std::size_t>(layer) + 1];
    for (int v = begin; v < end; ++v) bound_neuron(v, layer, settings);
    for (int v = begin; v < end; ++v) {
      if (!is_relu(v)) {
        if (!is_product(v)) set_planes(v);
        live_.push_back(v);
        continue;
      }
      set_slopes(v);
      if (any(upper_z[static_cast<std::size_t>(v)] > zero)) live_.push_back(v);
    }
    live_begin_.push_back(static_cast<int>(live_.size()));
  }
  bound_rows(settings);
  estimate_split_gain();
}

namespace {
Vec values_of(const Activation& activation, Vec z) {
  for (int lane = 0; lane < kLanes; ++lane) z[lane] = value_of(activation, z[lane]);
  return z;
}
}  // namespace

void ReducedBounder::evaluate(const Vec* point, Vec* values) {
  if (forward_ != nullptr) return forward_->evaluate(point, values);
  const ReducedNetwork& net = *network_;
  Vec* r = multiplier_lower_.data();
  const Vec zero = {};
  for (int layer = 0; layer <= net.layers(); ++layer) {
    const bool last = layer == net.layers();
    const int begin = last ? net.neurons : net.layer_begin[static_cast<std::size_t>(layer)];
    const int end =
        last ? net.neurons + net.rows : net.layer_begin[static_cast<std::size_t>(layer) + 1];
    for (int v = begin; v < end; ++v) {
      const double* b = net.row(v);
      Vec sum = broadcast(b[net.constant()]);
      for (int i = 0; i < net.inputs; ++i) sum += point[i] * b[net.first_input() + i];
      const int columns = last ? net.neurons : begin;
      for (int w = 0; w < columns; ++w) sum += r[w] * b[w];
      if (last) {
        values[v - net.neurons] = sum;
      } else {
        if (is_second_factor(v)) r[v - 1] *= sum;
        r[v] = is_product(v) ? sum
               : is_relu(v)  ? vmax(sum, zero)
                             : values_of(net.activation[static_cast<std::size_t>(v)], sum);
      }
    }
  }
}

}  // namespace clipbound::bounds
