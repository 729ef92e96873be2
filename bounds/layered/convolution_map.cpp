// Idea: what is known of a convolution's matrix without its numbers: sizes, rows, parts.
// Source: own.
// Guarantees: exact (S1).
#include "bounds/layered/convolution_map.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/rounding.h"
#include "bounds/layered/convolution_data.h"

namespace clipbound::bounds {

namespace {

/// A tap and what is on its other side.
struct Tap {
  std::int64_t tap, other;
};

/// Along one axis, the taps that touch position `at` (or image element `at`), each with the image
/// element (position) on its other side, those ascending.
std::vector<Tap> taps_along(const WindowShape& w, std::size_t axis, std::int64_t at,
                            bool from_position) {
  std::vector<Tap> taps;
  for (std::int64_t k = 0; k < w.kernel[axis]; ++k) {
    const std::int64_t t = from_position ? k : w.kernel[axis] - 1 - k;
    const std::int64_t offset = t * w.dilations[axis] - w.pads_before[axis];
    if (from_position) {
      const std::int64_t x = at * w.strides[axis] + offset;
      if (x >= 0 && x < w.image[axis]) taps.push_back({t, x});
    } else {
      const std::int64_t p = (at - offset) / w.strides[axis];
      if (at >= offset && p * w.strides[axis] == at - offset && p < w.output[axis])
        taps.push_back({t, p});
    }
  }
  return taps;
}

/// The same for all axes: numbers of taps, image elements and positions in C order.
std::vector<Tap> taps_at(const WindowShape& w, std::int64_t at, bool from_position) {
  const Shape &here = from_position ? w.output : w.image,
              &there = from_position ? w.image : w.output;
  std::vector<std::int64_t> coordinate(here.size());
  for (std::size_t d = here.size(); d-- > 0; at /= here[d]) coordinate[d] = at % here[d];
  std::vector<Tap> taps{{0, 0}};
  for (std::size_t d = 0; d < here.size(); ++d) {
    std::vector<Tap> longer;
    const std::vector<Tap> along = taps_along(w, d, coordinate[d], from_position);
    for (const Tap& before : taps) {
      for (const Tap& next : along)
        longer.push_back(
            {before.tap * w.kernel[d] + next.tap, before.other * there[d] + next.other});
    }
    taps = std::move(longer);
  }
  return taps;
}

std::int64_t ceil_quotient(std::int64_t a, std::int64_t b) {
  return a > 0 ? (a + b - 1) / b : -(-a / b);
}

/// The part of the windows that the outputs first ... first + extent - 1 of every axis read; `read`
/// becomes the box of inputs. Pads may become negative: windows that begin inside.
WindowShape part_of(const WindowShape& whole, bool is_conv, const OutputWindow& of,
                    OutputWindow& read) {
  WindowShape part = whole;
  part.pads_after.assign(whole.kernel.size(), 0);
  for (std::size_t d = 0; d < whole.kernel.size(); ++d) {
    const std::int64_t s = whole.strides[d], pad = whole.pads_before[d], first = of.first[d],
                       last = first + of.extent[d] - 1,
                       span = (whole.kernel[d] - 1) * whole.dilations[d];
    std::int64_t from, to;
    if (is_conv) {
      from = std::clamp<std::int64_t>(first * s - pad, 0, whole.image[d]);
      to = std::clamp(last * s + span - pad + 1, from, whole.image[d]);
      part.pads_before[d] = from - (first * s - pad);
      part.image[d] = to - from;
      part.output[d] = of.extent[d];
    } else {
      from = std::clamp<std::int64_t>(ceil_quotient(first + pad - span, s), 0, whole.output[d]);
      to = std::clamp((last + pad) / s + 1, from, whole.output[d]);
      part.pads_before[d] = pad + first - from * s;
      part.image[d] = of.extent[d];
      part.output[d] = to - from;
    }
    read.first.push_back(from);
    read.extent.push_back(to - from);
  }
  return part;
}

}  // namespace

ConvolutionMap::Data::Data(Direction to, WindowShape shape, Channels count, Weights all,
                           std::int64_t part, std::int64_t stride, Factors scale)
    : direction(to),
      channels(count),
      windows(std::move(shape)),
      weights(std::move(all)),
      first(part),
      w_stride(stride),
      factors(std::move(scale)) {
  // Along every axis: pairs of tap and position that lie inside, and the most at one place.
  const WindowShape& s = windows.shape();
  most_per_position = c();
  most_per_image_element = m();
  entries = channels.positions * c();
  for (std::size_t d = 0; d < s.kernel.size(); ++d) {
    std::int64_t pairs = 0, at_position = 0, at_element = 0;
    for (std::int64_t p = 0; p < s.output[d]; ++p) {
      const auto here = static_cast<std::int64_t>(taps_along(s, d, p, true).size());
      pairs += here;
      at_position = std::max(at_position, here);
    }
    for (std::int64_t x = 0; x < s.image[d]; ++x)
      at_element =
          std::max(at_element, static_cast<std::int64_t>(taps_along(s, d, x, false).size()));
    most_per_position *= at_position;
    most_per_image_element *= at_element;
    entries *= pairs;
  }
}

void ConvolutionMap::Data::copy(std::int64_t i, std::int64_t rows, std::int64_t j,
                                std::int64_t columns, bool sizes, double* to) const {
  // With one factor for a row, or for none, the numbers are a plain loop.
  const auto copy_row = [&](const auto* from, std::int64_t row) {
    const bool is_one_factor = is_conv() || factors == nullptr;
    const double scale = is_one_factor ? factor(row, j) : 1.0;
    for (std::int64_t k = 0; k < columns; ++k)
      to[k] = (is_one_factor ? scale : factor(row, j + k)) * static_cast<double>(from[k]);
    for (std::int64_t k = 0; sizes && k < columns; ++k) to[k] = std::fabs(to[k]);
  };
  for (std::int64_t row = i; row < i + rows; ++row, to += columns) {
    const std::int64_t at = first + row * w_stride + j;
    if (weights.is_float64())
      copy_row(weights.float64() + at, row);
    else
      copy_row(weights.float32() + at, row);
  }
}

ConvolutionMap::ConvolutionMap(Direction direction, WindowShape windows, Channels channels,
                               Weights weights) {
  CLIPBOUND_CHECK(channels.groups > 0 && channels.image > 0 && channels.positions > 0);
  CLIPBOUND_CHECK(channels.image % channels.groups == 0 &&
                  channels.positions % channels.groups == 0);
  const std::int64_t stride = channels.image / channels.groups * element_count(windows.kernel);
  CLIPBOUND_CHECK(static_cast<std::int64_t>(weights.size()) == channels.positions * stride);
  data_ = std::make_shared<const Data>(direction, std::move(windows), channels, std::move(weights),
                                       0, stride, nullptr);
  CLIPBOUND_CHECK(std::max(rows(), columns()) <= std::numeric_limits<std::int32_t>::max());
}

ConvolutionMap::ConvolutionMap(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

std::int64_t ConvolutionMap::row_area() const {
  return data_->is_conv() ? data_->position_area() : data_->image_area();
}
std::int64_t ConvolutionMap::column_area() const {
  return data_->is_conv() ? data_->image_area() : data_->position_area();
}
std::int64_t ConvolutionMap::row_channels() const {
  return data_->is_conv() ? data_->channels.positions : data_->channels.image;
}
std::int64_t ConvolutionMap::groups() const {
  return data_->channels.groups;
}
std::int64_t ConvolutionMap::column_channels() const {
  return data_->is_conv() ? data_->channels.image : data_->channels.positions;
}
std::int64_t ConvolutionMap::rows() const {
  return row_channels() * row_area();
}
std::int64_t ConvolutionMap::columns() const {
  return column_channels() * column_area();
}
std::int64_t ConvolutionMap::longest_row() const {
  return data_->is_conv() ? data_->most_per_position : data_->most_per_image_element;
}
std::int64_t ConvolutionMap::longest_column() const {
  return data_->is_conv() ? data_->most_per_image_element : data_->most_per_position;
}
std::int64_t ConvolutionMap::entries() const {
  return data_->entries;
}
const WindowShape& ConvolutionMap::windows() const {
  return data_->windows.shape();
}
ConvolutionMap::Direction ConvolutionMap::direction() const {
  return data_->direction;
}

void ConvolutionMap::row(std::int64_t i, std::vector<std::int32_t>& columns,
                         std::vector<double>& values) const {
  const Data& d = *data_;
  columns.clear();
  values.clear();
  const std::int64_t channel = i / row_area(), out = d.is_conv() ? d.m() : d.c(),
                     in = d.is_conv() ? d.c() : d.m(), group = channel / out;
  const std::vector<Tap> taps = taps_at(windows(), i % row_area(), d.is_conv());
  for (std::int64_t k = 0; k < in; ++k) {
    const std::int64_t position = d.is_conv() ? channel : group * in + k,
                       kernel = (d.is_conv() ? k : channel % out) * d.taps(),
                       first = (group * in + k) * column_area();
    for (const Tap& t : taps) {
      const double value = d.coefficient(position, kernel + t.tap);
      if (value == 0.0) continue;
      columns.push_back(static_cast<std::int32_t>(first + t.other));
      values.push_back(value);
    }
  }
}

std::vector<double> ConvolutionMap::weights_of_channels(std::int64_t first,
                                                        std::int64_t count) const {
  const std::int64_t length = data_->c() * data_->taps();
  std::vector<double> weights(static_cast<std::size_t>(count * length));
  data_->copy(first, count, 0, length, false, weights.data());
  return weights;
}

std::vector<char> ConvolutionMap::rows_reading(const std::vector<char>& marked) const {
  const Data& d = *data_;
  const std::int64_t in = d.is_conv() ? d.c() : d.m(), out = d.is_conv() ? d.m() : d.c(),
                     from_area = column_area(), to_area = row_area(), width = d.windows.width();
  std::vector<char> rows(static_cast<std::size_t>(this->rows()), 0);
  for (std::int64_t g = 0; g < d.channels.groups; ++g) {
    std::vector<char> read(static_cast<std::size_t>(from_area), 0);
    for (std::int64_t e = 0; e < in * from_area; ++e)
      read[static_cast<std::size_t>(e % from_area)] |=
          marked[static_cast<std::size_t>(g * in * from_area + e)];
    char* const first = rows.data() + g * out * to_area;
    for (std::int64_t r = 0; r < d.windows.rows(); ++r) {
      for (std::int64_t t = 0; t < d.taps(); ++t) {
        const Windows::Stretch& s = d.windows.stretch(t, r);
        for (std::int64_t j = s.first; j < s.last; ++j) {
          const std::int64_t position = r * width + j, element = s.source + j * d.windows.step();
          const std::int64_t from = d.is_conv() ? element : position,
                             to = d.is_conv() ? position : element;
          first[to] |= read[static_cast<std::size_t>(from)];
        }
      }
    }
    for (std::int64_t i = 1; i < out; ++i) std::copy_n(first, to_area, first + i * to_area);
  }
  return rows;
}

ConvolutionMap ConvolutionMap::scaled(std::span<const double> factor) const {
  const Data& d = *data_;
  CLIPBOUND_CHECK(static_cast<std::int64_t>(factor.size()) == row_channels());
  auto product = std::make_shared<std::vector<double>>(factor.begin(), factor.end());
  const bool are_signs =
      std::all_of(factor.begin(), factor.end(), [](double f) { return std::fabs(f) == 1.0; });
  for (std::size_t r = 0; d.factors != nullptr && are_signs && r < product->size(); ++r)
    (*product)[r] *= (*d.factors)[r];
  if (d.factors == nullptr || are_signs) {
    return ConvolutionMap(std::make_shared<const Data>(d.direction, d.windows.shape(), d.channels,
                                                       d.weights, d.first, d.w_stride,
                                                       std::move(product)));
  }
  // Products of factors would be rounded on their own.
  const std::int64_t k = d.c() * d.taps();
  std::vector<double> weights(static_cast<std::size_t>(d.channels.positions * k));
  d.copy(0, d.channels.positions, 0, k, false, weights.data());
  return ConvolutionMap(std::make_shared<const Data>(
      d.direction, d.windows.shape(), d.channels,
      std::make_shared<const std::vector<double>>(std::move(weights)), 0, k, std::move(product)));
}

ConvolutionMap::Restriction ConvolutionMap::restricted_to(const OutputWindow& window) const {
  const Data& d = *data_;
  const std::int64_t out = d.is_conv() ? d.m() : d.c(), in = d.is_conv() ? d.c() : d.m(),
                     first = window.first_channel, group = first / out, within = first % out;
  CLIPBOUND_CHECK(window.channels > 0 && first >= 0 && first + window.channels <= row_channels());
  CLIPBOUND_CHECK(window.first.size() == windows().kernel.size() &&
                  window.extent.size() == window.first.size());
  const bool whole_groups = within == 0 && window.channels % out == 0;
  CLIPBOUND_CHECK(whole_groups || within + window.channels <= out);
  const Shape& area = d.is_conv() ? windows().output : windows().image;
  for (std::size_t axis = 0; axis < area.size(); ++axis)
    CLIPBOUND_CHECK(window.first[axis] >= 0 && window.extent[axis] > 0 &&
                    window.first[axis] + window.extent[axis] <= area[axis]);
  OutputWindow read;
  const WindowShape part = part_of(windows(), d.is_conv(), window, read);
  const std::int64_t groups = whole_groups ? window.channels / out : 1;
  read.first_channel = group * in;
  read.channels = groups * in;
  Channels channels{read.channels, window.channels, groups};
  std::int64_t w = d.first + first * d.w_stride;
  if (!d.is_conv()) {
    std::swap(channels.image, channels.positions);
    w = d.first + group * in * d.w_stride + within * d.taps();
  }
  Data::Factors factors;
  if (d.factors != nullptr) {
    const auto from = d.factors->begin() + first;
    factors = std::make_shared<const std::vector<double>>(from, from + window.channels);
  }
  return {ConvolutionMap(std::make_shared<const Data>(d.direction, part, channels, d.weights, w,
                                                      d.w_stride, std::move(factors))),
          read};
}

double ConvolutionMap::gamma() const {
  return gamma_bound(static_cast<double>(longest_row()) + 1.0);
}
double ConvolutionMap::gamma_transposed() const {
  return gamma_bound(static_cast<double>(longest_column()) + 1.0);
}
double ConvolutionMap::underflow() const {
  return std::ldexp(static_cast<double>(std::max(longest_row(), longest_column())) + 1.0, -1074);
}

}  // namespace clipbound::bounds
