#include "specs/network/network_builder.h"

#include "base/error.h"
#include "specs/network/composite.h"

namespace clipbound::specs {

ValueId NetworkBuilder::new_value(std::string name, DataType type, Shape shape) {
  const ValueId id{static_cast<std::int32_t>(network_.values.size())};
  if (name.empty()) name = "value_" + std::to_string(network_.values.size());
  network_.values.push_back({std::move(name), type, std::move(shape), std::nullopt, Half::none});
  return id;
}

ValueId NetworkBuilder::input(const std::string& name, Shape shape, DataType type) {
  if (element_count(shape) == 0)
    throw InputError("input '" + name + "' is empty: " + to_string(shape));
  if (type != DataType::float32 && type != DataType::float64)
    throw Unsupported("input '" + name + "' is neither float32 nor float64");
  network_.inputs.push_back(new_value(name, type, std::move(shape)));
  return network_.inputs.back();
}

ValueId NetworkBuilder::constant(Tensor tensor, const std::string& name) {
  const auto held = std::visit([](const auto& v) { return v.size(); }, tensor.values);
  if (held != static_cast<std::size_t>(tensor.size()))
    throw InputError("a constant of shape " + to_string(tensor.shape) + " has " +
                     std::to_string(held) + " values");
  const ValueId id = new_value(name, tensor.type(), tensor.shape);
  network_.value(id).half = tensor.half;
  network_.value(id).integers = tensor.stored;
  network_.value(id).constant = std::move(tensor);
  return id;
}

ValueId NetworkBuilder::integers(std::vector<std::int64_t> values) {
  const Shape shape{static_cast<std::int64_t>(values.size())};
  return constant(Tensor{shape, std::move(values)});
}

ValueId NetworkBuilder::add(const std::string& onnx_name, std::vector<ValueId> inputs,
                            std::map<std::string, Attribute> attributes) {
  return add(onnx_name, std::move(inputs), std::move(attributes), 1).front();
}

std::vector<ValueId> NetworkBuilder::add(const std::string& onnx_name, std::vector<ValueId> inputs,
                                         std::map<std::string, Attribute> attributes,
                                         std::size_t outputs) {
  if (!is_known_operator(onnx_name))
    throw Unsupported("operator " + onnx_name + " is not supported");
  for (const ValueId id : inputs)
    if (id != kNoValue && index_of(id) >= network_.values.size())
      throw InputError("an input is no value of this network");
  const std::size_t values_before = network_.values.size(), nodes_before = network_.nodes.size();
  Node node = new_node(onnx_name, onnx_name + "_" + std::to_string(nodes_before), opset_);
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  for (std::size_t o = 0; o < outputs; ++o)
    node.outputs.push_back(new_value("", DataType::float32, {}));
  const std::vector<ValueId> results = node.outputs;
  try {
    append_operator(network_, std::move(node));
  } catch (...) {
    network_.values.resize(values_before);  // as if it had not been called
    network_.nodes.erase(network_.nodes.begin() + static_cast<std::ptrdiff_t>(nodes_before),
                         network_.nodes.end());
    throw;
  }
  return results;
}

Network NetworkBuilder::build() {
  if (network_.inputs.empty() || network_.outputs.empty())
    throw InputError("a network needs an input and an output");
  network_.validate();
  Network built = std::move(network_);
  network_ = {};
  return built;
}

}  // namespace clipbound::specs
