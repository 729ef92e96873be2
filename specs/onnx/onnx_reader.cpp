#include "specs/onnx/onnx_reader.h"

#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "specs/network/composite.h"
#include "specs/network/op_table.h"
#include "specs/onnx/onnx_tensor.h"

namespace clipbound::specs {

namespace {

/// Turns one graph into a network. The proto is consumed: tensors are freed as they are converted.
class GraphReader {
 public:
  GraphReader(onnx::GraphProto& graph, int opset, const std::string& source)
      : graph_(graph), opset_(opset) {
    network_.source = source;
  }
  Network read() {
    check_operators();
    read_initializers();
    read_inputs();
    for (const int n : sorted_nodes()) read_node(*graph_.mutable_node(n), n);
    read_outputs();
    check_all_defined();
    return std::move(network_);
  }

 private:
  void check_operators() const;
  void read_initializers();
  void read_inputs();
  std::vector<int> sorted_nodes() const;
  void read_node(onnx::NodeProto& proto, int position);
  void read_outputs();
  void check_all_defined();
  ValueId define(const std::string& name);
  ValueId find(const std::string& name) const;
  std::string name_of_node(int position) const {
    const onnx::NodeProto& node = graph_.node(position);
    return node.name().empty() ? node.op_type() + "_" + std::to_string(position) : node.name();
  }

  onnx::GraphProto& graph_;
  int opset_;
  Network network_;
  std::unordered_map<std::string, ValueId> by_name_;
};

Attribute attribute_from(const onnx::AttributeProto& proto) {
  using Proto = onnx::AttributeProto;
  // Files from before IR version 2 leave the type out; then the field that is set tells it.
  auto type = proto.type();
  if (type == Proto::UNDEFINED) {
    type = proto.has_f()             ? Proto::FLOAT
           : proto.has_i()           ? Proto::INT
           : proto.has_s()           ? Proto::STRING
           : proto.has_t()           ? Proto::TENSOR
           : proto.floats_size() > 0 ? Proto::FLOATS
           : proto.ints_size() > 0   ? Proto::INTS
                                     : Proto::UNDEFINED;
  }
  switch (type) {
    case Proto::FLOAT: return static_cast<double>(proto.f());
    case Proto::INT: return std::int64_t{proto.i()};
    case Proto::STRING: return proto.s();
    case Proto::TENSOR: return tensor_from(proto.t());
    case Proto::FLOATS: return std::vector<double>(proto.floats().begin(), proto.floats().end());
    case Proto::INTS: return std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end());
    case Proto::STRINGS:
      return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
    default: throw Unsupported("attribute '" + proto.name() + "' has a type that is not supported");
  }
}

void GraphReader::check_operators() const {
  for (int n = 0; n < graph_.node_size(); ++n) {
    const onnx::NodeProto& node = graph_.node(n);
    const bool ours = node.domain().empty() || node.domain() == "ai.onnx";
    if (ours && is_known_operator(node.op_type())) continue;
    throw Unsupported("operator " + (ours ? "" : node.domain() + "::") + node.op_type() +
                      " is not supported (node '" + name_of_node(n) + "', opset " +
                      std::to_string(opset_) + ")");
  }
  if (graph_.sparse_initializer_size() > 0)
    throw Unsupported("sparse initialisers are not supported");
}

ValueId GraphReader::define(const std::string& name) {
  const ValueId id{static_cast<std::int32_t>(network_.values.size())};
  if (!by_name_.emplace(name, id).second) throw InputError("value '" + name + "' is defined twice");
  network_.values.emplace_back().name = name;
  return id;
}

ValueId GraphReader::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? kNoValue : found->second;
}

void GraphReader::read_initializers() {
  for (onnx::TensorProto& proto : *graph_.mutable_initializer()) {
    Value& value = network_.value(define(proto.name()));
    value.constant = tensor_from(proto);
    value.type = value.constant->type();
    value.shape = value.constant->shape;
    onnx::TensorProto().Swap(&proto);  // large networks would be in memory twice
  }
}

void GraphReader::read_inputs() {
  std::unordered_set<std::string> names;
  for (const onnx::ValueInfoProto& proto : graph_.input()) {
    if (!names.insert(proto.name()).second)
      throw InputError("input '" + proto.name() + "' is listed twice");
    if (find(proto.name()) != kNoValue) continue;  // an initialiser that is listed as an input too
    const std::string what = "input '" + proto.name() + "'";
    if (!proto.type().has_tensor_type()) throw Unsupported(what + " is not a tensor");
    const auto& tensor = proto.type().tensor_type();
    const auto element = tensor.elem_type();
    if (element != onnx::TensorProto::FLOAT && element != onnx::TensorProto::DOUBLE)
      throw Unsupported(what + " is neither float32 nor float64");
    if (!tensor.has_shape()) throw Unsupported(what + " has no shape");
    const ValueId id = define(proto.name());
    Value& value = network_.value(id);
    value.type = data_type_of(element, what);
    // A dimension that is symbolic, missing, 0 or -1 is the batch: one point.
    for (const auto& d : tensor.shape().dim())
      value.shape.push_back(d.has_dim_value() && d.dim_value() > 0 ? d.dim_value() : 1);
    if (element_count(value.shape) > kLargestTensor)
      throw InputError(what + " has the absurd shape " + to_string(value.shape));
    network_.inputs.push_back(id);
  }
  if (network_.inputs.empty()) throw InputError("the network has no input");
}

/// Nodes so that each comes after what it reads; in the order of the file where that is possible
/// (Kahn's algorithm).
std::vector<int> GraphReader::sorted_nodes() const {
  std::unordered_map<std::string, int> producer;
  for (int n = 0; n < graph_.node_size(); ++n)
    for (const std::string& name : graph_.node(n).output())
      if (!name.empty() && (find(name) != kNoValue || !producer.emplace(name, n).second))
        throw InputError("value '" + name + "' is defined twice (node '" + name_of_node(n) + "')");

  std::vector<std::vector<int>> readers(static_cast<std::size_t>(graph_.node_size()));
  std::vector<int> missing(readers.size(), 0);  // how many inputs are not computed yet
  for (int n = 0; n < graph_.node_size(); ++n) {
    for (const std::string& name : graph_.node(n).input()) {
      if (name.empty() || find(name) != kNoValue) continue;
      const auto found = producer.find(name);
      if (found == producer.end())
        throw InputError("node '" + name_of_node(n) + "' reads '" + name +
                         "', which nothing defines");
      readers[static_cast<std::size_t>(found->second)].push_back(n);
      ++missing[static_cast<std::size_t>(n)];
    }
  }
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int n = 0; n < graph_.node_size(); ++n)
    if (missing[static_cast<std::size_t>(n)] == 0) ready.push(n);
  std::vector<int> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (const int reader : readers[static_cast<std::size_t>(order.back())])
      if (--missing[static_cast<std::size_t>(reader)] == 0) ready.push(reader);
  }
  for (int n = 0; n < graph_.node_size(); ++n)
    if (missing[static_cast<std::size_t>(n)] > 0)
      throw InputError("the graph has a cycle through node '" + name_of_node(n) +
                       "', or before it");
  return order;
}

void GraphReader::read_node(onnx::NodeProto& proto, int position) {
  Node node = new_node(proto.op_type(), name_of_node(position), opset_);
  try {
    for (const onnx::AttributeProto& attribute : proto.attribute())
      if (!node.attributes.emplace(attribute.name(), attribute_from(attribute)).second)
        throw InputError("attribute '" + attribute.name() + "' is given twice");
  } catch (const InputError& e) {
    throw InputError(describe(node) + ": " + e.what());
  } catch (const Unsupported& e) {
    throw Unsupported(describe(node) + ": " + e.what());
  }
  for (const std::string& name : proto.input())
    node.inputs.push_back(name.empty() ? kNoValue : find(name));
  for (const std::string& name : proto.output())
    node.outputs.push_back(name.empty() ? kNoValue : define(name));
  // Of a composite, any output may be left out.
  const bool named = node.composite.empty()
                         ? !node.outputs.empty() && node.outputs[0] != kNoValue
                         : std::any_of(node.outputs.begin(), node.outputs.end(),
                                       [](ValueId id) { return id != kNoValue; });
  if (!named) throw InputError(describe(node) + ": has no output");
  onnx::NodeProto().Swap(&proto);
  append_operator(network_, std::move(node));
}

void GraphReader::read_outputs() {
  std::unordered_set<std::string> names;
  for (const onnx::ValueInfoProto& proto : graph_.output()) {
    if (!names.insert(proto.name()).second)
      throw InputError("output '" + proto.name() + "' is listed twice");
    const ValueId id = find(proto.name());
    if (id == kNoValue) throw InputError("nothing defines the output '" + proto.name() + "'");
    network_.outputs.push_back(id);
  }
  if (network_.outputs.empty()) throw InputError("the network has no output");
}

/// Values that only dropped constant nodes wrote to are constants by now. Anything else without a
/// definition would be a mistake of an operator here, found before anyone reads it.
void GraphReader::check_all_defined() {
  std::vector<bool> defined(network_.values.size(), false);
  for (const ValueId id : network_.inputs) defined[index_of(id)] = true;
  for (const Node& node : network_.nodes)
    for (const ValueId id : node.outputs)
      if (id != kNoValue) defined[index_of(id)] = true;
  for (std::size_t i = 0; i < defined.size(); ++i) {
    Value& value = network_.values[i];
    if (defined[i] || value.constant) continue;
    throw InputError("nothing computes the value '" + value.name + "'");
  }
}

int opset_of(const onnx::ModelProto& model) {
  // Models from before IR version 3 name no opset. It stands at the end of the file, so it is what
  // a cut takes first.
  if (model.opset_import_size() == 0 && model.ir_version() >= 3)
    throw InputError("names no opset; is it truncated?");
  std::int64_t opset = 1;
  for (const auto& import : model.opset_import())
    if (import.domain().empty() || import.domain() == "ai.onnx") opset = import.version();
  if (opset < kOldestOpset || opset > kNewestOpset)
    throw Unsupported("opset " + std::to_string(opset) + " is not supported (supported: " +
                      std::to_string(kOldestOpset) + " to " + std::to_string(kNewestOpset) + ")");
  return static_cast<int>(opset);
}

/// Takes the bytes, so that a large model is not in memory twice while its graph is read.
Network parse(std::string bytes, const std::string& source) {
  const google::protobuf::LogSilencer silent;  // what is wrong is said once, by the exception
  try {
    onnx::ModelProto model;
    if (!model.ParseFromString(bytes)) throw InputError("is not an ONNX model, or is truncated");
    std::string().swap(bytes);
    if (!model.has_graph()) throw InputError("holds no graph");
    Network network = GraphReader(*model.mutable_graph(), opset_of(model), source).read();
    network.validate();
    return network;
  } catch (const InputError& e) {
    throw InputError(source + ": " + e.what());
  } catch (const Unsupported& e) {
    throw Unsupported(source + ": " + e.what());
  }
}

}  // namespace

Network parse_onnx(const std::string& bytes, const std::string& source) {
  return parse(bytes, source);
}

Network read_onnx(const std::string& path) {
  return parse(read_maybe_compressed(path), path);
}

}  // namespace clipbound::specs
