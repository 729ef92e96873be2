#include "bounds/reduced/reduced_bounder.h"

#include <algorithm>

#include "base/check.h"
#include "base/rounding.h"
#include "bounds/relax/product_lanes.h"

namespace clipbound::bounds {

void ReducedBounder::attach(const ReducedNetwork& network, int most_halfspaces) {
  network_ = &network;
  const auto U = static_cast<std::size_t>(network.neurons),
             N = static_cast<std::size_t>(network.inputs);
  for (auto* array :
       {&lower_slope_, &upper_slope_, &low_, &high_, &lower_offset_, &upper_offset_, &gap_,
        &row_gap_, &nearest_row_gap_, &lower_coefficient_, &upper_coefficient_})
    array->resize(U);
  sensitivity_.resize(U * N);
  for (auto* array : {&linear_lower_, &linear_upper_, &mirrored_})
    array->resize(N + 1 + kMostColumns);
  for (auto* array : {&first_lower_, &first_upper_}) array->resize(N + 1);
  reads_neurons_.clear();
  for (int s = 0; s < network.rows; ++s) {
    const double* row = network.row(network.neurons + s);
    const bool reads = std::any_of(row, row + network.neurons, [](double b) { return b != 0.0; });
    reads_neurons_.push_back(reads ? 1 : 0);
  }
  attach_twins();
  clipping_.resize(network.inputs, most_halfspaces);
  live_.neurons.reserve(U);
  live_.begin.reserve(static_cast<std::size_t>(network.layers()) + 2);
}

void ReducedBounder::choose_relu_slopes(const BoxBatch& boxes, int v) {
  // Unstable: lower slope 1 where the active side is the longer one (CROWN's choice), upper slope
  // the chord.
  const auto i = static_cast<std::size_t>(v);
  const Vec l = boxes.lower_z[i], u = boxes.upper_z[i], zero = {}, one = broadcast(1.0);
  const Mask active = l >= zero, inactive = (u <= zero) & ~active;
  const Mask unstable = ~(active | inactive);
  const Vec chord = u / (u - l);
  lower_slope_[i] = select(active, one, select(inactive, zero, select(u > -l, one, zero)));
  upper_slope_[i] = select(active, one, select(inactive, zero, chord));
  low_[i] = select(unstable, l, zero);
  high_[i] = select(unstable, u, zero);
}

/// Relaxation of a neuron that is not a ReLU, lane by lane.
void ReducedBounder::relax_neuron(const BoxBatch& boxes, int v) {
  const auto i = static_cast<std::size_t>(v);
  const Activation activation = network_->activation[i];
  low_[i] = boxes.lower_z[i];
  high_[i] = boxes.upper_z[i];
  const Vec width = high_[i] - low_[i];
  if (activation.curve == Curve::square) {
    // Below the tangent at the middle, above the chord, whose largest excess over z^2 lies at an
    // end whatever its slope; the offsets are rounded outward by more than the few roundings in
    // them can cost.
    const Vec l = low_[i], u = high_[i], tangent = l + u, chord = l + u;
    const Vec touch = 0.5 * tangent;  // exact: a power of two
    lower_slope_[i] = tangent;
    upper_slope_[i] = chord;
    lower_offset_[i] = -(touch * touch) * (1.0 + 0x1p-50) - 0x1p-1000;
    upper_offset_[i] = vmax(l * (l - chord), u * (u - chord)) +
                       (vabs(l) + vabs(u)) * (vabs(l) + vabs(u)) * 0x1p-50 + 0x1p-1000;
    gap_[i] = 0.25 * width * width;
    return;
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    const LinePair lines = relax(activation, boxes.lower_z[i][lane], boxes.upper_z[i][lane]);
    lower_slope_[i][lane] = lines.lower_slope;
    upper_slope_[i][lane] = lines.upper_slope;
    lower_offset_[i][lane] = lines.lower_offset;
    upper_offset_[i][lane] = lines.upper_offset;
  }
  const Vec middle = 0.5 * (low_[i] + high_[i]);
  gap_[i] = vmax(
      Vec{}, (upper_slope_[i] - lower_slope_[i]) * middle + (upper_offset_[i] - lower_offset_[i]));
}

/// Relaxation of the product of neurons `first` and first + 1. The linear bounds of the first in
/// the inputs are in first_lower_ and first_upper_, those of the second where it was bounded last;
/// both hold their errors.
void ReducedBounder::relax_factors(const BoxBatch& boxes, int first) {
  const auto x = static_cast<std::size_t>(first), y = x + 1,
             N = static_cast<std::size_t>(network_->inputs);
  const LaneFactor factor_x{first_lower_.data(), first_upper_.data(), first_lower_[N],
                            first_upper_[N],     boxes.lower_z[x],    boxes.upper_z[x]};
  const LaneFactor factor_y{linear_lower_.data(), linear_upper_.data(), linear_lower_[N],
                            linear_upper_[N],     boxes.lower_z[y],     boxes.upper_z[y]};
  const LaneProduct product =
      relax_product(factor_x, factor_y, boxes.lower_x.data(), boxes.upper_x.data(), N);
  lower_slope_[x] = upper_slope_[x] = product.x_slope;
  lower_slope_[y] = upper_slope_[y] = product.y_slope;
  lower_offset_[x] = product.lower;
  upper_offset_[x] = product.upper;
  lower_offset_[y] = upper_offset_[y] = Vec{};
  // Halving either factor's range halves the gap.
  const Vec gap = product.upper - product.lower;
  gap_[x] = gap_[y] = select((gap > Vec{}) & (gap < kOverflow), gap, Vec{});
  for (const std::size_t i : {x, y}) {
    low_[i] = boxes.lower_z[i];
    high_[i] = boxes.upper_z[i];
  }
}

/// What is found of a neuron counts where it is better than what is known.
void ReducedBounder::narrow(BoxBatch& boxes, std::size_t v, Vec lower, Vec upper) {
  boxes.lower_z[v] =
      select((lower > boxes.lower_z[v]) & (vabs(lower) < kOverflow), lower, boxes.lower_z[v]);
  boxes.upper_z[v] =
      select((upper < boxes.upper_z[v]) & (vabs(upper) < kOverflow), upper, boxes.upper_z[v]);
  // No value is left for the neuron: no point of the box satisfies the half-spaces.
  const Mask none = boxes.lower_z[v] > boxes.upper_z[v];
  infeasible_ |= none;
  boxes.upper_z[v] = select(none, boxes.lower_z[v], boxes.upper_z[v]);
}

void ReducedBounder::bound_neuron(BoxBatch& boxes, int v, int layer, const Clipping& clipping) {
  const auto i = static_cast<std::size_t>(v);
  const Vec zero = {};
  const bool relu = is_relu(v);
  if (relu && !any((boxes.lower_z[i] < zero) & (boxes.upper_z[i] > zero))) return;
  substitute<true>(v, layer);
  const auto N = static_cast<std::size_t>(network_->inputs);
  const Vec base_lower = linear_lower_[N] + intercept_lower_ - error_lower_;
  Vec lower = concretize_lower(boxes, linear_lower_.data(), base_lower);
  for (std::size_t k = 0; k < N; ++k) {
    mirrored_[k] = -linear_upper_[k];
    sensitivity_[i * N + k] = vabs(linear_lower_[k]) + vabs(linear_upper_[k]);
  }
  const Vec base_upper = -(linear_upper_[N] + intercept_upper_ + error_upper_);
  Vec upper = concretize_lower(boxes, mirrored_.data(), base_upper);
  if (clipping_.applies(clipping)) {
    // A ReLU needs no more than its sign.
    if (!relu || any((lower < zero) & (boxes.lower_z[i] < zero)))
      lower = vmax(clipping_.lower_bound(linear_lower_.data(), base_lower, clipping), lower);
    if (!relu || any((upper < zero) & (boxes.upper_z[i] > zero)))
      upper = vmax(clipping_.lower_bound(mirrored_.data(), base_upper, clipping), upper);
  }
  if (is_product(v)) {  // linear bounds with their errors, for relax_factors()
    linear_lower_[N] =
        base_lower - (vabs(linear_lower_[N]) + vabs(intercept_lower_) + error_lower_) * 0x1p-50;
    linear_upper_[N] =
        -base_upper + (vabs(linear_upper_[N]) + vabs(intercept_upper_) + error_upper_) * 0x1p-50;
  }
  narrow(boxes, i, lower, -upper);
  if (is_second_factor(v)) {
    relax_factors(boxes, v - 1);
  } else if (is_product(v)) {
    std::copy_n(linear_lower_.begin(), N + 1, first_lower_.begin());
    std::copy_n(linear_upper_.begin(), N + 1, first_upper_.begin());
  }
}

void ReducedBounder::bound_rows(const BoxBatch& boxes, const Clipping& clipping, RowBounds& rows) {
  const ReducedNetwork& net = *network_;
  const auto N = static_cast<std::size_t>(net.inputs);
  rows.refuted = infeasible_;
  const bool joint = !rows.asked.empty();
  Vec nearest = broadcast(joint ? kOverflow : -kOverflow);
  for (Vec& gap : nearest_row_gap_) gap = Vec{};
  rows.excluded.assign(rows.asked.size(), Mask{});
  for (int s = 0; s < net.rows; ++s) {
    const auto i = static_cast<std::size_t>(s);
    if (joint && !any(rows.asked[i])) continue;
    substitute<false>(net.neurons + s, net.layers());
    const Vec base = linear_lower_[N] + intercept_lower_ - error_lower_;
    Vec lower = concretize_lower(boxes, linear_lower_.data(), base);
    if (clipping_.applies(clipping) && any(!(lower > Vec{}))) {
      lower = vmax(clipping_.lower_bound(linear_lower_.data(), base, clipping), lower);
    }
    Vec* linear = rows.linear_bound.data() + i * (N + 1);
    for (std::size_t k = 0; k < N; ++k) linear[k] = linear_lower_[k];
    linear[N] = base - (vabs(linear_lower_[N]) + vabs(intercept_lower_) + error_lower_) * 0x1p-50;
    rows.lower[i] = lower;
    // Of several clauses' rows the farthest from being excluded decides where the box is split. A
    // row over inputs alone does not: no split makes its bound better.
    if (reads_neurons_[i] != 0) {
      const Mask nearer = joint ? (lower < nearest) & rows.asked[i] : lower > nearest;
      nearest = select(nearer, lower, nearest);
      for (const int w : live_.neurons) {
        const auto k = static_cast<std::size_t>(w);
        nearest_row_gap_[k] = select(nearer, row_gap_[k], nearest_row_gap_[k]);
      }
    }
    const Mask excluded = net.strict[i] != 0 ? (lower >= Vec{}) : (lower > Vec{});
    (joint ? rows.excluded[i] : rows.refuted) |= excluded & (lower < kOverflow);
  }
}

/// Estimates, per input, how much of the relaxation gap in the row nearest to refutation a split of
/// that input removes: halving input i shrinks neuron v's range by a share |A_vi| w_i / (u - l),
/// and its gap in proportion.
void ReducedBounder::score_inputs(const BoxBatch& boxes, std::vector<Vec>& score) const {
  const auto N = static_cast<std::size_t>(network_->inputs);
  const Vec zero = {};
  for (Vec& s : score) s = zero;
  for (const int w : live_.neurons) {
    const auto v = static_cast<std::size_t>(w);
    const Vec range = high_[v] - low_[v];
    const Mask unstable = range > zero;
    if (!any(unstable)) continue;
    const Vec weight = select(unstable, nearest_row_gap_[v] / (range * range), zero);
    for (std::size_t i = 0; i < N; ++i) score[i] += weight * sensitivity_[v * N + i];
  }
  for (std::size_t i = 0; i < N; ++i) score[i] *= boxes.upper_x[i] - boxes.lower_x[i];
}

void ReducedBounder::bound(BoxBatch& boxes, const Clipping& clipping, RowBounds& rows) {
  const ReducedNetwork& net = *network_;
  clipping_.prepare(boxes.lower_x.data(), boxes.upper_x.data(), boxes.halfspace_count,
                    boxes.halfspaces.data());
  live_.clear();
  live_apart_.clear();
  infeasible_ = Mask{};
  const Vec zero = {};
  for (int layer = 0; layer < net.layers(); ++layer) {
    const int begin = net.layer_begin[static_cast<std::size_t>(layer)],
              end = net.layer_begin[static_cast<std::size_t>(layer) + 1];
    for (int v = begin; v < end; ++v) {
      if (first_twin(v) >= 0) {
        bound_twins(boxes, v, layer, clipping);
        continue;
      }
      if (!twins_.empty())
        twins_[static_cast<std::size_t>(v)].bounded = is_open(boxes, static_cast<std::size_t>(v));
      bound_neuron(boxes, v, layer, clipping);
    }
    for (int v = begin; v < end; ++v) {
      if (!is_relu(v)) {
        if (!is_product(v)) relax_neuron(boxes, v);
        live_.neurons.push_back(v);
        continue;
      }
      choose_relu_slopes(boxes, v);
      if (any(boxes.upper_z[static_cast<std::size_t>(v)] > zero)) live_.neurons.push_back(v);
    }
    live_.end_layer();
    if (!twins_.empty()) end_layer_of_twins(boxes, layer);
  }
  bound_rows(boxes, clipping, rows);
  score_inputs(boxes, rows.branching_score);
}

namespace {
Vec values_of(const Activation& activation, Vec z) {
  for (int lane = 0; lane < kLanes; ++lane) z[lane] = value_of(activation, z[lane]);
  return z;
}
}  // namespace

void ReducedBounder::evaluate(const Vec* point, Vec* values) {
  const ReducedNetwork& net = *network_;
  Vec* r = lower_coefficient_.data();
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

std::unique_ptr<BatchBounder> ReducedNetwork::make_bounder(
    int most_halfspaces, std::unique_ptr<BatchBounder> previous) const {
  if (dynamic_cast<ReducedBounder*>(previous.get()) == nullptr)
    previous = std::make_unique<ReducedBounder>();
  static_cast<ReducedBounder&>(*previous).attach(*this, most_halfspaces);
  return previous;
}

}  // namespace clipbound::bounds
