#pragma once
// Idea: the network behind the last layer whose interval bounds are still narrow, with that layer's
// values as its inputs.
//
// Intervals widen from layer to layer by the sizes of the weights, whatever cancels: a width of
// 1e-8 at the input may be 1e4 at the output. Linear bounds from some value in the middle on see
// what cancels, and go back over half the network only.
// Source: own.
// Guarantees: for every point that the intervals hold for, the tail's inputs lie in its box and its
// outputs are the network's (S1).
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "bounds/layered/layered_system.h"

namespace clipbound::bounds {

struct NarrowTail {
  /// Its inputs are values of the whole network; its outputs the same.
  std::shared_ptr<const Network> network;
  /// Between which these values lie for all points that the intervals speak of.
  std::vector<double> lower, upper;
};

/// The tail behind the last values whose intervals (of all values that are not constant,
/// LoweringOptions::intervals) are narrower than a small part of their size; none where these are
/// the inputs themselves or the outputs.
std::optional<NarrowTail> narrow_tail(const Network& network,
                                      const std::map<ValueId, IntervalVector>& intervals);

}  // namespace clipbound::bounds
