// Idea: DepthToSpace, SpaceToDepth: [N, C b b, H, W] <-> [N, C, H b, W b].
// Source: ONNX operator specification, DepthToSpace and SpaceToDepth.
// Guarantees: every output element is an exact copy of one input element (S1).
#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

std::int64_t block_of(const Node& node) {
  const std::int64_t block = node.int_attribute("blocksize", 0);
  if (block < 1 || block > (1 << 15)) throw InputError("block size " + std::to_string(block));
  return block;
}

const Shape& image_shape(const Network& network, const Node& node) {
  const Shape& shape = input_of(network, node, 0).shape;
  if (shape.size() != 4) throw InputError("input " + to_string(shape) + " is no batch of images");
  return shape;
}

void infer_to_space(Network& network, Node& node) {
  expect_arity(node, 1, 1);
  const std::int64_t b = block_of(node);
  const std::string mode = string_attribute(node, "mode", "DCR");
  if (mode != "DCR" && mode != "CRD") throw Unsupported("mode '" + mode + "'");
  const Shape x = image_shape(network, node);
  if (x[1] % (b * b) != 0)
    throw InputError("channels of " + to_string(x) + " are no multiple of the block");
  set_output(network, node, 0, input_of(network, node, 0).type,
             {x[0], x[1] / (b * b), x[2] * b, x[3] * b});
}

void infer_to_depth(Network& network, Node& node) {
  expect_arity(node, 1, 1);
  const std::int64_t b = block_of(node);
  const Shape x = image_shape(network, node);
  if (x[2] % b != 0 || x[3] % b != 0)
    throw InputError("image " + to_string(x) + " is no multiple of the block");
  set_output(network, node, 0, input_of(network, node, 0).type,
             {x[0], x[1] * b * b, x[2] / b, x[3] / b});
}

/// For each element (n, c, h, w) of a shape, the element of input 0 that source(n, c, h, w) names.
template <class Source>
Movement map_of(const Shape& shape, const Source& source) {
  Movement movement{{{}}};
  for (std::int64_t n = 0; n < shape[0]; ++n)
    for (std::int64_t c = 0; c < shape[1]; ++c)
      for (std::int64_t h = 0; h < shape[2]; ++h)
        for (std::int64_t w = 0; w < shape[3]; ++w) movement.append(0, 0, source(n, c, h, w));
  return movement;
}

Movement to_space_map(const Network& network, const Node& node) {
  const std::int64_t b = block_of(node);
  const bool depth_first = string_attribute(node, "mode", "DCR") == "DCR";
  const Shape& x = image_shape(network, node);
  const std::int64_t depth = x[1] / (b * b);
  return map_of(network.value(node.outputs[0]).shape,
                [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
                  const std::int64_t cell = h % b * b + w % b;
                  const std::int64_t channel = depth_first ? cell * depth + c : c * b * b + cell;
                  return ((n * x[1] + channel) * x[2] + h / b) * x[3] + w / b;
                });
}

Movement to_depth_map(const Network& network, const Node& node) {
  const std::int64_t b = block_of(node);
  const Shape& x = image_shape(network, node);
  return map_of(network.value(node.outputs[0]).shape,
                [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
                  const std::int64_t cell = c / x[1], channel = c % x[1];
                  return ((n * x[1] + channel) * x[2] + h * b + cell / b) * x[3] + w * b + cell % b;
                });
}

}  // namespace

OpVerbs verbs_of_depth_to_space() {
  return {infer_to_space, prepare_movement<to_space_map>};
}
OpVerbs verbs_of_space_to_depth() {
  return {infer_to_depth, prepare_movement<to_depth_map>};
}

}  // namespace clipbound::specs
