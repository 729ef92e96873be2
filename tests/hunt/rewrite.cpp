#include "tests/hunt/rewrite.h"

#include <cstdio>

#include "base/error.h"
#include "specs/network/network_builder.h"
#include "specs/network/op_table.h"
#include "specs/simplify/passes.h"

namespace clipbound::test {

namespace {

/// Builds a network anew, node by node, so that shapes are inferred and checked.
class Rebuilder {
 public:
  explicit Rebuilder(const Network& network)
      : from_(network),
        builder_(network.nodes.empty() ? 18 : network.nodes.front().opset),
        ids_(network.values.size(), kNoValue) {
    for (const ValueId id : network.inputs) {
      const Value& input = network.value(id);
      ids_[index_of(id)] = builder_.input(input.name, input.shape, input.type);
    }
  }
  void copy(const Node& node) {
    std::vector<ValueId> inputs;
    for (const ValueId id : node.inputs) inputs.push_back(now(id));
    const std::vector<ValueId> outputs =
        builder_.add(op_row(node.kind).onnx_name, inputs, node.attributes, node.outputs.size());
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      if (node.outputs[k] != kNoValue) ids_[index_of(node.outputs[k])] = outputs[k];
    }
  }
  void replace(ValueId id, ValueId by) { ids_[index_of(id)] = now(by); }
  void replace(ValueId id, std::vector<float> by) {
    ids_[index_of(id)] = builder_.constant(from_.value(id).shape, std::move(by));
  }
  void output(ValueId id) { builder_.output(now(id)); }
  std::shared_ptr<const Network> finish() {
    Network network = builder_.build();
    drop_dead(network);
    network.validate();
    return std::make_shared<const Network>(std::move(network));
  }

 private:
  ValueId now(ValueId id) {
    if (id == kNoValue) return id;
    ValueId& to = ids_[index_of(id)];
    if (to == kNoValue && from_.is_constant(id)) to = builder_.constant(*from_.value(id).constant);
    return to;
  }

  const Network& from_;
  NetworkBuilder builder_;
  std::vector<ValueId> ids_;
};

bool is_float(const Value& value) {
  return value.type == DataType::float32 && !value.constant;
}

bool is_possible(const Network& network, const Edit& edit) {
  const Node& node = network.nodes[edit.node];
  const Value& output = network.value(node.outputs[0]);
  switch (edit.kind) {
    case Edit::cut: return is_float(output);
    case Edit::freeze:
      return is_float(output) && static_cast<std::int64_t>(edit.values.size()) == output.size();
    default: {
      const ValueId input = node.inputs[edit.input];
      return input != kNoValue && !network.is_constant(input) &&
             network.value(input).type == output.type && network.value(input).shape == output.shape;
    }
  }
}

template <class T>
std::string list_of(const std::vector<T>& values, const char* format, const char* suffix = "") {
  std::string text = "{";
  for (const T v : values) {
    char number[40];
    std::snprintf(number, sizeof number, format, v);
    text += (text.size() > 1 ? ", " : "") + std::string(number) + suffix;
  }
  return text + "}";
}

std::string text_of(const Tensor& tensor) {
  const std::string shape = "Tensor{Shape" + list_of(tensor.shape, "%ld") + ", ";
  struct {
    std::string operator()(const std::vector<float>& v) const {
      return "std::vector<float>" + list_of(v, "%.8eF");
    }
    std::string operator()(const std::vector<double>& v) const {
      return "std::vector<double>" + list_of(v, "%.16e");
    }
    std::string operator()(const std::vector<std::int64_t>& v) const {
      return "std::vector<std::int64_t>" + list_of(v, "%ld");
    }
    std::string operator()(const std::vector<std::uint8_t>& v) const {
      return "std::vector<std::uint8_t>" + list_of(v, "%hhu");
    }
  } text;
  return shape + std::visit(text, tensor.values) + "}";
}

std::string text_of(const Attribute& attribute) {
  struct {
    std::string operator()(std::int64_t v) const {
      return "std::int64_t{" + std::to_string(v) + "}";
    }
    std::string operator()(double v) const {
      char number[40];
      std::snprintf(number, sizeof number, "%.16e", v);
      return number;
    }
    std::string operator()(const std::string& v) const { return "std::string(\"" + v + "\")"; }
    std::string operator()(const std::vector<std::int64_t>& v) const {
      return "std::vector<std::int64_t>" + list_of(v, "%ld");
    }
    std::string operator()(const std::vector<double>& v) const {
      return "std::vector<double>" + list_of(v, "%.16e");
    }
    std::string operator()(const std::vector<std::string>& v) const {
      std::string text = "std::vector<std::string>{";
      for (const std::string& word : v) text += "\"" + word + "\",";
      return text + "}";
    }
    std::string operator()(const Tensor& v) const { return text_of(v); }
  } text;
  return std::visit(text, attribute);
}

std::string name_of(ValueId id) {
  return id == kNoValue ? "kNoValue" : "v" + std::to_string(index_of(id));
}

}  // namespace

std::shared_ptr<const Network> rewritten(const Network& network, const Edit& edit) {
  if (!is_possible(network, edit)) return nullptr;
  try {
    Rebuilder rebuilder(network);
    for (std::size_t n = 0; n < network.nodes.size(); ++n) {
      const Node& node = network.nodes[n];
      if (n == edit.node && edit.kind == Edit::bypass) {
        rebuilder.replace(node.outputs[0], node.inputs[edit.input]);
      } else if (n == edit.node && edit.kind == Edit::freeze) {
        rebuilder.replace(node.outputs[0], edit.values);
      } else {
        rebuilder.copy(node);
      }
      if (n == edit.node && edit.kind == Edit::cut) {
        rebuilder.output(node.outputs[0]);
        return rebuilder.finish();
      }
    }
    for (const ValueId id : network.outputs) rebuilder.output(id);
    return rebuilder.finish();
  } catch (const std::exception&) {
    return nullptr;  // the operators do not fit, or nothing depends on the inputs
  }
}

std::vector<float> floats_of(const Network& network, std::size_t value) {
  const std::optional<Tensor>& constant = network.values[value].constant;
  if (!constant || constant->type() != DataType::float32) return {};
  return std::get<std::vector<float>>(constant->values);
}

std::string code_of(const Network& network) {
  std::string code;
  for (const ValueId id : network.inputs) {
    const Value& input = network.value(id);
    code += "auto " + name_of(id) + " = b.input(\"" + input.name + "\", " +
            list_of(input.shape, "%ld") + ");\n";
  }
  for (std::size_t v = 0; v < network.values.size(); ++v) {
    if (network.values[v].constant)
      code += "auto v" + std::to_string(v) + " = b.constant(" +
              text_of(*network.values[v].constant) + ");\n";
  }
  for (const Node& node : network.nodes) {
    std::string inputs, attributes;
    for (const ValueId id : node.inputs) inputs += (inputs.empty() ? "" : ", ") + name_of(id);
    for (const auto& [key, value] : node.attributes)
      attributes += (attributes.empty() ? "{\"" : ", {\"") + key + "\", " + text_of(value) + "}";
    code += "auto " + name_of(node.outputs[0]) + " = b.add(\"" + op_row(node.kind).onnx_name +
            "\", {" + inputs + "}" + (attributes.empty() ? "" : ", {" + attributes + "}") + ");\n";
  }
  for (const ValueId id : network.outputs) code += "b.output(" + name_of(id) + ");\n";
  return code;
}

}  // namespace clipbound::test
