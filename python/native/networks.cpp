// Idea: networks: reading, evaluating, gradients.
// Source: own.
// Guarantees: those of the C++ interface.
// Legend: B points, N inputs, M outputs.
#include <pybind11/stl.h>

#include "clipbound/clipbound.h"
#include "python/native/arrays.h"
#include "python/native/convert.h"
#include "python/native/module.h"

namespace clipbound::python {

namespace {

py::list list_of(const std::vector<TensorInfo>& tensors) {
  py::list list;
  for (const TensorInfo& tensor : tensors) list.append(dict_of(tensor));
  return list;
}

py::list list_of(const std::vector<UnsupportedNode>& nodes) {
  py::list list;
  for (const UnsupportedNode& node : nodes) {
    py::dict row;
    row["op"] = node.op;
    row["first_node"] = node.first_node;
    row["opset"] = node.opset;
    row["nodes"] = node.nodes;
    row["why"] = node.why;
    list.append(row);
  }
  return list;
}

py::array_t<double> evaluate(const Network& network, const Array& x) {
  std::vector<double> y;
  {
    const py::gil_scoped_release unlocked;
    y = network.evaluate(view(x));
  }
  const py::ssize_t outputs = ssize(network.output_size()), points = ssize(y.size()) / outputs;
  return array_of(std::move(y), {points, outputs});
}

py::array_t<double> gradients(const Network& network, const Array& x, const Array& weights) {
  std::vector<double> g;
  {
    const py::gil_scoped_release unlocked;
    g = gradients_of(network, view(x), view(weights));
  }
  const py::ssize_t inputs = ssize(network.input_size()), points = ssize(g.size()) / inputs;
  return array_of(std::move(g), {points, inputs});
}

using WeightsAndBias =
    std::tuple<py::array_t<float, py::array::c_style | py::array::forcecast>,
               py::array_t<float, py::array::c_style | py::array::forcecast>, bool>;

Network from_layers(std::size_t inputs, const std::vector<WeightsAndBias>& layers) {
  std::vector<DenseLayer> dense;
  for (const auto& [weights, bias, relu] : layers) {
    dense.push_back({{weights.data(), weights.data() + weights.size()},
                     {bias.data(), bias.data() + bias.size()},
                     relu});
  }
  return Network::from_layers(inputs, dense);
}

}  // namespace

void bind_networks(py::module_& module) {
  const py::call_guard<py::gil_scoped_release> unlocked;
  py::class_<Network>(module, "Network")
      .def_static("load", &Network::load, py::arg("path"), unlocked)
      .def_static(
          "parse",
          [](const py::bytes& bytes, const std::string& source, const std::string& folder) {
            const std::string copy = bytes;
            const py::gil_scoped_release released;
            return Network::parse(copy, source, folder);
          },
          py::arg("bytes"), py::arg("source"), py::arg("folder"))
      .def_static("from_layers", &from_layers, py::arg("inputs"), py::arg("layers"))
      .def_property_readonly("input_size", &Network::input_size)
      .def_property_readonly("output_size", &Network::output_size)
      .def_property_readonly("is_float64", &Network::is_float64)
      .def_property_readonly("notes", [](const Network& network) { return network.notes(); })
      .def_property_readonly("file", [](const Network& network) { return dict_of(network.file()); })
      .def_property_readonly("inputs",
                             [](const Network& network) { return list_of(inputs_of(network)); })
      .def_property_readonly("outputs",
                             [](const Network& network) { return list_of(outputs_of(network)); })
      .def("up_to", &Network::up_to, py::arg("layer"), unlocked)
      .def("evaluate", &evaluate, py::arg("x"))
      .def("gradients", &gradients, py::arg("x"), py::arg("weights"))
      .def(
          "inspect_json", [](const Network& network) { return to_json(inspect(network)); },
          unlocked);
  module.def("unsupported_in_file",
             [](const std::string& path) { return list_of(unsupported_nodes(path)); });
  module.def("unsupported_in_bytes",
             [](const py::bytes& bytes, const std::string& source, const std::string& folder) {
               return list_of(unsupported_nodes(std::string(bytes), source, folder));
             });
}

}  // namespace clipbound::python
