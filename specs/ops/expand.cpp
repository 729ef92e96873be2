// Idea: Expand (broadcasting to a given shape), Tile (repetition along every axis).
// Source: ONNX operator specification, Expand and Tile.
// Guarantees: every output element is an exact copy of one input element (S1).
#include "specs/ops/broadcast.h"
#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

void infer_expand(Network& network, Node& node) {
  expect_arity(node, 2, 2);
  const Value& x = input_of(network, node, 0);
  const Shape shape = broadcast_shapes(x.shape, constant_ints(network, node, 1, "the shape"));
  set_output(network, node, 0, x.type, shape);
}

Movement expand_map(const Network& network, const Node& node) {
  Movement movement{{{}}};
  for (const std::int64_t i :
       broadcast_index(input_of(network, node, 0).shape, network.value(node.outputs[0]).shape))
    movement.append(0, 0, i);
  return movement;
}

void infer_tile(Network& network, Node& node) {
  expect_arity(node, 2, 2);
  const Value& x = input_of(network, node, 0);
  const std::vector<std::int64_t> repeats =
      constant_ints(network, node, 1, "the numbers of repetitions");
  if (repeats.size() != x.shape.size())
    throw InputError("has not one number of repetitions per axis");
  Shape shape = x.shape;
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (repeats[d] < 0 || __builtin_mul_overflow(shape[d], repeats[d], &shape[d]))
      throw InputError("cannot repeat " + std::to_string(repeats[d]) + " times");
  set_output(network, node, 0, x.type, shape);
}

void walk(const Shape& from, const Shape& to, const std::vector<std::int64_t>& strides,
          std::size_t d, std::int64_t element, Movement& movement) {
  if (d == to.size()) return movement.append(0, 0, element);
  if (to[d] == 0) return;
  if (d + 1 == to.size()) {
    for (std::int64_t i = 0; i < to[d]; i += from[d]) movement.append(0, 0, element, from[d]);
    return;
  }
  for (std::int64_t i = 0; i < to[d]; ++i)
    walk(from, to, strides, d + 1, element + i % from[d] * strides[d], movement);
}

Movement tile_map(const Network& network, const Node& node) {
  const Shape& from = input_of(network, node, 0).shape;
  Movement movement{{{}}};
  walk(from, network.value(node.outputs[0]).shape, strides_of(from), 0, 0, movement);
  return movement;
}

}  // namespace

OpVerbs verbs_of_expand() {
  return {infer_expand, prepare_movement<expand_map>};
}
OpVerbs verbs_of_tile() {
  return {infer_tile, prepare_movement<tile_map>};
}

}  // namespace clipbound::specs
