#pragma once
// Idea: the lists of elements along an axis of a tensor.
// Source: own.
// Guarantees: none of its own.
#include <vector>

#include "specs/network/tensor.h"

namespace clipbound::bounds {

/// The lists along an axis: element k of list i is first[i] + k * step.
struct AxisLists {
  std::vector<std::int64_t> first;
  std::int64_t length = 1, step = 1;
};

/// What belongs to a list: the axis alone, or all axes from it on.
enum class Extent { one_axis, all_axes_behind };

inline AxisLists lists_of(const Shape& shape, std::int64_t axis, Extent extent_of_lists) {
  const bool all_behind = extent_of_lists == Extent::all_axes_behind;
  AxisLists lists;
  const std::int64_t total = element_count(shape);
  if (shape.empty()) {
    lists.first.push_back(0);
    return lists;
  }
  if (axis < 0) axis += static_cast<std::int64_t>(shape.size());
  std::int64_t behind = 1;
  for (std::size_t d = static_cast<std::size_t>(axis) + 1; d < shape.size(); ++d)
    behind *= shape[d];
  const std::int64_t extent =
      axis < static_cast<std::int64_t>(shape.size()) ? shape[static_cast<std::size_t>(axis)] : 1;
  lists.step = all_behind ? 1 : behind;
  lists.length = all_behind ? extent * behind : extent;
  for (std::int64_t outer = 0; outer < total; outer += lists.length * lists.step) {
    for (std::int64_t i = 0; i < lists.step; ++i) lists.first.push_back(outer + i);
  }
  return lists;
}

}  // namespace clipbound::bounds
