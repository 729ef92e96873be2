// Idea: Constant: a tensor in one of the attribute's forms. Becomes a constant value; the node
// itself never stays.
// Source: ONNX operator specification, Constant.
// Guarantees: the numbers are those of the file, in its type.
#include "base/check.h"
#include "specs/ops/op_support.h"

namespace clipbound::specs {
namespace {

Tensor tensor_of(const std::string& key, const Attribute& attribute) {
  if (key == "value")
    if (const auto* t = std::get_if<Tensor>(&attribute)) return *t;
  if (key == "value_float")
    if (const auto* x = std::get_if<double>(&attribute))
      return {{}, std::vector<float>{static_cast<float>(*x)}};
  if (key == "value_int")
    if (const auto* x = std::get_if<std::int64_t>(&attribute))
      return {{}, std::vector<std::int64_t>{*x}};
  if (key == "value_ints")
    if (const auto* x = std::get_if<std::vector<std::int64_t>>(&attribute))
      return {{static_cast<std::int64_t>(x->size())}, *x};
  if (key == "value_floats")
    if (const auto* x = std::get_if<std::vector<double>>(&attribute))
      return {{static_cast<std::int64_t>(x->size())}, std::vector<float>(x->begin(), x->end())};
  throw Unsupported("constant given as attribute '" + key + "'");
}

void infer(Network& network, Node& node) {
  expect_arity(node, 0, 0);
  if (node.attributes.size() != 1) throw InputError("a constant has exactly one value");
  const auto& [key, attribute] = *node.attributes.begin();
  Tensor tensor = tensor_of(key, attribute);
  set_output(network, node, 0, tensor.type(), tensor.shape);
  network.value(node.outputs[0]).half = tensor.half;
  network.value(node.outputs[0]).constant = std::move(tensor);
}

std::unique_ptr<const Operation> prepare(const Network&, const Node& node) {
  CLIPBOUND_CHECK_NOTE(false, node.name + " should have become a constant value");
  return nullptr;
}

}  // namespace

OpVerbs verbs_of_constant() {
  return {infer, prepare};
}

}  // namespace clipbound::specs
