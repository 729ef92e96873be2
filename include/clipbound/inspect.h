#pragma once
// Idea: inspect(): what a network is, and what Clipbound can do with it.
// Source: own.
// Guarantees: nothing here enters a verdict.

#include <cstdint>
#include <string>
#include <vector>

#include "clipbound/errors.h"
#include "clipbound/file_info.h"
#include "clipbound/network.h"

namespace clipbound {

/// A tensor of the network.
struct TensorInfo {
  std::string name;                 ///< as in the file
  std::string type;                 ///< "float32", "float64", "int64" or "boolean"
  std::vector<std::int64_t> shape;  ///< with the batch dimension
};

/// One operator of the network.
struct OperatorInfo {
  std::string name;        ///< ONNX
  std::int64_t nodes = 0;  ///< how many nodes apply it
  /// True where it has linear bounds (in its usual operand forms), false where it is enclosed by
  /// intervals alone.
  bool bounded = false;
};

/// Elements that one kind of nonlinear operator computes, all its nodes together.
struct NeuronInfo {
  std::string op;            ///< ONNX
  std::int64_t neurons = 0;  ///< elements of its outputs
};

/// A layer of neurons as the bounds see it.
struct LayerInfo {
  /// Which tensor it is; empty for helpers inside an operator (Abs, MaxPool, ...)
  std::string tensor;
  std::int64_t neurons = 0;  ///< its size
  /// Fewest inputs that one of eight neurons of the layer depends on.
  std::int64_t least_inputs = 0;
  std::int64_t most_inputs = 0;  ///< most of them: the receptive field
};

/// One node of the graph as read.
struct NodeInfo {
  std::string name;   ///< as in the file
  std::string op;     ///< ONNX
  TensorInfo output;  ///< its first output
};

/// What inspect() found.
struct Inspection {
  std::string source;                   ///< the file, or "memory"
  FileInfo file;                        ///< Network::file()
  std::vector<TensorInfo> inputs;       ///< X is their concatenation
  std::vector<TensorInfo> outputs;      ///< Y is their concatenation
  std::vector<NodeInfo> nodes;          ///< in topological order
  std::vector<OperatorInfo> operators;  ///< sorted by name
  std::int64_t parameters = 0;          ///< numbers in floating-point constants
  std::vector<NeuronInfo> neurons;      ///< after simplification, sorted by operator
  /// Empty where there are no bounds, or the network is too large to look.
  std::vector<LayerInfo> layers;
  std::string no_bounds_because;  ///< the first node without bounds; empty where bounds go through
  std::string no_layers_because;  ///< why `layers` is empty
  double multiplications = 0.0;   ///< of one evaluation, about
  double bounds_bytes = 0.0;      ///< forecast: memory for the network's bounds
  /// Forecast: memory of one thread of the search, its open subproblems apart.
  double search_bytes = 0.0;
  /// Largest |y - y'| / max(1, |y|) between the network's outputs y, summed in the order of the
  /// file, and y', summed in reversed or blocked order, at points of [0, 1]^N: how much float32
  /// replays may differ. Negative where it was not tried.
  double order_difference = -1.0;
  int order_points = 0;            ///< at so many points
  std::vector<std::string> notes;  ///< Network::notes()
};

/// The network's inputs: X is their concatenation. At once, without looking at the rest.
CLIPBOUND_API std::vector<TensorInfo> inputs_of(const Network& network);
/// Its outputs: Y is their concatenation.
CLIPBOUND_API std::vector<TensorInfo> outputs_of(const Network& network);

/// One kind of node that Network::load() refuses.
struct UnsupportedNode {
  std::string op;          ///< ONNX, with its domain where it has another than the default one
  std::string first_node;  ///< the first node of the kind
  int opset = 0;           ///< by which it was read
  std::size_t nodes = 0;   ///< how many there are
  std::string why;         ///< what of it is not supported; empty: the operator
};
/// Everything in an ONNX file that is not supported; nothing where Network::load() reads it. Throws
/// InputError, and Unsupported for what makes a file unreadable as a whole (its opset).
CLIPBOUND_API std::vector<UnsupportedNode> unsupported_nodes(const std::string& path);
/// The same of the bytes of a model, as Network::parse() takes them.
CLIPBOUND_API std::vector<UnsupportedNode> unsupported_nodes(const std::string& bytes,
                                                             const std::string& source,
                                                             const std::string& folder);

/// Looks at a network. Takes seconds at most; on huge networks it forgoes what would take longer.
/// Thread-safe.
CLIPBOUND_API Inspection inspect(const Network& network);
/// The same as JSON (UTF-8, indented), with header_json().
CLIPBOUND_API std::string to_json(const Inspection& inspection);

}  // namespace clipbound
