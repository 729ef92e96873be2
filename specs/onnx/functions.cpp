#include "specs/onnx/functions.h"

#include <onnx/onnx_pb.h>

#include <algorithm>

#include "base/error.h"
#include "specs/onnx/newer_fields.h"
#include "specs/onnx/onnx_tensor.h"

namespace clipbound::specs {

namespace {

constexpr int kNodeOverload = 8, kFunctionOverload = 13;  // numbers of fields in onnx.proto

std::string domain_of(const std::string& domain) {
  return domain == "ai.onnx" ? std::string() : domain;
}

std::string key_of(const std::string& domain, const std::string& name,
                   const std::string& overload) {
  return domain_of(domain) + '\n' + name + '\n' + overload;
}

/// What calls become: nodes, and the bytes of what their attributes hold. Sums do not overflow:
/// whatever is above the limits is refused.
struct Cost {
  std::uint64_t nodes = 0, bytes = 0;
  void add(const Cost& other) {
    nodes += other.nodes;
    bytes += other.bytes;
    if (nodes > kMostNodes || bytes > kLargestModel)
      throw InputError("its functions, written out, are too large (" + std::to_string(kMostNodes) +
                       " nodes and " + std::to_string(kLargestModel >> 20) + " MiB at most)");
  }
};

/// Walks through calls, each function once.
class CallChecker {
 public:
  explicit CallChecker(const FunctionTable& table) : table_(table) {}

  template <typename Nodes>
  Cost cost_of(const Nodes& nodes) {
    Cost sum;
    for (const onnx::NodeProto& node : nodes) {
      Cost own{1, 0};
      for (const onnx::AttributeProto& attribute : node.attribute()) {
        own.bytes += attribute.ByteSizeLong();
        if (attribute.has_g()) sum.add(cost_of(attribute.g().node()));
      }
      sum.add(own);
      if (const Function* function = table_.find(node)) sum.add(cost_of(*function));
    }
    return sum;
  }

 private:
  Cost cost_of(const Function& function) {
    if (const auto known = costs_.find(&function); known != costs_.end()) return known->second;
    if (std::find(open_.begin(), open_.end(), &function) != open_.end())
      throw InputError("function " + function.name + " calls itself");
    if (open_.size() >= kDeepestCalls)
      throw InputError("calls of functions are nested more than " + std::to_string(kDeepestCalls) +
                       " deep");
    open_.push_back(&function);
    const Cost cost = cost_of(function.proto->node());
    open_.pop_back();
    costs_.emplace(&function, cost);
    return cost;
  }

  const FunctionTable& table_;
  std::vector<const Function*> open_;
  std::map<const Function*, Cost> costs_;
};

}  // namespace

const onnx::AttributeProto* Function::default_of(const std::string& attribute) const {
  const auto found =
      std::find_if(defaults.begin(), defaults.end(),
                   [&](const onnx::AttributeProto& a) { return a.name() == attribute; });
  return found == defaults.end() ? nullptr : &*found;
}

FunctionTable::FunctionTable(const onnx::ModelProto& model, std::int64_t opset) {
  for (const onnx::FunctionProto& proto : model.functions()) {
    Function function{&proto, domain_of(proto.domain()), {}, opset};
    function.name += (function.name.empty() ? "" : "::") + proto.name();
    read_defaults(proto, function.defaults);
    for (const auto& import : proto.opset_import())
      if (domain_of(import.domain()).empty()) function.opset = import.version();
    const std::string key =
        key_of(proto.domain(), proto.name(), overload_of(proto, kFunctionOverload));
    const std::string name = function.name;
    if (!functions_.emplace(key, std::move(function)).second)
      throw InputError("function " + name + " is defined twice");
  }
}

FunctionTable::~FunctionTable() = default;

const Function* FunctionTable::find(const onnx::NodeProto& node) const {
  if (functions_.empty()) return nullptr;
  const auto found =
      functions_.find(key_of(node.domain(), node.op_type(), overload_of(node, kNodeOverload)));
  return found == functions_.end() ? nullptr : &found->second;
}

void FunctionTable::check_calls(const onnx::GraphProto& graph) const {
  if (!functions_.empty()) CallChecker(*this).cost_of(graph.node());
}

}  // namespace clipbound::specs
