// Idea: products with a convolution's matrix: columns of taps are read into a block that stays in
// the cache, and multiplied by BLAS; transposed, products are added back from such a block. The B
// numbers of one element stand side by side, so that small images with many columns are as good as
// large ones with few.
// Source: im2col and col2im (Chellapilla et al. 2006).
// Guarantees: every sum has only its row's products as terms (padding adds exact zeros), so each
// term sees at most as many roundings as the row has terms (S1).
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/blas.h"
#include "base/check.h"
#include "bounds/layered/convolution_data.h"

namespace clipbound::bounds {

namespace {

/// Numbers in a block of columns (1 MB: in L2), columns that make a product wide, and rows that
/// make it deep.
constexpr std::int64_t kBlock = std::int64_t{1} << 17, kWide = 512, kDeep = 512;
/// Groups with fewer weights per tap are summed without products of matrices.
constexpr std::int64_t kNarrowGroup = 4;
/// Rows of numbers with fewer positions each are transposed, so that they stand side by side.
constexpr std::int64_t kManyPositions = 256;

/// A stretch of positions: `count` of each of the rows `row` ..., from `first` on.
struct Block {
  std::int64_t row, rows, first, count;
};

/// Calls visit(block) for blocks of at most about `wanted` positions that make up all of them.
template <typename Visit>
void for_each_block(const Windows& windows, std::int64_t wanted, const Visit& visit) {
  const std::int64_t width = windows.width();
  if (width == 0) return;
  wanted = std::max<std::int64_t>(wanted, 1);
  const std::int64_t rows = std::max<std::int64_t>(wanted / width, 1),
                     parts = std::max<std::int64_t>((width + wanted - 1) / wanted, 1),
                     count = (width + parts - 1) / parts;
  for (std::int64_t row = 0; row < windows.rows(); row += rows) {
    for (std::int64_t first = 0; first < width; first += count)
      visit(
          Block{row, std::min(rows, windows.rows() - row), first, std::min(count, width - first)});
  }
}

/// Calls visit(stretch of positions within the block's row r, element of its first, r) for tap t.
template <typename Visit>
void for_each_stretch(const Windows& windows, const Block& block, std::int64_t t,
                      const Visit& visit) {
  for (std::int64_t r = 0; r < block.rows; ++r) {
    const Windows::Stretch& s = windows.stretch(t, block.row + r);
    const std::int64_t from = std::clamp(s.first - block.first, std::int64_t{0}, block.count),
                       to = std::clamp(s.last - block.first, from, block.count);
    visit(r, from, to, s.source + (block.first + from) * windows.step());
  }
}

/// columns [T, block, B]: what the taps read of one channel; 0 outside of the image.
void read_columns(const Windows& windows, const Block& block, const double* image, std::int64_t B,
                  double* columns) {
  const std::int64_t step = windows.step(), length = block.count * B;
  for (std::int64_t t = 0; t < windows.taps(); ++t) {
    double* const line = columns + t * block.rows * length;
    for_each_stretch(windows, block, t,
                     [&](std::int64_t r, std::int64_t from, std::int64_t to, std::int64_t element) {
                       double* const out = line + r * length;
                       const double* in = image + element * B;
                       std::fill_n(out, from * B, 0.0);
                       if (step == 1) {
                         std::copy_n(in, (to - from) * B, out + from * B);
                       } else if (B == 1) {
                         for (std::int64_t j = from; j < to; ++j, in += step) out[j] = *in;
                       } else {
                         for (std::int64_t j = from; j < to; ++j, in += step * B)
                           std::copy_n(in, B, out + j * B);
                       }
                       std::fill(out + to * B, out + length, 0.0);
                     });
  }
}

void add_to(double* to, const double* from, std::int64_t count, double weight = 1.0) {
  for (std::int64_t i = 0; i < count; ++i) to[i] += weight * from[i];
}

/// The transpose: adds the columns where they were read.
void add_columns(const Windows& windows, const Block& block, const double* columns, std::int64_t B,
                 double* image) {
  const std::int64_t step = windows.step(), length = block.count * B;
  for (std::int64_t t = 0; t < windows.taps(); ++t) {
    const double* const line = columns + t * block.rows * length;
    for_each_stretch(windows, block, t,
                     [&](std::int64_t r, std::int64_t from, std::int64_t to, std::int64_t element) {
                       const double* const in = line + r * length;
                       double* out = image + element * B;
                       if (step == 1) {
                         add_to(out, in + from * B, (to - from) * B);
                       } else if (B == 1) {
                         for (std::int64_t j = from; j < to; ++j, out += step) *out += in[j];
                       } else {
                         for (std::int64_t j = from; j < to; ++j, out += step * B)
                           add_to(out, in + j * B, B);
                       }
                     });
  }
}

/// A matrix within the coefficients, or a copy of it.
struct Matrix {
  const double* data;
  std::int64_t stride;
};
template <typename Data>
Matrix weights_of(const Data& d, std::int64_t i, std::int64_t m, std::int64_t j, std::int64_t k,
                  bool magnitudes, std::vector<double>& copy) {
  if (!magnitudes && d.is_plain()) return {d.plain(i, j), d.w_stride};
  copy.resize(static_cast<std::size_t>(m * k));
  d.copy(i, m, j, k, magnitudes, copy.data());
  return {copy.data(), k};
}

/// How many channels of the image, and of the positions, are multiplied at once.
struct Parts {
  std::int64_t image, positions;
};
/// A block of n numbers per channel. Coefficients that are copied stay in the cache.
template <typename Data>
Parts parts_of(const Data& d, std::int64_t n, bool magnitudes) {
  const bool direct = d.windows.is_image(), copied = magnitudes || !d.is_plain();
  const std::int64_t deep = std::min(kDeep, kBlock / std::max<std::int64_t>(n, 1)),
                     most = direct ? (copied ? kDeep : d.c()) : deep / d.taps(),
                     image = std::clamp<std::int64_t>(most, 1, d.c());
  return {image, copied ? std::clamp<std::int64_t>(kBlock / (image * d.taps()), 1, d.m()) : d.m()};
}

/// [rows, columns] to [columns, rows], tile by tile.
template <typename Write>
void transpose(const double* from, std::int64_t rows, std::int64_t columns, const Write& write) {
  constexpr std::int64_t kTile = 16;
  for (std::int64_t c = 0; c < columns; c += kTile) {
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t j = c; j < std::min(c + kTile, columns); ++j)
        write(j * rows + r, from[r * columns + j]);
    }
  }
}

/// Calls visit(image, positions, count) for all pairs of an image element and a position that a tap
/// joins, [.., B]; pairs next to each other are visited together.
template <typename Visit>
void for_each_pair(const Windows& windows, std::int64_t t, std::int64_t B, const Visit& visit) {
  const Block all{0, windows.rows(), 0, windows.width()};
  const std::int64_t step = windows.step(), width = windows.width();
  for_each_stretch(windows, all, t,
                   [&](std::int64_t r, std::int64_t from, std::int64_t to, std::int64_t element) {
                     if (step == 1) {
                       visit(element * B, (r * width + from) * B, (to - from) * B);
                     } else {
                       for (std::int64_t j = from; j < to; ++j, element += step)
                         visit(element * B, (r * width + j) * B, B);
                     }
                   });
}

/// All weights of groups that are narrow: calls visit(weight, image channel, position channel,
/// tap).
template <typename Data, typename Visit>
void for_each_weight(const Data& d, bool magnitudes, const Visit& visit) {
  for (std::int64_t i = 0; i < d.channels.positions; ++i) {
    for (std::int64_t k = 0; k < d.c(); ++k) {
      for (std::int64_t t = 0; t < d.taps(); ++t) {
        const double w = d.coefficient(i, k * d.taps() + t);
        visit(magnitudes ? std::fabs(w) : w, i / d.m() * d.c() + k, i, t);
      }
    }
  }
}

}  // namespace

void ConvolutionMap::to_positions(const double* image, std::int64_t B, Signs signs,
                                  double* positions) const {
  const Data& d = *data_;
  const bool magnitudes = signs == Signs::magnitudes;
  const std::int64_t area = d.image_area(), count = d.position_area(), taps = d.taps();
  if (d.c() * d.m() <= kNarrowGroup) {
    for_each_weight(d, magnitudes, [&](double w, std::int64_t k, std::int64_t i, std::int64_t t) {
      for_each_pair(d.windows, t, B, [&](std::int64_t e, std::int64_t p, std::int64_t length) {
        add_to(positions + i * count * B + p, image + k * area * B + e, length, w);
      });
    });
    return;
  }
  const bool direct = d.windows.is_image();
  std::vector<double> columns, copy;
  for_each_block(d.windows, direct ? count : kWide / B, [&](const Block& block) {
    const std::int64_t n = block.rows * block.count * B,
                       at = block.row * d.windows.width() + block.first;
    const Parts parts = parts_of(d, n, magnitudes);
    if (!direct) columns.resize(static_cast<std::size_t>(parts.image * taps * n));
    for (std::int64_t g = 0; g < d.channels.groups; ++g) {
      for (std::int64_t k = 0; k < d.c(); k += parts.image) {
        const std::int64_t part = std::min(parts.image, d.c() - k);
        const double* from = image + ((g * d.c() + k) * area + (direct ? at : 0)) * B;
        for (std::int64_t i = 0; i < part && !direct; ++i)
          read_columns(d.windows, block, from + i * area * B, B, columns.data() + i * taps * n);
        for (std::int64_t i = 0; i < d.m(); i += parts.positions) {
          const std::int64_t first = g * d.m() + i, m = std::min(parts.positions, d.m() - i);
          const Matrix w = weights_of(d, first, m, k * taps, part * taps, magnitudes, copy);
          gemm(Transpose::no, Transpose::no, m, n, part * taps, 1.0, w.data, w.stride,
               direct ? from : columns.data(), direct ? area * B : n, 1.0,
               positions + (first * count + at) * B, count * B);
        }
      }
    }
  });
}

void ConvolutionMap::to_image(const double* positions, std::int64_t B, Signs signs,
                              double* image) const {
  const Data& d = *data_;
  const bool magnitudes = signs == Signs::magnitudes;
  const std::int64_t area = d.image_area(), count = d.position_area(), taps = d.taps();
  if (d.c() * d.m() <= kNarrowGroup) {
    for_each_weight(d, magnitudes, [&](double w, std::int64_t k, std::int64_t i, std::int64_t t) {
      for_each_pair(d.windows, t, B, [&](std::int64_t e, std::int64_t p, std::int64_t length) {
        add_to(image + k * area * B + e, positions + i * count * B + p, length, w);
      });
    });
    return;
  }
  const bool direct = d.windows.is_image();
  std::vector<double> columns, copy;
  for_each_block(d.windows, direct ? count : kWide / B, [&](const Block& block) {
    const std::int64_t n = block.rows * block.count * B,
                       at = block.row * d.windows.width() + block.first;
    const Parts parts = parts_of(d, n, magnitudes);
    if (!direct) columns.resize(static_cast<std::size_t>(parts.image * taps * n));
    for (std::int64_t g = 0; g < d.channels.groups; ++g) {
      for (std::int64_t k = 0; k < d.c(); k += parts.image) {
        const std::int64_t part = std::min(parts.image, d.c() - k);
        double* const to = image + ((g * d.c() + k) * area + (direct ? at : 0)) * B;
        for (std::int64_t i = 0; i < d.m(); i += parts.positions) {
          const std::int64_t first = g * d.m() + i, m = std::min(parts.positions, d.m() - i);
          const Matrix w = weights_of(d, first, m, k * taps, part * taps, magnitudes, copy);
          gemm(Transpose::yes, Transpose::no, part * taps, n, m, 1.0, w.data, w.stride,
               positions + (first * count + at) * B, count * B, direct || i > 0 ? 1.0 : 0.0,
               direct ? to : columns.data(), direct ? area * B : n);
        }
        for (std::int64_t i = 0; i < part && !direct; ++i)
          add_columns(d.windows, block, columns.data() + i * taps * n, B, to + i * area * B);
      }
    }
  });
}

void ConvolutionMap::multiply(const double* x, std::int64_t B, Signs signs, double* y,
                              bool add) const {
  CLIPBOUND_CHECK(B >= 0);
  if (!add) std::fill_n(y, rows() * B, 0.0);
  if (B == 0 || entries() == 0) return;
  if (data_->is_conv()) {
    to_positions(x, B, signs, y);
  } else {
    to_image(x, B, signs, y);
  }
}

void ConvolutionMap::back(const double* r, std::int64_t B, Signs signs, double* y) const {
  if (data_->is_conv()) {
    to_image(r, B, signs, y);
  } else {
    to_positions(r, B, signs, y);
  }
}

void ConvolutionMap::multiply_transposed(const double* r, std::int64_t B, Signs signs, double* y,
                                         bool add) const {
  CLIPBOUND_CHECK(B >= 0);
  const std::int64_t from = rows(), to = columns(), area = data_->position_area();
  if (!add) std::fill_n(y, B * to, 0.0);
  if (B == 0 || entries() == 0) return;
  const std::int64_t together =
      area >= kManyPositions ? 1 : std::clamp<std::int64_t>(kWide / area, 1, B);
  std::vector<double> side_by_side, result;
  for (std::int64_t b = 0; b < B; b += together) {
    const std::int64_t count = std::min(together, B - b);
    if (count == 1) {
      back(r + b * from, 1, signs, y + b * to);
      continue;
    }
    side_by_side.resize(static_cast<std::size_t>(from * count));
    result.assign(static_cast<std::size_t>(to * count), 0.0);
    transpose(r + b * from, count, from,
              [&](std::int64_t at, double x) { side_by_side[static_cast<std::size_t>(at)] = x; });
    back(side_by_side.data(), count, signs, result.data());
    transpose(result.data(), to, count, [&](std::int64_t at, double x) { y[b * to + at] += x; });
  }
}

void ConvolutionMap::apply(const double* x, std::int64_t B, double* y, bool add) const {
  multiply(x, B, Signs::own, y, add);
}
void ConvolutionMap::apply_magnitudes(const double* x, std::int64_t B, double* y, bool add) const {
  multiply(x, B, Signs::magnitudes, y, add);
}
void ConvolutionMap::apply_transposed(const double* r, std::int64_t B, double* y, bool add) const {
  multiply_transposed(r, B, Signs::own, y, add);
}
void ConvolutionMap::apply_transposed_beside(const double* r, std::int64_t B, double* y,
                                             bool add) const {
  CLIPBOUND_CHECK(B >= 0);
  if (!add) std::fill_n(y, columns() * B, 0.0);
  if (B > 0 && entries() > 0) back(r, B, Signs::own, y);
}
void ConvolutionMap::apply_transposed_magnitudes(const double* r, std::int64_t B, double* y,
                                                 bool add) const {
  multiply_transposed(r, B, Signs::magnitudes, y, add);
}

}  // namespace clipbound::bounds
