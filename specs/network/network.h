#pragma once
// Idea: the network as a graph of operators: values (tensors of known shape) and nodes (operators)
// in topological order.
// Source: ONNX IR; ours has concrete shapes only.
// Guarantees: validate() checks the invariants that all rooms rely on.
//
// All shapes are concrete: symbolic or missing dimensions have become 1. State is a value: passes
// build new networks.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/file.h"
#include "specs/network/tensor.h"

namespace clipbound::specs {

/// Index of a value in Network::values.
enum class ValueId : std::int32_t {};
/// Index of a node in Network::nodes.
enum class NodeId : std::int32_t {};
inline constexpr ValueId kNoValue = ValueId{-1};  ///< an optional input that is left out
constexpr std::size_t index_of(ValueId id) {
  return static_cast<std::size_t>(id);
}
constexpr std::size_t index_of(NodeId id) {
  return static_cast<std::size_t>(id);
}

enum class OpKind : std::uint16_t;  // specs/network/op_table.h

using Attribute = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>,
                               std::vector<double>, std::vector<std::string>, Tensor>;

/// A tensor that flows through the network. `constant` holds its values where they do not depend on
/// the input.
struct Value {
  std::string name;
  DataType type = DataType::float32;
  Shape shape;
  std::optional<Tensor> constant;
  /// Evaluation rounds the value to this format, as runtimes do. In real arithmetic, of which
  /// bounds speak, it means nothing.
  Half half = Half::none;
  /// Which integers they are, where `type` is int64. Those of a constant are Tensor::stored.
  StoredInteger integers = StoredInteger::int64;
  std::int64_t size() const { return element_count(shape); }
};

/// Of its element type, as the file had it.
inline const char* name_of(const Value& value) {
  return value.half == Half::float16    ? "float16"
         : value.half == Half::bfloat16 ? "bfloat16"
                                        : name_of(value.type);
}

/// One application of an operator.
struct Node {
  OpKind kind;
  std::string name;  ///< as in the file, or "<OpType>_<position>" where the file has none
  int opset = 0;     ///< of the default domain
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::map<std::string, Attribute> attributes;
  /// The ONNX operator of the file that the node is a part of (specs/network/composite.h); empty
  /// where it is that operator itself.
  std::string composite = {};

  std::int64_t int_attribute(const std::string& key, std::int64_t fallback) const;
  double float_attribute(const std::string& key, double fallback) const;
  /// nullptr where absent.
  const std::vector<std::int64_t>* ints_attribute(const std::string& key) const;
};

/// A network. Invariants (validate() checks them): nodes are in topological order; every value is
/// an input, a constant or the output of exactly one earlier node; ids are in range; shapes are
/// positive.
struct Network {
  std::string source;  ///< where it came from, for messages
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<ValueId> inputs;   ///< without the initialisers; X is their concatenation in this
                                 ///< order, each in C order
  std::vector<ValueId> outputs;  ///< Y is their concatenation in this order
  /// For people: nodes of which ONNX Runtime is known to compute something else than the standard
  /// says, which is what counts here.
  std::vector<std::string> notes;
  FileInfo file;  ///< that it was read from; no path: none

  const Value& value(ValueId id) const { return values[index_of(id)]; }
  Value& value(ValueId id) { return values[index_of(id)]; }
  bool is_constant(ValueId id) const { return value(id).constant.has_value(); }
  std::int64_t input_size() const;
  std::int64_t output_size() const;
  /// float64 where any input is float64, float16 where all inputs are, else float32.
  DataType input_type() const;
  /// Whether some value is float64 that is no constant: then evaluation in float64 rounds what is
  /// float32.
  bool computes_in_float64() const;
  /// Throws ContractError where an invariant is broken.
  void validate() const;
};

}  // namespace clipbound::specs
