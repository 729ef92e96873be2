#pragma once
// Idea: layers each of whose elements has one reader: the products of a matrix product, which only
//   their sum reads; the exponentials of a softmax, which only their denominator reads. What such
//   an element gets in a backward substitution is its reader's p times one weight, so with CROWN's
//   lines all it passes on is known from the sign of p: it becomes part of its reader, as linear
//   bounds of what the reader sums up, over what the elements read. In a transformer these are nine
//   of ten elements (decision 64).
// Source: own; Shi et al., "Robustness Verification for Transformers", ICLR 2020, bound dot products
//   so.
// Guarantees: S5, with the sums taken in another order.
#include <cstdint>
#include <span>
#include <vector>

#include "bounds/alpha_beta/sparse_network.h"

namespace clipbound::bounds {

/// What a reader's p makes of the elements that only it reads, where p is positive or negative.
struct PassedOn {
  struct Entry {
    Live source;
    double positive, negative;  ///< times p: to the coefficient of the source
  };
  /// Times p: offsets of lines, constants of rows.
  struct Sums {
    double offset = 0.0, constant = 0.0;
  } positive, negative;
  /// Times |p|: not less than the offsets' sizes, than the slacks.
  double magnitude = 0.0, slack = 0.0;
  std::int32_t begin = 0, end = 0;  ///< entries
};

/// A layer of McCormick products or of curves (no squares of a pair, no simplex rows), all of whose
/// lines are finite.
struct PrivateLayer {
  int layer = 0, reader = 0;
  std::vector<PassedOn> by_reader;  ///< by each of the reader's elements
  std::vector<PassedOn::Entry> entries;
  std::span<const PassedOn::Entry> entries_of(const PassedOn& passed) const {
    return std::span(entries).subspan(static_cast<std::size_t>(passed.begin),
                                      static_cast<std::size_t>(passed.end - passed.begin));
  }
};

class PrivateLayers {
 public:
  /// Takes in what was added to the network.
  void update(const SparseNetwork& network);
  /// nullptr where the layer is not private.
  const PrivateLayer* of(int layer) const {
    return at(number_of_, layer) < 0 ? nullptr : &at(layers_, at(number_of_, layer));
  }

 private:
  /// `reader` reads elements of `layer`, which is private where it is the first to do so.
  void add_reader(const SparseNetwork& network, int layer, int reader);

  std::vector<char> is_read_;            // [layers]
  std::vector<std::int32_t> number_of_;  // [layers] -1: not private
  std::vector<PrivateLayer> layers_;
};

}  // namespace clipbound::bounds
