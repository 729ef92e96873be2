#pragma once
// Idea: model-local functions: operators whose meaning the model itself says, as a list of nodes.
// The reader puts the nodes in the place of each call.
// Source: ONNX IR specification, "Functions".
// Guarantees: no function calls itself, calls are nested kDeepestCalls deep at most, and all calls
// together become kMostNodes nodes at most, before the first one is read.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace onnx {
class AttributeProto;
class FunctionProto;
class GraphProto;
class ModelProto;
class NodeProto;
}  // namespace onnx

namespace clipbound::specs {

inline constexpr int kDeepestCalls = 100;
inline constexpr std::uint64_t kMostNodes = 1'000'000;

struct Function {
  const onnx::FunctionProto* proto = nullptr;
  std::string name;                            ///< "domain::name", for messages
  std::vector<onnx::AttributeProto> defaults;  ///< of attributes that a call may leave out
  std::int64_t opset = 0;                      ///< of the default domain, for its nodes
  const onnx::AttributeProto* default_of(const std::string& attribute) const;
};

class FunctionTable {
 public:
  FunctionTable() = default;
  /// `opset` is for functions that name none. Throws InputError where two functions have one name.
  FunctionTable(const onnx::ModelProto& model, std::int64_t opset);
  ~FunctionTable();
  FunctionTable(const FunctionTable&) = delete;
  FunctionTable& operator=(const FunctionTable&) = delete;

  /// The function that a node calls; nullptr where it is an operator.
  const Function* find(const onnx::NodeProto& node) const;
  /// Throws InputError where the graph's calls break what this file guarantees.
  void check_calls(const onnx::GraphProto& graph) const;

 private:
  std::map<std::string, Function> functions_;
};

}  // namespace clipbound::specs
