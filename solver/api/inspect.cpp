// Idea: inspect() between the public types, and its JSON.
// Source: own.
// Guarantees: those of what it calls.

#include "solver/inspect/inspect.h"
#include "solver/api/implementation.h"
#include "solver/api/json.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/onnx/unsupported_nodes.h"

namespace clipbound {

namespace {

TensorInfo outer(const solver::TensorSummary& inner) {
  return {inner.name, specs::name_of(inner.type), inner.shape};
}

Json json_of(const TensorInfo& tensor) {
  return {{"name", tensor.name}, {"type", tensor.type}, {"shape", tensor.shape}};
}

template <typename Items, typename Convert>
Json json_of(const Items& items, const Convert& convert) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(convert(item));
  return list;
}

std::vector<TensorInfo> infos_of(const specs::Network& network,
                                 const std::vector<specs::ValueId>& ids) {
  std::vector<TensorInfo> infos;
  for (const specs::ValueId id : ids) {
    const specs::Value& value = network.value(id);
    infos.push_back({value.name, specs::name_of(value.type), value.shape});
  }
  return infos;
}

/// What reading a model refuses.
template <typename Read>
std::vector<UnsupportedNode> refused_by(const Read& read) {
  std::vector<UnsupportedNode> nodes;
  try {
    read();
  } catch (const specs::UnsupportedModel& e) {
    for (const specs::UnsupportedKind& kind : e.kinds())
      nodes.push_back({kind.op, kind.first_node, kind.opset, kind.nodes, kind.why});
  }
  return nodes;
}

}  // namespace

std::vector<TensorInfo> inputs_of(const Network& network) {
  const specs::Network& inner = *network.implementation().network;
  return infos_of(inner, inner.inputs);
}

std::vector<TensorInfo> outputs_of(const Network& network) {
  const specs::Network& inner = *network.implementation().network;
  return infos_of(inner, inner.outputs);
}

std::vector<UnsupportedNode> unsupported_nodes(const std::string& path) {
  return refused_by([&] { specs::read_onnx(path); });
}

std::vector<UnsupportedNode> unsupported_nodes(const std::string& bytes, const std::string& source,
                                               const std::string& folder) {
  return refused_by([&] { specs::parse_onnx(bytes, source, folder); });
}

Inspection inspect(const Network& network) {
  const solver::Inspection inner = solver::inspect(network.implementation().network);
  Inspection result;
  result.source = inner.source;
  result.file = network.file();
  for (const solver::TensorSummary& tensor : inner.inputs) result.inputs.push_back(outer(tensor));
  for (const solver::TensorSummary& tensor : inner.outputs) result.outputs.push_back(outer(tensor));
  for (const solver::NodeSummary& node : inner.nodes)
    result.nodes.push_back({node.name, node.op, outer(node.output)});
  for (const solver::OperatorSummary& op : inner.operators) {
    result.operators.push_back({op.name, op.nodes, op.support == solver::SupportLevel::bounded});
  }
  result.parameters = inner.parameters;
  for (const solver::NeuronSummary& neuron : inner.neurons)
    result.neurons.push_back({neuron.name, neuron.neurons});
  for (const solver::LayerSummary& layer : inner.layers) {
    result.layers.push_back({layer.value, layer.neurons, layer.least_inputs, layer.most_inputs});
  }
  result.no_bounds_because = inner.no_bounds_because;
  result.no_layers_because = inner.no_layers_because;
  result.multiplications = inner.multiplications;
  result.bounds_bytes = inner.bounds_bytes;
  result.search_bytes = inner.search_bytes;
  result.order_difference = inner.order_difference;
  result.order_points = inner.order_points;
  result.notes = network.notes();
  return result;
}

std::string to_json(const Inspection& inspection) {
  const auto tensor = [](const TensorInfo& info) { return json_of(info); };
  Json json;
  json["source"] = inspection.source;
  append_header(json, {&inspection.file, 1}, nullptr);
  json["inputs"] = json_of(inspection.inputs, tensor);
  json["outputs"] = json_of(inspection.outputs, tensor);
  json["parameters"] = inspection.parameters;
  json["multiplications"] = inspection.multiplications;
  json["operators"] = json_of(inspection.operators, [](const OperatorInfo& op) -> Json {
    return {
        {"name", op.name}, {"nodes", op.nodes}, {"support", op.bounded ? "bounded" : "intervals"}};
  });
  json["no_bounds_because"] = inspection.no_bounds_because;
  json["neurons"] = json_of(inspection.neurons, [](const NeuronInfo& neuron) -> Json {
    return {{"operator", neuron.op}, {"neurons", neuron.neurons}};
  });
  json["layers"] = json_of(inspection.layers, [](const LayerInfo& layer) -> Json {
    return {{"tensor", layer.tensor},
            {"neurons", layer.neurons},
            {"least_inputs", layer.least_inputs},
            {"most_inputs", layer.most_inputs}};
  });
  json["no_layers_because"] = inspection.no_layers_because;
  json["memory"] = {{"bounds_bytes", inspection.bounds_bytes},
                    {"search_bytes_per_thread", inspection.search_bytes}};
  json["order_difference"] = nullptr;
  if (inspection.order_points > 0) json["order_difference"] = inspection.order_difference;
  json["order_points"] = inspection.order_points;
  json["notes"] = inspection.notes;
  json["nodes"] = json_of(inspection.nodes, [](const NodeInfo& node) -> Json {
    return {{"name", node.name}, {"operator", node.op}, {"output", json_of(node.output)}};
  });
  return dump(json);
}

}  // namespace clipbound
