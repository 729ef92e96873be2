#pragma once
// A sparse matrix for kLanes vectors at once: outputs that read the same elements stand together, up to eight in a group, so that
// one load of an element serves them all. Convolutions (all channels of one pixel) and dense layers become small dense blocks.
#include <cstdint>
#include <vector>

#include "bounds/lanes.h"

namespace clipbound {

/// One entry of a sparse matrix.
struct Entry {
  std::int32_t row, column;
  double value;
};

class GroupedMatrix {
 public:
  GroupedMatrix() = default;
  /// y[row] += sum of value * x[column]. `entries` sorted by row, then column; no two of one place. Rows and columns are numbers of
  /// the callers' arrays; `spare` is an element of y that nobody reads.
  GroupedMatrix(const std::vector<Entry>& entries, std::int32_t rows, std::int32_t spare);

  std::int32_t groups() const { return static_cast<std::int32_t>(groups_.size()); }
  /// The group that makes output `row`, -1 where the row has no entries.
  std::int32_t group_of(std::int32_t row) const { return group_of_[static_cast<std::size_t>(row)]; }
  /// The columns that a group reads.
  const std::int32_t* columns_begin(std::int32_t group) const { return index_.data() + groups_[static_cast<std::size_t>(group)].begin; }
  const std::int32_t* columns_end(std::int32_t group) const { return index_.data() + groups_[static_cast<std::size_t>(group)].end; }
  /// Multiplications that a group takes.
  std::int64_t work(std::int32_t group) const {
    const Group& g = groups_[static_cast<std::size_t>(group)];
    return static_cast<std::int64_t>(g.end - g.begin) * g.width;
  }
  /// Adds one group's outputs to y.
  void accumulate(std::int32_t group, const Vec* x, Vec* y) const;

 private:
  struct Group {
    std::int32_t width;       ///< 1, 2, 4 or 8
    std::int32_t begin, end;  ///< in index_
    std::int32_t out[8];
    std::int64_t value;       ///< in value_: [end - begin, width]
  };
  template <int kWidth>
  void accumulate_width(const Group& group, const Vec* x, Vec* y) const;
  void add_group(const std::vector<Entry>& entries, const std::vector<std::int64_t>& start, const std::int32_t* rows, int count, std::int32_t spare);

  std::vector<Group> groups_;
  std::vector<std::int32_t> index_, group_of_;
  std::vector<double> value_;
};

}  // namespace clipbound
