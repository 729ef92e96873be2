#pragma once
// Idea: grouped matrices, forward and backward, of the rows of a layer over one source. A tile is
//   the rows that share their list of columns: all channels of one pixel, or a dense layer. Tiles
//   whose rows have the same values are of one kind: all pixels but those at the edge. Weights are
//   stored once per kind. So that this works where other channels are inactive in every pixel,
//   blocks are made of the channels of the kind, whether they live in this pixel or not: inactive
//   ones are skipped as columns, and as rows add to the spare element. Channels that live in most
//   pixels stand together.
// Source: own.
// Guarantees: both matrices have the entries of the rows, times the columns' factors.
#include <map>
#include <span>

#include "bounds/alpha_beta/grouped_matrix.h"
#include "bounds/layered/sparse_rows.h"

namespace clipbound::bounds {

class GroupedMatrixBuilder {
 public:
  /// `row_element` [rows] and `column_element` [cols]: indices in the callers' arrays, negative
  /// where there is none. `factor` [cols], or empty: what the coefficients of a column are
  /// multiplied with. `spare`: an element that nothing depends on.
  GroupedMatrixBuilder(const SparseRows& matrix, std::span<const std::int32_t> row_element,
                       std::span<const std::int32_t> column_element, std::span<const double> factor,
                       std::int32_t spare);

  /// y[row] += sum of value * x[column], and transposed. Elements are below `elements`.
  GroupedMatrix forward(std::int32_t elements) const;
  GroupedMatrix backward(std::int32_t elements) const;

 private:
  struct Tile {
    std::int64_t first = 0, last = 0;  ///< in rows_
    std::int32_t kind = 0;
    bool lives = false;
  };
  /// Where an element stands: in which tile, and at which position of its list of columns.
  struct Seat {
    std::int32_t tile, position;
  };
  struct Seats {
    std::vector<std::int64_t> start;
    std::vector<Seat> list;
    std::span<const Seat> of(std::int64_t element) const {
      return {list.data() + start[static_cast<std::size_t>(element)],
              list.data() + start[static_cast<std::size_t>(element) + 1]};
    }
  };
  using Key = std::vector<std::int64_t>;

  void find_tiles();
  void sort_by_life();
  void find_kinds();
  Seats find_seats() const;
  /// Elements in an order in which those with the same tiles are neighbours, those that live most
  /// often first.
  std::vector<std::int32_t> order_of_elements(const Seats& seats) const;
  bool same_tiles(const Seats& seats, std::int32_t a, std::int32_t b) const;
  void add_forward(const Tile& tile, std::int32_t number, std::map<Key, std::int64_t>& blocks,
                   GroupedMatrix& matrix) const;
  void add_backward(std::span<const std::int32_t> elements, const Seats& seats,
                    std::map<Key, std::int64_t>& blocks, GroupedMatrix& matrix) const;
  std::int64_t row(std::int64_t i) const { return rows_[static_cast<std::size_t>(i)]; }
  double factor(std::int32_t column) const {
    return factor_.empty() ? 1.0 : factor_[static_cast<std::size_t>(column)];
  }

  const SparseRows& matrix_;
  const std::span<const std::int32_t> row_element_, column_element_;
  const std::span<const double> factor_;
  const std::int32_t spare_;
  std::vector<std::int64_t> rows_;  // tile by tile
  std::vector<Tile> tiles_;
};

}  // namespace clipbound::bounds
