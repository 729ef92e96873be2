#pragma once
// Idea: builds a network in memory, node by node, shapes inferred on the way.
// Source: own.
// Guarantees: build() gives a network that validate() accepts, or throws.
//
//   NetworkBuilder b;
//   const ValueId x = b.input("x", {1, 2});
//   const ValueId w = b.constant({2, 3}, {1, 2, 3, 4, 5, 6});
//   b.output(b.add("Relu", {b.add("MatMul", {x, w})}));
//   Network f = b.build();
#include <map>
#include <string>
#include <vector>

#include "specs/network/network.h"

namespace clipbound::specs {

class NetworkBuilder {
 public:
  /// Nodes follow the rules of this opset of the default domain.
  explicit NetworkBuilder(int opset = 18) : opset_(opset) {}

  /// An input; X is the concatenation of the inputs in the order of these calls. Throws InputError
  /// for shapes that are not positive.
  ValueId input(const std::string& name, Shape shape, DataType type = DataType::float32);
  /// A constant. Throws InputError where shape and values do not fit.
  ValueId constant(Tensor tensor, const std::string& name = "");
  ValueId constant(Shape shape, std::vector<float> values) {
    return constant(Tensor{std::move(shape), std::move(values)});
  }
  /// A 1-D integer constant (shapes, axes, indices).
  ValueId integers(std::vector<std::int64_t> values);
  /// Adds a node by its ONNX operator name and gives its first output. Throws Unsupported for an
  /// unknown operator, InputError or Unsupported where inputs or attributes are wrong.
  ValueId add(const std::string& onnx_name, std::vector<ValueId> inputs,
              std::map<std::string, Attribute> attributes = {});
  /// The same for an operator with several outputs.
  std::vector<ValueId> add(const std::string& onnx_name, std::vector<ValueId> inputs,
                           std::map<std::string, Attribute> attributes, std::size_t outputs);
  /// Names a value as an output; Y is their concatenation.
  void output(ValueId value) { network_.outputs.push_back(value); }
  /// What was built; the builder is empty afterwards. Throws InputError without an input or an
  /// output.
  Network build();
  /// What has been built so far, for shapes.
  const Network& network() const { return network_; }

 private:
  ValueId new_value(std::string name, DataType type, Shape shape);

  int opset_;
  Network network_;
};

}  // namespace clipbound::specs
