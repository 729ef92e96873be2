// Idea: Identity and Dropout: at inference both return their input. Dropout's mask, where a file
// asks for it, is all ones.
// Source: ONNX operator specification, Identity and Dropout.
// Guarantees: every output element is an exact copy of one input element (S1).
#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

void infer_identity(Network& network, Node& node) {
  expect_arity(node, 1, 1);
  const Value& x = input_of(network, node, 0);
  set_output(network, node, 0, x.type, x.shape);
}

void infer_dropout(Network& network, Node& node) {
  expect_arity(node, 1, 3, 2);
  if (has_input(node, 2)) {
    const auto training = constant_ints(network, node, 2, "training_mode");
    if (training.size() != 1 || training[0] != 0)
      throw Unsupported("dropout in training mode is random");
  }
  const DataType type = input_of(network, node, 0).type;
  const Shape shape = input_of(network, node, 0).shape;
  if (node.outputs.size() == 2) {
    if (node.outputs[1] != kNoValue) {
      set_output(network, node, 1, DataType::boolean, shape);
      const auto size = static_cast<std::size_t>(element_count(shape));
      network.value(node.outputs[1]).constant = Tensor{shape, std::vector<std::uint8_t>(size, 1)};
    }
    node.outputs.resize(1);
  }
  set_output(network, node, 0, type, shape);
}

}  // namespace

OpVerbs verbs_of_identity() {
  return {infer_identity, prepare_movement<reshaped>};
}
OpVerbs verbs_of_dropout() {
  return {infer_dropout, prepare_movement<reshaped>};
}

}  // namespace clipbound::specs
