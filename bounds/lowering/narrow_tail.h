#pragma once
// What is left of a network on a box of next to no width once the values are taken for inputs whose
// intervals are still narrow.
//
// Intervals widen from layer to layer by the sizes of the weights, whatever cancels: a width of
// 1e-8 at the input may be 1e4 at the output. Linear bounds from some value in the middle on see
// what cancels, and reach back over half the network only.
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "bounds/layered/layered_system.h"

namespace clipbound::bounds {

struct NarrowTail {
  std::shared_ptr<const Network>
      network;  ///< its inputs are values of the whole network; its outputs the same
  std::vector<double> lower,
      upper;  ///< in which these values lie for all points that the intervals speak of
};

/// The tail behind the last values whose intervals (of all values that are not constant,
/// LoweringOptions::intervals) are narrower than a small part of their size; none where these are
/// the inputs themselves or the outputs.
std::optional<NarrowTail> thin_tail(const Network& network,
                                    const std::map<ValueId, IntervalVector>& intervals);

}  // namespace clipbound::bounds
