// Idea: Resize and Upsample, nearest neighbour only: every output element copies one input element.
// Source: ONNX operator specification, Resize and Upsample, mode nearest.
// Guarantees: every output element is an exact copy of one input element (S1); other modes are
// refused.
#include <algorithm>
#include <cmath>
#include <string_view>

#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

/// Per axis: how many output elements, and the scale that positions are computed with.
struct Axis {
  std::int64_t length;
  float scale;
};

std::vector<double> constant_floats(const Network& network, const Node& node, std::size_t i,
                                    const char* what) {
  const Value& v = input_of(network, node, i);
  if (!v.constant)
    throw Unsupported(std::string(what) + " ('" + v.name + "') depends on the network's input");
  return v.constant->as_float64();
}

/// Scales or sizes, whichever is given; empty where not.
std::vector<double> given_numbers(const Network& network, const Node& node, bool sizes) {
  const bool is_resize = std::string_view(op_row(node.kind).onnx_name) == "Resize";
  if (!is_resize && node.opset < 9) {
    const auto* scales = floats_attribute(node, "scales");
    return scales != nullptr && !sizes ? *scales : std::vector<double>{};
  }
  const std::size_t place = sizes ? 3 : is_resize && node.opset >= 11 ? 2 : 1;
  if ((sizes && node.opset < 11) || !has_input(node, place) ||
      input_of(network, node, place).size() == 0)
    return {};
  return constant_floats(network, node, place, sizes ? "the sizes" : "the scales");
}

std::vector<Axis> axes_of(const Network& network, const Node& node) {
  const Shape& shape = input_of(network, node, 0).shape;
  std::vector<Axis> result;
  for (const std::int64_t d : shape) result.push_back({d, 1.0f});
  const std::vector<double> scales = given_numbers(network, node, false),
                            sizes = given_numbers(network, node, true);
  const std::vector<double>& given = scales.empty() ? sizes : scales;
  std::vector<std::int64_t> axes(given.size());
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<std::int64_t>(i);
  const auto* named = node.ints_attribute("axes");
  if (named != nullptr) axes = checked_axes(*named, shape.size());
  if (given.empty() || given.size() != (named != nullptr ? axes.size() : shape.size()))
    throw InputError("needs one scale or size per axis");
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto d = static_cast<std::size_t>(axes[i]);
    if (!(given[i] > 0.0) || given[i] > 0x1p30)
      throw InputError("a scale or size is not positive, or absurd");
    const auto length = static_cast<float>(shape[d]);
    // Positions are computed in float32, as in ONNX Runtime.
    const auto number = static_cast<float>(given[i]);
    const bool by_scale = !scales.empty();
    result[d] = by_scale ? Axis{static_cast<std::int64_t>(std::floor(length * number)), number}
                         : Axis{static_cast<std::int64_t>(given[i]), number / length};
  }
  return result;
}

/// Which element of `length` the output element i reads: the formulas of the ONNX standard, and for
/// opsets before 11, where it has none, ONNX Runtime's ("simple": downwards where an axis grows,
/// upwards where it shrinks).
std::int64_t source_of(std::int64_t i, const Axis& axis, std::int64_t length,
                       const std::string& position, const std::string& rounding) {
  const auto at = static_cast<float>(i);
  float x = at / axis.scale;  // asymmetric
  if (axis.scale == 1.0f && axis.length == length) return i;
  if (position == "half_pixel") x = (at + 0.5f) / axis.scale - 0.5f;
  if (position == "pytorch_half_pixel")
    x = axis.length > 1 ? (at + 0.5f) / axis.scale - 0.5f : 0.0f;
  if (position == "align_corners")
    x = axis.length > 1 ? at * static_cast<float>(length - 1) / static_cast<float>(axis.length - 1)
                        : 0.0f;
  float rounded = std::floor(x);
  if (rounding == "ceil" || (rounding == "simple" && axis.scale < 1.0f)) rounded = std::ceil(x);
  if (rounding == "round_prefer_floor") rounded = std::ceil(x - 0.5f);
  if (rounding == "round_prefer_ceil") rounded = std::floor(x + 0.5f);
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(rounded), 0, length - 1);
}

void infer(Network& network, Node& node) {
  expect_arity(node, 1, 4);
  const std::string mode = string_attribute(node, "mode", "nearest");
  if (mode != "nearest") throw Unsupported("mode '" + mode + "' (supported: nearest)");
  const std::string position = string_attribute(node, "coordinate_transformation_mode", "");
  for (const char* unsupported :
       {"tf_crop_and_resize", "tf_half_pixel_for_nn", "half_pixel_symmetric"})
    if (position == unsupported)
      throw Unsupported("coordinate_transformation_mode '" + position + "'");
  const std::string policy = string_attribute(node, "keep_aspect_ratio_policy", "stretch");
  if (policy != "stretch") throw Unsupported("keep_aspect_ratio_policy '" + policy + "'");
  if (input_of(network, node, 0).size() == 0) throw Unsupported("the input is empty");
  Shape shape;
  for (const Axis& axis : axes_of(network, node)) shape.push_back(axis.length);
  set_output(network, node, 0, input_of(network, node, 0).type, shape);
}

Movement map(const Network& network, const Node& node) {
  const bool is_resize =
      std::string_view(op_row(node.kind).onnx_name) == "Resize" && node.opset >= 11;
  const std::string position =
      is_resize ? string_attribute(node, "coordinate_transformation_mode", "half_pixel")
                : "asymmetric";
  const std::string rounding =
      is_resize ? string_attribute(node, "nearest_mode", "round_prefer_floor") : "simple";
  const Shape& from = input_of(network, node, 0).shape;
  const std::vector<Axis> axes = axes_of(network, node);
  const std::vector<std::int64_t> strides = strides_of(from);
  std::vector<std::int64_t> elements{0};  // of input 0, for the axes so far
  for (std::size_t d = 0; d < axes.size(); ++d) {
    std::vector<std::int64_t> line, longer;
    for (std::int64_t i = 0; i < axes[d].length; ++i)
      line.push_back(source_of(i, axes[d], from[d], position, rounding) * strides[d]);
    for (const std::int64_t element : elements)
      for (const std::int64_t offset : line) longer.push_back(element + offset);
    elements = std::move(longer);
  }
  Movement movement{{{}}};
  for (const std::int64_t element : elements) movement.append(0, 0, element);
  return movement;
}

}  // namespace

OpVerbs verbs_of_resize() {
  return {infer, prepare_movement<map>};
}
OpVerbs verbs_of_upsample() {
  return {infer, prepare_movement<map>};
}

}  // namespace clipbound::specs
