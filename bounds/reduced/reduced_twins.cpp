// Idea: ReducedBounder's lines of twins, neurons that compute nearly the same: by substituting the
// difference of their rows.
// Source: own; see bounds/relax/difference.h.
// Guarantees: as those of neurons (S14).
#include <algorithm>

#include "base/rounding.h"
#include "bounds/reduced/reduced_bounder.h"
#include "bounds/relax/difference.h"

namespace clipbound::bounds {

/// The line that a neuron's relaxation is below and above, in one lane.
LinePair ReducedBounder::own_lines(int v, int lane) const {
  const auto i = static_cast<std::size_t>(v);
  if (is_relu(v))
    return {lower_slope_[i][lane], 0.0, upper_slope_[i][lane],
            -upper_slope_[i][lane] * low_[i][lane]};
  return {lower_slope_[i][lane], lower_offset_[i][lane], upper_slope_[i][lane],
          upper_offset_[i][lane]};
}

/// Whether a line of the neuron would lose something in some lane.
bool ReducedBounder::is_open(const BoxBatch& boxes, std::size_t v) const {
  return !is_relu(static_cast<int>(v)) ||
         any((boxes.lower_z[v] < Vec{}) & (boxes.upper_z[v] > Vec{}));
}

void ReducedBounder::attach_twins() {
  const ReducedNetwork& net = *network_;
  twins_.assign(net.twin.empty() ? 0 : static_cast<std::size_t>(net.neurons), TwinState{});
  difference_row_.resize(static_cast<std::size_t>(net.stride));
  for (int v = 0; v < static_cast<int>(twins_.size()); ++v) {
    if (const int second = second_twin(v); second >= 0)
      twins_[static_cast<std::size_t>(second)].first = v;
  }
  for (int v = 0; v < static_cast<int>(twins_.size()); ++v) {
    bool apart = first_twin(v) < 0;
    for (int w = 0; w < v && apart; ++w)
      apart = net.row(v)[w] == 0.0 || twins_[static_cast<std::size_t>(w)].apart;
    twins_[static_cast<std::size_t>(v)].apart = apart;
    if (!is_second_factor(v)) continue;
    // Rows read a product by its first factor alone, and depend on both.
    bool& first = twins_[static_cast<std::size_t>(v) - 1].apart;
    twins_[static_cast<std::size_t>(v)].apart = first = first && apart;
  }
}

/// Bounds the difference of neuron `second` and its twin, which is bounded already, and both from
/// it: it is far narrower than either neuron, so what one of them is known to be, the other one
/// nearly is.
void ReducedBounder::bound_twins(BoxBatch& boxes, int second, int layer, const Clipping& clipping) {
  const int first = first_twin(second);
  const auto x = static_cast<std::size_t>(first), y = static_cast<std::size_t>(second);
  TwinState& of = twins_[x];
  of.low = broadcast(-kInfinity);
  of.high = broadcast(kInfinity);
  if (!of.bounded && !is_open(boxes, y)) return;
  bound_difference(boxes, first, layer, clipping);
  const auto outward = [](Vec end, double sign) {
    return end + sign * (vabs(end) * 0x1p-51 + 0x1p-1000);
  };
  narrow(boxes, y, outward(boxes.lower_z[x] + of.low, -1.0),
         outward(boxes.upper_z[x] + of.high, 1.0));
  if (is_open(boxes, y)) bound_second(boxes, first, layer, clipping);
  narrow(boxes, x, outward(boxes.lower_z[y] - of.high, -1.0),
         outward(boxes.upper_z[y] - of.low, 1.0));
}

/// The second one's own bounds say nothing new where the difference is far narrower than the first
/// one's, found in this batch.
void ReducedBounder::bound_second(BoxBatch& boxes, int first, int layer, const Clipping& clipping) {
  constexpr double kNarrow = 0.25;
  const int second = second_twin(first);
  const auto x = static_cast<std::size_t>(first), y = static_cast<std::size_t>(second),
             N = static_cast<std::size_t>(network_->inputs);
  const TwinState& of = twins_[x];
  const Mask stable = is_relu(second) ? (boxes.lower_z[y] >= Vec{}) | (boxes.upper_z[y] <= Vec{})
                                      : Mask{},
             narrow = of.high - of.low <= kNarrow * (boxes.upper_z[x] - boxes.lower_z[x]);
  if (!of.bounded || !all(stable | narrow)) return bound_neuron(boxes, second, layer, clipping);
  std::copy_n(sensitivity_.begin() + static_cast<std::ptrdiff_t>(x * N), N,
              sensitivity_.begin() + static_cast<std::ptrdiff_t>(y * N));
}

/// Bounds the difference of neuron `first` and its twin by a row of its own, in which what both
/// have in common has cancelled.
void ReducedBounder::bound_difference(const BoxBatch& boxes, int first, int layer,
                                      const Clipping& clipping) {
  const int second = second_twin(first);
  const auto x = static_cast<std::size_t>(first), N = static_cast<std::size_t>(network_->inputs);
  const double slack = network_->slack[x] + network_->slack[static_cast<std::size_t>(second)];
  if (!(slack < kOverflow)) return;
  for (std::size_t j = 0; j < difference_row_.size(); ++j)
    difference_row_[j] = network_->row(second)[j] - network_->row(first)[j];
  substitute_row<true, true>(difference_row_.data(), slack, layer, live_);
  const Vec base_lower = linear_lower_[N] + intercept_lower_ - error_lower_,
            base_upper = -(linear_upper_[N] + intercept_upper_ + error_upper_);
  for (std::size_t k = 0; k < N; ++k) mirrored_[k] = -linear_upper_[k];
  Vec lower = concretize_lower(boxes, linear_lower_.data(), base_lower),
      upper = concretize_lower(boxes, mirrored_.data(), base_upper);
  if (clipping_.applies(clipping)) {
    lower = vmax(clipping_.lower_bound(linear_lower_.data(), base_lower, clipping), lower);
    upper = vmax(clipping_.lower_bound(mirrored_.data(), base_upper, clipping), upper);
  }
  TwinState& of = twins_[x];
  of.low = select(vabs(lower) < kOverflow, lower, of.low);
  of.high = select(vabs(upper) < kOverflow, -upper, of.high);
}

/// The lines of a pair, once both neurons have theirs.
void ReducedBounder::relax_difference(const BoxBatch& boxes, int first) {
  const int second = second_twin(first);
  const auto x = static_cast<std::size_t>(first), y = static_cast<std::size_t>(second);
  TwinState& of = twins_[x];
  of.taken = false;
  if (!is_open(boxes, x) || !is_open(boxes, y)) return;
  if (!(network_->slack[x] < kOverflow) || !(network_->slack[y] < kOverflow)) return;
  for (int lane = 0; lane < kLanes; ++lane) {
    const DifferenceLines lines = bounds::relax_difference(
        network_->activation[x], {boxes.lower_z[x][lane], boxes.upper_z[x][lane]},
        {boxes.lower_z[y][lane], boxes.upper_z[y][lane]}, {of.low[lane], of.high[lane]},
        own_lines(first, lane), own_lines(second, lane));
    of.lower_slope[lane] = lines.lower_slope;
    of.lower_y[lane] = lines.lower_y;
    of.lower_offset[lane] = lines.lower_offset;
    of.upper_slope[lane] = lines.upper_slope;
    of.upper_x[lane] = lines.upper_x;
    of.upper_offset[lane] = lines.upper_offset;
    of.gap[lane] = lines.gap;
    of.below[lane] = lines.below ? -1 : 0;
    of.above[lane] = lines.above ? -1 : 0;
    of.taken = of.taken || lines.below || lines.above;
  }
}

/// After a layer's neurons have their slopes: the lines of their differences, and which of them
/// rows without second twins read.
void ReducedBounder::end_layer_of_twins(const BoxBatch& boxes, int layer) {
  for (int v = network_->layer_begin[static_cast<std::size_t>(layer)];
       v < network_->layer_begin[static_cast<std::size_t>(layer) + 1]; ++v) {
    if (second_twin(v) >= 0) relax_difference(boxes, v);
  }
  for (int k = live_.begin[static_cast<std::size_t>(layer)];
       k < live_.begin[static_cast<std::size_t>(layer) + 1]; ++k) {
    const int w = live_.neurons[static_cast<std::size_t>(k)];
    if (twins_[static_cast<std::size_t>(w)].apart) live_apart_.neurons.push_back(w);
  }
  live_apart_.end_layer();
}

}  // namespace clipbound::bounds
