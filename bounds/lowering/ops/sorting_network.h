#pragma once
// Idea: comparisons, fixed in advance, that sort any list.
// Source: merge exchange sorting (Batcher 1968; Knuth, The Art of Computer Programming 3, 5.2.2,
// algorithm M).
// Guarantees: after all stages place 0 holds the best, and so on, up to place k - 1.
#include <cstddef>
#include <vector>

namespace clipbound::bounds {

/// The better of two places goes to `first`.
struct Comparison {
  std::size_t first, second;
};

/// Stages of comparisons that do not touch each other, as far as the first k of n places depend on
/// them.
std::vector<std::vector<Comparison>> sorting_network(std::size_t n, std::size_t k);

}  // namespace clipbound::bounds
