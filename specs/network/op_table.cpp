#include "specs/network/op_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "base/check.h"
#include "specs/network/half.h"
#include "specs/network/integer_range.h"
#include "specs/network/operation.h"

namespace clipbound::specs {

#define CLIPBOUND_OP(id, ...) OpVerbs verbs_of_##id();
#define CLIPBOUND_OP_FORM CLIPBOUND_OP
#include "specs/network/op_list.def"
#undef CLIPBOUND_OP

std::span<const OpRow> op_table() {
  using enum OpTrait;
  static const std::array rows = {
#define CLIPBOUND_OP(id, onnx_name, op_class, lowering, traits) \
  OpRow{OpKind::id, onnx_name, OpClass::op_class, traits, verbs_of_##id()},
#define CLIPBOUND_OP_FORM CLIPBOUND_OP
#include "specs/network/op_list.def"
#undef CLIPBOUND_OP
  };
  return rows;
}

std::size_t op_count() {
  return op_table().size();
}

const OpRow& op_row(OpKind kind) {
  CLIPBOUND_CHECK(static_cast<std::size_t>(kind) < op_count());
  return op_table()[static_cast<std::size_t>(kind)];
}

const OpRow* find_op(std::string_view onnx_name) {
  const auto rows = op_table();
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const OpRow& r) { return onnx_name == r.onnx_name; });
  return found == rows.end() ? nullptr : &*found;
}

Half half_of_inputs(const Network& network, const Node& node) {
  for (const ValueId id : node.inputs) {
    if (id == kNoValue) continue;
    const Value& v = network.value(id);
    if (v.type == DataType::float32 || v.type == DataType::float64) return v.half;
  }
  return Half::none;
}

std::string operator_name(const Node& node) {
  return node.composite.empty() ? op_row(node.kind).onnx_name : node.composite;
}

std::string describe(const Node& node) {
  return "node '" + node.name + "' (" + operator_name(node) + ", opset " +
         std::to_string(node.opset) + ")";
}

namespace {

template <typename S>
std::vector<S> values_as(const Tensor& tensor) {
  return std::visit(
      [](const auto& held) {
        std::vector<S> values;
        values.reserve(held.size());
        for (const auto x : held) values.push_back(static_cast<S>(x));
        return values;
      },
      tensor.values);
}

template <typename To, typename S>
std::vector<To> converted(std::vector<S>& values) {
  if constexpr (std::is_same_v<S, To>) {
    return std::move(values);
  } else {
    constexpr double kTooLarge = 0x1p63;
    for (const S x : values)
      if (std::is_integral_v<To> && !(std::fabs(static_cast<double>(x)) < kTooLarge))
        throw InputError("a computed constant is no integer");
    std::vector<To> result;
    for (const S x : values) result.push_back(static_cast<To>(x));
    return result;
  }
}

template <typename S>
Tensor tensor_of(const Shape& shape, DataType type, std::vector<S>& values) {
  switch (type) {
    case DataType::boolean: {
      std::vector<std::uint8_t> bits;
      for (const S x : values) bits.push_back(x != S(0));
      return {shape, std::move(bits)};
    }
    case DataType::int64: return {shape, converted<std::int64_t>(values)};
    case DataType::float32: return {shape, converted<float>(values)};
    default: return {shape, converted<double>(values)};
  }
}

template <typename S>
std::vector<Tensor> evaluate_constant_as(const Network& network, const Node& node) {
  std::vector<std::vector<S>> inputs(node.inputs.size()), outputs(node.outputs.size());
  std::vector<const S*> from(node.inputs.size(), nullptr);
  std::vector<S*> to(node.outputs.size(), nullptr);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (node.inputs[i] == kNoValue) continue;
    inputs[i] = values_as<S>(*network.value(node.inputs[i]).constant);
    from[i] = inputs[i].data();
  }
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    outputs[o].resize(static_cast<std::size_t>(network.value(node.outputs[o]).size()));
    to[o] = outputs[o].data();
  }
  op_row(node.kind).verbs.prepare(network, node)->eval(Arguments<S>{1, from, to, Sums::natural});
  std::vector<Tensor> tensors;
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    const Value& v = network.value(node.outputs[o]);
    tensors.push_back(tensor_of(v.shape, v.type, outputs[o]));
    round_to(v.half, tensors.back());
    keep_in_range(v, node, tensors.back());
  }
  return tensors;
}

bool all_inputs_constant(const Network& network, const Node& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(),
                     [&](ValueId id) { return id == kNoValue || network.is_constant(id); });
}

/// Shape arithmetic is computed while reading, because shapes depend on it. Larger tensors wait for
/// simplify().
bool is_shape_arithmetic(const Network& network, const Node& node) {
  // Exporters compute sizes in floating point too: Shape, Cast, Mul, Floor, Cast, Resize.
  constexpr std::int64_t kLargest = 1 << 20, kLargestFloating = 8;
  return std::all_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) {
    const Value& v = network.value(id);
    const bool integers = v.type == DataType::int64 || v.type == DataType::boolean;
    return v.size() <= (integers ? kLargest : kLargestFloating);
  });
}

/// Which integers the outputs are: what infer() does not say.
void set_integers(Network& network, const Node& node) {
  for (std::size_t o = 0; o < node.outputs.size(); ++o) {
    if (node.outputs[o] == kNoValue) continue;
    Value& y = network.value(node.outputs[o]);
    if (y.constant)
      y.integers = y.constant->stored;
    else if (y.type == DataType::int64)
      y.integers = integers_of_output(network, node, o);
  }
}

void infer_and_append(Network& network, Node& node) {
  op_row(node.kind).verbs.infer(network, node);
  set_integers(network, node);
  const auto constant = [&](ValueId id) { return id == kNoValue || network.is_constant(id); };
  if (std::all_of(node.outputs.begin(), node.outputs.end(), constant)) return;
  if (all_inputs_constant(network, node) && is_shape_arithmetic(network, node)) {
    std::vector<Tensor> results = evaluate_constant(network, node);
    for (std::size_t o = 0; o < results.size(); ++o)
      network.value(node.outputs[o]).constant = std::move(results[o]);
    return;
  }
  for (const ValueId id : node.outputs) {
    const Value& v = network.value(id);
    if (!v.constant && v.size() == 0)
      throw Unsupported("output '" + v.name + "' is empty: " + to_string(v.shape));
  }
  network.nodes.push_back(std::move(node));
}

}  // namespace

void append_part(Network& network, Node node) {
  infer_and_append(network, node);
}

void append_node(Network& network, Node node) {
  const std::string where = describe(node) + ": ";  // before infer may change the node
  try {
    infer_and_append(network, node);
  } catch (const InputError& e) {
    throw InputError(where + e.what());
  } catch (const Unsupported& e) {
    throw Unsupported(where + e.what());
  }
}

std::vector<Tensor> evaluate_constant(const Network& network, const Node& node) {
  CLIPBOUND_CHECK_NOTE(all_inputs_constant(network, node), node.name);
  // The widest type among inputs and outputs; integer inputs of float operators are parameters,
  // exact in float32 as far as they can matter.
  DataType widest = DataType::int64;
  const auto widen = [&](ValueId id) {
    if (id == kNoValue) return;
    const DataType type = network.value(id).type;
    if (type == DataType::float64) widest = type;
    if (type == DataType::float32 && widest == DataType::int64) widest = type;
  };
  std::for_each(node.inputs.begin(), node.inputs.end(), widen);
  std::for_each(node.outputs.begin(), node.outputs.end(), widen);
  if (widest == DataType::float64) return evaluate_constant_as<double>(network, node);
  if (widest == DataType::float32) return evaluate_constant_as<float>(network, node);
  return evaluate_constant_as<std::int64_t>(network, node);
}

}  // namespace clipbound::specs
