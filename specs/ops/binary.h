#pragma once
// Idea: functions of two numbers, applied to every pair of elements with broadcasting, of constants
// and variables alike.
// Source: own.
// Guarantees: float, double and Enclosed compute one template; the running error covers every
// rounding (S1).
//
// A function F has static  value(x, y)  for every scalar and the partial derivatives times the
// cotangent g, by_x(x, y, g)  and  by_y(x, y, g).  The types of value's result and arguments are
// one scalar: truth is 1 or 0.
#include "specs/ops/broadcast.h"
#include "specs/ops/op_support.h"

namespace clipbound::specs {

/// How an operand of one point is read: as it is, one number for all, or through a table.
struct Operand {
  std::int64_t point_stride, size;
  bool unchanged, single;
  std::vector<std::int64_t> index;  ///< where neither

  Operand(const Network& network, ValueId id, const Shape& from, const Shape& to)
      : point_stride(specs::point_stride(network, id)),
        size(element_count(from)),
        unchanged(size == element_count(to)),
        single(size == 1 && !unchanged) {
    if (!unchanged && !single) index = broadcast_index(from, to);
  }
  std::int64_t at(std::int64_t i) const {
    return unchanged ? i : single ? 0 : index[static_cast<std::size_t>(i)];
  }
};

/// All inputs of a node, broadcast to its output.
inline std::vector<Operand> operands_of(const Network& network, const Node& node) {
  const Shape& shape = network.value(node.outputs[0]).shape;
  std::vector<Operand> operands;
  for (const ValueId id : node.inputs)
    operands.emplace_back(network, id, network.value(id).shape, shape);
  return operands;
}

template <class F>
class BinaryOp {
 public:
  BinaryOp(const Network& network, const Node& node)
      : shape_(network.value(node.outputs[0]).shape),
        size_(element_count(shape_)),
        x_(network, node.inputs[0], input_of(network, node, 0).shape, shape_),
        y_(network, node.inputs[1], input_of(network, node, 1).shape, shape_) {}
  /// The same where the second operand is to be read in another shape than its own.
  BinaryOp(const Network& network, const Node& node, const Shape& second)
      : shape_(network.value(node.outputs[0]).shape),
        size_(element_count(shape_)),
        x_(network, node.inputs[0], input_of(network, node, 0).shape, shape_),
        y_(network, node.inputs[1], second, shape_) {}

  template <typename S>
  void run(const Arguments<S>& a) const {
    for (std::int64_t b = 0; b < a.batch; ++b)
      one_point(a.inputs[0] + b * x_.point_stride, a.inputs[1] + b * y_.point_stride,
                a.outputs[0] + b * size_);
  }

  template <typename S>
  void pull(const Arguments<S>& a, const Gradients<S>& g) const {
    for (std::int64_t b = 0; b < a.batch; ++b) {
      const S* x = a.inputs[0] + b * x_.point_stride;
      const S* y = a.inputs[1] + b * y_.point_stride;
      const S* gz = g.outputs[0] + b * size_;
      if (g.inputs[0] != nullptr) {
        S* gx = g.inputs[0] + b * x_.point_stride;
        for (std::int64_t i = 0; i < size_; ++i)
          gx[x_.at(i)] += F::by_x(x[x_.at(i)], y[y_.at(i)], gz[i]);
      }
      if (g.inputs[1] != nullptr) {
        S* gy = g.inputs[1] + b * y_.point_stride;
        for (std::int64_t i = 0; i < size_; ++i)
          gy[y_.at(i)] += F::by_y(x[x_.at(i)], y[y_.at(i)], gz[i]);
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

}  // namespace clipbound::specs
