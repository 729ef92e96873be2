#include "tests/hunt/onnx_file.h"

#include <onnx/onnx_pb.h>

#include "specs/network/op_table.h"
#include "tests/hunt/planted.h"

namespace clipbound::test {

namespace {

onnx::TensorProto tensor_of(const Tensor& tensor, const std::string& name) {
  onnx::TensorProto proto;
  proto.set_name(name);
  for (const std::int64_t extent : tensor.shape) proto.add_dims(extent);
  if (const auto* values = std::get_if<std::vector<float>>(&tensor.values)) {
    proto.set_data_type(onnx::TensorProto::FLOAT);
    for (const float value : *values) proto.add_float_data(value);
  } else if (const auto* wide = std::get_if<std::vector<double>>(&tensor.values)) {
    proto.set_data_type(onnx::TensorProto::DOUBLE);
    for (const double value : *wide) proto.add_double_data(value);
  } else if (const auto* whole = std::get_if<std::vector<std::int64_t>>(&tensor.values)) {
    proto.set_data_type(onnx::TensorProto::INT64);
    for (const std::int64_t value : *whole) proto.add_int64_data(value);
  } else {
    throw Refused("a constant of booleans");
  }
  return proto;
}

struct AttributeWriter {
  onnx::AttributeProto& to;
  void operator()(std::int64_t value) const {
    to.set_type(onnx::AttributeProto::INT);
    to.set_i(value);
  }
  void operator()(double value) const {
    to.set_type(onnx::AttributeProto::FLOAT);
    to.set_f(static_cast<float>(value));
  }
  void operator()(const std::string& value) const {
    to.set_type(onnx::AttributeProto::STRING);
    to.set_s(value);
  }
  void operator()(const std::vector<std::int64_t>& values) const {
    to.set_type(onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) to.add_ints(value);
  }
  void operator()(const std::vector<double>& values) const {
    to.set_type(onnx::AttributeProto::FLOATS);
    for (const double value : values) to.add_floats(static_cast<float>(value));
  }
  void operator()(const std::vector<std::string>& values) const {
    to.set_type(onnx::AttributeProto::STRINGS);
    for (const std::string& value : values) to.add_strings(value);
  }
  void operator()(const Tensor& value) const {
    to.set_type(onnx::AttributeProto::TENSOR);
    *to.mutable_t() = tensor_of(value, "");
  }
};

void describe_value(const Value& value, const std::string& name, onnx::ValueInfoProto& to) {
  if (value.half != specs::Half::none) throw Refused("float16");
  to.set_name(name);
  auto* type = to.mutable_type()->mutable_tensor_type();
  type->set_elem_type(value.type == DataType::float64   ? onnx::TensorProto::DOUBLE
                      : value.type == DataType::float32 ? onnx::TensorProto::FLOAT
                                                        : onnx::TensorProto::INT64);
  for (const std::int64_t extent : value.shape)
    type->mutable_shape()->add_dim()->set_dim_value(extent);
}

}  // namespace

std::string onnx_file(const Network& network) {
  const auto name = [](ValueId id) {
    return id == kNoValue ? std::string() : "v" + std::to_string(index_of(id));
  };
  onnx::ModelProto model;
  model.set_ir_version(8);
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.set_name("hunted");
  for (const ValueId id : network.inputs)
    describe_value(network.value(id), name(id), *graph.add_input());
  for (const ValueId id : network.outputs)
    describe_value(network.value(id), name(id), *graph.add_output());
  std::vector<bool> computed(network.values.size(), false);
  int opset = 0;
  for (const Node& node : network.nodes) {
    onnx::NodeProto& to = *graph.add_node();
    to.set_op_type(op_row(node.kind).onnx_name);
    to.set_name(node.name);
    opset = std::max(opset, node.opset);
    for (const ValueId id : node.inputs) to.add_input(name(id));
    for (const ValueId id : node.outputs) {
      to.add_output(name(id));
      if (id != kNoValue) computed[index_of(id)] = true;
    }
    for (const auto& [key, value] : node.attributes) {
      onnx::AttributeProto& attribute = *to.add_attribute();
      attribute.set_name(key);
      std::visit(AttributeWriter{attribute}, value);
    }
  }
  for (std::size_t k = 0; k < network.values.size(); ++k) {
    const Value& value = network.values[k];
    if (value.constant && !computed[k])
      *graph.add_initializer() = tensor_of(*value.constant, "v" + std::to_string(k));
  }
  model.add_opset_import()->set_version(opset);
  return model.SerializeAsString();
}

}  // namespace clipbound::test
