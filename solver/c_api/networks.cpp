// Idea: networks of clipbound_c.h, each function a call of the public C++ interface.
// Source: own.
// Guarantees: no exception leaves; it becomes a status code.
#include "solver/c_api/handles.h"

using namespace clipbound;
using namespace clipbound::c_api;

namespace {

/// A handle for the network, once nothing can fail any more.
void give(Network network, clipbound_network** out) {
  deref(out, "out") = new clipbound_network{std::move(network)};
}

std::vector<std::int64_t> shape_of(const std::int64_t* shape, std::size_t rank) {
  const auto dimensions = array(shape, rank, "shape");
  return {dimensions.begin(), dimensions.end()};
}

std::string bytes_of(const void* bytes, std::size_t size) {
  const auto held = array(static_cast<const char*>(bytes), size, "bytes");
  return {held.begin(), held.end()};
}

std::string or_else(const char* text, const char* otherwise) {
  return text == nullptr ? otherwise : text;
}

template <typename T>
clipbound_status add_constant(clipbound_graph* graph, const std::int64_t* shape, std::size_t rank,
                              const T* values, std::int32_t* value) {
  return guarded([&] {
    std::vector<std::int64_t> dimensions = shape_of(shape, rank);
    std::size_t size = 1;
    for (const std::int64_t d : dimensions) {
      if (d < 0 || (d > 0 && size > (std::size_t{1} << 40) / static_cast<std::size_t>(d)))
        throw InputError("a constant's shape is absurd");
      size *= static_cast<std::size_t>(d);
    }
    const auto held = array(values, size, "values");
    deref(value, "value");
    *value = static_cast<std::int32_t>(
        deref(graph, "graph")
            .builder.constant(std::move(dimensions), std::vector<T>(held.begin(), held.end())));
  });
}

AttributeValue value_of(const clipbound_attribute& attribute) {
  switch (attribute.type) {
    case CLIPBOUND_ATTRIBUTE_INTEGER: return deref(attribute.integers, "integers");
    case CLIPBOUND_ATTRIBUTE_NUMBER: return deref(attribute.numbers, "numbers");
    case CLIPBOUND_ATTRIBUTE_TEXT: return std::string(text(attribute.text, "text"));
    case CLIPBOUND_ATTRIBUTE_INTEGERS: {
      const auto held = array(attribute.integers, attribute.count, "integers");
      return std::vector<std::int64_t>(held.begin(), held.end());
    }
    case CLIPBOUND_ATTRIBUTE_NUMBERS: {
      const auto held = array(attribute.numbers, attribute.count, "numbers");
      return std::vector<double>(held.begin(), held.end());
    }
  }
  throw InputError("there is no such type of attribute");
}

}  // namespace

clipbound_status clipbound_network_load(const char* path, clipbound_network** out) {
  return guarded([&] { give(Network::load(text(path, "path")), out); });
}

clipbound_status clipbound_network_parse(const void* bytes, size_t size, const char* source,
                                         clipbound_network** out) {
  return clipbound_network_parse_with_data(bytes, size, source, nullptr, out);
}

clipbound_status clipbound_network_parse_with_data(const void* bytes, size_t size,
                                                   const char* source, const char* folder,
                                                   clipbound_network** out) {
  return guarded([&] {
    deref(out, "out");
    give(Network::parse(bytes_of(bytes, size), or_else(source, "memory"), or_else(folder, "")),
         out);
  });
}

clipbound_status clipbound_network_from_layers(size_t inputs, size_t layers, const size_t* outputs,
                                               const float* const* weights,
                                               const float* const* biases, const int* relu,
                                               clipbound_network** out) {
  return guarded([&] {
    const auto sizes = array(outputs, layers, "outputs");
    array(weights, layers, "weights");
    array(biases, layers, "biases");
    array(relu, layers, "relu");
    std::vector<DenseLayer> dense(layers);
    std::size_t below = inputs;
    for (std::size_t k = 0; k < layers; ++k) {
      if (below > 0 && sizes[k] > (std::size_t{1} << 40) / below)
        throw InputError("a layer is absurdly large");
      const auto matrix = array(weights[k], sizes[k] * below, "weights");
      const auto bias = array(biases[k], sizes[k], "biases");
      dense[k] = {{matrix.begin(), matrix.end()}, {bias.begin(), bias.end()}, relu[k] != 0};
      below = sizes[k];
    }
    give(Network::from_layers(inputs, dense), out);
  });
}

clipbound_status clipbound_network_up_to(const clipbound_network* network, const char* layer,
                                         clipbound_network** out) {
  return guarded([&] { give(deref(network, "network").network.up_to(text(layer, "layer")), out); });
}

void clipbound_network_free(clipbound_network* network) {
  delete network;
}

size_t clipbound_network_input_size(const clipbound_network* network) {
  return network == nullptr ? 0 : network->network.input_size();
}
size_t clipbound_network_output_size(const clipbound_network* network) {
  return network == nullptr ? 0 : network->network.output_size();
}
int clipbound_network_is_float64(const clipbound_network* network) {
  return network != nullptr && network->network.is_float64() ? 1 : 0;
}

clipbound_status clipbound_network_evaluate(const clipbound_network* network, const double* x,
                                            size_t points, double* y) {
  return guarded([&] {
    const Network& inner = deref(network, "network").network;
    if (points == 0) return;
    deref(y, "y");
    numbers_in(points, inner.output_size(), "points");
    copy(inner.evaluate(array(x, numbers_in(points, inner.input_size(), "points"), "x")), y);
  });
}

clipbound_status clipbound_network_gradients(const clipbound_network* network, const double* x,
                                             const double* weights, size_t points,
                                             double* gradients) {
  return guarded([&] {
    const Network& inner = deref(network, "network").network;
    if (points == 0) return;
    deref(gradients, "gradients");
    const std::size_t inputs = numbers_in(points, inner.input_size(), "points"),
                      outputs = numbers_in(points, inner.output_size(), "points");
    copy(gradients_of(inner, array(x, inputs, "x"), array(weights, outputs, "weights")), gradients);
  });
}

clipbound_status clipbound_network_inspect(const clipbound_network* network, const char** json) {
  return guarded([&] {
    thread_local std::string held;
    deref(json, "json");
    held = to_json(inspect(deref(network, "network").network));
    *json = held.c_str();
  });
}

clipbound_status clipbound_unsupported_nodes(const char* path, clipbound_unsupported** out) {
  return guarded([&] {
    deref(out, "out");
    *out = new clipbound_unsupported{unsupported_nodes(text(path, "path"))};
  });
}

clipbound_status clipbound_unsupported_nodes_of_bytes(const void* bytes, size_t size,
                                                      const char* source, const char* folder,
                                                      clipbound_unsupported** out) {
  return guarded([&] {
    deref(out, "out");
    *out = new clipbound_unsupported{
        unsupported_nodes(bytes_of(bytes, size), or_else(source, "memory"), or_else(folder, ""))};
  });
}

void clipbound_unsupported_free(clipbound_unsupported* unsupported) {
  delete unsupported;
}
size_t clipbound_unsupported_count(const clipbound_unsupported* unsupported) {
  return unsupported == nullptr ? 0 : unsupported->nodes.size();
}

clipbound_status clipbound_unsupported_get(const clipbound_unsupported* unsupported, size_t index,
                                           clipbound_unsupported_node* node) {
  return guarded([&] {
    const UnsupportedNode& held = at(deref(unsupported, "unsupported").nodes, index, "node");
    deref(node, "node") = {held.op.c_str(), held.first_node.c_str(), held.opset, held.nodes,
                           held.why.c_str()};
  });
}

clipbound_status clipbound_graph_new(int opset, clipbound_graph** out) {
  return guarded([&] {
    deref(out, "out");
    *out = new clipbound_graph{GraphBuilder(opset)};
  });
}

void clipbound_graph_free(clipbound_graph* graph) {
  delete graph;
}

clipbound_status clipbound_graph_input(clipbound_graph* graph, const char* name,
                                       const int64_t* shape, size_t rank, int float64,
                                       int32_t* value) {
  return guarded([&] {
    deref(value, "value");
    *value = static_cast<std::int32_t>(
        deref(graph, "graph")
            .builder.input(text(name, "name"), shape_of(shape, rank), float64 != 0));
  });
}

clipbound_status clipbound_graph_float32(clipbound_graph* graph, const int64_t* shape, size_t rank,
                                         const float* values, int32_t* value) {
  return add_constant(graph, shape, rank, values, value);
}
clipbound_status clipbound_graph_float64(clipbound_graph* graph, const int64_t* shape, size_t rank,
                                         const double* values, int32_t* value) {
  return add_constant(graph, shape, rank, values, value);
}
clipbound_status clipbound_graph_int64(clipbound_graph* graph, const int64_t* shape, size_t rank,
                                       const int64_t* values, int32_t* value) {
  return add_constant(graph, shape, rank, values, value);
}

clipbound_status clipbound_graph_add(clipbound_graph* graph, const char* op, const int32_t* inputs,
                                     size_t input_count, const clipbound_attribute* attributes,
                                     size_t attribute_count, int32_t* values, size_t output_count) {
  return guarded([&] {
    std::vector<GraphBuilder::Value> operands;
    for (const std::int32_t input : array(inputs, input_count, "inputs"))
      operands.push_back(GraphBuilder::Value{input});
    std::vector<Attribute> given;
    for (const clipbound_attribute& attribute : array(attributes, attribute_count, "attributes")) {
      given.push_back({text(attribute.name, "name"), value_of(attribute)});
    }
    array(static_cast<const int32_t*>(values), output_count, "values");
    const auto results =
        deref(graph, "graph").builder.add(text(op, "op"), operands, given, output_count);
    for (std::size_t k = 0; k < results.size(); ++k)
      values[k] = static_cast<std::int32_t>(results[k]);
  });
}

clipbound_status clipbound_graph_output(clipbound_graph* graph, int32_t value) {
  return guarded([&] { deref(graph, "graph").builder.output(GraphBuilder::Value{value}); });
}

clipbound_status clipbound_graph_build(clipbound_graph* graph, clipbound_network** out) {
  return guarded([&] {
    deref(out, "out");
    give(deref(graph, "graph").builder.build(), out);
  });
}
