#include "specs/joint/declarations.h"

#include <algorithm>

#include "base/error.h"
#include "specs/network/integer_range.h"
#include "specs/network/op_table.h"
#include "specs/vnnlib/declarations.h"

namespace clipbound::specs {

namespace {

std::string title(const DeclaredTensor& tensor) {
  using Kind = DeclaredTensor::Kind;
  return std::string(tensor.kind == Kind::input    ? "input"
                     : tensor.kind == Kind::hidden ? "hidden tensor"
                                                   : "output") +
         " '" + tensor.name + "'";
}

/// "file:line:column: ", or nothing.
std::string at(const std::string& place) {
  return place.empty() ? "" : place + ": ";
}

std::string title(const DeclaredNetwork& network) {
  return "network '" + network.name + "'";
}

std::string listing(const DeclaredNetwork& declared, DeclaredTensor::Kind kind) {
  std::string text;
  for (const DeclaredTensor& tensor : declared.tensors)
    if (tensor.kind == kind) text += (text.empty() ? "" : ", ") + tensor.name;
  return text;
}

std::string listing(const Network& model, const std::vector<ValueId>& ids) {
  std::string text;
  for (const ValueId id : ids) text += (text.empty() ? "'" : ", '") + model.value(id).name + "'";
  return text;
}

void check_count(const DeclaredNetwork& declared, const Network& model, DeclaredTensor::Kind kind) {
  const bool inputs = kind == DeclaredTensor::Kind::input;
  const std::vector<ValueId>& ids = inputs ? model.inputs : model.outputs;
  const auto count = static_cast<std::size_t>(
      std::count_if(declared.tensors.begin(), declared.tensors.end(),
                    [kind](const DeclaredTensor& tensor) { return tensor.kind == kind; }));
  if (count == ids.size()) return;
  const std::string what = inputs ? "inputs" : "outputs";
  throw InputError(at(declared.place) + title(declared) + " declares " + std::to_string(count) +
                   " " + what + " (" + listing(declared, kind) + "), its model " + model.source +
                   " has " + std::to_string(ids.size()) + " (" + listing(model, ids) + ")");
}

/// The tensor of this name, else the first output of the node of this name.
ValueId hidden_value(const DeclaredNetwork& declared, const DeclaredTensor& tensor,
                     const Network& model) {
  for (std::size_t i = 0; i < model.values.size(); ++i)
    if (model.values[i].name == tensor.onnx_name) return ValueId{static_cast<std::int32_t>(i)};
  // Of the nodes that an operator is built of, the last one stands for the whole.
  for (auto node = model.nodes.rbegin(); node != model.nodes.rend(); ++node)
    if (node->name == tensor.onnx_name) return node->outputs[0];
  throw InputError(at(tensor.place) + title(tensor) + " of " + title(declared) + ": its model " +
                   model.source + " has no tensor and no node '" + tensor.onnx_name + "'");
}

void check_tensor(const DeclaredNetwork& declared, const DeclaredTensor& tensor,
                  const Network& model, ValueId id, std::vector<std::string>& warnings) {
  const Value& value = model.value(id);
  const std::string both =
      at(tensor.place) + title(tensor) + " of " + title(declared) + " is declared ";
  if (!fits(tensor.type, value))
    throw InputError(both + tensor.type_text + ", but '" + value.name + "' of its model " +
                     model.source + " is " + text_of_type(value));
  if (tensor.shape == value.shape) return;
  const std::string shapes = both + "with shape " + to_string(tensor.shape) + ", but '" +
                             value.name + "' of its model " + model.source + " has shape " +
                             to_string(value.shape);
  if (!same_elements(tensor.shape, value.shape)) throw InputError(shapes);
  warnings.push_back(shapes + ": the elements and their order are the same");
}

}  // namespace

std::string text_of_type(const Value& value) {
  return value.type == DataType::int64 ? name_of(value.integers) : name_of(value);
}

bool fits(DeclaredType type, const Value& value) {
  switch (type) {
    case DeclaredType::real: return true;
    case DeclaredType::float32: return value.type == DataType::float32 && value.half == Half::none;
    case DeclaredType::float64: return value.type == DataType::float64;
    case DeclaredType::float16: return value.half == Half::float16;
    case DeclaredType::bfloat16: return value.half == Half::bfloat16;
    case DeclaredType::boolean: return value.type == DataType::boolean;
    default: return value.type == DataType::int64 && name_of(type) == text_of_type(value);
  }
}

std::vector<DeclaredInput> declared_inputs(const DeclaredNetwork& network) {
  std::vector<DeclaredInput> inputs;
  for (const DeclaredTensor& tensor : network.tensors)
    if (tensor.kind == DeclaredTensor::Kind::input)
      inputs.push_back({title(tensor) + " of " + title(network), tensor.shape, tensor.initialized,
                        kind_of(tensor.type) == TypeKind::integer && !tensor.initialized});
  return inputs;
}

std::vector<ValueId> values_of(const DeclaredNetwork& declared, const Network& model,
                               std::vector<std::string>& warnings) {
  check_count(declared, model, DeclaredTensor::Kind::input);
  check_count(declared, model, DeclaredTensor::Kind::output);
  std::vector<ValueId> ids;
  std::size_t inputs = 0, outputs = 0;
  for (const DeclaredTensor& tensor : declared.tensors) {
    ids.push_back(tensor.kind == DeclaredTensor::Kind::input ? model.inputs[inputs++]
                  : tensor.kind == DeclaredTensor::Kind::output
                      ? model.outputs[outputs++]
                      : hidden_value(declared, tensor, model));
    // What an initialised input holds was converted already.
    if (!tensor.initialized) check_tensor(declared, tensor, model, ids.back(), warnings);
  }
  return ids;
}

}  // namespace clipbound::specs
