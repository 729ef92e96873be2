#pragma once
// Idea: what a network is and what Clipbound can do with it, without a query.
// Source: own.
// Guarantees: nothing here enters a verdict.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "specs/network/network.h"

namespace clipbound::solver {

/// A tensor of the network.
struct TensorSummary {
  std::string name;
  DataType type = DataType::float32;
  Shape shape;
};

/// How much Clipbound knows of an operator.
enum class SupportLevel : std::uint8_t {
  enclosed,  ///< by intervals alone, on the whole box: wide
  bounded    ///< has linear bounds (of the usual operand forms)
};
/// "intervals" or "bounded".
const char* name_of(SupportLevel level);

struct OperatorSummary {
  std::string name;  ///< ONNX
  std::int64_t nodes = 0;
  SupportLevel support = SupportLevel::enclosed;
};

/// Elements that one kind of nonlinear operator computes, over all its nodes.
struct NeuronSummary {
  std::string name;  ///< ONNX operator
  std::int64_t neurons = 0;
};

/// A layer of neurons as the bounds see it; inputs seen by a neuron, over a sample of the layer's.
struct LayerSummary {
  /// The tensor that it is; empty for helpers inside an operator (|x|, MaxPool, ...)
  std::string value;
  std::int64_t neurons = 0;
  std::int64_t least_inputs = 0, most_inputs = 0;
};

/// A node of the network as read: what can be asked for by name or position.
struct NodeSummary {
  std::string name, op;
  TensorSummary output;  ///< its first one
};

struct Inspection {
  std::string source;
  std::vector<TensorSummary> inputs, outputs;
  std::vector<NodeSummary> nodes;
  std::vector<OperatorSummary> operators;  ///< sorted by name
  std::int64_t parameters = 0;             ///< numbers in floating-point constants
  std::vector<NeuronSummary> neurons;      ///< after simplification
  /// Empty where there are no bounds or the network is too large to look.
  std::vector<LayerSummary> layers;
  std::string no_bounds_because;  ///< empty where the whole network has bounds
  std::string no_layers_because;  ///< why `layers` is empty
  double multiplications = 0.0;   ///< of one evaluation, roughly
  double bounds_bytes = 0.0;      ///< forecast of what its lowered form takes in memory
  double search_bytes = 0.0;      ///< forecast of one thread's reduced network and scratch memory
  /// Largest |y - y'| / max(1, |y|) over outputs y of the natural and y' of the reversed or blocked
  /// summation order, at points of [0, 1]^N; negative where it was not tried.
  double order_difference = -1.0;
  int order_points = 0;
};

/// Looks at `network` as read. Large networks take a few seconds and forgo what would take longer.
Inspection inspect(std::shared_ptr<const Network> network);

}  // namespace clipbound::solver
