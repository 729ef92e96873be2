#pragma once
// Idea: what a ConvolutionMap holds; for its own files only.
// Source: own.
// Guarantees: immutable once made.
// Legend: bounds/layered/convolution_map.h.
#include <memory>
#include <utility>

#include "bounds/layered/convolution_map.h"

namespace clipbound::bounds {

struct ConvolutionMap::Data {
  Direction direction;
  Channels channels;
  Windows windows;
  /// Coefficient of position channel i, image channel k of its group, tap t:
  /// w[i * w_stride + k * T + t]. Restrictions see a part of the weights.
  Weights weights;
  const double* w;
  std::int64_t w_stride;
  std::int64_t most_per_position = 0, most_per_image_element = 0, entries = 0;

  Data(Direction to, WindowShape shape, Channels count, Weights all, const double* part,
       std::int64_t stride);

  bool is_conv() const { return direction == Direction::conv; }
  std::int64_t c() const { return channels.image / channels.groups; }
  std::int64_t m() const { return channels.positions / channels.groups; }
  std::int64_t taps() const { return windows.taps(); }
  std::int64_t image_area() const { return windows.image_size(); }
  std::int64_t position_area() const { return windows.positions(); }
};

}  // namespace clipbound::bounds
