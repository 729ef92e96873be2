// Idea: Equal, Less, Greater, LessOrEqual, GreaterOrEqual; And, Or, Xor, Not. Truth is 1, falsehood
// 0; an enclosed truth value that is not certain has error 1.
// Source: ONNX operator specification, Equal, Less, Greater, LessOrEqual, GreaterOrEqual, And, Or,
// Xor, Not.
// Guarantees: a truth value is certain only where the running errors leave no doubt (S1).
#include "specs/ops/binary.h"
#include "specs/ops/elementwise.h"

namespace clipbound::specs {
namespace {

Enclosed truth(bool value, bool certain) {
  return {value ? 1.0 : 0.0, certain ? 0.0 : 1.0};
}
/// A truth value that is certainly what its value says.
bool is_certain(Enclosed x) {
  return x.error == 0.0;
}

/// Nothing has a slope.
struct Relation {
  template <typename T>
  static T by_x(T, T, T) {
    return T(0);
  }
  template <typename T>
  static T by_y(T, T, T) {
    return T(0);
  }
};

struct EqualTo : Relation {
  template <typename S>
  static S value(S x, S y) {
    return static_cast<S>(x == y);
  }
  static Enclosed value(Enclosed x, Enclosed y) {
    const bool apart = upper_end(x) < lower_end(y) || upper_end(y) < lower_end(x);
    return truth(x.value == y.value, apart || (x.error == 0.0 && y.error == 0.0));
  }
};
struct LessThan : Relation {
  template <typename S>
  static S value(S x, S y) {
    return static_cast<S>(x < y);
  }
  static Enclosed value(Enclosed x, Enclosed y) {
    return truth(x.value < y.value, upper_end(x) < lower_end(y) || lower_end(x) >= upper_end(y));
  }
};
struct AtMost : Relation {
  template <typename S>
  static S value(S x, S y) {
    return static_cast<S>(x <= y);
  }
  static Enclosed value(Enclosed x, Enclosed y) {
    return truth(x.value <= y.value, upper_end(x) <= lower_end(y) || lower_end(x) > upper_end(y));
  }
};
/// A relation with its operands exchanged.
template <class F>
struct Flipped : Relation {
  template <typename S>
  static S value(S x, S y) {
    return F::value(y, x);
  }
};

struct Both : Relation {
  template <typename S>
  static S value(S x, S y) {
    return static_cast<S>(x != S(0) && y != S(0));
  }
  static Enclosed value(Enclosed x, Enclosed y) {
    const bool one_fails = (is_certain(x) && x.value == 0.0) || (is_certain(y) && y.value == 0.0);
    return truth(x.value != 0.0 && y.value != 0.0, one_fails || (is_certain(x) && is_certain(y)));
  }
};
struct Either : Relation {
  template <typename S>
  static S value(S x, S y) {
    return static_cast<S>(x != S(0) || y != S(0));
  }
  static Enclosed value(Enclosed x, Enclosed y) {
    const bool one_holds = (is_certain(x) && x.value != 0.0) || (is_certain(y) && y.value != 0.0);
    return truth(x.value != 0.0 || y.value != 0.0, one_holds || (is_certain(x) && is_certain(y)));
  }
};
struct OneOfTwo : Relation {
  template <typename S>
  static S value(S x, S y) {
    return static_cast<S>((x != S(0)) != (y != S(0)));
  }
  static Enclosed value(Enclosed x, Enclosed y) {
    return truth((x.value != 0.0) != (y.value != 0.0), is_certain(x) && is_certain(y));
  }
};

struct Not : NumberFunction {
  template <typename S>
  S value(S x) const {
    return static_cast<S>(x == S(0));
  }
  Enclosed value(Enclosed x) const { return truth(x.value == 0.0, is_certain(x)); }
  template <typename T>
  T slope(T, T) const {
    return T(0);
  }
};

void infer_pair(Network& network, Node& node) {
  expect_arity(node, 2, 2);
  expect_same_type(network, node, 0, 1);
  const Shape shape =
      broadcast_shapes(input_of(network, node, 0).shape, input_of(network, node, 1).shape);
  set_output(network, node, 0, DataType::boolean, shape);
}

void expect_boolean(const Network& network, const Node& node, std::size_t i) {
  const DataType type = input_of(network, node, i).type;
  if (type != DataType::boolean) throw InputError(std::string("input is ") + name_of(type));
}

void infer_logic(Network& network, Node& node) {
  infer_pair(network, node);
  expect_boolean(network, node, 0);
}

void infer_not(Network& network, Node& node) {
  expect_arity(node, 1, 1);
  expect_boolean(network, node, 0);
  set_output(network, node, 0, DataType::boolean, input_of(network, node, 0).shape);
}

}  // namespace

OpVerbs verbs_of_equal() {
  return {infer_pair, prepare_as<BinaryOp<EqualTo>>};
}
OpVerbs verbs_of_less() {
  return {infer_pair, prepare_as<BinaryOp<LessThan>>};
}
OpVerbs verbs_of_greater() {
  return {infer_pair, prepare_as<BinaryOp<Flipped<LessThan>>>};
}
OpVerbs verbs_of_less_or_equal() {
  return {infer_pair, prepare_as<BinaryOp<AtMost>>};
}
OpVerbs verbs_of_greater_or_equal() {
  return {infer_pair, prepare_as<BinaryOp<Flipped<AtMost>>>};
}
OpVerbs verbs_of_logical_and() {
  return {infer_logic, prepare_as<BinaryOp<Both>>};
}
OpVerbs verbs_of_logical_or() {
  return {infer_logic, prepare_as<BinaryOp<Either>>};
}
OpVerbs verbs_of_logical_xor() {
  return {infer_logic, prepare_as<BinaryOp<OneOfTwo>>};
}
OpVerbs verbs_of_logical_not() {
  return {infer_not, prepare_as<ElementwiseOp<Not>>};
}

}  // namespace clipbound::specs
