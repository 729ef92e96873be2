// Idea: Shape, Size, ConstantOfShape, Range, NonZero: outputs that follow from shapes and constants,
// so that no node ever stays.
// Source: ONNX operator specification, Shape, Size, ConstantOfShape, Range, NonZero.
// Guarantees: outputs are constants; what would depend on the input is refused.
#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "specs/ops/op_support.h"

namespace clipbound::specs {
namespace {

/// Elements that a computed constant may have; more is a mistake or an attack.
constexpr std::int64_t kLargestConstant = std::int64_t{1} << 26;

void set_constant(Network& network, const Node& node, Tensor tensor) {
  set_output(network, node, 0, tensor.type(), tensor.shape);
  network.value(node.outputs[0]).half = tensor.half;
  network.value(node.outputs[0]).constant = std::move(tensor);
}

/// Dimensions start to end (opset 15), negative ones counted from the last.
void infer_shape(Network& network, Node& node) {
  expect_arity(node, 1, 1);
  const Shape& shape = input_of(network, node, 0).shape;
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto place = [rank](std::int64_t i) {
    return std::clamp<std::int64_t>(i < 0 ? i + rank : i, 0, rank);
  };
  const std::int64_t start = place(node.int_attribute("start", 0)),
                     end = place(node.int_attribute("end", rank));
  std::vector<std::int64_t> part;
  for (std::int64_t i = start; i < end; ++i) part.push_back(shape[static_cast<std::size_t>(i)]);
  set_constant(network, node, {{static_cast<std::int64_t>(part.size())}, part});
}

void infer_size(Network& network, Node& node) {
  expect_arity(node, 1, 1);
  set_constant(network, node, {{}, std::vector<std::int64_t>{input_of(network, node, 0).size()}});
}

void infer_constant_of_shape(Network& network, Node& node) {
  expect_arity(node, 1, 1);
  const Shape shape = constant_ints(network, node, 0, "the shape");
  const std::int64_t size = element_count(shape);
  if (size > kLargestConstant) throw InputError("absurd shape " + to_string(shape));
  Tensor value{{1}, std::vector<float>{0.0f}};
  if (const auto given = node.attributes.find("value"); given != node.attributes.end()) {
    const auto* tensor = std::get_if<Tensor>(&given->second);
    if (tensor == nullptr || tensor->size() != 1)
      throw InputError("attribute 'value' is no tensor of one element");
    value = *tensor;
  }
  std::visit(
      [size](auto& held) {
        const auto element = held[0];
        held.assign(static_cast<std::size_t>(size), element);
      },
      value.values);
  value.shape = shape;
  set_constant(network, node, std::move(value));
}

/// start, start + delta, ... as long as it is below (above) the limit.
template <typename S>
std::vector<S> range_of(S start, S limit, S delta) {
  if (delta == S(0)) throw InputError("the step is 0");
  const double count = std::ceil((static_cast<double>(limit) - static_cast<double>(start)) /
                                 static_cast<double>(delta));
  if (!(count <= static_cast<double>(kLargestConstant)))
    throw InputError("absurd number of elements");
  std::vector<S> values;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(std::max(count, 0.0)); ++i)
    values.push_back(start + static_cast<S>(i) * delta);
  return values;
}

void infer_range(Network& network, Node& node) {
  expect_arity(node, 3, 3);
  expect_same_type(network, node, 0, 1);
  expect_same_type(network, node, 0, 2);
  for (std::size_t i = 0; i < 3; ++i) {
    const Value& v = input_of(network, node, i);
    if (!v.constant) throw Unsupported("'" + v.name + "' depends on the network's input");
    if (v.size() != 1) throw InputError("'" + v.name + "' is no scalar");
  }
  Tensor tensor;
  std::visit(
      [&](const auto& start) {
        using Held = std::decay_t<decltype(start)>;
        if constexpr (std::is_same_v<Held, std::vector<std::uint8_t>>) {
          throw InputError("inputs are boolean");
        } else {
          const auto& limit = std::get<Held>(input_of(network, node, 1).constant->values);
          const auto& delta = std::get<Held>(input_of(network, node, 2).constant->values);
          tensor.values = range_of(start[0], limit[0], delta[0]);
        }
      },
      input_of(network, node, 0).constant->values);
  tensor.shape = {
      std::visit([](const auto& v) { return static_cast<std::int64_t>(v.size()); }, tensor.values)};
  set_constant(network, node, std::move(tensor));
}

/// Where a constant is not 0: one column of positions per element, [rank, count].
void infer_non_zero(Network& network, Node& node) {
  expect_arity(node, 1, 1);
  const Value& v = input_of(network, node, 0);
  if (!v.constant) throw Unsupported("'" + v.name + "' depends on the network's input");
  const Shape shape = v.shape.empty() ? Shape{1} : v.shape;
  const std::vector<std::int64_t> strides = strides_of(shape);
  std::vector<std::int64_t> found, positions;
  std::visit(
      [&](const auto& held) {
        for (std::size_t i = 0; i < held.size(); ++i)
          if (held[i] != 0) found.push_back(static_cast<std::int64_t>(i));
      },
      v.constant->values);
  for (std::size_t d = 0; d < shape.size(); ++d)
    for (const std::int64_t i : found) positions.push_back(i / strides[d] % shape[d]);
  set_constant(network, node,
               {{static_cast<std::int64_t>(shape.size()), static_cast<std::int64_t>(found.size())},
                std::move(positions)});
}

std::unique_ptr<const Operation> prepare(const Network&, const Node& node) {
  CLIPBOUND_CHECK_NOTE(false, node.name + " should have become a constant value");
  return nullptr;
}

}  // namespace

OpVerbs verbs_of_shape() {
  return {infer_shape, prepare};
}
OpVerbs verbs_of_size() {
  return {infer_size, prepare};
}
OpVerbs verbs_of_constant_of_shape() {
  return {infer_constant_of_shape, prepare};
}
OpVerbs verbs_of_range() {
  return {infer_range, prepare};
}
OpVerbs verbs_of_non_zero() {
  return {infer_non_zero, prepare};
}

}  // namespace clipbound::specs
