// Idea: Add, Sub, Mul, Div with broadcasting, of constants and variables alike.
// Source: ONNX operator specification, Add, Sub, Mul, Div (before opset 7 with `axis` and
// `broadcast`).
// Guarantees: float, double and Enclosed compute one template; the running error covers every
// rounding (S1).
#include <cmath>
#include <type_traits>

#include "specs/ops/binary.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::specs {
namespace {

/// Integers wrap around, as in ONNX Runtime (and overflow is no undefined behaviour of ours).
template <typename S>
using Wrapping = std::conditional_t<std::is_same_v<S, std::int64_t>, std::uint64_t, S>;

// value(x, y) and the partial derivatives times the cotangent g.
struct AddOf {
  template <typename S>
  static S value(S x, S y) {
    return static_cast<S>(static_cast<Wrapping<S>>(x) + static_cast<Wrapping<S>>(y));
  }
  template <typename T>
  static T by_x(T, T, T g) {
    return g;
  }
  template <typename T>
  static T by_y(T, T, T g) {
    return g;
  }
};
struct SubOf {
  template <typename S>
  static S value(S x, S y) {
    return static_cast<S>(static_cast<Wrapping<S>>(x) - static_cast<Wrapping<S>>(y));
  }
  template <typename T>
  static T by_x(T, T, T g) {
    return g;
  }
  template <typename T>
  static T by_y(T, T, T g) {
    return -g;
  }
};
struct MulOf {
  template <typename S>
  static S value(S x, S y) {
    return static_cast<S>(static_cast<Wrapping<S>>(x) * static_cast<Wrapping<S>>(y));
  }
  template <typename T>
  static T by_x(T, T y, T g) {
    return g * y;
  }
  template <typename T>
  static T by_y(T x, T, T g) {
    return g * x;
  }
};
struct DivOf {
  template <typename S>
  static S value(S x, S y) {
    return x / y;
  }
  static std::int64_t value(std::int64_t x, std::int64_t y) {
    if (y == 0) throw InputError("integer division by zero");
    return y == -1 ? SubOf::value<std::int64_t>(0, x) : x / y;  // INT64_MIN / -1 does not exist
  }
  template <typename T>
  static T by_x(T, T y, T g) {
    return g / y;
  }
  template <typename T>
  static T by_y(T x, T y, T g) {
    return -g * (x / y) / y;
  }
};
/// Integers, evaluated as numbers of another type: the quotient is cut towards 0. Where x is one
/// that the type holds exactly, so is the result: a quotient that is not whole differs from whole
/// numbers by 1 / |y| at least, more than its rounding.
struct IntegerDivOf {
  template <typename T>
  static T value(T x, T y) {
    return std::trunc(x / y);
  }
  static std::int64_t value(std::int64_t x, std::int64_t y) { return DivOf::value(x, y); }
  static Enclosed value(Enclosed x, Enclosed y) {
    constexpr double kLargest = 0x1p50;
    if (x.error == 0.0 && y.error == 0.0 && y.value != 0.0 && std::fabs(x.value) <= kLargest)
      return {std::trunc(x.value / y.value)};
    return step_function(x / y, [](double t) { return std::trunc(t); });
  }
  template <typename T>
  static T by_x(T, T, T) {
    return T(0);
  }
  template <typename T>
  static T by_y(T, T, T) {
    return T(0);
  }
};

/// The second operand's shape, with the trailing 1s that the `axis` of opsets before 7 stands for.
Shape second_shape(const Network& network, const Node& node) {
  Shape shape = input_of(network, node, 1).shape;
  const auto rank = static_cast<std::int64_t>(input_of(network, node, 0).shape.size());
  if (node.opset >= 7 || !node.attributes.contains("axis")) return shape;
  const std::int64_t axis =
      checked_axis(node.int_attribute("axis", 0), static_cast<std::size_t>(rank));
  const std::int64_t missing = rank - axis - static_cast<std::int64_t>(shape.size());
  if (missing > 0) shape.resize(shape.size() + static_cast<std::size_t>(missing), 1);
  return shape;
}

template <class F>
std::unique_ptr<const Operation> prepare(const Network& network, const Node& node) {
  return std::make_unique<OperationOf<BinaryOp<F>>>(
      BinaryOp<F>(network, node, second_shape(network, node)));
}

void infer(Network& network, Node& node) {
  expect_arity(node, 2, 2);
  expect_same_type(network, node, 0, 1);
  const DataType type = input_of(network, node, 0).type;
  if (type == DataType::boolean) throw InputError("inputs are boolean");
  set_output(network, node, 0, type,
             broadcast_shapes(input_of(network, node, 0).shape, second_shape(network, node)));
}

}  // namespace

OpVerbs verbs_of_add() {
  return {infer, prepare<AddOf>};
}
OpVerbs verbs_of_sub() {
  return {infer, prepare<SubOf>};
}
OpVerbs verbs_of_mul() {
  return {infer, prepare<MulOf>};
}
OpVerbs verbs_of_div() {
  return {infer, [](const Network& network, const Node& node) {
            return input_of(network, node, 0).type == DataType::int64
                       ? prepare<IntegerDivOf>(network, node)
                       : prepare<DivOf>(network, node);
          }};
}

}  // namespace clipbound::specs
