#pragma once
// Idea: ranges on each cell of a grid over one or two inputs.
// Source: own.
// Guarantees: the cells cover the box; each cell's ranges are range_of()'s.
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "clipbound/range.h"

namespace clipbound::cli {

struct GridRequest {
  std::vector<std::size_t> inputs;  ///< one or two
  std::vector<std::size_t> cells;   ///< along each of them; nothing: 32
  /// The gap is a share of the whole box's interval; the time limit is that of all cells.
  RangeSettings settings;
  int threads = 0;
};

struct GridCell {
  std::vector<double> lower, upper;  ///< of the grid's inputs
  std::vector<Range> ranges;         ///< of the objectives
};

struct Grid {
  std::vector<std::size_t> inputs, sizes;
  std::vector<GridCell> cells;  ///< the last input runs fastest
  std::string reason;
};

/// Throws InputError where the request does not fit the network, and as range_of() does.
Grid range_grid(const Network& network, std::span<const double> lower,
                std::span<const double> upper, std::span<const double> objectives,
                const GridRequest& request, const Callbacks& callbacks);
/// A line of names, then one line a cell and objective.
std::string grid_csv(const Grid& grid, std::size_t outputs, std::span<const double> objectives);
/// SVG: over one input bands of what is proved and attained, over two inputs the upper and the
/// lower ends as two maps; of the first objective.
std::string grid_picture(const Grid& grid, const std::string& objective);

}  // namespace clipbound::cli
