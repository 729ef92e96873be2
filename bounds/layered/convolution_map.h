#pragma once
// Idea: the matrix of a Conv or ConvTranspose of one sample that is never written out: products
//   with it cost what evaluating the operator costs.
// Source: own; im2col and col2im (Chellapilla et al. 2006) by matrix products; any-order error
//   bounds of sums (Higham 2002, section 3.1).
// Guarantees: every method speaks of one and the same matrix of float64 numbers W. Products y =
//   y_0 + W x are off by at most gamma() (|y_0| + |W| |x|) and underflow() in each element,
//   whatever the order of sums (S1, "Convolutions that stay convolutions"). The same call gives the
//   same bits.
// Legend: an image [C, image] and positions [M, P] under windows of T taps (specs/ops/windows.h); G
//   groups, c = C / G, m = M / G; weights [M, c, T]. Conv maps the image to the positions,
//   ConvTranspose the positions to the image. Rows and columns are numbered in C order. B columns
//   or rows of numbers are multiplied at once.
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/floors.h"
#include "specs/ops/windows.h"

namespace clipbound::bounds {

/// Which elements of a convolution's output: channels first_channel ... and a box of positions.
struct OutputWindow {
  std::int64_t first_channel = 0, channels = 0;
  Shape first, extent;  ///< per spatial axis
};

class ConvolutionMap {
 public:
  enum class Direction : bool { conv, conv_transpose };
  struct Channels {
    std::int64_t image = 1, positions = 1, groups = 1;
  };
  /// Numbers as the file has them, shared and not copied.
  class Weights {
   public:
    Weights(std::shared_ptr<const std::vector<double>> numbers)  // NOLINT: vectors are weights
        : float64_(std::move(numbers)) {}
    Weights(std::shared_ptr<const std::vector<float>> numbers)  // NOLINT: vectors are weights
        : float32_(std::move(numbers)) {}
    bool is_float64() const { return float64_ != nullptr; }
    std::size_t size() const { return is_float64() ? float64_->size() : float32_->size(); }
    const double* float64() const { return float64_->data(); }
    const float* float32() const { return float32_->data(); }

   private:
    std::shared_ptr<const std::vector<double>> float64_;  // one of both
    std::shared_ptr<const std::vector<float>> float32_;
  };

  /// `windows` from windows_over() (conv) or windows_onto() (conv_transpose). The weights are those
  /// of ONNX, [positions, image / groups, kernel...] for both directions; they are shared, not
  /// copied. ContractError where sizes do not fit.
  ConvolutionMap(Direction direction, WindowShape windows, Channels channels, Weights weights);

  std::int64_t rows() const;
  std::int64_t columns() const;
  /// Most coefficients of a row (a column); coefficients that are 0 count, padding does not.
  std::int64_t longest_row() const;
  std::int64_t longest_column() const;
  /// Coefficients of all rows, counted in the same way: what writing the rows out would cost.
  std::int64_t entries() const;
  /// Output elements per channel: row i is element i % area of channel i / area.
  std::int64_t row_area() const;
  std::int64_t row_channels() const;
  std::int64_t column_area() const;
  std::int64_t column_channels() const;
  std::int64_t groups() const;
  const WindowShape& windows() const;
  Direction direction() const;

  /// Row i: the coefficients that are not 0, in ascending columns. The lists are cleared first.
  void row(std::int64_t i, std::vector<std::int32_t>& columns, std::vector<double>& values) const;
  /// The coefficients of position channels first ..., [count, image channels / groups, T].
  std::vector<double> weights_of_channels(std::int64_t first, std::int64_t count) const;
  /// [rows()] 1 for the rows that read (with any coefficient, 0 included) a marked column.
  std::vector<char> rows_reading(const std::vector<char>& marked) const;  ///< marked [columns()]

  /// diag(factor) W, each coefficient rounded once: `factor` has a number per row channel. What is
  /// rounded is at most u |coefficient| + 2^-1075; nothing where all factors are powers of two and
  /// nothing underflows. The first factors stand beside the weights, which stay shared; further
  /// ones make new weights.
  ConvolutionMap scaled(std::span<const double> factor) const;

  /// The rows of a window, on the box of columns that they read: a map of its own, with the same
  /// weights. Its rows are numbered within the window, its columns within `read`. So a backward
  /// pass of rows that are 0 elsewhere is apply_transposed() of this map. The window's channels are
  /// in one group, or they are all channels of some groups (ContractError).
  struct Restriction;
  Restriction restricted_to(const OutputWindow& window) const;

  /// y += W x (or y = W x): x [columns(), B], y [rows(), B], row-major; B may be 0. One thread.
  /// Elements of x that are not finite spoil (NaN) the rows that read them, no others.
  void apply(const double* x, std::int64_t B, double* y, bool add = false) const;
  /// The same with |W|. With x >= 0 nothing cancels: (1 - gamma()) |W| x <= y <= (1 + gamma()) |W|
  /// x but for underflow().
  void apply_magnitudes(const double* x, std::int64_t B, double* y, bool add = false) const;
  /// y += r W (or y = r W): r [B, rows()], y [B, columns()], row-major. Off by at most
  /// gamma_transposed() (|y_0| + |r| |W|) and underflow().
  void apply_transposed(const double* r, std::int64_t B, double* y, bool add = false) const;
  /// The same with |W|.
  void apply_transposed_magnitudes(const double* r, std::int64_t B, double* y,
                                   bool add = false) const;

  /// apply_transposed() of rows that stand side by side: r [rows(), B], y [columns(), B].
  void apply_transposed_beside(const double* r, std::int64_t B, double* y, bool add = false) const;

  double gamma() const;             ///< of longest_row() products, y_0 included
  double gamma_transposed() const;  ///< of longest_column() products, y_0 included
  double underflow() const;         ///< what products that underflow may lose in one element

 private:
  struct Data;
  enum class Signs : bool { own, magnitudes };

  explicit ConvolutionMap(std::shared_ptr<const Data> data);
  /// Both on [channels, elements, B].
  void to_positions(const double* image, std::int64_t B, Signs signs, double* positions) const;
  void to_image(const double* positions, std::int64_t B, Signs signs, double* image) const;
  void multiply(const double* x, std::int64_t B, Signs signs, double* y, bool add) const;
  void multiply_transposed(const double* r, std::int64_t B, Signs signs, double* y, bool add) const;
  /// The transpose on [channels, elements, B]; y += that.
  void back(const double* r, std::int64_t B, Signs signs, double* y) const;

  std::shared_ptr<const Data> data_;
};

struct ConvolutionMap::Restriction {
  ConvolutionMap map;
  /// The columns, of the whole map, that the window reads: all channels of the groups it meets.
  OutputWindow read;
};

}  // namespace clipbound::bounds
