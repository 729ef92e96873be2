#include "specs/onnx/graph_reader.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <type_traits>

#include "base/error.h"
#include "specs/network/composite.h"
#include "specs/network/op_table.h"
#include "specs/onnx/node_order.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/onnx/onnx_tensor.h"

namespace clipbound::specs {

namespace {

bool is_default_domain(const onnx::NodeProto& node) {
  return node.domain().empty() || node.domain() == "ai.onnx";
}

/// "Conv", or "domain::Name".
std::string operator_of(const onnx::NodeProto& node) {
  return is_default_domain(node) ? node.op_type() : node.domain() + "::" + node.op_type();
}

/// Whether it is an integer type or bool. Throws Unsupported for types that are not held.
bool is_whole(int element, const std::string& what) {
  const DataType type = data_type_of(element, what);
  return type == DataType::int64 || type == DataType::boolean;
}

/// The text of an exception without what append_operator() put before it: that is said of many
/// nodes.
std::string reason_of(const Unsupported& error, const Node& node) {
  const std::string text = error.what(), before = describe(node) + ": ";
  return text.starts_with(before) ? text.substr(before.size()) : text;
}

}  // namespace

GraphReader::GraphReader(onnx::GraphProto& graph, const FunctionTable& functions, int opset,
                         ExternalData external, const std::string& source)
    : graph_(graph), functions_(functions), external_(std::move(external)) {
  network_.source = source;
  main_.opset = opset;
}

Network GraphReader::read(const std::vector<DeclaredInput>* declared) {
  if (graph_.sparse_initializer_size() > 0)
    throw Unsupported("sparse initialisers are not supported");
  functions_.check_calls(graph_);
  read_initializers(graph_, main_);
  read_inputs(declared);
  for (const onnx::ValueInfoProto& output : graph_.output()) main_.read.insert(output.name());
  read_nodes(*graph_.mutable_node(), main_);
  if (!unsupported_.kinds().empty()) throw UnsupportedModel(unsupported_);
  read_outputs();
  check_all_defined();
  network_.file.data = external_.files();
  return std::move(network_);
}

ValueId GraphReader::define(const std::string& name, Scope& scope) {
  const ValueId id{static_cast<std::int32_t>(network_.values.size())};
  bind(name, id, scope);
  network_.values.emplace_back().name = scope.prefix + name;
  return id;
}

void GraphReader::bind(const std::string& name, ValueId id, Scope& scope) {
  if (!scope.values.emplace(name, id).second)
    throw InputError("value '" + name + "' is defined twice");
}

GraphReader::Found GraphReader::find(const std::string& name, const Scope& scope) {
  for (const Scope* at = &scope; at != nullptr; at = at->outer)
    if (const auto found = at->values.find(name); found != at->values.end())
      return {true, found->second};
  return {false, kNoValue};
}

ValueId GraphReader::find_input(const std::string& name, const std::string& node,
                                const Scope& scope) {
  if (name.empty()) return kNoValue;
  const auto [known, id] = find(name, scope);
  if (!known) throw InputError("node '" + node + "' reads '" + name + "', which nothing defines");
  return id;
}

void GraphReader::read_initializers(onnx::GraphProto& graph, Scope& scope) {
  for (onnx::TensorProto& proto : *graph.mutable_initializer()) {
    const ValueId id = define(proto.name(), scope);
    Value& value = network_.value(id);
    value.constant = tensor_from(proto, external_);
    value.type = value.constant->type();
    value.half = value.constant->half;
    value.integers = value.constant->stored;
    value.shape = value.constant->shape;
    onnx::TensorProto().Swap(&proto);  // large networks would be in memory twice
  }
}

void GraphReader::read_inputs(const std::vector<DeclaredInput>* declared) {
  std::unordered_set<std::string> names;
  for (const onnx::ValueInfoProto& proto : graph_.input()) {
    if (!names.insert(proto.name()).second)
      throw InputError("input '" + proto.name() + "' is listed twice");
    // An initialiser may be listed as an input too.
    if (declared == nullptr && !find(proto.name(), main_).known) read_input(proto, nullptr);
  }
  if (declared != nullptr) read_declared_inputs(*declared);
  if (network_.inputs.empty()) throw InputError("the network has no input");
  check_input_types();
}

/// The decimals of a property are rounded to one type, that of all inputs; integers are numbers of
/// each.
void GraphReader::check_input_types() const {
  const auto is_some = [&](auto&& has) {
    return std::any_of(network_.inputs.begin(), network_.inputs.end(),
                       [&](ValueId id) { return has(network_.value(id)); });
  };
  if (network_.input_type() != DataType::float16 &&
      is_some([](const Value& v) { return v.half == Half::float16; }))
    throw Unsupported("float16 inputs beside inputs of another type are not supported");
  if (network_.input_type() == DataType::float64 &&
      is_some([](const Value& v) { return v.type == DataType::float32; }))
    throw Unsupported("inputs of float32 and float64 in one network are not supported");
}

void GraphReader::read_declared_inputs(const std::vector<DeclaredInput>& declared) {
  std::vector<ListedInput> listed;
  for (const onnx::ValueInfoProto& proto : graph_.input())
    listed.push_back({proto.name(), find(proto.name(), main_).known});
  const std::vector<std::size_t> numbers = assign_inputs(declared, listed);
  initial_.resize(declared.size());
  initial_types_.resize(declared.size());
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const ListedInput& input = listed[numbers[i]];
    const onnx::ValueInfoProto& proto = graph_.input(static_cast<int>(numbers[i]));
    if (input.has_initializer && declared[i].initialized) {
      initial_[i] = network_.value(find(input.name, main_).id).constant;
      initial_types_[i] = network_.value(find(input.name, main_).id).type;
      if (!same_elements(declared[i].shape, initial_[i]->shape))
        throw InputError(declared[i].name + " is declared with shape " +
                         to_string(declared[i].shape) + ", but the initialiser of '" + input.name +
                         "' has shape " + to_string(initial_[i]->shape));
      read_initialized_input(input.name);
    } else {
      // Its initialiser stays behind as a constant that nobody reads.
      if (input.has_initializer) {
        network_.value(find(input.name, main_).id).name += " (default)";
        main_.values.erase(proto.name());
      }
      read_input(proto, &declared[i]);
    }
  }
  give_common_type(declared);
}

/// Inputs that no node reads have the type of the others, so that they do not make the network
/// another one.
void GraphReader::give_common_type(const std::vector<DeclaredInput>& declared) {
  const Value *other = nullptr, *initialised = nullptr;
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const Value& input = network_.value(network_.inputs[i]);
    if (initial_[i] && initialised == nullptr) initialised = &input;
    if (!initial_[i] && !declared[i].integers) other = &input;
  }
  if (initialised == nullptr) return;
  const DataType type = (other == nullptr ? initialised : other)->type;
  const Half half = (other == nullptr ? initialised : other)->half;
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (!initial_[i]) continue;
    if (initial_types_[i] != type)
      throw Unsupported("the initialised input '" + declared[i].name +
                        "' has another type than the other inputs");
    network_.value(network_.inputs[i]).type = type;
    network_.value(network_.inputs[i]).half = half;
  }
}

/// An input that has the values of its initialiser: nodes read the initialiser.
void GraphReader::read_initialized_input(const std::string& name) {
  const Value constant = network_.value(find(name, main_).id);
  const ValueId id{static_cast<std::int32_t>(network_.values.size())};
  Value& input = network_.values.emplace_back();
  input.name = name + " (initialised)";
  input.shape = constant.shape;
  input.half = constant.half;
  input.type = constant.type == DataType::float64 ? DataType::float64 : DataType::float32;
  network_.inputs.push_back(id);
}

void GraphReader::read_input(const onnx::ValueInfoProto& proto, const DeclaredInput* declared) {
  const std::string what = "input '" + proto.name() + "'";
  if (!proto.type().has_tensor_type()) throw Unsupported(what + " is not a tensor");
  const auto& tensor = proto.type().tensor_type();
  const auto element = tensor.elem_type();
  const bool is_float = element == onnx::TensorProto::FLOAT ||
                        element == onnx::TensorProto::DOUBLE ||
                        element == onnx::TensorProto::FLOAT16;
  // Integers are said to be some by who declares them: only such a query takes their values alone.
  const bool as_declared = declared != nullptr && declared->integers && is_whole(element, what);
  if (!is_float && !as_declared)
    throw Unsupported(what + " is neither float32, float64 nor float16");
  if (!tensor.has_shape()) throw Unsupported(what + " has no shape");
  const ValueId id = define(proto.name(), main_);
  Value& value = network_.value(id);
  value.type = data_type_of(element, what);
  value.half = half_of(element);
  value.integers = stored_as(element);
  // A dimension that is symbolic, missing, 0 or -1 is open: as declared, else the batch of one
  // point.
  const std::int64_t open = declared == nullptr ? 1 : 0;
  for (const auto& d : tensor.shape().dim())
    value.shape.push_back(d.has_dim_value() && d.dim_value() > 0 ? d.dim_value() : open);
  if (declared != nullptr) value.shape = instantiated(*declared, proto.name(), value.shape);
  if (element_count(value.shape) > kLargestTensor)
    throw InputError(what + " has the absurd shape " + to_string(value.shape));
  network_.inputs.push_back(id);
}

template <typename Nodes>
void GraphReader::read_nodes(Nodes& nodes, Scope& scope) {
  std::vector<const onnx::NodeProto*> pointers;
  for (const onnx::NodeProto& node : nodes) pointers.push_back(&node);
  const auto is_known = [&](const std::string& name) { return scope.values.contains(name); };
  const auto is_outer = [&](const std::string& name) {
    return scope.outer != nullptr && find(name, *scope.outer).known;
  };
  scope.read.merge(names_read_by(pointers));
  std::vector<std::string> names;
  for (std::size_t n = 0; n < pointers.size(); ++n)
    names.push_back(scope.prefix + name_of_node(*pointers[n], n));
  for (const std::size_t n : node_order(pointers, is_known, is_outer)) {
    read_node(*pointers[n], names[n], scope);
    if constexpr (!std::is_const_v<Nodes>)
      onnx::NodeProto().Swap(nodes.Mutable(static_cast<int>(n)));  // its tensors are copied by now
  }
}

bool GraphReader::is_supported(const onnx::NodeProto& proto) const {
  return functions_.find(proto) != nullptr ||
         (is_default_domain(proto) &&
          (proto.op_type() == "If" || is_known_operator(proto.op_type())));
}

void GraphReader::read_node(const onnx::NodeProto& proto, const std::string& name, Scope& scope) {
  if (const Function* function = functions_.find(proto)) {
    read_call(*function, proto, name, scope);
  } else if (!is_supported(proto)) {
    unsupported_.add(operator_of(proto), name, scope.opset, "");
    skip(proto, scope);
  } else if (proto.op_type() == "If") {
    read_if(proto, name, scope);
  } else {
    read_operator(proto, name, scope);
  }
}

/// Nothing is known of what a node computes.
void GraphReader::skip(const onnx::NodeProto& proto, Scope& scope) {
  for (const std::string& name : proto.output())
    if (!name.empty()) bind(name, kUnknownValue, scope);
}

std::map<std::string, Attribute> GraphReader::attributes_of(const onnx::NodeProto& proto,
                                                            const Scope& scope) {
  std::map<std::string, Attribute> attributes;
  for (const onnx::AttributeProto& own : proto.attribute()) {
    const onnx::AttributeProto* attribute = &own;
    if (!own.ref_attr_name().empty()) {
      const auto given = scope.attributes.find(own.ref_attr_name());
      if (given == scope.attributes.end()) continue;
      attribute = given->second;
    }
    if (!attributes.emplace(own.name(), attribute_from(*attribute, external_)).second)
      throw InputError("attribute '" + own.name() + "' is given twice");
  }
  return attributes;
}

void GraphReader::read_operator(const onnx::NodeProto& proto, const std::string& name,
                                Scope& scope) {
  Node node = new_node(proto.op_type(), name, scope.opset);
  const Node shown = node;
  bool unknown = false;
  for (const std::string& input : proto.input()) {
    node.inputs.push_back(find_input(input, name, scope));
    unknown = unknown || node.inputs.back() == kUnknownValue;
  }
  // Of a composite, any output may be left out.
  const int must_be_named =
      node.composite.empty() ? std::min(proto.output_size(), 1) : proto.output_size();
  if (std::all_of(proto.output().begin(), proto.output().begin() + must_be_named,
                  [](const std::string& output) { return output.empty(); }))
    throw InputError(describe(shown) + ": has no output");
  if (unknown) return skip(proto, scope);
  try {
    node.attributes = attributes_of(proto, scope);
  } catch (const InputError& e) {
    throw InputError(describe(shown) + ": " + e.what());
  } catch (const Unsupported& e) {
    unsupported_.add(operator_of(proto), name, scope.opset, e.what());
    return skip(proto, scope);
  }
  // Functions name all outputs of what they call. One that nobody reads need not be supported.
  const bool leaves_out = std::any_of(
      proto.output().begin() + 1, proto.output().end(),
      [&](const std::string& output) { return !output.empty() && !is_read(output, false, scope); });
  Node again = leaves_out ? node : shown;  // else not copied: constants are large
  const std::string why = append(std::move(node), proto, Outputs::all, scope);
  if (why.empty()) return;
  if (leaves_out && append(std::move(again), proto, Outputs::read, scope).empty()) return;
  unsupported_.add(operator_of(proto), name, scope.opset, why);
  skip(proto, scope);
}

/// Adds the node with these of its outputs. Why it is not supported; then it is as if it had not
/// been there.
std::string GraphReader::append(Node node, const onnx::NodeProto& proto, Outputs which,
                                Scope& scope) {
  const std::size_t values_before = network_.values.size(), nodes_before = network_.nodes.size();
  for (const std::string& output : proto.output()) {
    const bool named =
        which == Outputs::all ? !output.empty() : is_read(output, node.outputs.empty(), scope);
    node.outputs.push_back(named ? define(output, scope) : kNoValue);
  }
  const Node shown = new_node(proto.op_type(), node.name, scope.opset);
  try {
    append_operator(network_, std::move(node));
    return "";
  } catch (const Unsupported& e) {
    network_.values.resize(values_before);
    network_.nodes.erase(network_.nodes.begin() + static_cast<std::ptrdiff_t>(nodes_before),
                         network_.nodes.end());
    for (const std::string& output : proto.output()) scope.values.erase(output);
    return reason_of(e, shown);
  }
}

bool GraphReader::is_read(const std::string& output, bool is_first, const Scope& scope) {
  return !output.empty() && (is_first || scope.read.contains(output));
}

/// Gives an output of a call or branch its name outside. A value that was made inside is called so
/// from now on.
void GraphReader::hand_on(const std::string& inner_name, const Scope& inner,
                          const std::string& name, Scope& scope, std::size_t first_new) {
  if (name.empty()) return;
  const auto [known, id] = find(inner_name, inner);
  if (!known)
    throw InputError("nothing defines the output '" + inner_name + "' of '" + inner.prefix + "'");
  bind(name, id, scope);
  if (id != kNoValue && id != kUnknownValue && index_of(id) >= first_new)
    network_.value(id).name = scope.prefix + name;
}

void GraphReader::read_call(const Function& function, const onnx::NodeProto& proto,
                            const std::string& name, Scope& scope) {
  const onnx::FunctionProto& body = *function.proto;
  if (proto.input_size() > body.input_size() || proto.output_size() > body.output_size())
    throw InputError("node '" + name + "' gives function " + function.name + " " +
                     std::to_string(proto.input_size()) + " inputs and takes " +
                     std::to_string(proto.output_size()) + " outputs, which is more than it has");
  if (function.opset < kOldestOpset || function.opset > kNewestOpset) {
    unsupported_.add(function.name, name, scope.opset,
                     "its nodes are of opset " + std::to_string(function.opset));
    return skip(proto, scope);
  }
  Scope inner;
  inner.opset = static_cast<int>(function.opset);
  inner.prefix = name + "/";
  for (int i = 0; i < body.input_size(); ++i)
    bind(body.input(i), i < proto.input_size() ? find_input(proto.input(i), name, scope) : kNoValue,
         inner);
  for (const onnx::AttributeProto& fallback : function.defaults)
    inner.attributes.emplace(fallback.name(), &fallback);
  for (const onnx::AttributeProto& given : proto.attribute()) {
    const onnx::AttributeProto* attribute = &given;
    if (!given.ref_attr_name().empty()) {
      const auto outer = scope.attributes.find(given.ref_attr_name());
      if (outer == scope.attributes.end()) continue;
      attribute = outer->second;
    }
    inner.attributes.insert_or_assign(given.name(), attribute);
  }
  for (int i = 0; i < proto.output_size(); ++i)
    if (is_read(proto.output(i), i == 0, scope)) inner.read.insert(body.output(i));
  const std::size_t first_new = network_.values.size();
  read_nodes(body.node(), inner);
  for (int i = 0; i < proto.output_size(); ++i)
    if (is_read(proto.output(i), i == 0, scope))
      hand_on(body.output(i), inner, proto.output(i), scope, first_new);
}

void GraphReader::read_if(const onnx::NodeProto& proto, const std::string& name, Scope& scope) {
  const onnx::GraphProto* branches[2] = {};
  for (const onnx::AttributeProto& attribute : proto.attribute()) {
    if (!attribute.has_g()) continue;
    if (attribute.name() == "else_branch") branches[0] = &attribute.g();
    if (attribute.name() == "then_branch") branches[1] = &attribute.g();
  }
  if (branches[0] == nullptr || branches[1] == nullptr || proto.input_size() != 1)
    throw InputError("node '" + name + "' (If) has no condition, or not both branches");
  const ValueId condition = find_input(proto.input(0), name, scope);
  if (condition == kNoValue) throw InputError("node '" + name + "' (If) has no condition");
  if (condition == kUnknownValue || !network_.is_constant(condition)) {
    if (condition != kUnknownValue)
      unsupported_.add("If", name, scope.opset, "the condition depends on the network's input");
    for (const onnx::GraphProto* branch : branches) list_unsupported(*branch, scope);
    return skip(proto, scope);
  }
  const Tensor& value = *network_.value(condition).constant;
  if (value.type() != DataType::boolean || value.size() != 1)
    throw InputError("node '" + name + "' (If): the condition is no truth value");
  onnx::GraphProto branch = *branches[value.at(0) != 0.0 ? 1 : 0];  // a function's is read again
  if (branch.output_size() < proto.output_size())
    throw InputError("node '" + name + "' (If): a branch has too few outputs");
  Scope inner;
  inner.outer = &scope;
  inner.opset = scope.opset;
  inner.prefix = name + "/";
  inner.attributes = scope.attributes;
  const std::size_t first_new = network_.values.size();
  for (const auto& output : branch.output()) inner.read.insert(output.name());
  read_initializers(branch, inner);
  read_nodes(*branch.mutable_node(), inner);
  for (int i = 0; i < proto.output_size(); ++i)
    hand_on(branch.output(i).name(), inner, proto.output(i), scope, first_new);
}

/// Operators of a branch of which nobody knows whether it is taken.
void GraphReader::list_unsupported(const onnx::GraphProto& graph, const Scope& scope) {
  for (int n = 0; n < graph.node_size(); ++n) {
    const onnx::NodeProto& node = graph.node(n);
    if (!is_supported(node))
      unsupported_.add(operator_of(node), name_of_node(node, static_cast<std::size_t>(n)),
                       scope.opset, "");
    for (const onnx::AttributeProto& attribute : node.attribute())
      if (attribute.has_g()) list_unsupported(attribute.g(), scope);
  }
}

void GraphReader::read_outputs() {
  std::unordered_set<std::string> names;
  for (const onnx::ValueInfoProto& proto : graph_.output()) {
    if (!names.insert(proto.name()).second)
      throw InputError("output '" + proto.name() + "' is listed twice");
    const auto [known, id] = find(proto.name(), main_);
    if (!known || id == kNoValue)
      throw InputError("nothing defines the output '" + proto.name() + "'");
    network_.outputs.push_back(id);
  }
  if (network_.outputs.empty()) throw InputError("the network has no output");
}

/// Values that only dropped constant nodes wrote to are constants by now. Anything else without a
/// definition would be a mistake of an operator here, found before anyone reads it.
void GraphReader::check_all_defined() const {
  std::vector<bool> defined(network_.values.size(), false);
  for (const ValueId id : network_.inputs) defined[index_of(id)] = true;
  for (const Node& node : network_.nodes)
    for (const ValueId id : node.outputs)
      if (id != kNoValue) defined[index_of(id)] = true;
  for (std::size_t i = 0; i < defined.size(); ++i) {
    const Value& value = network_.values[i];
    if (defined[i] || value.constant) continue;
    throw InputError("nothing computes the value '" + value.name + "'");
  }
}

}  // namespace clipbound::specs
