// Idea: the nodes in their order, which ONNX says is topological.
// Source: the ONNX standard.
// Guarantees: see the header.
#include "checker/reader/onnx.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>

#include "checker/kernel/arithmetic.h"
#include "checker/kernel/errors.h"
#include "checker/reader/external.h"
#include "checker/reader/operators.h"

namespace clipcheck {

std::int64_t count_of(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0 || (extent > 0 && count > (std::int64_t{1} << 32) / extent))
      throw Unreadable("network: a tensor is too large");
    count *= extent;
  }
  return count;
}

void Call::fail(const std::string& why) const {
  throw Unreadable("network: " + name() + ": " + why);
}

const Tensor& Call::input(std::size_t k) const {
  if (!has(k)) fail("an input is missing");
  return inputs[k];
}

std::vector<std::int64_t> Call::integers(std::size_t k) const {
  const Tensor& tensor = input(k);
  if (!tensor.constant || !tensor.integer) fail("shapes and axes have to be constant integers");
  return {tensor.values.begin(), tensor.values.end()};
}

const onnx::AttributeProto* Call::attribute(const std::string& key) const {
  for (const onnx::AttributeProto& attribute : node.attribute())
    if (attribute.name() == key) return &attribute;
  return nullptr;
}

std::int64_t Call::integer(const std::string& key, std::int64_t fallback) const {
  const auto* found = attribute(key);
  return found == nullptr ? fallback : found->i();
}

double Call::real(const std::string& key, double fallback) const {
  const auto* found = attribute(key);
  return found == nullptr ? fallback : static_cast<double>(found->f());
}

std::vector<std::int64_t> Call::list(const std::string& key,
                                     std::vector<std::int64_t> fallback) const {
  const auto* found = attribute(key);
  if (found == nullptr) return fallback;
  return {found->ints().begin(), found->ints().end()};
}

mpq_class exact(const Call& call, double value) {
  if (!std::isfinite(value)) call.fail("a weight is infinite or no number");
  return mpq_class(value);
}

void add_weight(const Call& call, AffineRow& row, Index element, double weight) {
  if (!std::isfinite(weight)) call.fail("a weight is infinite or no number");
  row.elements.push_back(element);
  row.values.push_back(weight);
  if (!row.radii.empty()) row.radii.push_back(0.0);
}

void add_term(AffineRow& row, Index element, const mpq_class& coefficient) {
  const Enclosed value = enclose(coefficient);
  row.elements.push_back(element);
  row.values.push_back(value.middle);
  if (value.radius != 0.0 || !row.radii.empty()) {
    row.radii.resize(row.values.size(), 0.0);
    row.radii.back() = value.radius;
  }
}

Tensor affine(Call& call, Shape shape, const std::vector<AffineRow>& rows) {
  Tensor result{.shape = std::move(shape)};
  const Index first = call.system.add_affine(rows);
  for (std::size_t k = 0; k < rows.size(); ++k)
    result.elements.push_back(first + static_cast<Index>(k));
  return result;
}

std::size_t axis_of(const Call& call, std::int64_t axis, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  if (axis < -r || axis >= r) call.fail("there is no axis " + std::to_string(axis));
  return static_cast<std::size_t>(axis < 0 ? axis + r : axis);
}

namespace {

template <class To, class Field>
void numbers(const std::string& raw, const Field& field, std::vector<double>& into) {
  if (raw.empty()) {
    for (const auto value : field) into.push_back(static_cast<double>(value));
    return;
  }
  for (std::size_t k = 0; k + sizeof(To) <= raw.size(); k += sizeof(To)) {
    To value;
    std::copy_n(raw.data() + k, sizeof(To), reinterpret_cast<char*>(&value));
    into.push_back(static_cast<double>(value));
  }
}

}  // namespace

Tensor read_tensor(const onnx::TensorProto& proto, const std::string& name) {
  static_assert(std::endian::native == std::endian::little);
  Tensor result{.constant = true};
  for (const std::int64_t extent : proto.dims()) result.shape.push_back(extent);
  if (proto.data_location() == onnx::TensorProto::EXTERNAL)
    throw Unreadable("network: weights in a file of their own are not supported here: " + name);
  switch (proto.data_type()) {
    case onnx::TensorProto::FLOAT:
      numbers<float>(proto.raw_data(), proto.float_data(), result.values);
      break;
    case onnx::TensorProto::DOUBLE:
      numbers<double>(proto.raw_data(), proto.double_data(), result.values);
      result.wide = true;
      break;
    case onnx::TensorProto::INT64:
      numbers<std::int64_t>(proto.raw_data(), proto.int64_data(), result.values);
      result.integer = true;
      break;
    case onnx::TensorProto::INT32:
      numbers<std::int32_t>(proto.raw_data(), proto.int32_data(), result.values);
      result.integer = true;
      break;
    default: throw Unreadable("network: " + name + " has a type that is not supported");
  }
  for (double& value : result.values) {
    constexpr double kLarge = 9007199254740992.0;  // shapes' "to the end" is beyond it
    if (result.integer) value = std::clamp(value, -kLarge, kLarge);
  }
  if (static_cast<std::int64_t>(result.values.size()) != count_of(result.shape))
    throw Unreadable("network: " + name + " has not as many values as its shape says");
  return result;
}

namespace {

class GraphReader {
 public:
  GraphReader(const onnx::ModelProto& model, const std::string& folder)
      : graph_(model.graph()), external_(folder) {
    for (const auto& set : model.opset_import())
      if (set.domain().empty() || set.domain() == "ai.onnx")
        opset_ = static_cast<int>(set.version());
    if (opset_ < 7) throw Unreadable("network: opsets before 7 are not supported");
    add_shape_operators(operators_);
    add_linear_operators(operators_);
    add_window_operators(operators_);
    add_elementwise_operators(operators_);
  }

  CheckedNetwork read() {
    for (const auto& tensor : graph_.initializer())
      if (!values_.emplace(tensor.name(), external_.read(tensor)).second)
        throw Unreadable("network: two weights are called " + tensor.name());
    if (graph_.sparse_initializer_size() > 0) throw Unreadable("network: sparse weights");
    read_inputs();
    for (const auto& node : graph_.node())
      for (const std::string& name : node.input()) ++uses_[name];
    for (const auto& output : graph_.output()) uses_[output.name()] += 2;
    for (const auto& node : graph_.node()) apply(node);
    for (const auto& output : graph_.output()) {
      Tensor& tensor = find(output.name());
      if (tensor.constant) throw Unreadable("network: an output does not depend on the input");
      network_.signature.outputs.push_back(tensor.size());
      network_.outputs.insert(network_.outputs.end(), tensor.elements.begin(),
                              tensor.elements.end());
    }
    network_.system.seal();
    return std::move(network_);
  }

 private:
  void read_inputs() {
    Index next = 0;
    std::set<std::string> names;
    for (const auto& input : graph_.input()) {
      if (!names.insert(input.name()).second)
        throw Unreadable("network: two inputs are called " + input.name());
      if (values_.contains(input.name())) continue;
      const auto& type = input.type().tensor_type();
      const bool wide = type.elem_type() == onnx::TensorProto::DOUBLE;
      if ((!wide && type.elem_type() != onnx::TensorProto::FLOAT) ||
          (next > 0 && wide != network_.signature.wide))
        throw Unreadable("network: the type of input " + input.name() + " is not supported");
      Tensor tensor;
      for (const auto& dim : type.shape().dim())
        tensor.shape.push_back(dim.has_dim_value() && dim.dim_value() > 0 ? dim.dim_value() : 1);
      for (std::int64_t k = count_of(tensor.shape); k > 0; --k) tensor.elements.push_back(next++);
      network_.signature.wide = tensor.wide = wide;
      network_.signature.inputs.push_back(tensor.size());
      values_[input.name()] = std::move(tensor);
    }
    network_.system = System(next);
  }

  Tensor& find(const std::string& name) {
    const auto found = values_.find(name);
    if (found == values_.end()) throw Unreadable("network: nothing computes " + name);
    return found->second;
  }

  void apply(const onnx::NodeProto& node) {
    const auto found = operators_.find(node.op_type());
    if (found == operators_.end() || (!node.domain().empty() && node.domain() != "ai.onnx"))
      throw Unreadable("network: the operator " + node.op_type() + " is not supported");
    Call call{.system = network_.system, .node = node, .inputs = {}, .opset = opset_};
    call.outputs = static_cast<std::size_t>(node.output_size());
    bool first = true;
    for (const std::string& name : node.input()) {
      call.inputs.push_back(name.empty() ? Tensor{.left_out = true} : find(name));
      if (name.empty() || call.inputs.back().constant || !first) continue;
      call.sole_use = uses_[name] == 1 && computed_.contains(name);
      first = false;
    }
    const Index before = network_.system.size();
    std::vector<Tensor> results = found->second(call);
    for (int k = 0; k < node.output_size(); ++k) {
      const std::string& name = node.output(k);
      if (name.empty()) continue;
      if (static_cast<std::size_t>(k) >= results.size()) {
        if (uses_[name] > 0) call.fail("its further outputs are not supported");
        continue;
      }
      Tensor& result = results[static_cast<std::size_t>(k)];
      if (static_cast<std::int64_t>(result.size()) != count_of(result.shape))
        call.fail("shapes do not fit");
      if (fresh(result, before)) computed_.insert(name);
      if (!values_.emplace(name, std::move(result)).second) call.fail("computed twice: " + name);
    }
  }

  /// True where no other tensor has any of its elements: they are new.
  static bool fresh(const Tensor& tensor, Index before) {
    return !tensor.constant && std::all_of(tensor.elements.begin(), tensor.elements.end(),
                                           [&](Index e) { return e >= before; });
  }

  const onnx::GraphProto& graph_;
  int opset_ = 0;
  ExternalWeights external_;
  Operators operators_;
  std::set<std::string> computed_;  // tensors that share none
  std::map<std::string, Tensor> values_;
  std::map<std::string, int> uses_;
  CheckedNetwork network_;
};

}  // namespace

CheckedNetwork read_onnx(const std::string& bytes, const std::string& folder) {
  onnx::ModelProto model;
  google::protobuf::io::CodedInputStream stream(
      reinterpret_cast<const std::uint8_t*>(bytes.data()),
      static_cast<int>(std::min<std::size_t>(bytes.size(), std::numeric_limits<int>::max())));
  stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
  if (!model.ParseFromCodedStream(&stream)) throw Unreadable("network: not an ONNX file");
  return GraphReader(model, folder).read();
}

}  // namespace clipcheck
