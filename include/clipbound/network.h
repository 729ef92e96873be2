#pragma once
// Idea: networks: read from ONNX, or built in memory from layers or operators.
// Source: ONNX.
// Guarantees: a Network is a value; const members may be called from many threads.
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "clipbound/errors.h"
#include "clipbound/file_info.h"

namespace clipbound {

/// A fully connected layer, y = W x + b, with max(0, .) after it where `relu`.
struct DenseLayer {
  std::vector<float> weights = {};  ///< [outputs, inputs], row by row
  std::vector<float> bias = {};     ///< [outputs]
  bool relu = false;                ///< max(0, .) after it
};

/// A neural network. Immutable; copies share it and cost nothing.
/// Thread safety: all members may be called from many threads at once.
class CLIPBOUND_API Network {
 public:
  /// Reads an ONNX file (.onnx or .onnx.gz; where there is none of the name, the one that differs
  /// from it by .gz alone). Throws InputError (with file and node) or Unsupported (with operator,
  /// node and opset).
  static Network load(const std::string& path);
  /// The same from the bytes of an uncompressed ONNX model; `source` names it in messages. Tensors
  /// that keep their data in files (external data) are read from `folder`, and refused where none
  /// is named.
  static Network parse(const std::string& bytes, const std::string& source = "memory",
                       const std::string& folder = "");
  /// A chain of dense layers on `inputs` float32 inputs. Throws InputError where sizes do not fit
  /// or a weight is not finite.
  static Network from_layers(std::size_t inputs, std::span<const DenseLayer> layers);
  /// The same from a list in braces.
  static Network from_layers(std::size_t inputs, std::initializer_list<DenseLayer> layers) {
    return from_layers(inputs, std::span<const DenseLayer>(layers.begin(), layers.size()));
  }

  /// Number of inputs X_0..X_{n-1}: all input tensors flattened in C order, one after the other.
  std::size_t input_size() const;
  /// Number of outputs Y_0..Y_{m-1}, likewise.
  std::size_t output_size() const;
  /// True where the network computes in float64, false for float32.
  bool is_float64() const;
  /// Nodes of which ONNX Runtime is known to compute something else than the standard says, which
  /// is what counts here.
  const std::vector<std::string>& notes() const;
  /// The file that it was read from, or what was parsed; "memory" where it was built.
  FileInfo file() const;

  /// The part of this network that computes one of its tensors, with that tensor as the only
  /// output. `layer` is the name of a tensor, else the name of a node (its first output), else a
  /// node's position in Inspection::nodes as a number. Throws InputError where there is no such
  /// layer, or where it is a constant or holds no floating-point numbers.
  Network up_to(std::string_view layer) const;

  /// The network's outputs at points: x [B, input_size()] row by row gives y [B, output_size()].
  /// Computed in the network's own precision, operator by operator, sums in the order of the file;
  /// x is rounded to that precision. Throws InputError where x does not hold whole points.
  std::vector<double> evaluate(std::span<const double> x) const;

  struct Implementation;  ///< the library's own
  const Implementation& implementation() const {
    return *implementation_;
  }  ///< for the library itself

 private:
  friend class GraphBuilder;
  explicit Network(std::shared_ptr<const Implementation> implementation)
      : implementation_(std::move(implementation)) {}
  std::shared_ptr<const Implementation> implementation_;
};

/// An attribute of an operator, in the type that ONNX gives it.
using AttributeValue =
    std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<double>>;
/// Its name and value.
struct Attribute {
  std::string name;      ///< as ONNX calls it: "axis"
  AttributeValue value;  ///< in ONNX's type
};

/// Builds a network operator by operator, with the meaning that ONNX gives them; shapes are
/// inferred on the way.
///
///   GraphBuilder graph;
///   const auto x = graph.input("x", {1, 2});
///   const auto w = graph.constant({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
///   graph.output(graph.add("Relu", {graph.add("MatMul", {x, w})}));
///   const Network network = graph.build();
///
/// Not copied, used by one thread at a time. Where a member throws, the builder is as it was
/// before.
class CLIPBOUND_API GraphBuilder {
 public:
  /// A tensor of the graph that is being built. Means something only to its own builder.
  enum class Value : std::int32_t { none = -1 };  ///< none: an optional input that is left out

  /// Operators follow the rules of this opset of the default ONNX domain. Throws InputError for
  /// opsets that supported_onnx_opsets() does not list.
  explicit GraphBuilder(int opset = 18);
  ~GraphBuilder();
  /// Moves the graph; what is left behind may only be destroyed or assigned to.
  GraphBuilder(GraphBuilder&&) noexcept;
  /// Moves the graph; what is left behind may only be destroyed or assigned to.
  GraphBuilder& operator=(GraphBuilder&&) noexcept;

  /// An input, float32 or float64; X is the concatenation of the inputs in the order of these
  /// calls. Throws InputError where a dimension is not positive.
  Value input(std::string_view name, std::vector<std::int64_t> shape, bool float64 = false);
  /// A constant with its values in C order. Throws InputError where shape and number of values
  /// differ.
  Value constant(std::vector<std::int64_t> shape, std::vector<float> values);
  /// The same in float64.
  Value constant(std::vector<std::int64_t> shape, std::vector<double> values);
  /// The same of integers: shapes, axes, indices.
  Value constant(std::vector<std::int64_t> shape, std::vector<std::int64_t> values);
  /// Adds an operator by its ONNX name; its first output. Throws Unsupported for an operator that
  /// is unknown, InputError or Unsupported where inputs or attributes are wrong.
  Value add(std::string_view op, const std::vector<Value>& inputs,
            const std::vector<Attribute>& attributes = {});
  /// The same for an operator with several outputs (Split).
  std::vector<Value> add(std::string_view op, const std::vector<Value>& inputs,
                         const std::vector<Attribute>& attributes, std::size_t outputs);
  /// The shape of a tensor. Throws InputError where there is no such tensor.
  std::vector<std::int64_t> shape(Value value) const;
  /// Names a tensor as an output; Y is the concatenation of the outputs in the order of these
  /// calls. Throws InputError where there is no such tensor.
  void output(Value value);
  /// The network; the builder is empty afterwards. Throws InputError without an input or an output.
  Network build();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace clipbound
