// Idea: Cast. Between floating types, and from integers and truth values to anything but a truth
// value, the number stays (the form `convert`; evaluation rounds to the narrower format, and wraps
// around at the range of the narrower integers, by itself: specs/evaluate/evaluation_plan.h). To
// integers it is cut towards 0; to a truth value, it is compared with 0. To integers of 8 or 16
// bits, integers are cast, and constants that fit.
// Source: ONNX operator specification, Cast.
// Guarantees: the form `convert` copies exactly (S1); a running error that reaches over a step
// becomes the step.
#include <algorithm>
#include <array>

#include "specs/ops/elementwise.h"
#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

/// The element types of the standard that a cast may aim at (onnx.proto, TensorProto.DataType).
enum ElementType : std::int64_t {
  kFloat = 1,
  kInt32 = 6,
  kInt64 = 7,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kBfloat16 = 16
};

struct Target {
  DataType type;
  Half half = Half::none;
  StoredInteger integers = StoredInteger::int64;
};

Target target_of(const Node& node) {
  // Before opset 6 the type was written out.
  static const std::map<std::string, std::int64_t> kNames = {
      {"FLOAT", kFloat}, {"DOUBLE", kDouble}, {"INT64", kInt64},
      {"INT32", kInt32}, {"BOOL", kBool},     {"FLOAT16", kFloat16}};
  std::int64_t to = 0;
  if (node.opset < 6) {
    const auto named = kNames.find(string_attribute(node, "to", ""));
    if (named != kNames.end()) to = named->second;
  } else {
    to = node.int_attribute("to", 0);
  }
  switch (to) {
    case kFloat: return {DataType::float32};
    case kFloat16: return {DataType::float32, Half::float16};
    case kBfloat16: return {DataType::float32, Half::bfloat16};
    case kDouble: return {DataType::float64};
    case kInt32: return {DataType::int64, Half::none, StoredInteger::int32};
    case kInt64: return {DataType::int64};
    case kBool: return {DataType::boolean};
    default: throw Unsupported("a cast to element type " + std::to_string(to));
  }
}

struct NarrowIntegers {
  std::int64_t to;
  StoredInteger stored;
  double low, high;
};
constexpr std::array kNarrowIntegers = {NarrowIntegers{2, StoredInteger::uint8, 0.0, 255.0},
                                        NarrowIntegers{3, StoredInteger::int8, -128.0, 127.0},
                                        NarrowIntegers{4, StoredInteger::uint16, 0.0, 65535.0},
                                        NarrowIntegers{5, StoredInteger::int16, -32768.0, 32767.0}};

/// nullptr where the cast aims at something else.
const NarrowIntegers* narrow_target(const Node& node) {
  if (node.opset < 6) return nullptr;
  const std::int64_t to = node.int_attribute("to", 0);
  const auto* found = std::find_if(kNarrowIntegers.begin(), kNarrowIntegers.end(),
                                   [&](const NarrowIntegers& row) { return row.to == to; });
  return found == kNarrowIntegers.end() ? nullptr : found;
}

/// Numbers outside the range wrap, or are anything: they are refused.
void cast_constant(Network& network, const Node& node, const NarrowIntegers& narrow) {
  const Value& x = input_of(network, node, 0);
  if (!x.constant)
    throw Unsupported("a cast of numbers that are no constant to integers of 8 or 16 bits");
  Tensor result{x.shape, std::vector<std::int64_t>{}};
  auto& integers = std::get<std::vector<std::int64_t>>(result.values);
  for (const double number : x.constant->as_float64()) {
    const double cut = std::trunc(number);
    if (!(cut >= narrow.low && cut <= narrow.high))
      throw Unsupported("a cast of a number outside the range of its integers");
    integers.push_back(static_cast<std::int64_t>(cut));
  }
  result.stored = narrow.stored;
  set_output(network, node, 0, DataType::int64, result.shape);
  network.value(node.outputs[0]).constant = std::move(result);
}

bool is_floating(DataType type) {
  return type == DataType::float32 || type == DataType::float64;
}

struct Cut : NumberFunction {
  bool to_truth;
  Cut(const Network& network, const Node& node)
      : to_truth(network.value(node.outputs[0]).type == DataType::boolean) {}

  template <typename S>
  S value(S x) const {
    if (to_truth) return static_cast<S>(x != S(0));
    if constexpr (std::is_same_v<S, std::int64_t>)
      return x;
    else
      return std::trunc(x);
  }
  Enclosed value(Enclosed x) const {
    if (!to_truth) return step_function(x, [](double t) { return std::trunc(t); });
    const bool certain = x.error == 0.0 || lower_end(x) > 0.0 || upper_end(x) < 0.0;
    return {x.value != 0.0 ? 1.0 : 0.0, certain ? 0.0 : 1.0};
  }
  template <typename T>
  T slope(T, T) const {
    return T(0);
  }
};

void infer(Network& network, Node& node) {
  expect_arity(node, 1, 1);
  const DataType from = input_of(network, node, 0).type;
  if (const NarrowIntegers* narrow = narrow_target(node)) {
    if (is_floating(from) || network.is_constant(node.inputs[0]))
      return cast_constant(network, node, *narrow);
    node.kind = OpKind::convert;
    set_output(network, node, 0, DataType::int64, input_of(network, node, 0).shape);
    network.value(node.outputs[0]).integers = narrow->stored;
    return;
  }
  const auto [to, half, integers] = target_of(node);
  const bool keeps =
      from == to || (to != DataType::boolean && (!is_floating(from) || is_floating(to)));
  node.kind = keeps ? OpKind::convert : OpKind::cast;
  set_output(network, node, 0, to, input_of(network, node, 0).shape);
  network.value(node.outputs[0]).half = half;
  network.value(node.outputs[0]).integers = integers;
}

}  // namespace

OpVerbs verbs_of_cast() {
  return {infer, prepare_as<ElementwiseOp<Cut>>};
}
OpVerbs verbs_of_convert() {
  return {infer, prepare_movement<reshaped>};
}

}  // namespace clipbound::specs
