#include "specs/network/composite.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "specs/network/half.h"
#include "specs/network/op_table.h"

namespace clipbound::specs {

#define CLIPBOUND_COMPOSITE(id, onnx_name) void expand_##id(Expansion& e);
#include "specs/network/composite_list.def"
#undef CLIPBOUND_COMPOSITE

std::span<const CompositeRow> composite_table() {
  static constexpr std::array kRows = {
#define CLIPBOUND_COMPOSITE(id, onnx_name) CompositeRow{onnx_name, expand_##id},
#include "specs/network/composite_list.def"
#undef CLIPBOUND_COMPOSITE
  };
  return kRows;
}

namespace {

/// The opset whose rules the nodes of composites follow; newer ones change none that is used.
constexpr int kPartsOpset = 18;

const CompositeRow* find_composite(std::string_view onnx_name) {
  const auto rows = composite_table();
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const CompositeRow& row) {
    return onnx_name == row.onnx_name;
  });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

Expansion::Expansion(Network& network, Node node)
    : network_(network),
      node_(std::move(node)),
      first_value_(network.values.size()),
      first_node_(network.nodes.size()),
      results_(node_.outputs.size(), kNoValue),
      is_cast_(node_.outputs.size(), false) {}

bool Expansion::has(std::size_t i) const {
  return i < node_.inputs.size() && node_.inputs[i] != kNoValue;
}

ValueId Expansion::input(std::size_t i) const {
  if (!has(i)) throw InputError("input " + std::to_string(i) + " is missing");
  return node_.inputs[i];
}

bool Expansion::wants(std::size_t o) const {
  return o < node_.outputs.size() && node_.outputs[o] != kNoValue;
}

ValueId Expansion::new_value() {
  const ValueId id{static_cast<std::int32_t>(network_.values.size())};
  network_.values.emplace_back().name =
      node_.name + ":" + std::to_string(network_.values.size() - first_value_);
  return id;
}

ValueId Expansion::add(std::string_view onnx_name, std::vector<ValueId> inputs,
                       std::map<std::string, Attribute> attributes) {
  const OpRow* row = find_op(onnx_name);
  CLIPBOUND_CHECK_NOTE(row != nullptr, std::string(onnx_name));
  Node part{row->kind,         node_.name,    std::max(node_.opset, kPartsOpset),
            std::move(inputs), {new_value()}, std::move(attributes)};
  part.composite = node_.composite;
  const ValueId result = part.outputs[0];
  append_part(network_, std::move(part));
  return result;
}

ValueId Expansion::constant(Tensor tensor) {
  const ValueId id = new_value();
  Value& value = network_.value(id);
  value.type = tensor.type();
  value.shape = tensor.shape;
  value.integers = tensor.stored;
  value.constant = std::move(tensor);
  return id;
}

ValueId Expansion::integers(std::vector<std::int64_t> values) {
  const Shape shape{static_cast<std::int64_t>(values.size())};
  return constant({shape, std::move(values)});
}

ValueId Expansion::number(double value, ValueId like) {
  switch (type(like)) {
    case DataType::float32: return constant({{}, std::vector<float>{static_cast<float>(value)}});
    case DataType::float64: return constant({{}, std::vector<double>{value}});
    case DataType::int64: {
      Tensor tensor{{}, std::vector<std::int64_t>{static_cast<std::int64_t>(value)}};
      tensor.stored = network_.value(like).integers;
      return constant(std::move(tensor));
    }
    default: throw InputError(std::string("input is ") + name_of(type(like)));
  }
}

ValueId Expansion::retype(ValueId id, DataType type) {
  // onnx.proto, TensorProto.DataType.
  constexpr std::int64_t kFloat = 1, kInt64 = 7, kBool = 9, kDouble = 11;
  const std::int64_t to = type == DataType::float32   ? kFloat
                          : type == DataType::float64 ? kDouble
                          : type == DataType::int64   ? kInt64
                                                      : kBool;
  const ValueId result = add("Cast", {id}, {{"to", to}});
  if (!network_.is_constant(result)) network_.nodes.back().kind = OpKind::convert;
  return result;
}

ValueId Expansion::as_integers(ValueId id, StoredInteger integers) {
  const ValueId result = retype(id, DataType::int64);
  Value& value = network_.value(result);
  value.integers = integers;
  if (value.constant) value.constant->stored = integers;
  return result;
}

void Expansion::output(std::size_t o, ValueId value) {
  if (o < results_.size()) results_[o] = value;
}

void Expansion::output_of_cast(std::size_t o, ValueId value) {
  output(o, value);
  if (o < is_cast_.size()) is_cast_[o] = true;
}

/// Every node of the expansion that speaks of `made` speaks of `target` instead.
void Expansion::place(ValueId made, ValueId target) {
  Value& to = network_.value(target);
  const std::string name = std::move(to.name);
  to = std::exchange(network_.value(made), {});
  to.name = name;
  for (std::size_t n = first_node_; n < network_.nodes.size(); ++n) {
    Node& node = network_.nodes[n];
    std::replace(node.inputs.begin(), node.inputs.end(), made, target);
    std::replace(node.outputs.begin(), node.outputs.end(), made, target);
  }
}

void Expansion::finish() {
  for (std::size_t o = 0; o < results_.size(); ++o) {
    if (!wants(o)) continue;
    if (results_[o] == kNoValue)
      throw InputError("has " + std::to_string(results_.size()) + " outputs");
    const bool ours = index_of(results_[o]) >= first_value_;
    const auto uses = std::count(results_.begin(), results_.end(), results_[o]);
    const bool plain = ours && uses == 1 && !network_.is_constant(results_[o]);
    const Half own = network_.value(results_[o]).half;
    place(plain ? results_[o] : add("Identity", {results_[o]}), node_.outputs[o]);
    Value& placed = network_.value(node_.outputs[o]);
    if (placed.type != DataType::float32) continue;
    placed.half = is_cast_[o] ? own : half_of_inputs(network_, node_);
    if (placed.constant) round_to(placed.half, *placed.constant);
  }
  drop_unread();
}

void Expansion::drop_unread() {
  const auto is_new = [&](ValueId id) { return id != kNoValue && index_of(id) >= first_value_; };
  std::vector<ValueId> moved(network_.values.size() - first_value_, kNoValue);
  const auto place_of = [&](ValueId id) -> ValueId& { return moved[index_of(id) - first_value_]; };
  const auto all_ids = [&](const auto& body) {
    for (std::size_t n = first_node_; n < network_.nodes.size(); ++n) {
      for (ValueId& id : network_.nodes[n].inputs) body(id);
      for (ValueId& id : network_.nodes[n].outputs) body(id);
    }
  };
  all_ids([&](ValueId& id) {
    if (is_new(id)) place_of(id) = id;
  });
  std::size_t kept = first_value_;
  for (ValueId& id : moved) {
    if (id == kNoValue) continue;
    if (index_of(id) != kept) network_.values[kept] = std::move(network_.value(id));
    id = ValueId{static_cast<std::int32_t>(kept++)};
  }
  network_.values.resize(kept);
  all_ids([&](ValueId& id) {
    if (is_new(id)) id = place_of(id);
  });
}

bool is_known_operator(std::string_view onnx_name) {
  return find_op(onnx_name) != nullptr || find_composite(onnx_name) != nullptr;
}

Node new_node(std::string_view onnx_name, std::string name, int opset) {
  const bool composite = find_composite(onnx_name) != nullptr;
  const OpRow* row = composite ? nullptr : find_op(onnx_name);
  CLIPBOUND_CHECK_NOTE(composite || row != nullptr, std::string(onnx_name));
  Node node{composite ? OpKind::identity : row->kind, std::move(name), opset, {}, {}, {}};
  if (composite) node.composite = onnx_name;
  return node;
}

void append_operator(Network& network, Node node) {
  if (node.composite.empty()) return append_node(network, std::move(node));
  const CompositeRow* row = find_composite(node.composite);
  CLIPBOUND_CHECK_NOTE(row != nullptr, node.composite);
  const std::string where = describe(node) + ": ";
  try {
    if (node.outputs.empty()) throw InputError("has no output");
    Expansion expansion(network, std::move(node));
    row->expand(expansion);
    expansion.finish();
  } catch (const InputError& e) {
    throw InputError(where + e.what());
  } catch (const Unsupported& e) {
    throw Unsupported(where + e.what());
  }
}

}  // namespace clipbound::specs
