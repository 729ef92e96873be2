#pragma once
// A network of affine operators and ReLUs at a point, in rational arithmetic: slow, plain, and
// shares no rounding with anyone.
#include "specs/network/network.h"
#include "specs/network/op_table.h"
#include "specs/ops/movement.h"
#include "specs/ops/windows.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {

class ExactEvaluation {
 public:
  ExactEvaluation(const Network& network, const std::vector<double>& x)
      : network_(network), values_(network.values.size()) {
    std::size_t next = 0;
    for (const ValueId id : network.inputs) {
      for (std::int64_t i = 0; i < network.value(id).size(); ++i)
        values_[index_of(id)].emplace_back(x[next++]);
    }
    for (const Node& node : network.nodes) evaluate(node);
  }
  const Rationals& operator[](ValueId id) {
    Rationals& value = values_[index_of(id)];
    if (value.empty() && network_.is_constant(id))
      value = rationals(network_.value(id).constant->as_float64());
    return value;
  }

 private:
  const Shape& shape(ValueId id) const { return network_.value(id).shape; }

  void evaluate(const Node& node) {
    Rationals& y = values_[index_of(node.outputs[0])];
    const auto size = static_cast<std::size_t>(network_.value(node.outputs[0]).size());
    if (op_row(node.kind).op_class == OpClass::movement) {
      for (std::size_t k = 0; k < node.outputs.size(); ++k) {
        for (const SourceElement& from : movement_map(network_, node, static_cast<int>(k))) {
          const Rationals& x = (*this)[node.inputs[static_cast<std::size_t>(from.input)]];
          values_[index_of(node.outputs[k])].push_back(x[static_cast<std::size_t>(from.element)]);
        }
      }
    } else if (node.kind == OpKind::gemm || node.kind == OpKind::matmul) {
      product(node, y);
    } else if (node.kind == OpKind::relu) {
      for (const Rational& x : (*this)[node.inputs[0]]) y.push_back(x > 0 ? x : Rational(0));
    } else if (node.kind == OpKind::conv || node.kind == OpKind::conv_transpose) {
      convolution(node, y);
    } else if (node.kind == OpKind::neg) {
      for (const Rational& x : (*this)[node.inputs[0]]) y.push_back(-x);
    } else if (node.kind == OpKind::leaky_relu) {
      const Rational alpha(node.float_attribute("alpha", static_cast<double>(0.01F)));
      for (const Rational& x : (*this)[node.inputs[0]]) y.push_back(x > 0 ? x : alpha * x);
    } else {
      // Operands here are of the result's size, or one row, or one number.
      const Rationals &a = (*this)[node.inputs[0]], &b = (*this)[node.inputs[1]];
      for (std::size_t i = 0; i < size; ++i)
        y.push_back(apply(node.kind, a[i % a.size()], b[i % b.size()]));
    }
  }
  /// Conv and ConvTranspose of one sample: every tap of every position, one weight after the other.
  void convolution(const Node& node, Rationals& y) {
    const bool transposed = node.kind == OpKind::conv_transpose;
    const Shape &from = shape(node.inputs[0]), &to = shape(node.outputs[0]),
                &w = shape(node.inputs[1]);
    const Shape kernel = specs::spatial_shape(w);
    const specs::Windows windows(
        transposed ? specs::windows_onto(node, specs::spatial_shape(from), kernel)
                   : specs::windows_over(node, specs::spatial_shape(from), kernel));
    const Rationals &x = (*this)[node.inputs[0]], &weights = (*this)[node.inputs[1]];
    const std::int64_t area = specs::element_count(specs::spatial_shape(to)),
                       groups = node.int_attribute("group", 1), each = w[0] / groups;
    for (std::int64_t i = 0; i < to[1] * area; ++i)
      y.push_back(node.inputs.size() > 2
                      ? (*this)[node.inputs[2]][static_cast<std::size_t>(i / area)]
                      : Rational(0));
    for (std::int64_t m = 0; m < w[0]; ++m) {  // channels of positions
      for (std::int64_t k = 0; k < w[1]; ++k) {
        for (std::int64_t row = 0; row < windows.rows(); ++row) {
          for (std::int64_t tap = 0; tap < windows.taps(); ++tap) {
            const specs::Windows::Stretch& s = windows.stretch(tap, row);
            for (std::int64_t j = s.first; j < s.last; ++j) {
              const std::int64_t position = m * windows.positions() + row * windows.width() + j,
                                 element = (m / each * w[1] + k) * windows.image_size() + s.source +
                                           j * windows.step();
              y[static_cast<std::size_t>(transposed ? element : position)] +=
                  weights[static_cast<std::size_t>((m * w[1] + k) * windows.taps() + tap)] *
                  x[static_cast<std::size_t>(transposed ? position : element)];
            }
          }
        }
      }
    }
  }
  static Rational apply(OpKind kind, const Rational& a, const Rational& b) {
    switch (kind) {
      case OpKind::add: return a + b;
      case OpKind::sub: return a - b;
      case OpKind::mul: return a * b;
      case OpKind::div: return a / b;
      default: throw std::logic_error("ExactEvaluation: an operator that it does not know");
    }
  }
  void product(const Node& node, Rationals& y) {
    const bool ta = node.int_attribute("transA", 0) != 0, tb = node.int_attribute("transB", 0) != 0;
    const Shape &sa = shape(node.inputs[0]), &sb = shape(node.inputs[1]);
    const auto a_cols = static_cast<std::size_t>(sa[1]), b_cols = static_cast<std::size_t>(sb[1]);
    const auto m = static_cast<std::size_t>(ta ? sa[1] : sa[0]),
               n = static_cast<std::size_t>(tb ? sb[0] : sb[1]);
    const auto inner = static_cast<std::size_t>(ta ? sa[0] : sa[1]);
    const Rationals &a = (*this)[node.inputs[0]], &b = (*this)[node.inputs[1]];
    const Rational alpha(node.float_attribute("alpha", 1.0)),
        beta(node.float_attribute("beta", 1.0));
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        Rational sum = 0;
        for (std::size_t k = 0; k < inner; ++k)
          sum += a[ta ? k * a_cols + i : i * a_cols + k] * b[tb ? j * b_cols + k : k * b_cols + j];
        y.push_back(node.kind == OpKind::gemm ? Rational(alpha * sum) : sum);
      }
    }
    if (node.inputs.size() < 3) return;
    const Rationals& c = (*this)[node.inputs[2]];
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += beta * c[i % c.size()];
  }

  const Network& network_;
  std::vector<Rationals> values_;
};

}  // namespace clipbound::test
