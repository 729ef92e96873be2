#include "bounds/alpha_beta/grouped_matrix_builder.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "base/check.h"

namespace clipbound::bounds {

namespace {

constexpr std::size_t kMost = 8;

std::int32_t width_for(std::size_t count) {
  return count > 4 ? 8 : count > 2 ? 4 : static_cast<std::int32_t>(count);
}

std::uint64_t mix(std::uint64_t hash, std::uint64_t x) {
  hash = (hash ^ x) * 0xff51afd7ed558ccdULL;
  return hash ^ (hash >> 32U);
}

}  // namespace

GroupedMatrixBuilder::GroupedMatrixBuilder(const SparseRows& matrix,
                                           std::span<const std::int32_t> row_element,
                                           std::span<const std::int32_t> column_element,
                                           std::span<const double> factor, std::int32_t spare)
    : matrix_(matrix),
      row_element_(row_element),
      column_element_(column_element),
      factor_(factor),
      spare_(spare) {
  find_tiles();
  sort_by_life();
  find_kinds();
}

void GroupedMatrixBuilder::find_tiles() {
  for (std::int64_t r = 0; r < matrix_.rows(); ++r) {
    if (!matrix_.indices(r).empty()) rows_.push_back(r);
  }
  const auto list = [&](std::int64_t r) { return matrix_.list_of_indices(r); };
  std::stable_sort(rows_.begin(), rows_.end(),
                   [&](std::int64_t a, std::int64_t b) { return list(a) < list(b); });
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (i == 0 || list(rows_[i]) != list(rows_[i - 1]))
      tiles_.push_back({static_cast<std::int64_t>(i), static_cast<std::int64_t>(i), 0, false});
    tiles_.back().last = static_cast<std::int64_t>(i) + 1;
    tiles_.back().lives =
        tiles_.back().lives || row_element_[static_cast<std::size_t>(rows_[i])] >= 0;
  }
}

void GroupedMatrixBuilder::sort_by_life() {
  std::unordered_map<std::int64_t, std::int32_t> lives;
  for (const std::int64_t r : rows_)
    lives[matrix_.list_of_values(r)] += row_element_[static_cast<std::size_t>(r)] >= 0 ? 1 : 0;
  std::vector<std::pair<std::int32_t, std::int64_t>> sorted;
  for (const Tile& tile : tiles_) {
    sorted.clear();
    for (std::int64_t i = tile.first; i < tile.last; ++i)
      sorted.emplace_back(-lives[matrix_.list_of_values(row(i))], row(i));
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < sorted.size(); ++i)
      rows_[static_cast<std::size_t>(tile.first) + i] = sorted[i].second;
  }
}

void GroupedMatrixBuilder::find_kinds() {
  std::map<Key, std::int32_t> kinds;
  std::int32_t count = 0;
  for (Tile& tile : tiles_) {
    // Columns with factors of their own make values of the tile's own.
    const auto columns = matrix_.indices(row(tile.first));
    const bool alone = tile.last - tile.first == 1 ||
                       std::any_of(columns.begin(), columns.end(),
                                   [&](std::int32_t c) { return factor(c) != 1.0; });
    tile.kind = count;
    if (!alone) {
      Key key{static_cast<std::int64_t>(columns.size())};
      for (std::int64_t i = tile.first; i < tile.last; ++i)
        key.push_back(matrix_.list_of_values(row(i)));
      tile.kind = kinds.emplace(std::move(key), count).first->second;
    }
    count += tile.kind == count ? 1 : 0;
  }
}

GroupedMatrix GroupedMatrixBuilder::forward(std::int32_t elements) const {
  GroupedMatrix matrix;
  matrix.begin(elements);
  std::map<Key, std::int64_t> blocks;
  for (std::size_t t = 0; t < tiles_.size(); ++t) {
    if (tiles_[t].lives) add_forward(tiles_[t], static_cast<std::int32_t>(t), blocks, matrix);
  }
  return matrix;
}

void GroupedMatrixBuilder::add_forward(const Tile& tile, std::int32_t number,
                                       std::map<Key, std::int64_t>& blocks,
                                       GroupedMatrix& matrix) const {
  const auto columns = matrix_.indices(row(tile.first));
  GroupedMatrix::Group group;
  group.begin = matrix.refs_end();
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const std::int32_t element = column_element_[static_cast<std::size_t>(columns[j])];
    if (element >= 0) matrix.add_ref(element, static_cast<std::int32_t>(j));
  }
  group.end = matrix.refs_end();
  if (group.begin == group.end) return;
  group.parts = matrix.parts_end();
  matrix.end_part(number);
  group.parts_end = matrix.parts_end();
  for (std::int64_t first = tile.first; first < tile.last; first += kMost) {
    const auto count = static_cast<std::size_t>(std::min<std::int64_t>(kMost, tile.last - first));
    group.width = width_for(count);
    bool lives = false;
    for (std::size_t k = 0; k < kMost; ++k) {
      const std::int32_t element =
          k < count
              ? row_element_[static_cast<std::size_t>(row(first + static_cast<std::int64_t>(k)))]
              : -1;
      group.out[k] = element >= 0 ? element : spare_;
      lives = lives || element >= 0;
    }
    if (!lives) continue;
    const auto [found, is_new] = blocks.try_emplace(Key{tile.kind, first - tile.first}, 0);
    if (is_new) {
      const auto W = static_cast<std::size_t>(group.width);
      found->second = matrix.add_weights(columns.size() * W);
      double* to = matrix.weights(found->second);
      for (std::size_t k = 0; k < count; ++k) {
        const auto values = matrix_.values(row(first + static_cast<std::int64_t>(k)));
        for (std::size_t j = 0; j < columns.size(); ++j)
          to[j * W + k] = values[j] * factor(columns[j]);
      }
    }
    group.weights = found->second;
    matrix.add_group(group, spare_);
  }
}

GroupedMatrixBuilder::Seats GroupedMatrixBuilder::find_seats() const {
  Seats seats;
  seats.start.assign(static_cast<std::size_t>(matrix_.cols) + 1, 0);
  const auto for_each = [&](const auto& visit) {
    for (std::size_t t = 0; t < tiles_.size(); ++t) {
      if (!tiles_[t].lives) continue;
      const auto columns = matrix_.indices(row(tiles_[t].first));
      for (std::size_t j = 0; j < columns.size(); ++j)
        visit(static_cast<std::int32_t>(t), static_cast<std::int32_t>(j),
              static_cast<std::size_t>(columns[j]));
    }
  };
  for_each([&](std::int32_t, std::int32_t, std::size_t c) { ++seats.start[c + 1]; });
  std::partial_sum(seats.start.begin(), seats.start.end(), seats.start.begin());
  seats.list.resize(static_cast<std::size_t>(seats.start.back()));
  std::vector<std::int64_t> next(seats.start.begin(), seats.start.end() - 1);
  for_each([&](std::int32_t tile, std::int32_t position, std::size_t c) {
    seats.list[static_cast<std::size_t>(next[c]++)] = {tile, position};
  });
  return seats;
}

bool GroupedMatrixBuilder::same_tiles(const Seats& seats, std::int32_t a, std::int32_t b) const {
  const auto x = seats.of(a), y = seats.of(b);
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [](const Seat& p, const Seat& q) { return p.tile == q.tile; });
}

std::vector<std::int32_t> GroupedMatrixBuilder::order_of_elements(const Seats& seats) const {
  struct Element {
    std::int32_t first;  ///< tile
    std::uint64_t tiles;
    std::int32_t dies;
    std::int32_t number;
    auto operator<=>(const Element&) const = default;
  };
  std::vector<Element> elements;
  std::vector<std::uint64_t> channel;  // elements that stand at the same positions of their tiles
  std::unordered_map<std::uint64_t, std::int32_t> lives;
  for (std::int32_t c = 0; c < static_cast<std::int32_t>(matrix_.cols); ++c) {
    if (seats.of(c).empty()) continue;
    std::uint64_t tiles = 1, positions = 1;
    for (const Seat& seat : seats.of(c)) {
      tiles = mix(tiles, static_cast<std::uint64_t>(seat.tile));
      positions = mix(positions, static_cast<std::uint64_t>(seat.position));
    }
    elements.push_back({seats.of(c).front().tile, tiles, 0, c});
    channel.push_back(positions);
    lives[positions] += column_element_[static_cast<std::size_t>(c)] >= 0 ? 1 : 0;
  }
  for (std::size_t i = 0; i < elements.size(); ++i) elements[i].dies = -lives[channel[i]];
  std::sort(elements.begin(), elements.end());
  std::vector<std::int32_t> order;
  for (const Element& element : elements) order.push_back(element.number);
  return order;
}

GroupedMatrix GroupedMatrixBuilder::backward(std::int32_t elements) const {
  GroupedMatrix matrix;
  matrix.begin(elements);
  const Seats seats = find_seats();
  const std::vector<std::int32_t> order = order_of_elements(seats);
  std::map<Key, std::int64_t> blocks;
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first + 1;
    while (last < order.size() && last < first + kMost &&
           same_tiles(seats, order[first], order[last]))
      ++last;
    add_backward({order.data() + first, last - first}, seats, blocks, matrix);
    first = last;
  }
  return matrix;
}

void GroupedMatrixBuilder::add_backward(std::span<const std::int32_t> elements, const Seats& seats,
                                        std::map<Key, std::int64_t>& blocks,
                                        GroupedMatrix& matrix) const {
  GroupedMatrix::Group group;
  group.width = width_for(elements.size());
  const auto W = static_cast<std::size_t>(group.width);
  bool lives = false;
  for (std::size_t k = 0; k < kMost; ++k) {
    const std::int32_t element =
        k < elements.size() ? column_element_[static_cast<std::size_t>(elements[k])] : -1;
    group.out[k] = element >= 0 ? element : spare_;
    lives = lives || element >= 0;
  }
  if (!lives) return;
  group.begin = matrix.refs_end();
  group.parts = matrix.parts_end();
  const std::size_t seats_of_each = seats.of(elements.front()).size();
  for (std::size_t s = 0; s < seats_of_each; ++s) {
    const Tile& tile = tiles_[static_cast<std::size_t>(seats.of(elements.front())[s].tile)];
    const auto rows = static_cast<std::size_t>(tile.last - tile.first);
    std::int64_t at = -1;
    std::int64_t* known = &at;
    if (rows > 1) {  // else there is nothing to be shared
      Key key{tile.kind};
      for (const std::int32_t c : elements) key.push_back(seats.of(c)[s].position);
      known = &blocks.try_emplace(std::move(key), -1).first->second;
    }
    if (*known < 0) {
      *known = matrix.add_weights(rows * W);
      double* to = matrix.weights(*known);
      for (std::size_t i = 0; i < rows; ++i) {
        const auto values = matrix_.values(row(tile.first + static_cast<std::int64_t>(i)));
        for (std::size_t k = 0; k < elements.size(); ++k)
          to[i * W + k] = values[static_cast<std::size_t>(seats.of(elements[k])[s].position)] *
                          factor(elements[k]);
      }
    }
    const std::int64_t base = *known / group.width;
    for (std::size_t i = 0; i < rows; ++i) {
      const std::int32_t element =
          row_element_[static_cast<std::size_t>(row(tile.first + static_cast<std::int64_t>(i)))];
      if (element >= 0)
        matrix.add_ref(element, static_cast<std::int32_t>(base + static_cast<std::int64_t>(i)));
    }
    matrix.end_part(seats.of(elements.front())[s].tile);
  }
  group.end = matrix.refs_end();
  group.parts_end = matrix.parts_end();
  matrix.add_group(group, spare_);
}

}  // namespace clipbound::bounds
