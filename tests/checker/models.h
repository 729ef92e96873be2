#pragma once
// Idea: small ONNX networks, written by protobuf, and what the checker makes of them at a point.
// Source: own.
// Guarantees: none.
#include <cfenv>
#include <cmath>
#include <string>
#include <vector>

#include "checker/kernel/arithmetic.h"
#include "checker/kernel/scope.h"
#include "checker/reader/onnx.h"
#include "checker/reader/operators.h"
#include "checker/reader/vnnlib.h"

namespace clipcheck {

/// Enclosures of the outputs at x by interval arithmetic, in pairs. Leaves the thread rounding to
/// nearest, as readers need it.
inline std::vector<std::pair<double, double>> enclosed_at(const CheckedNetwork& network,
                                                          const std::vector<double>& x) {
  round_upward();
  const Scope<double> scope = root_scope<double>(network.system, {x, x, {}});
  std::fesetround(FE_TONEAREST);
  std::vector<std::pair<double, double>> result;
  for (const Index e : network.outputs)
    result.emplace_back(scope.bounds.lower[e], scope.bounds.upper[e]);
  return result;
}

inline onnx::TensorProto weights(const std::string& name, const std::vector<std::int64_t>& shape,
                                 const std::vector<float>& values) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const auto extent : shape) tensor.add_dims(extent);
  for (const float value : values) tensor.add_float_data(value);
  return tensor;
}

struct Model {
  onnx::ModelProto proto;
  explicit Model(const std::vector<std::int64_t>& shape) {
    proto.add_opset_import()->set_version(13);
    auto* input = proto.mutable_graph()->add_input();
    input->set_name("x");
    auto* type = input->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (const auto extent : shape) type->mutable_shape()->add_dim()->set_dim_value(extent);
    proto.mutable_graph()->add_output()->set_name("y");
  }
  onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs,
                        const std::string& output) {
    auto* node = proto.mutable_graph()->add_node();
    node->set_op_type(op);
    for (const auto& name : inputs) node->add_input(name);
    node->add_output(output);
    return *node;
  }
  void add(const onnx::TensorProto& tensor) { *proto.mutable_graph()->add_initializer() = tensor; }
  static void ints(onnx::NodeProto& node, const std::string& name,
                   const std::vector<std::int64_t>& values) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    for (const auto value : values) attribute->add_ints(value);
  }
  /// The outputs at a point; NaN where they are not bounded to 1e-12.
  std::vector<double> at(const std::vector<double>& x) const {
    std::fesetround(FE_TONEAREST);
    std::vector<double> result;
    for (const auto& [low, high] : enclosed_at(read_onnx(proto.SerializeAsString(), "."), x))
      result.push_back(low <= high && high - low <= 1e-12 ? low + (high - low) / 2 : std::nan(""));
    return result;
  }
};

}  // namespace clipcheck
