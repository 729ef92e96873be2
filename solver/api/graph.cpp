// GraphBuilder: specs/network/network_builder.h between the public types.
#include "solver/api/implementation.h"
#include "specs/network/network_builder.h"
#include "specs/onnx/onnx_reader.h"

namespace clipbound::v1 {

struct GraphBuilder::Implementation {
  NetworkBuilder builder;
  int opset;
};

namespace {

ValueId inner(GraphBuilder::Value value) {
  return ValueId{static_cast<std::int32_t>(value)};
}
GraphBuilder::Value outer(ValueId id) {
  return GraphBuilder::Value{static_cast<std::int32_t>(id)};
}

int checked(int opset) {
  if (opset >= kOldestOpset && opset <= kNewestOpset) return opset;
  throw InputError("opset " + std::to_string(opset) + " is not between " +
                   std::to_string(kOldestOpset) + " and " + std::to_string(kNewestOpset));
}

void check_value(const NetworkBuilder& builder, GraphBuilder::Value value) {
  if (value != GraphBuilder::Value::none &&
      index_of(inner(value)) < builder.network().values.size())
    return;
  throw InputError("this graph has no such tensor");
}

template <typename T>
GraphBuilder::Value add_constant(NetworkBuilder& builder, std::vector<std::int64_t> shape,
                                 std::vector<T> values) {
  return outer(builder.constant(Tensor{std::move(shape), std::move(values)}));
}

}  // namespace

GraphBuilder::GraphBuilder(int opset)
    : implementation_(
          std::make_unique<Implementation>(Implementation{NetworkBuilder(checked(opset)), opset})) {
}
GraphBuilder::~GraphBuilder() = default;
GraphBuilder::GraphBuilder(GraphBuilder&&) noexcept = default;
GraphBuilder& GraphBuilder::operator=(GraphBuilder&&) noexcept = default;

GraphBuilder::Value GraphBuilder::input(std::string_view name, std::vector<std::int64_t> shape,
                                        bool float64) {
  return outer(implementation_->builder.input(std::string(name), std::move(shape),
                                              float64 ? DataType::float64 : DataType::float32));
}

GraphBuilder::Value GraphBuilder::constant(std::vector<std::int64_t> shape,
                                           std::vector<float> values) {
  return add_constant(implementation_->builder, std::move(shape), std::move(values));
}
GraphBuilder::Value GraphBuilder::constant(std::vector<std::int64_t> shape,
                                           std::vector<double> values) {
  return add_constant(implementation_->builder, std::move(shape), std::move(values));
}
GraphBuilder::Value GraphBuilder::constant(std::vector<std::int64_t> shape,
                                           std::vector<std::int64_t> values) {
  return add_constant(implementation_->builder, std::move(shape), std::move(values));
}

GraphBuilder::Value GraphBuilder::add(std::string_view op, const std::vector<Value>& inputs,
                                      const std::vector<Attribute>& attributes) {
  return add(op, inputs, attributes, 1).front();
}

std::vector<GraphBuilder::Value> GraphBuilder::add(std::string_view op,
                                                   const std::vector<Value>& inputs,
                                                   const std::vector<Attribute>& attributes,
                                                   std::size_t outputs) {
  if (outputs == 0) throw InputError("an operator has at least one output");
  std::vector<ValueId> ids;
  for (const Value value : inputs) {
    if (value != Value::none) check_value(implementation_->builder, value);
    ids.push_back(inner(value));
  }
  std::map<std::string, ::clipbound::Attribute> inner_attributes;
  for (const Attribute& attribute : attributes) {
    inner_attributes[attribute.name] =
        std::visit([](const auto& held) { return ::clipbound::Attribute(held); }, attribute.value);
  }
  std::vector<Value> results;
  for (const ValueId id : implementation_->builder.add(std::string(op), std::move(ids),
                                                       std::move(inner_attributes), outputs)) {
    results.push_back(outer(id));
  }
  return results;
}

std::vector<std::int64_t> GraphBuilder::shape(Value value) const {
  check_value(implementation_->builder, value);
  return implementation_->builder.network().value(inner(value)).shape;
}

void GraphBuilder::output(Value value) {
  check_value(implementation_->builder, value);
  implementation_->builder.output(inner(value));
}

Network GraphBuilder::build() {
  auto network = std::make_shared<::clipbound::Network>(implementation_->builder.build());
  network->source = "memory";
  *implementation_ = {NetworkBuilder(implementation_->opset), implementation_->opset};
  return Network(
      std::make_shared<const Network::Implementation>(Network::Implementation{std::move(network)}));
}

}  // namespace clipbound::v1
