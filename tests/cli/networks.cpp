#include "tests/cli/networks.h"

#include <onnx/onnx_pb.h>

#include <cmath>
#include <cstdint>

namespace clipbound::test {
namespace {

void describe(onnx::ValueInfoProto& info, const std::string& name, int size) {
  info.set_name(name);
  auto& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_value(1);
  type.mutable_shape()->add_dim()->set_dim_value(size);
}

onnx::ModelProto empty_model(int inputs, int outputs) {
  onnx::ModelProto model;
  model.set_ir_version(7);
  model.add_opset_import()->set_version(13);
  model.mutable_graph()->set_name("test");
  describe(*model.mutable_graph()->add_input(), "X", inputs);
  describe(*model.mutable_graph()->add_output(), "Y", outputs);
  return model;
}

onnx::NodeProto& add_node(onnx::GraphProto& graph, const std::string& op, std::initializer_list<std::string> inputs,
                          const std::string& output) {
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type(op);
  node.set_name("node_" + output);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

class Random {
 public:
  float next(float scale) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return scale * static_cast<float>(static_cast<double>(state_ >> 40) * 0x1p-23 - 1.0);
  }

 private:
  std::uint64_t state_ = 5;
};

void add_tensor(onnx::GraphProto& graph, const std::string& name, int rows, int columns, float scale, Random& random) {
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(rows);
  tensor.add_dims(columns);
  for (int i = 0; i < rows * columns; ++i) tensor.add_float_data(random.next(scale));
}

}  // namespace

std::string one_node_model(const std::string& op, int size) {
  onnx::ModelProto model = empty_model(size, size);
  add_node(*model.mutable_graph(), op, {"X"}, "Y");
  return model.SerializeAsString();
}

std::string hard_model() {
  constexpr int kInputs = 12, kWidth = 60, kLayers = 5;
  onnx::ModelProto model = empty_model(kInputs, 1);
  onnx::GraphProto& graph = *model.mutable_graph();
  Random random;
  std::string value = "X";
  int below = kInputs;
  for (int k = 0; k < kLayers; ++k) {
    const bool last = k + 1 == kLayers;
    const int size = last ? 1 : kWidth;
    const std::string id = std::to_string(k), weights = "W" + id, product = last ? "Y" : "z" + id;
    add_tensor(graph, weights, below, size, std::sqrt(6.0F / static_cast<float>(below)), random);
    add_node(graph, "MatMul", {value, weights}, product);
    if (!last) add_node(graph, "Relu", {product}, "h" + id);
    value = "h" + id;
    below = size;
  }
  return model.SerializeAsString();
}

std::string hard_query() {
  return declarations(12, 1) + box(12, -1.0, 1.0) + "(assert (>= Y_0 25))\n";
}

std::string declarations(int inputs, int outputs) {
  std::string text;
  for (int i = 0; i < inputs; ++i) text += "(declare-const X_" + std::to_string(i) + " Real)\n";
  for (int i = 0; i < outputs; ++i) text += "(declare-const Y_" + std::to_string(i) + " Real)\n";
  return text;
}

std::string box(int inputs, double low, double high) {
  std::string text;
  for (int i = 0; i < inputs; ++i) {
    const std::string name = "X_" + std::to_string(i);
    text += "(assert (>= " + name + " " + std::to_string(low) + "))\n";
    text += "(assert (<= " + name + " " + std::to_string(high) + "))\n";
  }
  return text;
}

}  // namespace clipbound::test
