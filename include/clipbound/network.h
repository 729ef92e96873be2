#pragma once
// Networks: read from ONNX, or built in memory from layers or operators.
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

namespace CLIPBOUND_V1 {

/// A fully connected layer, y = W x + b, with max(0, .) after it where `relu`.
struct DenseLayer {
  std::vector<float> weights;  ///< [outputs, inputs], row by row
  std::vector<float> bias;     ///< [outputs]
  bool relu = false;
};

/// A neural network. Immutable; copies share it and cost nothing.
class CLIPBOUND_API Network {
 public:
  /// Reads an ONNX file (.onnx or .onnx.gz). Throws InputError (with file and node) or Unsupported (with operator,
  /// node and opset).
  static Network load(const std::string& path);
  /// The same from the bytes of an uncompressed ONNX model; `source` names it in messages.
  static Network parse(const std::string& bytes, const std::string& source = "memory");
  /// A chain of dense layers on `inputs` float32 inputs. Throws InputError where sizes do not fit or a weight is not
  /// finite.
  static Network from_layers(std::size_t inputs, std::span<const DenseLayer> layers);
  static Network from_layers(std::size_t inputs, std::initializer_list<DenseLayer> layers) {
    return from_layers(inputs, std::span<const DenseLayer>(layers.begin(), layers.size()));
  }

  /// Number of inputs X_0..X_{n-1}: all input tensors flattened in C order, one after the other.
  std::size_t input_size() const;
  /// Number of outputs Y_0..Y_{m-1}, likewise.
  std::size_t output_size() const;
  /// True where the network computes in float64, false for float32.
  bool is_float64() const;

  /// The part of this network that computes one of its tensors, with that tensor as the only output. `layer` is the name of a
  /// tensor, else the name of a node (its first output), else a node's position in Inspection::nodes as a number. Throws
  /// InputError where there is no such layer, or where it is a constant or holds no floating-point numbers.
  Network up_to(std::string_view layer) const;

  struct Implementation;
  const Implementation& implementation() const { return *implementation_; }  ///< for the library itself

 private:
  explicit Network(std::shared_ptr<const Implementation> implementation) : implementation_(std::move(implementation)) {}
  std::shared_ptr<const Implementation> implementation_;
};

}  // namespace CLIPBOUND_V1
