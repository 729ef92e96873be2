#include "bounds/layered/structured_map.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/check.h"
#include "base/rounding.h"

namespace clipbound::bounds {

namespace {

/// A tap of a window and the image element under it.
struct Tap {
  std::int32_t tap, element;
};

/// Under which taps each row of a convolution reads which elements, channels apart.
class RowTaps {
 public:
  explicit RowTaps(const ConvolutionMap& map)
      : rows_(map.row_area()),
        groups_(map.groups()),
        in_(map.column_channels() / map.groups()),
        out_(map.row_channels() / map.groups()),
        area_(map.column_area()),
        of_(static_cast<std::size_t>(map.row_area())) {
    const specs::Windows windows(map.windows());
    const bool transposed = map.direction() == ConvolutionMap::Direction::conv_transpose;
    taps_ = windows.taps();
    for (std::int64_t row = 0; row < windows.rows(); ++row) {
      for (std::int64_t tap = 0; tap < taps_; ++tap) {
        const specs::Windows::Stretch& s = windows.stretch(tap, row);
        for (std::int64_t j = s.first; j < s.last; ++j) {
          const std::int64_t position = row * windows.width() + j,
                             element = s.source + j * windows.step();
          of_[static_cast<std::size_t>(transposed ? element : position)].push_back(
              {static_cast<std::int32_t>(tap),
               static_cast<std::int32_t>(transposed ? position : element)});
        }
      }
    }
    for (auto& taps : of_) {
      std::sort(taps.begin(), taps.end(),
                [](const Tap& a, const Tap& b) { return a.element < b.element; });
    }
  }

  std::int64_t rows() const { return rows_; }
  std::int64_t groups() const { return groups_; }
  std::int64_t group_of(std::int64_t channel) const { return channel / out_; }
  /// visit(column, tap counted through the group's channels) for what a row at this position reads,
  /// in ascending columns.
  template <typename Visit>
  void for_each(std::int64_t group, std::int64_t position, const Visit& visit) const {
    for (std::int64_t k = 0; k < in_; ++k) {
      const std::int64_t first = (group * in_ + k) * area_;
      for (const Tap& t : of_[static_cast<std::size_t>(position)])
        visit(first + t.element, k * taps_ + t.tap);
    }
  }

 private:
  std::int64_t rows_, groups_, in_, out_, area_, taps_ = 0;
  std::vector<std::vector<Tap>> of_;  // [positions of rows]
};

}  // namespace

/// Writes rows, each list once.
class StructuredMap::Writer {
 public:
  explicit Writer(const StructuredMap& map)
      : map_(map),
        taps_(map.convolution_),
        places_(static_cast<std::size_t>(taps_.groups() * taps_.rows())) {}

  SparseRows write() {
    rows_.cols = map_.cols();
    const std::int64_t count = map_.rows();
    for (std::int64_t r = 0; r < count; ++r) {
      const std::int64_t row = map_.picks_.empty() ? r : map_.picks_[static_cast<std::size_t>(r)];
      if (row < 0) {
        rows_.add_row(0, 0, 0);
        continue;
      }
      const std::int64_t position = row % taps_.rows(), channel = row / taps_.rows();
      const Place& place = place_of(taps_.group_of(channel), position);
      rows_.add_row(place.indices, place.length == 0 ? 0 : values_of(row, channel, place),
                    place.length);
    }
    return std::move(rows_);
  }

 private:
  /// The columns of all rows of a group at one position.
  struct Place {
    std::int64_t indices = -1;
    std::int32_t length = 0;
    std::int32_t kind = 0;  ///< of one kind, a channel has the same values
  };

  const Place& place_of(std::int64_t group, std::int64_t position) {
    Place& place = places_[static_cast<std::size_t>(group * taps_.rows() + position)];
    if (place.indices >= 0) return place;
    columns_.clear();
    std::vector<std::int32_t> taps;
    taps_.for_each(group, position, [&](std::int64_t column, std::int64_t tap) {
      const std::int32_t source = map_.source_of(column);
      if (source < 0) return;
      columns_.push_back(source);
      taps.push_back(static_cast<std::int32_t>(tap));
    });
    place.indices = rows_.add_indices(columns_);
    place.length = static_cast<std::int32_t>(columns_.size());
    place.kind =
        kinds_.emplace(std::move(taps), static_cast<std::int32_t>(kinds_.size())).first->second;
    return place;
  }
  std::int64_t values_of(std::int64_t row, std::int64_t channel, const Place& place) {
    const auto [found, is_new] = values_.try_emplace({channel, place.kind}, 0);
    if (!is_new) return found->second;
    map_.convolution_.row(row, row_columns_, row_values_);
    list_.clear();
    std::size_t next = 0;  // coefficients that are 0 are not among the row's
    taps_.for_each(
        taps_.group_of(channel), row % taps_.rows(), [&](std::int64_t column, std::int64_t) {
          const bool is_given = next < row_columns_.size() && row_columns_[next] == column;
          const double value = is_given ? row_values_[next] : 0.0;
          next += is_given ? 1 : 0;
          if (map_.source_of(column) >= 0) list_.push_back(value);
        });
    CLIPBOUND_CHECK(next == row_columns_.size());
    found->second = rows_.add_values(list_);
    return found->second;
  }

  const StructuredMap& map_;
  const RowTaps taps_;
  SparseRows rows_;
  std::vector<Place> places_;  // [groups, positions]
  std::map<std::vector<std::int32_t>, std::int32_t> kinds_;
  std::map<std::pair<std::int64_t, std::int32_t>, std::int64_t> values_;
  std::vector<std::int32_t> columns_, row_columns_;
  std::vector<double> row_values_, list_;
};

StructuredMap::StructuredMap(ConvolutionMap convolution, std::vector<std::int32_t> image_of)
    : convolution_(std::move(convolution)), image_of_(std::move(image_of)) {
  if (image_of_.empty()) return;
  source_of_.assign(static_cast<std::size_t>(convolution_.columns()), -1);
  std::int32_t last = -1;
  for (std::size_t c = 0; c < image_of_.size(); ++c) {
    const std::int32_t e = image_of_[c];
    if (e < 0) continue;
    CLIPBOUND_CHECK(e > last && e < convolution_.columns());
    source_of_[static_cast<std::size_t>(e)] = static_cast<std::int32_t>(c);
    last = e;
  }
}

std::int64_t StructuredMap::rows() const {
  return picks_.empty() ? convolution_.rows() : static_cast<std::int64_t>(picks_.size());
}

std::int64_t StructuredMap::cols() const {
  return image_of_.empty() ? convolution_.columns() : static_cast<std::int64_t>(image_of_.size());
}

std::int64_t StructuredMap::entries() const {
  if (picks_.empty()) return convolution_.entries();
  const auto picked = std::count_if(picks_.begin(), picks_.end(), [](auto r) { return r >= 0; });
  if (picked == 0 || convolution_.entries() == 0) return 0;
  // At least 1: what has no entries is dropped, and most rows of a convolution may have none.
  const auto share = static_cast<double>(picked) / static_cast<double>(convolution_.rows());
  return std::max<std::int64_t>(
      1, static_cast<std::int64_t>(static_cast<double>(convolution_.entries()) * share));
}

std::shared_ptr<const StructuredMap> StructuredMap::picked(
    const std::vector<std::int32_t>& picks) const {
  CLIPBOUND_CHECK(!picks.empty());
  auto result = std::make_shared<StructuredMap>(convolution_, image_of_);
  result->picks_ = picks;
  for (std::int32_t& r : result->picks_) {
    CLIPBOUND_CHECK(r < rows());
    if (r >= 0 && !picks_.empty()) r = picks_[static_cast<std::size_t>(r)];
  }
  return result;
}

std::shared_ptr<const StructuredMap> StructuredMap::scaled(std::span<const double> factor) const {
  auto result = std::make_shared<StructuredMap>(convolution_.scaled(factor), image_of_);
  result->picks_ = picks_;
  return result;
}

void StructuredMap::row(std::int64_t i, std::vector<std::int32_t>& columns,
                        std::vector<double>& values) const {
  columns.clear();
  values.clear();
  const std::int64_t r = picks_.empty() ? i : picks_[static_cast<std::size_t>(i)];
  if (r < 0) return;
  convolution_.row(r, columns, values);
  if (image_of_.empty()) return;
  std::size_t kept = 0;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const std::int32_t source = source_of(columns[j]);
    if (source < 0) continue;
    columns[kept] = source;
    values[kept++] = values[j];
  }
  columns.resize(kept);
  values.resize(kept);
}

std::vector<double> StructuredMap::to_image(const double* x, std::int64_t B) const {
  std::vector<double> image(static_cast<std::size_t>(convolution_.columns() * B), 0.0);
  for (std::size_t c = 0; c < image_of_.size(); ++c) {
    if (image_of_[c] >= 0)
      std::copy_n(x + static_cast<std::int64_t>(c) * B, B, image.data() + image_of_[c] * B);
  }
  return image;
}

namespace {

/// y[picks, B] = (or +=) all[rows, B] at the picks.
void pick_rows(const std::vector<std::int32_t>& picks, const std::vector<double>& all,
               std::int64_t B, double* y, bool add) {
  for (std::size_t i = 0; i < picks.size(); ++i) {
    double* to = y + static_cast<std::int64_t>(i) * B;
    if (picks[i] < 0) {
      if (!add) std::fill_n(to, B, 0.0);
      continue;
    }
    const double* from = all.data() + picks[i] * B;
    for (std::int64_t b = 0; b < B; ++b) to[b] = add ? to[b] + from[b] : from[b];
  }
}

/// multiply(x, y, add) on the image and all rows.
template <typename Multiply>
void apply_to(const StructuredMap& map, const double* x, std::int64_t B, double* y, bool add,
              const Multiply& multiply) {
  std::vector<double> image;
  if (!map.has_all_columns()) {
    image = map.to_image(x, B);
    x = image.data();
  }
  if (map.has_all_rows()) return multiply(x, y, add);
  std::vector<double> all(static_cast<std::size_t>(map.convolution().rows() * B));
  multiply(x, all.data(), false);
  pick_rows(map.picks(), all, B, y, add);
}

}  // namespace

void StructuredMap::apply(const double* x, std::int64_t B, double* y, bool add) const {
  apply_to(*this, x, B, y, add, [&](const double* image, double* all, bool more) {
    convolution_.apply(image, B, all, more);
  });
}

void StructuredMap::apply_magnitudes(const double* x, std::int64_t B, double* y, bool add) const {
  apply_to(*this, x, B, y, add, [&](const double* image, double* all, bool more) {
    convolution_.apply_magnitudes(image, B, all, more);
  });
}

void StructuredMap::add_transposed(const double* r, std::int64_t B, double* y) const {
  std::vector<double> all, image;
  const std::int64_t R = convolution_.rows(), C = convolution_.columns();
  if (!picks_.empty()) {
    all.assign(static_cast<std::size_t>(B * R), 0.0);
    for (std::int64_t b = 0; b < B; ++b) {
      for (std::size_t i = 0; i < picks_.size(); ++i) {
        if (picks_[i] >= 0)
          all[static_cast<std::size_t>(b * R + picks_[i])] +=
              r[b * rows() + static_cast<std::int64_t>(i)];
      }
    }
    r = all.data();
  }
  if (image_of_.empty()) return convolution_.apply_transposed(r, B, y, true);
  image.resize(static_cast<std::size_t>(B * C));
  convolution_.apply_transposed(r, B, image.data(), false);
  for (std::int64_t b = 0; b < B; ++b) {
    for (std::size_t c = 0; c < image_of_.size(); ++c) {
      if (image_of_[c] >= 0)
        y[b * cols() + static_cast<std::int64_t>(c)] +=
            image[static_cast<std::size_t>(b * C + image_of_[c])];
    }
  }
}

std::vector<double> StructuredMap::sizes(const std::vector<double>& size_of_source) const {
  std::vector<double> result(static_cast<std::size_t>(rows()));
  apply_magnitudes(size_of_source.data(), 1, result.data());
  const double factor = 1.0 + 4.0 * convolution_.gamma(), underflow = convolution_.underflow();
  for (double& size : result) {
    size = size < kInfinity ? next_up((size + underflow) * factor) : kInfinity;
  }
  return result;
}

std::vector<char> StructuredMap::rows_with_entries() const {
  std::vector<char> marked(static_cast<std::size_t>(convolution_.columns()),
                           image_of_.empty() ? 1 : 0);
  for (const std::int32_t e : image_of_) {
    if (e >= 0) marked[static_cast<std::size_t>(e)] = 1;
  }
  const std::vector<char> reading = convolution_.rows_reading(marked);
  if (picks_.empty()) return reading;
  std::vector<char> result;
  for (const std::int32_t r : picks_)
    result.push_back(r >= 0 ? reading[static_cast<std::size_t>(r)] : 0);
  return result;
}

void StructuredMap::mark_read(const std::vector<char>& row_is_marked,
                              std::vector<char>& element) const {
  const RowTaps taps(convolution_);
  std::vector<char> places(static_cast<std::size_t>(taps.groups() * taps.rows()), 0);
  for (std::size_t r = 0; r < row_is_marked.size(); ++r) {
    if (row_is_marked[r] == 0) continue;
    const std::int64_t row = picks_.empty() ? static_cast<std::int64_t>(r) : picks_[r];
    if (row >= 0)
      places[static_cast<std::size_t>(taps.group_of(row / taps.rows()) * taps.rows() +
                                      row % taps.rows())] = 1;
  }
  std::vector<char> image(static_cast<std::size_t>(convolution_.columns()), 0);
  for (std::size_t p = 0; p < places.size(); ++p) {
    if (places[p] == 0) continue;
    const auto place = static_cast<std::int64_t>(p);
    taps.for_each(place / taps.rows(), place % taps.rows(), [&](std::int64_t column, std::int64_t) {
      image[static_cast<std::size_t>(column)] = 1;
    });
  }
  for (std::size_t c = 0; c < element.size(); ++c) {
    const std::int32_t at = image_of_.empty() ? static_cast<std::int32_t>(c) : image_of_[c];
    if (at >= 0 && image[static_cast<std::size_t>(at)] != 0) element[c] = 1;
  }
}

const SparseRows& StructuredMap::written() const {
  std::call_once(once_, [&] {
    written_ = Writer(*this).write();
    is_written_ = true;
  });
  return written_;
}

}  // namespace clipbound::bounds
