#pragma once
// Idea: what Resize and Upsample do along one axis: every output position is a sum of a few
// elements of the input with constant weights (one element of weight 1 in mode nearest). The
// operator does this along one axis after the other.
// Source: ONNX operator specification, Resize (10 to 25) and Upsample (1 to 9); positions are
// computed in float32, as in ONNX Runtime. An antialiased kernel is the plain one, stretched by the
// factor that an axis shrinks by.
// Guarantees: the weights are float32 numbers, the same for evaluation, gradients and bounds (S1).
#include <vector>

#include "specs/ops/op_support.h"

namespace clipbound::specs {

struct ResizeTap {
  std::int64_t element;  ///< along the input's axis
  float weight;
};

/// Output position i sums the taps begin[i] .. begin[i + 1) - 1.
struct ResizeAxis {
  std::int64_t from = 1, to = 1;  ///< lengths
  bool kept = true;               ///< every position is its own element
  std::vector<std::int64_t> begin{0};
  std::vector<ResizeTap> taps;
  std::vector<char> outside;  ///< [to] 1 where the value for extrapolation stands instead
};

/// All axes of the input, in order. Throws InputError or Unsupported where attributes or inputs are
/// wrong.
std::vector<ResizeAxis> resize_axes(const Network& network, const Node& node);
/// Whether the node copies elements of its input and does nothing else.
bool resize_copies(const Node& node);
/// What stands outside of the input in coordinate_transformation_mode tf_crop_and_resize.
double extrapolation_value(const Node& node);

}  // namespace clipbound::specs
