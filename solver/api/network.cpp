// Idea: a Network is read from a file, or built layer by layer.
// Source: own.
// Guarantees: those of what it calls.
#include "solver/api/implementation.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "specs/network/op_table.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/simplify/passes.h"

namespace clipbound {

namespace {

specs::ValueId add_value(specs::Network& network, std::string name, specs::Shape shape,
                         std::optional<std::vector<float>> data) {
  specs::Value value{.name = std::move(name),
                     .type = specs::DataType::float32,
                     .shape = std::move(shape),
                     .constant = std::nullopt};
  if (data) value.constant = specs::Tensor{value.shape, std::move(*data)};
  network.values.push_back(std::move(value));
  return specs::ValueId(static_cast<std::int32_t>(network.values.size() - 1));
}

void check_layer(const DenseLayer& layer, std::size_t inputs, const std::string& name) {
  const std::size_t outputs = layer.bias.size();
  if (outputs == 0) throw InputError(name + " has no outputs: its bias is empty");
  if (layer.weights.size() / outputs != inputs || layer.weights.size() % outputs != 0) {
    throw InputError(name + " has " + std::to_string(layer.weights.size()) + " weights, but " +
                     std::to_string(outputs) + " outputs of " + std::to_string(inputs) +
                     " inputs each need " + std::to_string(outputs * inputs));
  }
  const auto finite = [](float x) { return std::isfinite(x); };
  if (!std::all_of(layer.weights.begin(), layer.weights.end(), finite) ||
      !std::all_of(layer.bias.begin(), layer.bias.end(), finite)) {
    throw InputError(name + " has a weight or bias that is not finite");
  }
}

/// Appends a node and the [1, size] value that it computes; returns that value.
specs::ValueId add_node(specs::Network& network, specs::OpKind kind, const std::string& name,
                        std::vector<specs::ValueId> inputs, std::int64_t size,
                        std::map<std::string, specs::Attribute> attributes = {}) {
  constexpr int kOpset = 13;
  const specs::ValueId output = add_value(network, name, {1, size}, std::nullopt);
  network.nodes.push_back({kind, name, kOpset, std::move(inputs), {output}, std::move(attributes)});
  return output;
}

/// Appends Gemm (and Relu) for one layer; returns the value that it computes.
specs::ValueId add_layer(specs::Network& network, const DenseLayer& layer, specs::ValueId input,
                         const std::string& name) {
  const std::int64_t inputs = network.value(input).shape.back();
  const auto outputs = static_cast<std::int64_t>(layer.bias.size());
  const specs::ValueId weights = add_value(network, name + "_W", {outputs, inputs}, layer.weights);
  const specs::ValueId bias = add_value(network, name + "_b", {outputs}, layer.bias);
  const specs::ValueId affine =
      add_node(network, specs::OpKind::gemm, name + "_gemm", {input, weights, bias}, outputs,
               {{"transB", std::int64_t{1}}});
  return layer.relu ? add_node(network, specs::OpKind::relu, name + "_relu", {affine}, outputs)
                    : affine;
}

template <typename Implementation>
std::shared_ptr<const Implementation> share(specs::Network network) {
  return std::make_shared<const Implementation>(
      Implementation{std::make_shared<const specs::Network>(std::move(network))});
}

specs::Network chain_of(std::size_t inputs, std::span<const DenseLayer> layers) {
  if (inputs == 0 || inputs > kMostVariables)
    throw InputError("a network needs between 1 and 2^31 - 1 inputs");
  if (layers.empty()) throw InputError("a network needs at least one layer");
  specs::Network network;
  network.source = "memory";
  specs::ValueId value =
      add_value(network, "X", {1, static_cast<std::int64_t>(inputs)}, std::nullopt);
  network.inputs = {value};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string name = "layer" + std::to_string(i);
    check_layer(layers[i], static_cast<std::size_t>(network.value(value).shape.back()), name);
    value = add_layer(network, layers[i], value, name);
  }
  network.outputs = {value};
  network.validate();
  return network;
}

}  // namespace

CLIPBOUND_ANY_CPU Network Network::load(const std::string& path) {
  base::require_cpu();
  return Network(share<Implementation>(specs::read_onnx(path)));
}

CLIPBOUND_ANY_CPU Network Network::parse(const std::string& bytes, const std::string& source,
                                         const std::string& folder) {
  base::require_cpu();
  return Network(share<Implementation>(specs::parse_onnx(bytes, source, folder)));
}

CLIPBOUND_ANY_CPU Network Network::from_layers(std::size_t inputs,
                                               std::span<const DenseLayer> layers) {
  base::require_cpu();
  return Network(share<Implementation>(chain_of(inputs, layers)));
}

namespace {

/// The value that a user means; kNoValue where there is none.
specs::ValueId find_layer(const specs::Network& network, std::string_view layer) {
  for (std::size_t i = 0; i < network.values.size(); ++i) {
    if (network.values[i].name == layer) return specs::ValueId{static_cast<std::int32_t>(i)};
  }
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    if (network.nodes[n].name != layer) continue;
    // Of the nodes that a composite operator is made of, the last one stands for the whole.
    while (!network.nodes[n].composite.empty() && n + 1 < network.nodes.size() &&
           network.nodes[n + 1].name == layer)
      ++n;
    return network.nodes[n].outputs[0];
  }
  std::size_t position = 0;
  const auto [end, error] = std::from_chars(layer.data(), layer.data() + layer.size(), position);
  const bool is_number = error == std::errc() && end == layer.data() + layer.size();
  return is_number && position < network.nodes.size() ? network.nodes[position].outputs[0]
                                                      : specs::kNoValue;
}

}  // namespace

Network Network::up_to(std::string_view layer) const {
  const specs::Network& whole = *implementation_->network;
  const specs::ValueId id = find_layer(whole, layer);
  const auto refuse = [&](const std::string& why) {
    throw InputError(whole.source + ": '" + std::string(layer) + "' " + why);
  };
  if (id == specs::kNoValue)
    refuse("is no tensor, no node and no position of a node (clipbound inspect --json lists them)");
  const specs::DataType type = whole.value(id).type;
  if (whole.is_constant(id)) refuse("is a constant");
  if (type != specs::DataType::float32 && type != specs::DataType::float64)
    refuse("does not hold floating-point numbers");
  specs::Network part = whole;
  part.outputs = {id};
  drop_dead(part);
  return Network(share<Implementation>(std::move(part)));
}

std::size_t Network::input_size() const {
  return static_cast<std::size_t>(implementation_->network->input_size());
}
std::size_t Network::output_size() const {
  return static_cast<std::size_t>(implementation_->network->output_size());
}
const std::vector<std::string>& Network::notes() const {
  return implementation_->network->notes;
}
FileInfo Network::file() const {
  const specs::Network& inner = *implementation_->network;
  return inner.file.path.empty() ? FileInfo{inner.source} : inner.file;
}
bool Network::is_float64() const {
  return implementation_->network->input_type() == specs::DataType::float64;
}

}  // namespace clipbound
