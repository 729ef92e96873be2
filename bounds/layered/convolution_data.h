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
  using Factors = std::shared_ptr<const std::vector<double>>;

  Direction direction;
  Channels channels;
  Windows windows;
  /// Coefficient of position channel i, image channel k of its group, tap t: number first + i *
  /// w_stride + k * T + t, times the factor of its row channel. Restrictions see a part of the
  /// weights.
  Weights weights;
  std::int64_t first, w_stride;
  Factors factors;  ///< [row channels] nullptr: all are 1
  std::int64_t most_per_position = 0, most_per_image_element = 0, entries = 0;

  Data(Direction to, WindowShape shape, Channels count, Weights all, std::int64_t part,
       std::int64_t stride, Factors scale);

  bool is_conv() const { return direction == Direction::conv; }
  std::int64_t c() const { return channels.image / channels.groups; }
  std::int64_t m() const { return channels.positions / channels.groups; }
  std::int64_t taps() const { return windows.taps(); }
  std::int64_t image_area() const { return windows.image_size(); }
  std::int64_t position_area() const { return windows.positions(); }

  /// Whether coefficients stand in memory as they are.
  bool is_plain() const { return weights.is_float64() && factors == nullptr; }
  const double* plain(std::int64_t i, std::int64_t j) const {
    return weights.float64() + first + i * w_stride + j;
  }
  double factor(std::int64_t i, std::int64_t j) const {
    if (factors == nullptr) return 1.0;
    return (*factors)[static_cast<std::size_t>(is_conv() ? i : i / m() * c() + j / taps())];
  }
  /// Of position channel i, j = k * T + t; rounded once.
  double coefficient(std::int64_t i, std::int64_t j) const {
    const std::int64_t at = first + i * w_stride + j;
    const double w =
        weights.is_float64() ? weights.float64()[at] : static_cast<double>(weights.float32()[at]);
    return factors == nullptr ? w : factor(i, j) * w;
  }
  /// to[rows, columns] = the coefficients i ..., j ...; or their sizes.
  void copy(std::int64_t i, std::int64_t rows, std::int64_t j, std::int64_t columns, bool sizes,
            double* to) const;
};

}  // namespace clipbound::bounds
