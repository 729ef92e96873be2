#include "bounds/layered/operator_norm.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/blas.h"
#include "base/rounding.h"
#include "bounds/layered/convolution_map.h"
#include "bounds/layered/structured_map.h"

namespace clipbound::bounds {

namespace {

constexpr double kUp = 1.0 + 0x1p-30;
/// Multiplications for the norms of a kernel at all frequencies of a grid.
constexpr double kMostWork = 1.5e10;
constexpr int kSquarings = 3;

double frobenius(const std::vector<double>& list) {
  double largest = 0.0, sum = 0.0;
  // What is no number counts as infinite: std::max would drop it.
  for (const double x : list)
    largest = std::max(largest, std::fabs(x) < kInfinity ? std::fabs(x) : kInfinity);
  if (!(largest > 0.0) || !(largest < kInfinity)) return largest;
  for (const double x : list) sum += (x / largest) * (x / largest);
  return largest * std::sqrt(sum) * (1.0 + gamma_bound(static_cast<double>(list.size()) + 8.0)) *
             kUp +
         0x1p-1000;
}

/// A Hermitian matrix [n, n]; no imaginary parts: a symmetric one.
struct Hermitian {
  std::int64_t n;
  std::vector<double> real, imaginary;

  double frobenius_norm() const { return std::hypot(frobenius(real), frobenius(imaginary)) * kUp; }
  /// What rounding has made unequal becomes equal: either half is within its error.
  void make_hermitian() {
    const auto side = static_cast<std::size_t>(n);
    for (std::size_t i = 0; i < side; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        real[i * side + j] = real[j * side + i];
        if (!imaginary.empty()) imaginary[i * side + j] = -imaginary[j * side + i];
      }
      if (!imaginary.empty()) imaginary[i * side + i] = 0.0;
    }
  }
  void scale(double factor) {
    for (double& x : real) x *= factor;
    for (double& x : imaginary) x *= factor;
  }
};

/// a a^H for a = (real, imaginary) [n, k]. Each number is a sum of 2 k products at most, whose
/// sizes add up to no more than the product of the sizes of a's numbers (S8).
Hermitian gram(const std::vector<double>& real, const std::vector<double>& imaginary,
               std::int64_t n, std::int64_t k) {
  Hermitian h{n, std::vector<double>(static_cast<std::size_t>(n * n)), {}};
  const auto add = [&](const std::vector<double>& a, const std::vector<double>& b, double keep,
                       std::vector<double>& to) {
    gemm(Transpose::no, Transpose::yes, n, n, k, 1.0, a.data(), k, b.data(), k, keep, to.data(), n);
  };
  add(real, real, 0.0, h.real);
  if (!imaginary.empty()) {
    add(imaginary, imaginary, 1.0, h.real);
    // The imaginary part is a matrix less its transpose.
    std::vector<double> half(h.real.size());
    add(imaginary, real, 0.0, half);
    h.imaginary.resize(half.size());
    const auto side = static_cast<std::size_t>(n);
    for (std::size_t i = 0; i < side; ++i) {
      for (std::size_t j = 0; j < side; ++j)
        h.imaginary[i * side + j] = half[i * side + j] - half[j * side + i];
    }
  }
  h.make_hermitian();
  return h;
}

/// An upper bound of the largest size of an eigenvalue: |h|^2 = |h h|, and no norm is larger than
/// Frobenius'. `squarings` more of them.
double bound_of(Hermitian h, int squarings) {
  const double size = h.frobenius_norm();
  if (squarings == 0 || !(size > 0.0) || !(size < 0x1p300) || size < 0x1p-300) return size;
  // Numbers near 1: powers leave no range, and a scale that is a power of two rounds nothing.
  const double factor = std::exp2(-std::ceil(std::log2(size)));
  h.scale(factor);
  const double lost = gamma_bound(4.0 * static_cast<double>(h.n) + 8.0) * h.frobenius_norm() *
                          h.frobenius_norm() * kUp +
                      0x1p-900;
  const double square = bound_of(gram(h.real, h.imaginary, h.n, h.n), squarings - 1) + lost;
  return std::min(size, std::sqrt(square) * kUp / factor);
}

}  // namespace

double spectral_norm(const std::vector<double>& real, const std::vector<double>& imaginary,
                     std::int64_t rows, std::int64_t columns) {
  if (rows > columns) {  // the smaller side's products
    const auto turned = [&](const std::vector<double>& from) {
      std::vector<double> to(from.size());
      for (std::size_t i = 0; i < from.size(); ++i)
        to[i % static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows) +
           i / static_cast<std::size_t>(columns)] = from[i];
      return to;
    };
    return spectral_norm(turned(real), turned(imaginary), columns, rows);
  }
  const double size = std::hypot(frobenius(real), frobenius(imaginary)) * kUp;
  if (!(size > 0.0) || !(size < 0x1p300) || size < 0x1p-300) return size;
  const double lost =
      gamma_bound(4.0 * static_cast<double>(columns) + 8.0) * size * size * kUp + 0x1p-900;
  const double square = bound_of(gram(real, imaginary, rows, columns), kSquarings) + lost;
  return std::min(size, std::sqrt(square) * kUp);
}

namespace {

/// The weights of one group, [M, c, T].
struct Kernel {
  std::int64_t positions, image, taps;
  std::vector<double> weights;
};

Kernel kernel_of(const ConvolutionMap& map, std::int64_t group) {
  const bool is_conv = map.direction() == ConvolutionMap::Direction::conv;
  const std::int64_t positions = (is_conv ? map.row_channels() : map.column_channels()),
                     image = (is_conv ? map.column_channels() : map.row_channels());
  Kernel kernel{
      positions / map.groups(), image / map.groups(), element_count(map.windows().kernel), {}};
  kernel.weights = map.weights_of_channels(group * kernel.positions, kernel.positions);
  return kernel;
}

/// How many positions read one element at most.
double most_readers(const ConvolutionMap& map) {
  const bool is_conv = map.direction() == ConvolutionMap::Direction::conv;
  const std::int64_t channels = (is_conv ? map.row_channels() : map.column_channels());
  const double most = static_cast<double>(is_conv ? map.longest_column() : map.longest_row());
  return most / static_cast<double>(channels / map.groups());
}

/// A grid of frequencies along each axis. Between its points nothing is larger by more than
/// `factor`.
struct Grid {
  std::vector<std::int64_t> points;
  double factor = 1.0, count = 1.0;

  Grid(const Shape& kernel, std::int64_t per_degree) {
    for (const std::int64_t k : kernel) {
      points.push_back(k == 1 ? 1 : (per_degree * (k - 1) + 1) / 2);
      count *= static_cast<double>(points.back());
      const double angle =
          std::numbers::pi * 0.5 * static_cast<double>(k - 1) / static_cast<double>(points.back());
      factor /= std::cos(angle) * (1.0 - 0x1p-40);
    }
  }
};

/// Of the kernel's matrix at one frequency: the sum over taps t of weights[.., t] times
/// exp(i frequency t).
double norm_at(const Kernel& kernel, const Shape& shape, const Grid& grid,
               const std::vector<std::int64_t>& frequency) {
  const auto T = static_cast<std::size_t>(kernel.taps);
  std::vector<double> cosine(T), sine(T);
  for (std::size_t t = 0; t < T; ++t) {
    double angle = 0.0;
    auto rest = static_cast<std::int64_t>(t);
    for (std::size_t d = shape.size(); d-- > 0; rest /= shape[d])
      angle += static_cast<double>(rest % shape[d] * frequency[d] % grid.points[d]) /
               static_cast<double>(grid.points[d]);
    cosine[t] = std::cos(2.0 * std::numbers::pi * angle);
    sine[t] = std::sin(2.0 * std::numbers::pi * angle);
  }
  const std::size_t size = kernel.weights.size() / T;
  std::vector<double> real(size, 0.0), imaginary(size, 0.0);
  for (std::size_t e = 0; e < size; ++e) {
    for (std::size_t t = 0; t < T; ++t) {
      real[e] += kernel.weights[e * T + t] * cosine[t];
      imaginary[e] += kernel.weights[e * T + t] * sine[t];
    }
  }
  return spectral_norm(real, imaginary, kernel.positions, kernel.image);
}

/// At most: the norm over all frequencies, from a grid; half of it is the other half's conjugate.
double norm_by_frequencies(const Kernel& kernel, const Shape& shape, const Grid& grid) {
  std::vector<std::int64_t> at(shape.size(), 0);
  double most = 0.0;
  for (double n = 0.0; n < grid.count; n += 1.0) {
    bool is_first_half = true;  // of a frequency and its conjugate the smaller one counts
    for (std::size_t d = 0; d < at.size(); ++d) {
      const std::int64_t other = (grid.points[d] - at[d]) % grid.points[d];
      if (at[d] == other) continue;
      is_first_half = at[d] < other;
      break;
    }
    if (is_first_half) most = std::max(most, norm_at(kernel, shape, grid, at));
    for (std::size_t d = at.size(); d-- > 0;) {
      if (++at[d] < grid.points[d]) break;
      at[d] = 0;
    }
  }
  // Sines, angles and sums of T terms: each term is off by less than 2^-48 of its size a rounding.
  const double rounding = (static_cast<double>(kernel.taps) + 8.0) * 0x1p-48 *
                          std::sqrt(static_cast<double>(kernel.taps)) * frobenius(kernel.weights);
  return (most + 2.0 * rounding) * grid.factor * kUp;
}

double norm_of_kernel(const Kernel& kernel, const ConvolutionMap& map) {
  const Shape& shape = map.windows().kernel;
  const auto small = static_cast<double>(std::min(kernel.positions, kernel.image)),
             large = static_cast<double>(std::max(kernel.positions, kernel.image));
  const double work = (4.0 * small * small * large + 4.0 * kSquarings * small * small * small);
  // [M, c T] times the copies of elements that windows read.
  if (0.5 * work * Grid(shape, 6).count > kMostWork)
    return spectral_norm(kernel.weights, {}, kernel.positions, kernel.image * kernel.taps) *
           std::sqrt(most_readers(map)) * kUp;
  for (const std::int64_t per_degree : {24, 12, 8}) {
    const Grid grid(shape, per_degree);
    if (0.5 * work * grid.count <= 0.1 * kMostWork) return norm_by_frequencies(kernel, shape, grid);
  }
  return norm_by_frequencies(kernel, shape, Grid(shape, 6));
}

OperatorNorm norm_of_map(const StructuredMap& map) {
  const ConvolutionMap& convolution = map.convolution();
  OperatorNorm norm;
  norm.longest_row = static_cast<double>(convolution.longest_row());
  const std::vector<double> channels = channel_norms(convolution);
  std::vector<std::int32_t> copies(static_cast<std::size_t>(convolution.rows()), 0);
  std::int32_t most = 1;
  for (std::int64_t i = 0; i < map.rows(); ++i) {
    const std::int64_t r = map.has_all_rows() ? i : map.picks()[static_cast<std::size_t>(i)];
    norm.rows.push_back(r < 0 ? 0.0
                              : channels[static_cast<std::size_t>(r / convolution.row_area())]);
    if (r >= 0) most = std::max(most, ++copies[static_cast<std::size_t>(r)]);
  }
  norm.whole = operator_norm(convolution) * std::sqrt(static_cast<double>(most)) * kUp;
  return norm;
}

/// The geometric mean of the largest sums of rows and columns.
template <typename Visit>
OperatorNorm norm_of_list(std::int64_t rows, std::int64_t cols, const Visit& for_each) {
  std::vector<double> row(static_cast<std::size_t>(rows), 0.0),
      square = row, count = row, column(static_cast<std::size_t>(cols), 0.0);
  for_each([&](std::size_t i, std::size_t c, double w) {
    row[i] += std::fabs(w);
    square[i] += w * w + 0x1p-1000;
    column[c] += std::fabs(w);
    count[i] += 1.0;
  });
  const auto largest = [](const std::vector<double>& list) {
    return list.empty() ? 0.0 : *std::max_element(list.begin(), list.end());
  };
  OperatorNorm norm;
  norm.longest_row = largest(count);
  norm.whole = std::sqrt(largest(row) * kUp) * std::sqrt(largest(column) * kUp) * kUp;
  for (const double s : square) norm.rows.push_back(std::sqrt(s * kUp) * kUp);
  return norm;
}

}  // namespace

double operator_norm(const ConvolutionMap& map) {
  double most = 0.0;
  for (std::int64_t g = 0; g < map.groups(); ++g)
    most = std::max(most, norm_of_kernel(kernel_of(map, g), map));
  return most;
}

std::vector<double> channel_norms(const ConvolutionMap& map) {
  const bool is_conv = map.direction() == ConvolutionMap::Direction::conv;
  std::vector<double> norms;
  for (std::int64_t g = 0; g < map.groups(); ++g) {
    const Kernel kernel = kernel_of(map, g);
    std::vector<std::vector<double>> rows(
        static_cast<std::size_t>(is_conv ? kernel.positions : kernel.image));
    for (std::size_t e = 0; e < kernel.weights.size(); ++e) {
      const auto i = static_cast<std::int64_t>(e) / kernel.taps;
      rows[static_cast<std::size_t>(is_conv ? i / kernel.image : i % kernel.image)].push_back(
          kernel.weights[e]);
    }
    for (const std::vector<double>& row : rows) norms.push_back(frobenius(row));
  }
  return norms;
}

OperatorNorm norm_of_rows(const Coefficients& coefficients) {
  if (const StructuredMap* map = coefficients.structure()) return norm_of_map(*map);
  if (const SelectionMap* selection = coefficients.selection()) {
    return norm_of_list(selection->rows(), selection->cols(),
                        [&](const auto& visit) { selection->for_each(visit); });
  }
  const SparseRows& rows = coefficients.written();
  return norm_of_list(rows.rows(), rows.cols, [&](const auto& visit) {
    for (std::int64_t r = 0; r < rows.rows(); ++r) {
      for (std::size_t j = 0; j < rows.indices(r).size(); ++j)
        visit(static_cast<std::size_t>(r), static_cast<std::size_t>(rows.indices(r)[j]),
              rows.values(r)[j]);
    }
  });
}

}  // namespace clipbound::bounds
