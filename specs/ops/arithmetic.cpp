// Add, Sub, Mul, Div with broadcasting, of constants and variables alike.
#include <type_traits>

#include "specs/ops/broadcast.h"
#include "specs/ops/op_support.h"

namespace clipbound {
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
    if constexpr (std::is_same_v<S, std::int64_t>) {
      if (y == 0) throw InputError("integer division by zero");
      return y == -1 ? SubOf::value<std::int64_t>(0, x) : x / y;  // INT64_MIN / -1 does not exist
    } else {
      return x / y;
    }
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

/// The second operand's shape, with the trailing 1s that the `axis` of opsets before 7 stands for.
Shape second_shape(const Network& network, const Node& node) {
  Shape shape = input_of(network, node, 1).shape;
  const auto rank = static_cast<std::int64_t>(input_of(network, node, 0).shape.size());
  if (node.opset >= 7 || !node.attributes.contains("axis")) return shape;
  const std::int64_t axis = checked_axis(node.int_attribute("axis", 0), static_cast<std::size_t>(rank));
  const std::int64_t missing = rank - axis - static_cast<std::int64_t>(shape.size());
  if (missing > 0) shape.resize(shape.size() + static_cast<std::size_t>(missing), 1);
  return shape;
}

/// How an operand of one point is read: as it is, one number for all, or through a table.
struct Operand {
  std::int64_t point_stride, size;
  bool unchanged, single;
  std::vector<std::int64_t> index;  ///< where neither

  Operand(const Network& network, ValueId id, const Shape& from, const Shape& to)
      : point_stride(clipbound::point_stride(network, id)),
        size(element_count(from)),
        unchanged(size == element_count(to)),
        single(size == 1 && !unchanged) {
    if (!unchanged && !single) index = broadcast_index(from, to);
  }
  std::int64_t at(std::int64_t i) const { return unchanged ? i : single ? 0 : index[static_cast<std::size_t>(i)]; }
};

template <class F>
class ArithmeticOp {
 public:
  ArithmeticOp(const Network& network, const Node& node)
      : shape_(network.value(node.outputs[0]).shape),
        size_(element_count(shape_)),
        x_(network, node.inputs[0], input_of(network, node, 0).shape, shape_),
        y_(network, node.inputs[1], second_shape(network, node), shape_) {}

  template <typename S>
  void run(const Arguments<S>& a) const {
    for (std::int64_t b = 0; b < a.batch; ++b)
      one_point(a.inputs[0] + b * x_.point_stride, a.inputs[1] + b * y_.point_stride, a.outputs[0] + b * size_);
  }

  template <typename S>
  void pull(const Arguments<S>& a, const Gradients<S>& g) const {
    for (std::int64_t b = 0; b < a.batch; ++b) {
      const S* x = a.inputs[0] + b * x_.point_stride;
      const S* y = a.inputs[1] + b * y_.point_stride;
      const S* gz = g.outputs[0] + b * size_;
      if (g.inputs[0] != nullptr) {
        S* gx = g.inputs[0] + b * x_.point_stride;
        for (std::int64_t i = 0; i < size_; ++i) gx[x_.at(i)] += F::by_x(x[x_.at(i)], y[y_.at(i)], gz[i]);
      }
      if (g.inputs[1] != nullptr) {
        S* gy = g.inputs[1] + b * y_.point_stride;
        for (std::int64_t i = 0; i < size_; ++i) gy[y_.at(i)] += F::by_y(x[x_.at(i)], y[y_.at(i)], gz[i]);
      }
    }
  }

 private:
  template <typename S>
  void one_point(const S* x, const S* y, S* z) const {
    if (x_.unchanged && y_.unchanged) {
      for (std::int64_t i = 0; i < size_; ++i) z[i] = F::value(x[i], y[i]);
    } else if (x_.unchanged && y_.single) {
      for (std::int64_t i = 0; i < size_; ++i) z[i] = F::value(x[i], y[0]);
    } else {
      for (std::int64_t i = 0; i < size_; ++i) z[i] = F::value(x[x_.at(i)], y[y_.at(i)]);
    }
  }

  Shape shape_;
  std::int64_t size_;
  Operand x_, y_;
};

void infer(Network& network, Node& node) {
  expect_arity(node, 2, 2);
  expect_same_type(network, node, 0, 1);
  const DataType type = input_of(network, node, 0).type;
  if (type == DataType::boolean) throw InputError("inputs are boolean");
  set_output(network, node, 0, type, broadcast_shapes(input_of(network, node, 0).shape, second_shape(network, node)));
}

}  // namespace

OpVerbs verbs_of_add() {
  return {infer, prepare_as<ArithmeticOp<AddOf>>};
}
OpVerbs verbs_of_sub() {
  return {infer, prepare_as<ArithmeticOp<SubOf>>};
}
OpVerbs verbs_of_mul() {
  return {infer, prepare_as<ArithmeticOp<MulOf>>};
}
OpVerbs verbs_of_div() {
  return {infer, prepare_as<ArithmeticOp<DivOf>>};
}

}  // namespace clipbound
