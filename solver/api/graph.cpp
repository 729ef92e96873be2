// Idea: GraphBuilder is specs/network/network_builder.h between the public types.
// Source: own.
// Guarantees: those of what it calls.
#include "solver/api/implementation.h"
#include "specs/network/network_builder.h"
#include "specs/onnx/onnx_reader.h"

namespace clipbound {

struct GraphBuilder::Implementation {
  specs::NetworkBuilder builder;
  int opset;
};

namespace {

specs::ValueId inner(GraphBuilder::Value value) {
  return specs::ValueId{static_cast<std::int32_t>(value)};
}
GraphBuilder::Value outer(specs::ValueId id) {
  return GraphBuilder::Value{static_cast<std::int32_t>(id)};
}

int checked(int opset) {
  if (opset >= specs::kOldestOpset && opset <= specs::kNewestOpset) return opset;
  throw InputError("opset " + std::to_string(opset) + " is not between " +
                   std::to_string(specs::kOldestOpset) + " and " +
                   std::to_string(specs::kNewestOpset));
}

void check_value(const specs::NetworkBuilder& builder, GraphBuilder::Value value) {
  if (value != GraphBuilder::Value::none &&
      specs::index_of(inner(value)) < builder.network().values.size())
    return;
  throw InputError("this graph has no such tensor");
}

template <typename T>
GraphBuilder::Value add_constant(specs::NetworkBuilder& builder, std::vector<std::int64_t> shape,
                                 std::vector<T> values) {
  return outer(builder.constant(specs::Tensor{std::move(shape), std::move(values)}));
}

}  // namespace

CLIPBOUND_ANY_CPU GraphBuilder::GraphBuilder(int opset) {
  base::require_cpu();
  implementation_ = std::make_unique<Implementation>(
      Implementation{specs::NetworkBuilder(checked(opset)), opset});
}
GraphBuilder::~GraphBuilder() = default;
GraphBuilder::GraphBuilder(GraphBuilder&&) noexcept = default;
GraphBuilder& GraphBuilder::operator=(GraphBuilder&&) noexcept = default;

GraphBuilder::Value GraphBuilder::input(std::string_view name, std::vector<std::int64_t> shape,
                                        bool float64) {
  return outer(implementation_->builder.input(
      std::string(name), std::move(shape),
      float64 ? specs::DataType::float64 : specs::DataType::float32));
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
  std::vector<specs::ValueId> ids;
  for (const Value value : inputs) {
    if (value != Value::none) check_value(implementation_->builder, value);
    ids.push_back(inner(value));
  }
  std::map<std::string, specs::Attribute> inner_attributes;
  for (const Attribute& attribute : attributes) {
    inner_attributes[attribute.name] =
        std::visit([](const auto& held) { return specs::Attribute(held); }, attribute.value);
  }
  std::vector<Value> results;
  for (const specs::ValueId id : implementation_->builder.add(
           std::string(op), std::move(ids), std::move(inner_attributes), outputs)) {
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
  auto network = std::make_shared<specs::Network>(implementation_->builder.build());
  network->source = "memory";
  *implementation_ = {specs::NetworkBuilder(implementation_->opset), implementation_->opset};
  return Network(
      std::make_shared<const Network::Implementation>(Network::Implementation{std::move(network)}));
}

}  // namespace clipbound
