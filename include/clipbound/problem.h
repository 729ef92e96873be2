#pragma once
// Idea: VNN-LIB 2.0: a query over one or several networks, joined to one network and one query that
// solve(), attack() and bounds_of() take like any other.
// Source: the VNN-LIB standard 2.0 and 2.1.
// Guarantees: what the models are is held against what the query declares; a difference that changes
// the meaning is an error that names both sides.
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clipbound/errors.h"
#include "clipbound/file_info.h"
#include "clipbound/network.h"
#include "clipbound/query.h"
#include "clipbound/solve.h"

namespace clipbound {

/// A model for a network that a query declares.
struct ModelFile {
  std::string network =
      {};                  ///< its name in the query; may be empty where the query has one network
  std::string path = {};   ///< .onnx or .onnx.gz
  std::string bytes = {};  ///< the model itself where there is no file; `path` names it in messages
};

/// A network under a name.
struct NamedNetwork {
  std::string name;  ///< letters, digits, _
  Network network;   ///< shared, not copied
};

/// A query and the network that it is about. Where the query declares several networks, hidden
/// tensors or products, `network` has all of them: its inputs X are the declared inputs of all
/// networks, one after the other; its outputs Y are their hidden tensors and outputs, network after
/// network, then the products.
struct CLIPBOUND_API Problem {
  Network network;                   ///< to be given to solve() with `query`
  Query query;                       ///< about that network
  std::vector<FileInfo> files = {};  ///< of the models, in the order in which they were given

  /// Reads a query (VNN-LIB 1.0, 2.0 or 2.1) and the models that it needs: one for each network
  /// that it declares, but none for one that is equal to another (or the same one again). Where a
  /// model leaves dimensions open, the query's sizes are taken. Throws InputError where models are
  /// missing, superfluous or not as declared, Unsupported for what is well formed and not
  /// supported.
  static Problem load(const std::string& query_path, std::span<const ModelFile> models);
  /// The same from a list in braces: Problem::load("q.vnnlib", {{"f", "a.onnx"}, {"g", "b.onnx"}}).
  static Problem load(const std::string& query_path, std::initializer_list<ModelFile> models) {
    return load(query_path, std::span<const ModelFile>(models.begin(), models.size()));
  }
  /// The same of a query that was read already.
  static Problem load(const Query& query, std::span<const ModelFile> models);
  /// The same with networks in memory, whose shapes are all settled.
  static Problem join(const Query& query, std::span<const NamedNetwork> networks);
  /// The same from a list in braces.
  static Problem join(const Query& query, std::initializer_list<NamedNetwork> networks) {
    return join(query, std::span<const NamedNetwork>(networks.begin(), networks.size()));
  }
};

/// Networks side by side as one, for queries that are built in memory: its inputs X and outputs Y
/// are those of all networks, one after the other; tensors are called NAME/TENSOR. Rows X_i - X_j
/// <= 0 and X_j - X_i <= 0 in every clause make the networks share an input. Throws InputError
/// where names are empty or given twice, Unsupported where networks compute in different types.
CLIPBOUND_API Network side_by_side(std::span<const NamedNetwork> networks);
/// The same from a list in braces.
inline Network side_by_side(std::initializer_list<NamedNetwork> networks) {
  return side_by_side(std::span<const NamedNetwork>(networks.begin(), networks.size()));
}

/// How a counterexample is written.
enum class Witness : std::uint8_t {
  by_query,  ///< as the query's version has it
  v1,        ///< ((X_0 v)\n ... (Y_0 v))
  v2         ///< NAME TYPE [SHAPE], then one number a line
};
/// "by_query", "v1" or "v2". Throws InputError for other texts.
CLIPBOUND_API Witness witness_of(std::string_view text);

/// The competition's result file: the verdict and, for sat, the counterexample. Ends with a
/// newline.
CLIPBOUND_API std::string to_vnncomp(const Result& result, const Query& query,
                                     Witness witness = Witness::by_query);

/// A variable's value at a counterexample.
struct SerialisedTensor {
  std::string variable;  ///< as the query declares it; "X" and "Y" for VNN-LIB 1.0
  std::string bytes;     ///< an ONNX TensorProto
};
/// All variables of the query at the counterexample, in the query's order; none where the result is
/// not sat.
CLIPBOUND_API std::vector<SerialisedTensor> serialise_assignments(const Result& result,
                                                                  const Query& query);

}  // namespace clipbound
