#pragma once
// Idea: reads ONNX models (protobuf) into networks.
// Source: ONNX IR specification, opsets kOldestOpset to kNewestOpset.
// Guarantees: a network has the meaning of its file; what is not understood throws, naming node and
// opset.
#include <optional>
#include <string>
#include <vector>

#include "specs/network/network.h"
#include "specs/onnx/declared_inputs.h"

namespace clipbound::specs {

/// Opset versions of the default domain that the operators here follow.
inline constexpr int kOldestOpset = 1, kNewestOpset = 25;

/// Reads an ONNX file (.onnx or .onnx.gz) through the official ONNX protobuf library and infers all
/// shapes. Constants (initialisers and Constant nodes) become constant values, shape arithmetic on
/// them is computed, calls of the model's own functions and branches that a constant chooses are
/// written out; nothing else is rewritten. Tensors may keep their data in files of the model's
/// folder. Throws InputError (cannot be read: truncated, cyclic, absurd shapes, ...) or
/// Unsupported, which names all operators that are not supported, with nodes and opset.
Network read_onnx(const std::string& path);

/// The same from the bytes of an uncompressed model; `source` names it in messages. Files that its
/// tensors keep their data in lie in `folder`; empty: it has none, and such tensors are refused.
Network parse_onnx(const std::string& bytes, const std::string& source,
                   const std::string& folder = "");

/// A model whose inputs are as a query declares them.
struct DeclaredModel {
  Network network;
  /// [declared] the values of an `initialized` input, which no node reads: its initialiser is a
  /// constant of the network.
  std::vector<std::optional<Tensor>> initial;
};
/// The same with declared inputs: dimensions that the model leaves open have their sizes, and
/// initialisers may be inputs. Throws InputError, naming both sides, where they do not fit.
DeclaredModel read_onnx(const std::string& path, const std::vector<DeclaredInput>& declared);
DeclaredModel parse_onnx(const std::string& bytes, const std::string& source,
                         const std::vector<DeclaredInput>& declared);

}  // namespace clipbound::specs
