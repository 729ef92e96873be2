#include "specs/ops/convolution.h"

namespace clipbound::specs {

namespace {

/// Columns that make a product wide enough for BLAS, and elements of a block of columns (1 MB of
/// float32, in L2).
constexpr std::int64_t kWide = 512, kBlock = std::int64_t{1} << 18;

}  // namespace

Convolution::Convolution(ConvolutionPlan plan, WindowShape shape)
    : plan_(plan), windows_(std::move(shape)) {
  const std::int64_t p = windows_.positions(), largest = std::max<std::int64_t>(kBlock / k(), 1);
  if (p < kWide) points_per_block_ = std::max<std::int64_t>(std::min(kWide / p, largest / p), 1);
  rows_per_block_ = std::clamp<std::int64_t>(largest / windows_.width(), 1, windows_.rows());
}

template <typename Body>
void Convolution::for_each_block(std::int64_t batch, const Body& body) const {
  for (std::int64_t b = 0; b < batch;) {
    const std::int64_t points = std::min(points_per_block_, batch - b);
    if (points > 1) {
      body(Block{b, points, 0, windows_.rows()});
    } else {
      for (std::int64_t row = 0; row < windows_.rows(); row += rows_per_block_)
        body(Block{b, 1, row, std::min(rows_per_block_, windows_.rows() - row)});
    }
    b += points;
  }
}

template <typename T>
void Convolution::read_columns(const Block& block, std::int64_t group, const T* image,
                               T* columns) const {
  const std::int64_t n = columns_of(block);
  for (std::int64_t p = 0; p < block.points; ++p)
    for (std::int64_t i = 0; i < c(); ++i)
      windows_.read(
          image + (block.point + p) * image_size() + (group * c() + i) * windows_.image_size(),
          block.first_row, block.rows, columns + i * windows_.taps() * n + p * windows_.positions(),
          n);
}

template <typename T>
void Convolution::add_columns(const Block& block, std::int64_t group, const T* columns,
                              T* image) const {
  const std::int64_t n = columns_of(block);
  for (std::int64_t p = 0; p < block.points; ++p)
    for (std::int64_t i = 0; i < c(); ++i)
      windows_.add(
          columns + i * windows_.taps() * n + p * windows_.positions(), n, block.first_row,
          block.rows,
          image + (block.point + p) * image_size() + (group * c() + i) * windows_.image_size());
}

template <typename T>
void Convolution::gather_positions(const Block& block, std::int64_t group, const T* positions,
                                   T* side_by_side) const {
  const std::int64_t n = columns_of(block), count = windows_.positions();
  for (std::int64_t i = 0; i < m(); ++i)
    for (std::int64_t p = 0; p < block.points; ++p)
      std::copy_n(positions + (block.point + p) * position_size() + (group * m() + i) * count,
                  count, side_by_side + i * n + p * count);
}

template <typename T>
void Convolution::depthwise(std::int64_t batch, const T* weights, const T* image,
                            T* positions) const {
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t i = 0; i < plan_.position_channels; ++i) {
      const T* from = image + b * image_size() + i / m() * windows_.image_size();
      T* to = positions + b * position_size() + i * windows_.positions();
      for (std::int64_t t = 0; t < windows_.taps(); ++t) {
        const T w = weights[i * windows_.taps() + t];
        for (std::int64_t r = 0; r < windows_.rows(); ++r) {
          const Windows::Stretch& s = windows_.stretch(t, r);
          T* line = to + r * windows_.width();
          for (std::int64_t j = s.first; j < s.last; ++j)
            line[j] += w * from[s.source + j * windows_.step()];
        }
      }
    }
}

template <typename T>
void Convolution::to_positions(std::int64_t batch, const T* weights, const T* image,
                               T* positions) const {
  if (is_depthwise()) return depthwise(batch, weights, image, positions);
  const std::int64_t count = windows_.positions();
  std::unique_ptr<T[]> columns, sums;  // as large as the first block, which is the largest
  for_each_block(batch, [&](const Block& block) {
    const std::int64_t n = columns_of(block);
    const bool direct = block.points == 1 && windows_.is_image();
    if (!columns && !direct) columns.reset(new T[static_cast<std::size_t>(k() * n)]);
    if (!sums && block.points > 1) sums.reset(new T[static_cast<std::size_t>(m() * n)]);
    for (std::int64_t g = 0; g < plan_.groups; ++g) {
      const T* w = weights + g * m() * k();
      T* to = positions + block.point * position_size() + g * m() * count +
              block.first_row * windows_.width();
      if (direct) {
        const T* from = image + block.point * image_size() + g * c() * count +
                        block.first_row * windows_.width();
        gemm(Transpose::no, Transpose::no, m(), n, k(), T(1), w, k(), from, count, T(1), to, count);
        continue;
      }
      read_columns(block, g, image, columns.get());
      if (block.points == 1) {
        gemm(Transpose::no, Transpose::no, m(), n, k(), T(1), w, k(), columns.get(), n, T(1), to,
             count);
        continue;
      }
      gemm(Transpose::no, Transpose::no, m(), n, k(), T(1), w, k(), columns.get(), n, T(0),
           sums.get(), n);
      for (std::int64_t i = 0; i < m(); ++i)
        for (std::int64_t p = 0; p < block.points; ++p) {
          T* line = to + p * position_size() + i * count;
          const T* from = sums.get() + i * n + p * count;
          for (std::int64_t j = 0; j < count; ++j) line[j] += from[j];
        }
    }
  });
}

template <typename T>
void Convolution::to_image(std::int64_t batch, const T* weights, const T* positions,
                           T* image) const {
  const std::int64_t count = windows_.positions();
  std::unique_ptr<T[]> columns, gathered;
  for_each_block(batch, [&](const Block& block) {
    const std::int64_t n = columns_of(block);
    if (!columns) columns.reset(new T[static_cast<std::size_t>(k() * n)]);
    if (!gathered && block.points > 1) gathered.reset(new T[static_cast<std::size_t>(m() * n)]);
    for (std::int64_t g = 0; g < plan_.groups; ++g) {
      const T* w = weights + g * m() * k();
      const T* from = positions + block.point * position_size() + g * m() * count +
                      block.first_row * windows_.width();
      std::int64_t row_length = count;
      if (block.points > 1) {
        gather_positions(block, g, positions, gathered.get());
        from = gathered.get();
        row_length = n;
      }
      gemm(Transpose::yes, Transpose::no, k(), n, m(), T(1), w, k(), from, row_length, T(0),
           columns.get(), n);
      add_columns(block, g, columns.get(), image);
    }
  });
}

template <typename T>
void Convolution::to_weights(std::int64_t batch, const T* positions, const T* image,
                             T* weights) const {
  const std::int64_t count = windows_.positions();
  std::unique_ptr<T[]> columns;
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t row = 0; row < windows_.rows(); row += rows_per_block_) {
      const Block block{b, 1, row, std::min(rows_per_block_, windows_.rows() - row)};
      const std::int64_t n = columns_of(block);
      if (!columns) columns.reset(new T[static_cast<std::size_t>(k() * n)]);
      for (std::int64_t g = 0; g < plan_.groups; ++g) {
        read_columns(block, g, image, columns.get());
        const T* from = positions + b * position_size() + g * m() * count + row * windows_.width();
        T* to = weights + g * m() * k();
        gemm(Transpose::no, Transpose::yes, m(), k(), n, T(1), from, count, columns.get(), n, T(1),
             to, k());
      }
    }
}

template void Convolution::to_positions(std::int64_t, const float*, const float*, float*) const;
template void Convolution::to_positions(std::int64_t, const double*, const double*, double*) const;
template void Convolution::to_image(std::int64_t, const float*, const float*, float*) const;
template void Convolution::to_image(std::int64_t, const double*, const double*, double*) const;
template void Convolution::to_weights(std::int64_t, const float*, const float*, float*) const;
template void Convolution::to_weights(std::int64_t, const double*, const double*, double*) const;

}  // namespace clipbound::specs
