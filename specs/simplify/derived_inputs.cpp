#include "specs/simplify/derived_inputs.h"

#include <algorithm>

#include "specs/network/op_table.h"

namespace clipbound::specs {

namespace {

constexpr int kOpset = 18;

/// Adds nodes in front of a network's own.
class Prefix {
 public:
  explicit Prefix(const Network& network) : type_(network.input_type()) {
    result_.source = network.source;
    result_.values = network.values;
    result_.inputs = network.inputs;
  }

  ValueId add(OpKind kind, std::vector<ValueId> inputs,
              std::map<std::string, Attribute> attributes = {}) {
    const ValueId output = new_value(type_, {});
    append_node(
        result_,
        Node{kind, "equated_inputs", kOpset, std::move(inputs), {output}, std::move(attributes)});
    return output;
  }
  ValueId reshape(ValueId value, const Shape& shape) {
    return add(OpKind::reshape,
               {value, constant(Tensor{{static_cast<std::int64_t>(shape.size())}, shape})});
  }
  ValueId numbers(const std::vector<double>& values) {
    const Shape shape{static_cast<std::int64_t>(values.size())};
    if (type_ == DataType::float64) return constant(Tensor{shape, values});
    return constant(Tensor{shape, std::vector<float>(values.begin(), values.end())});
  }
  ValueId integers(std::vector<std::int64_t> values) {
    const Shape shape{static_cast<std::int64_t>(values.size())};
    return constant(Tensor{shape, std::move(values)});
  }
  Network take() { return std::move(result_); }

 private:
  ValueId new_value(DataType type, Shape shape) {
    const ValueId id{static_cast<std::int32_t>(result_.values.size())};
    result_.values.push_back(
        {"equated_" + std::to_string(result_.values.size()), type, std::move(shape), std::nullopt});
    return id;
  }
  ValueId constant(Tensor tensor) {
    const ValueId id = new_value(tensor.type(), tensor.shape);
    result_.value(id).constant = std::move(tensor);
    return id;
  }

  const DataType type_;
  Network result_;
};

/// One input tensor: its elements `part` of the derived inputs, made of `all` inputs in one row and
/// of its own, `own`.
ValueId derive(Prefix& prefix, std::span<const std::optional<DerivedInput>> part,
               std::int64_t first, ValueId all, ValueId own) {
  std::vector<std::int64_t> from;
  std::vector<double> scale, bias, deviation;
  bool copies = true;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const std::int64_t self = first + static_cast<std::int64_t>(i);
    const DerivedInput input =
        part[i] ? *part[i] : DerivedInput{static_cast<std::int32_t>(self), 1.0, 0.0, false};
    from.push_back(input.from);
    scale.push_back(input.scale);
    bias.push_back(input.bias);
    deviation.push_back(input.has_deviation ? 1.0 : 0.0);
    copies = copies && input.is_copy();
  }
  const ValueId picked = prefix.add(OpKind::gather, {all, prefix.integers(std::move(from))},
                                    {{"axis", std::int64_t{0}}});
  if (copies) return picked;
  const ValueId scaled = prefix.add(OpKind::mul, {picked, prefix.numbers(scale)});
  const ValueId shifted = prefix.add(OpKind::add, {scaled, prefix.numbers(bias)});
  const ValueId off = prefix.add(OpKind::mul, {own, prefix.numbers(deviation)});
  return prefix.add(OpKind::add, {shifted, off});
}

}  // namespace

std::shared_ptr<const Network> with_derived_inputs(
    const Network& network, const std::vector<std::optional<DerivedInput>>& derived) {
  Prefix prefix(network);
  std::vector<ValueId> rows;
  for (const ValueId id : network.inputs)
    rows.push_back(prefix.reshape(id, {network.value(id).size()}));
  const ValueId all = rows.size() == 1
                          ? rows.front()
                          : prefix.add(OpKind::concat, rows, {{"axis", std::int64_t{0}}});
  std::vector<ValueId> stands_for(network.values.size());
  for (std::size_t i = 0; i < stands_for.size(); ++i)
    stands_for[i] = ValueId{static_cast<std::int32_t>(i)};
  std::int64_t first = 0;
  for (std::size_t t = 0; t < network.inputs.size(); ++t) {
    const Value& input = network.value(network.inputs[t]);
    const std::span part(derived.data() + first, static_cast<std::size_t>(input.size()));
    if (std::any_of(part.begin(), part.end(), [](const auto& d) { return d.has_value(); })) {
      stands_for[index_of(network.inputs[t])] =
          prefix.reshape(derive(prefix, part, first, all, rows[t]), input.shape);
    }
    first += input.size();
  }
  Network result = prefix.take();
  for (Node node : network.nodes) {
    for (ValueId& id : node.inputs)
      if (id != kNoValue) id = stands_for[index_of(id)];
    result.nodes.push_back(std::move(node));
  }
  for (const ValueId id : network.outputs) result.outputs.push_back(stands_for[index_of(id)]);
  result.validate();
  return std::make_shared<const Network>(std::move(result));
}

}  // namespace clipbound::specs
