#pragma once
// Idea: turns a model's graph into a network, node after node: constants as they come, calls of
// model-local functions and the branch that a constant condition takes written out in their place.
// Source: ONNX IR specification.
// Guarantees: every name is that of one value of its scope; a graph with a cycle or with a name
// that nothing defines is refused; what is not supported is collected and said at once.
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "specs/network/network.h"
#include "specs/onnx/declared_inputs.h"
#include "specs/onnx/external_data.h"
#include "specs/onnx/functions.h"
#include "specs/onnx/unsupported_nodes.h"

namespace onnx {
class ValueInfoProto;
}

namespace clipbound::specs {

/// Stands for a value that depends on something that is not supported: what reads it is not read.
inline constexpr ValueId kUnknownValue = ValueId{-2};

class GraphReader {
 public:
  /// Graph and functions are consumed: tensors are freed as they are converted.
  GraphReader(onnx::GraphProto& graph, const FunctionTable& functions, int opset,
              ExternalData external, const std::string& source);
  /// Inputs as a query declares them; nullptr: those of the model that have no initialiser.
  Network read(const std::vector<DeclaredInput>* declared = nullptr);
  /// After read(): of each declared input the initialiser whose values it has, which stays in the
  /// network; the input itself is one that no node reads.
  const std::vector<std::optional<Tensor>>& initial() const { return initial_; }

 private:
  /// Where names are known: the graph, a branch of it, or one call of a function.
  struct Scope {
    const Scope* outer = nullptr;  ///< whose names a branch sees as well
    int opset = 0;
    std::string prefix;  ///< of names: which calls and branches lead here
    std::unordered_map<std::string, ValueId> values;
    std::unordered_set<std::string>
        read;  ///< names that somebody reads: other outputs are left out
    /// What references to attributes of the function stand for; a name without one is left out.
    std::unordered_map<std::string, const onnx::AttributeProto*> attributes;
  };
  struct Found {
    bool known;
    ValueId id;
  };

  void read_initializers(onnx::GraphProto& graph, Scope& scope);
  void read_inputs(const std::vector<DeclaredInput>* declared);
  void check_input_types() const;
  void read_declared_inputs(const std::vector<DeclaredInput>& declared);
  void read_input(const onnx::ValueInfoProto& proto, const DeclaredInput* declared);
  void read_initialized_input(const std::string& name);
  void give_common_type(const std::vector<DeclaredInput>& declared);
  void read_outputs();
  /// Whoever owns the nodes may give them up one by one.
  template <typename Nodes>
  void read_nodes(Nodes& nodes, Scope& scope);
  void read_node(const onnx::NodeProto& proto, const std::string& name, Scope& scope);
  void read_operator(const onnx::NodeProto& proto, const std::string& name, Scope& scope);
  void read_call(const Function& function, const onnx::NodeProto& proto, const std::string& name,
                 Scope& scope);
  void read_if(const onnx::NodeProto& proto, const std::string& name, Scope& scope);
  std::map<std::string, Attribute> attributes_of(const onnx::NodeProto& proto, const Scope& scope);
  void hand_on(const std::string& inner_name, const Scope& inner, const std::string& name,
               Scope& scope, std::size_t first_new);
  enum class Outputs : std::uint8_t { all, read };
  std::string append(Node node, const onnx::NodeProto& proto, Outputs which, Scope& scope);
  static bool is_read(const std::string& output, bool is_first, const Scope& scope);
  void skip(const onnx::NodeProto& proto, Scope& scope);
  void list_unsupported(const onnx::GraphProto& graph, const Scope& scope);
  bool is_supported(const onnx::NodeProto& proto) const;
  void check_all_defined() const;

  ValueId define(const std::string& name, Scope& scope);
  static void bind(const std::string& name, ValueId id, Scope& scope);
  static Found find(const std::string& name, const Scope& scope);
  static ValueId find_input(const std::string& name, const std::string& node, const Scope& scope);

  onnx::GraphProto& graph_;
  const FunctionTable& functions_;
  ExternalData external_;
  Network network_;
  Scope main_;
  UnsupportedNodes unsupported_;
  std::vector<std::optional<Tensor>> initial_;
  std::vector<DataType> initial_types_;  // of the initialisers, where there are some
};

}  // namespace clipbound::specs
