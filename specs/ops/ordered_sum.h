#pragma once
// Idea: sums of a list of numbers in a stated order.
// Source: own.
// Guarantees: exactly one order of additions per value of Sums; running errors cover them
// (specs/network/summation.h).
#include "specs/network/summation.h"

namespace clipbound::specs {

/// at(0) + at(1) + ... + at(count - 1); `fast` counts as natural. blocked: term i goes to partial
/// sum i mod 16, then the partial sums are added pairwise.
template <typename S, class At>
S ordered_sum(std::int64_t count, const At& at, Sums order) {
  const std::int64_t parts = order == Sums::blocked ? kPartialSums : 1;
  std::array<Accumulator<S>, static_cast<std::size_t>(kPartialSums)> sums{};
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t j = order == Sums::reversed ? count - 1 - i : i;
    sums[static_cast<std::size_t>(j % parts)].add(at(j), S(1));
  }
  for (std::size_t half = static_cast<std::size_t>(parts) / 2; half > 0; half /= 2)
    for (std::size_t s = 0; s < half; ++s) sums[s].merge(sums[s + half]);
  return sums[0].result(count);
}

}  // namespace clipbound::specs
