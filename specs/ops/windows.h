#pragma once
// Idea: windows that slide over an image: the common part of convolutions and pools.
// Source: ONNX operator specification, Conv (auto_pad, dilations, ceil_mode).
// Guarantees: every tap is read once per position; padding is never read.
// Legend: An image has d spatial axes (1-D, 2-D, 3-D, ...), without its channels. A window at
// output position p has T taps; tap t at p reads one image element, or nothing where it lies
// outside. Output positions come in rows along the last axis, so that a tap of a row is a stretch
// of the image with a constant step.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "specs/ops/op_support.h"

namespace clipbound::specs {

/// The geometry, per spatial axis.
struct WindowShape {
  Shape image, kernel, strides, dilations, pads_before, pads_after, output;
};

/// The axes of [N, C, spatial axes] after the second. The rank must be at least 2.
inline Shape spatial_shape(const Shape& shape) {
  return Shape(shape.begin() + 2, shape.end());
}

/// Reads kernel-independent attributes (strides, dilations, pads, auto_pad, ceil_mode) and computes
/// the output's shape. Throws InputError where they do not fit the image.
WindowShape windows_over(const Node& node, const Shape& image, const Shape& kernel);
/// The same for a transposed convolution: `positions` is the input's spatial shape, the image the
/// output's (attributes output_shape, output_padding).
WindowShape windows_onto(const Node& node, const Shape& positions, const Shape& kernel);

class Windows {
 public:
  /// What a tap of a row reads: output j in [first, last) reads image element source + j * step.
  struct Stretch {
    std::int64_t source, first, last;
  };

  explicit Windows(WindowShape shape);
  std::int64_t taps() const { return taps_; }
  std::int64_t rows() const { return rows_; }
  std::int64_t width() const { return shape_.output.back(); }  ///< output positions per row
  std::int64_t step() const { return shape_.strides.back(); }
  std::int64_t image_size() const { return image_size_; }
  std::int64_t positions() const { return rows() * width(); }
  const WindowShape& shape() const { return shape_; }
  const Stretch& stretch(std::int64_t tap, std::int64_t row) const {
    return stretches_[static_cast<std::size_t>(tap * rows_ + row)];
  }
  /// True where the one tap of each position reads the image in order, so that columns would be the
  /// image itself.
  bool is_image() const;

  /// columns[tap * row_length + j]: what tap reads at position first_row * width + j; 0 outside the
  /// image.
  template <typename S>
  void read(const S* image, std::int64_t first_row, std::int64_t row_count, S* columns,
            std::int64_t row_length) const;
  /// The transpose: adds the columns to where they were read. Taps in reversed order where asked
  /// for.
  template <typename S>
  void add(const S* columns, std::int64_t row_length, std::int64_t first_row,
           std::int64_t row_count, S* image, bool reversed = false) const;

 private:
  WindowShape shape_;
  std::int64_t taps_, rows_, image_size_;
  std::vector<Stretch> stretches_;  ///< [tap, row]
};

template <typename S>
void Windows::read(const S* image, std::int64_t first_row, std::int64_t row_count, S* columns,
                   std::int64_t row_length) const {
  const std::int64_t w = width(), by = step();
  for (std::int64_t t = 0; t < taps_; ++t)
    for (std::int64_t r = 0; r < row_count; ++r) {
      const Stretch& s = stretch(t, first_row + r);
      S* to = columns + t * row_length + r * w;
      std::fill_n(to, s.first, S(0));
      if (by == 1) {
        std::copy_n(image + (s.source + s.first), s.last - s.first, to + s.first);
      } else {
        for (std::int64_t j = s.first; j < s.last; ++j) to[j] = image[s.source + j * by];
      }
      std::fill(to + s.last, to + w, S(0));
    }
}

template <typename S>
void Windows::add(const S* columns, std::int64_t row_length, std::int64_t first_row,
                  std::int64_t row_count, S* image, bool reversed) const {
  const std::int64_t w = width(), by = step();
  for (std::int64_t i = 0; i < taps_; ++i) {
    const std::int64_t t = reversed ? taps_ - 1 - i : i;
    for (std::int64_t r = 0; r < row_count; ++r) {
      const Stretch& s = stretch(t, first_row + r);
      const S* from = columns + t * row_length + r * w;
      for (std::int64_t j = s.first; j < s.last; ++j) image[s.source + j * by] += from[j];
    }
  }
}

}  // namespace clipbound::specs
