#pragma once
// Idea: movement operators: every output element is a copy of one element of one input. An
// operator's file gives the index map; evaluation and gradients follow from it.
// Source: own.
// Guarantees: the runs cover each output exactly once, in order; copies are exact (S1).
#include <cstdint>
#include <vector>

#include "specs/ops/op_support.h"

namespace clipbound::specs {

/// A stretch of consecutive output elements that are consecutive elements of one input.
struct Run {
  std::int32_t input;
  std::int64_t source;  ///< first element in the input
  std::int64_t target;  ///< first element in the output
  std::int64_t length;
};

/// The index map of a node: for each output, the runs that make it up, in order of target.
struct Movement {
  std::vector<std::vector<Run>> outputs;

  /// One output, which is the whole of input `input` unchanged (a change of shape alone).
  static Movement unchanged(std::int32_t input, std::int64_t size) {
    return {{{Run{input, 0, 0, size}}}};
  }
  /// Appends one element to output `output` (the last run grows where it can).
  void append(std::size_t output, std::int32_t input, std::int64_t element,
              std::int64_t length = 1);
  /// True where output 0 is the whole of input 0, of `size` elements.
  bool is_unchanged(std::int64_t size) const;
};

/// An Operation from an index map.
std::unique_ptr<const Operation> make_movement(const Network& network, const Node& node,
                                               Movement movement);

/// prepare() from a function that gives the index map.
template <Movement (*map)(const Network&, const Node&)>
std::unique_ptr<const Operation> prepare_movement(const Network& network, const Node& node) {
  return make_movement(network, node, map(network, node));
}

/// The index map of an operator that changes the shape of input 0 alone.
Movement reshaped(const Network& network, const Node& node);

/// Where an output element of a movement operator comes from.
struct SourceElement {
  std::int32_t input;    ///< which input of the node
  std::int64_t element;  ///< which element of it, in C order
};
/// For each element of output number `output` of a node of class `movement`, its source. Throws
/// ContractError for other classes.
std::vector<SourceElement> movement_map(const Network& network, const Node& node, int output);

}  // namespace clipbound::specs
