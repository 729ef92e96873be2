#pragma once
// Idea: Convolutions of B points as matrix products: the common part of Conv and ConvTranspose.
// Source: own; Conv as im2col, ConvTranspose as col2im (Chellapilla et al. 2006).
// Guarantees: sums are taken in the order asked for; float, double and Enclosed compute one
// template; the running error covers every rounding (S1).
// Legend: Per point an image [C, image] and positions [M, P]; G groups, c = C/G, m = M/G; weights
// [M, c, T] for T taps. Conv goes from the image to the positions, ConvTranspose (and the gradient
// of Conv) from the positions to the image, with the same weights, which all points share: the
// columns [c*T, P] of a group are read from the image, or added to it.
#include <cstdint>
#include <memory>

#include "base/blas.h"
#include "specs/network/summation.h"
#include "specs/ops/windows.h"

namespace clipbound::specs {

struct ConvolutionPlan {
  std::int64_t groups = 1, image_channels = 1, position_channels = 1;
};

class Convolution {
 public:
  Convolution(ConvolutionPlan plan, WindowShape shape);
  std::int64_t image_size() const { return plan_.image_channels * windows_.image_size(); }
  std::int64_t position_size() const { return plan_.position_channels * windows_.positions(); }

  /// positions += W * columns(image), and image += columns^T(W^T * positions), by BLAS.
  template <typename T>
  void to_positions(std::int64_t batch, const T* weights, const T* image, T* positions) const;
  template <typename T>
  void to_image(std::int64_t batch, const T* weights, const T* positions, T* image) const;
  /// weights += positions * columns(image)^T.
  template <typename T>
  void to_weights(std::int64_t batch, const T* positions, const T* image, T* weights) const;
  /// The first two with every sum in a stated order, for every scalar.
  template <typename S>
  void to_positions_ordered(std::int64_t batch, const S* weights, const S* image, S* positions,
                            Sums order) const;
  template <typename S>
  void to_image_ordered(std::int64_t batch, const S* weights, const S* positions, S* image,
                        Sums order) const;

 private:
  /// A block of columns: rows of positions of one point, or all positions of several points side by
  /// side.
  struct Block {
    std::int64_t point, points, first_row, rows;
  };
  template <typename Body>
  void for_each_block(std::int64_t batch, const Body& body) const;
  template <typename T>
  void read_columns(const Block& block, std::int64_t group, const T* image, T* columns) const;
  template <typename T>
  void add_columns(const Block& block, std::int64_t group, const T* columns, T* image) const;
  template <typename T>
  void gather_positions(const Block& block, std::int64_t group, const T* positions,
                        T* side_by_side) const;
  /// One channel in, one weight per tap: no product is worth its columns.
  bool is_depthwise() const { return plan_.image_channels == plan_.groups; }
  template <typename T>
  void depthwise(std::int64_t batch, const T* weights, const T* image, T* positions) const;

  std::int64_t c() const { return plan_.image_channels / plan_.groups; }
  std::int64_t m() const { return plan_.position_channels / plan_.groups; }
  std::int64_t k() const { return c() * windows_.taps(); }
  std::int64_t columns_of(const Block& block) const {
    return block.points * block.rows * windows_.width();
  }

  ConvolutionPlan plan_;
  Windows windows_;
  std::int64_t points_per_block_ = 1, rows_per_block_ = 1;
};

extern template void Convolution::to_positions(std::int64_t, const float*, const float*,
                                               float*) const;
extern template void Convolution::to_positions(std::int64_t, const double*, const double*,
                                               double*) const;
extern template void Convolution::to_image(std::int64_t, const float*, const float*, float*) const;
extern template void Convolution::to_image(std::int64_t, const double*, const double*,
                                           double*) const;
extern template void Convolution::to_weights(std::int64_t, const float*, const float*,
                                             float*) const;
extern template void Convolution::to_weights(std::int64_t, const double*, const double*,
                                             double*) const;

template <typename S>
void Convolution::to_positions_ordered(std::int64_t batch, const S* weights, const S* image,
                                       S* positions, Sums order) const {
  const std::int64_t width = rows_per_block_ * windows_.width();
  const std::unique_ptr<S[]> columns(new S[static_cast<std::size_t>(k() * width)]);
  const std::unique_ptr<S[]> sums(new S[static_cast<std::size_t>(m() * width)]);
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t g = 0; g < plan_.groups; ++g)
      for (std::int64_t row = 0; row < windows_.rows(); row += rows_per_block_) {
        const std::int64_t rows = std::min(rows_per_block_, windows_.rows() - row),
                           n = rows * windows_.width();
        for (std::int64_t i = 0; i < c(); ++i)
          windows_.read(image + b * image_size() + (g * c() + i) * windows_.image_size(), row, rows,
                        columns.get() + i * windows_.taps() * n, n);
        const S* w = weights + g * m() * k();
        ordered_product<S>(m(), n, k(), {w, k(), 1}, {columns.get(), n, 1}, sums.get(), order);
        for (std::int64_t i = 0; i < m(); ++i) {
          S* to = positions + b * position_size() + (g * m() + i) * windows_.positions() +
                  row * windows_.width();
          for (std::int64_t j = 0; j < n; ++j) to[j] += sums[static_cast<std::size_t>(i * n + j)];
        }
      }
}

template <typename S>
void Convolution::to_image_ordered(std::int64_t batch, const S* weights, const S* positions,
                                   S* image, Sums order) const {
  const std::int64_t n = windows_.positions();
  const std::unique_ptr<S[]> columns(new S[static_cast<std::size_t>(k() * n)]);
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t g = 0; g < plan_.groups; ++g) {
      const S* w = weights + g * m() * k();
      const S* from = positions + b * position_size() + g * m() * n;
      ordered_product<S>(k(), n, m(), {w, 1, k()}, {from, n, 1}, columns.get(), order);
      for (std::int64_t i = 0; i < c(); ++i)
        windows_.add(columns.get() + i * windows_.taps() * n, n, 0, windows_.rows(),
                     image + b * image_size() + (g * c() + i) * windows_.image_size(),
                     order == Sums::reversed);
    }
}

}  // namespace clipbound::specs
