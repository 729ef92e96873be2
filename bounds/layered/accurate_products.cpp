#include "bounds/layered/accurate_products.h"

#include <cmath>

namespace clipbound::bounds {

namespace {

/// A sum and what it has lost so far.
struct Sums {
  std::vector<double> sum, lost;
  explicit Sums(std::int64_t size)
      : sum(static_cast<std::size_t>(size), 0.0), lost(static_cast<std::size_t>(size), 0.0) {}
};

/// sums[to + j * to_step] += w * x[from + j * from_step].
void add_products(double w, const double* x, std::int64_t x_step, std::int64_t count, double* sum,
                  double* lost, std::int64_t step) {
  for (std::int64_t j = 0; j < count; ++j) {
    const double factor = x[j * x_step];
    // A product on its own: one that was merged into the sum would not be rounded.
    const double product = std::fma(w, factor, 0.0), rest = std::fma(w, factor, -product),
                 before = sum[j * step], after = before + product, part = after - before,
                 error = (before - (after - part)) + (product - part);
    sum[j * step] = after;
    lost[j * step] += error + rest;
  }
}

}  // namespace

std::vector<double> apply_accurately(const ConvolutionMap& map, const std::vector<double>& x) {
  const bool is_conv = map.direction() == ConvolutionMap::Direction::conv;
  const specs::Windows windows(map.windows());
  const std::int64_t groups = map.groups(), taps = windows.taps(), width = windows.width(),
                     positions = (is_conv ? map.row_channels() : map.column_channels()) / groups,
                     images = (is_conv ? map.column_channels() : map.row_channels()) / groups,
                     image_area = windows.image_size(), area = windows.positions();
  Sums sums(map.rows());
  for (std::int64_t i = 0; i < groups * positions; ++i) {
    const std::vector<double> weights = map.weights_of_channels(i, 1);
    for (std::int64_t k = 0; k < images; ++k) {
      const std::int64_t image = (i / positions * images + k) * image_area;
      for (std::int64_t t = 0; t < taps; ++t) {
        const double w = weights[static_cast<std::size_t>(k * taps + t)];
        if (w == 0.0) continue;
        for (std::int64_t r = 0; r < windows.rows(); ++r) {
          const specs::Windows::Stretch& s = windows.stretch(t, r);
          const std::int64_t at_image = image + s.source + s.first * windows.step(),
                             at_position = i * area + r * width + s.first,
                             from = is_conv ? at_image : at_position,
                             to = is_conv ? at_position : at_image, step = windows.step();
          if (s.first >= s.last) continue;
          add_products(w, x.data() + from, is_conv ? step : 1, s.last - s.first,
                       sums.sum.data() + to, sums.lost.data() + to, is_conv ? 1 : step);
        }
      }
    }
  }
  for (std::size_t i = 0; i < sums.sum.size(); ++i) sums.sum[i] += sums.lost[i];
  return std::move(sums.sum);
}

}  // namespace clipbound::bounds
