// Idea: ReducedBounder's lines of twins, neurons that compute nearly the same: by substituting the
// difference of their rows.
// Source: own; see bounds/relax/difference.h.
// Guarantees: as those of neurons (S14).
#include <cmath>

#include "bounds/reduced/reduced_bounder.h"
#include "bounds/relax/difference.h"

namespace clipbound::bounds {

namespace {

/// A bound, unless it may owe its value to an overflow or is NaN.
double proven_or(double bound, double instead) {
  return std::fabs(bound) < kOverflow ? bound : instead;
}

}  // namespace

/// The line that a neuron's relaxation is below and above, in one lane.
LinePair ReducedBounder::own_lines(int v, int lane) const {
  const auto i = static_cast<std::size_t>(v);
  if (is_relu(v))
    return {lower_slope_[i][lane], 0.0, upper_slope_[i][lane],
            -upper_slope_[i][lane] * low_[i][lane]};
  return {lower_slope_[i][lane], lower_offset_[i][lane], upper_slope_[i][lane],
          upper_offset_[i][lane]};
}

/// Lines of the difference of neuron `first` and its twin, from bounds of z_(first + 1) - z_first:
/// what both have in common has cancelled in its row.
void ReducedBounder::relate_twins(BoxBatch& boxes, int first, int layer, const Clipping& clipping) {
  const auto x = static_cast<std::size_t>(first), y = x + 1,
             N = static_cast<std::size_t>(network_->inputs);
  Difference& of = difference_[x];
  of = Difference{};
  const Vec zero = {};
  const double slack = network_->slack[x] + network_->slack[y];
  if (!(slack < kOverflow) ||
      (is_relu(first) && !any((boxes.lower_z[x] < zero) & (boxes.upper_z[x] > zero) &
                              (boxes.lower_z[y] < zero) & (boxes.upper_z[y] > zero))))
    return;
  for (std::size_t j = 0; j < difference_row_.size(); ++j)
    difference_row_[j] = network_->row(first + 1)[j] - network_->row(first)[j];
  substitute_row<true, true>(difference_row_.data(), slack, layer);
  const Vec base_lower = linear_lower_[N] + intercept_lower_ - error_lower_,
            base_upper = -(linear_upper_[N] + intercept_upper_ + error_upper_);
  for (std::size_t k = 0; k < N; ++k) mirrored_[k] = -linear_upper_[k];
  Vec lower = concretize_lower(boxes, linear_lower_.data(), base_lower),
      upper = concretize_lower(boxes, mirrored_.data(), base_upper);
  if (clipping_.applies(clipping)) {
    lower = vmax(clipping_.lower_bound(linear_lower_.data(), base_lower, clipping), lower);
    upper = vmax(clipping_.lower_bound(mirrored_.data(), base_upper, clipping), upper);
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    const DifferenceLines lines =
        relax_difference(network_->activation[x], {boxes.lower_z[x][lane], boxes.upper_z[x][lane]},
                         {boxes.lower_z[y][lane], boxes.upper_z[y][lane]},
                         {proven_or(lower[lane], -kInfinity), proven_or(-upper[lane], kInfinity)},
                         own_lines(first, lane), own_lines(first + 1, lane));
    of.lower_slope[lane] = lines.lower_slope;
    of.lower_offset[lane] = lines.lower_offset;
    of.upper_slope[lane] = lines.upper_slope;
    of.upper_offset[lane] = lines.upper_offset;
    of.gap[lane] = lines.gap;
    of.below[lane] = lines.below ? -1 : 0;
    of.above[lane] = lines.above ? -1 : 0;
  }
}

}  // namespace clipbound::bounds
