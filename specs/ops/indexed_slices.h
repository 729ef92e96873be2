#pragma once
// Idea: slices of a tensor whose places are told by indices: what GatherElements, GatherND and
// ScatterElements have in common. Slice number s begins at base[s] plus, for each of its indices,
// index times stride.
// Source: ONNX operator specification, GatherElements, GatherND, ScatterElements.
// Guarantees: an uncertain index means every place in range that its running error reaches (S1).
#include <algorithm>
#include <cmath>
#include <vector>

#include "specs/ops/enclosed_functions.h"
#include "specs/ops/op_support.h"

namespace clipbound::specs {

struct IndexedSlices {
  std::int64_t slice = 1;                    ///< elements of each slice
  std::vector<std::int64_t> base;            ///< per slice
  std::vector<std::int64_t> length, stride;  ///< per index of a slice, [depth]

  std::size_t depth() const { return length.size(); }
  std::int64_t count() const { return static_cast<std::int64_t>(base.size()); }

  /// Where slice s begins at the `depth` indices that begin at `index` (negative ones count from
  /// the end); -1 where one of them is out of range. The middle of an uncertain index counts.
  template <typename S>
  std::int64_t place(std::int64_t s, const S* index) const {
    std::int64_t at = base[static_cast<std::size_t>(s)];
    for (std::size_t d = 0; d < depth(); ++d) {
      double i = middle_of(index[d]);
      if (i < 0.0) i += static_cast<double>(length[d]);
      if (!(i >= 0.0 && i < static_cast<double>(length[d]))) return -1;
      at += static_cast<std::int64_t>(i) * stride[d];
    }
    return at;
  }

  /// body(place) for every place in range that the indices may mean.
  template <class Body>
  void for_each_place(std::int64_t s, const Enclosed* index, const Body& body) const {
    walk(base[static_cast<std::size_t>(s)], 0, index, body);
  }

 private:
  static double middle_of(Enclosed x) { return x.value; }
  template <typename S>
  static double middle_of(S x) {
    return static_cast<double>(x);
  }
  template <class Body>
  void walk(std::int64_t at, std::size_t d, const Enclosed* index, const Body& body) const {
    if (d == depth()) return body(at);
    const auto n = static_cast<double>(length[d]);
    double first = std::ceil(lower_end(index[d])), last = std::floor(upper_end(index[d]));
    if (!(first >= -n)) first = -n;  // NaN: nothing is known
    if (!(last <= n - 1.0)) last = n - 1.0;
    for (double i = first; i <= last; i += 1.0)
      walk(at + static_cast<std::int64_t>(i < 0.0 ? i + n : i) * stride[d], d + 1, index, body);
  }
};

/// One element per index, along `axis`: what GatherElements reads and ScatterElements writes.
/// Throws InputError where the shapes do not fit.
IndexedSlices slices_along_axis(const Shape& data, const Shape& indices, std::int64_t axis);
/// What GatherND reads: the last axis of the indices walks the axes of the data behind the first
/// `batch` ones. Throws InputError where the shapes do not fit.
IndexedSlices slices_of_lists(const Shape& data, const Shape& indices, std::int64_t batch);

/// Where each slice begins, for constant indices. Throws InputError where one is out of range.
std::vector<std::int64_t> constant_places(const IndexedSlices& slices,
                                          const std::vector<std::int64_t>& indices);

}  // namespace clipbound::specs
