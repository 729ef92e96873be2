// Idea: Softmax and LogSoftmax along one axis; before opset 13, over all axes from `axis` on.
// Source: ONNX operator specification, Softmax and LogSoftmax.
// Guarantees: the value is the C library's; the running error covers the library and the argument
// (enclosed_functions.h, S1).
#include "base/check.h"
#include "specs/ops/enclosed_functions.h"
#include "specs/ops/op_support.h"
#include "specs/ops/ordered_sum.h"

namespace clipbound::specs {
namespace {

double plain(double x) {
  return x;
}
double plain(float x) {
  return static_cast<double>(x);
}
double plain(Enclosed x) {
  return x.value;
}

template <bool kLog>
class SoftmaxOp {
 public:
  SoftmaxOp(const Network& network, const Node& node) {
    const Shape& shape = input_of(network, node, 0).shape;
    size_ = element_count(shape);
    if (shape.empty()) return;  // a scalar is a list of one
    const std::int64_t fallback = node.opset < 13 ? 1 : -1;
    const auto rank = static_cast<std::int64_t>(shape.size());
    std::int64_t axis = node.int_attribute("axis", fallback);
    if (node.opset < 13 && axis == rank) return;  // lists of one element
    axis = checked_axis(axis, shape.size());
    const std::int64_t stride = strides_of(shape)[static_cast<std::size_t>(axis)];
    const std::int64_t length = shape[static_cast<std::size_t>(axis)];
    inner_ = node.opset < 13 ? 1 : stride;
    length_ = node.opset < 13 ? length * stride : length;
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    if constexpr (std::is_same_v<S, std::int64_t>) {
      CLIPBOUND_CHECK_NOTE(false, "a softmax of integers");
    } else {
      for_each_list(
          a.batch, [&](std::int64_t at) { one_list(a.inputs[0] + at, a.outputs[0] + at, a.sums); });
    }
  }

  template <typename T>
  void pull(const Arguments<T>& a, const Gradients<T>& g) const {
    for_each_list(a.batch, [&](std::int64_t at) {
      const T* y = a.outputs[0] + at;
      const T* gy = g.outputs[0] + at;
      T sum = T(0);
      for (std::int64_t i = 0; i < length_; ++i)
        sum += kLog ? gy[i * inner_] : gy[i * inner_] * y[i * inner_];
      for (std::int64_t i = 0; i < length_; ++i) {
        const std::int64_t e = i * inner_;
        g.inputs[0][at + e] += kLog ? gy[e] - std::exp(y[e]) * sum : y[e] * (gy[e] - sum);
      }
    });
  }

 private:
  /// The largest element is subtracted first, as an exact number: that changes no result, and
  /// nothing overflows.
  template <typename S>
  void one_list(const S* x, S* y, Sums order) const {
    using std::exp;
    using std::log;
    double largest = plain(x[0]);
    for (std::int64_t i = 1; i < length_; ++i) largest = std::max(largest, plain(x[i * inner_]));
    const S shift = static_cast<S>(largest);
    for (std::int64_t i = 0; i < length_; ++i) y[i * inner_] = exp(x[i * inner_] - shift);
    const S sum = ordered_sum<S>(
        length_, [&](std::int64_t i) { return y[i * inner_]; }, order);
    if constexpr (kLog) {
      const S scale = log(sum);
      for (std::int64_t i = 0; i < length_; ++i) y[i * inner_] = x[i * inner_] - shift - scale;
    } else {
      for (std::int64_t i = 0; i < length_; ++i) y[i * inner_] = y[i * inner_] / sum;
    }
  }

  template <typename Body>
  void for_each_list(std::int64_t batch, const Body& body) const {
    for (std::int64_t outer = 0; outer < batch * size_; outer += length_ * inner_)
      for (std::int64_t i = 0; i < inner_; ++i) body(outer + i);
  }

  std::int64_t size_ = 1, length_ = 1, inner_ = 1;
};

void infer(Network& network, Node& node) {
  expect_arity(node, 1, 1);
  expect_floating(network, node, 0);
  const Value& x = input_of(network, node, 0);
  const auto rank = static_cast<std::int64_t>(x.shape.size());
  const std::int64_t axis = node.int_attribute("axis", node.opset < 13 ? 1 : -1);
  const bool past_the_end = node.opset < 13 && axis == rank;
  if (rank > 0 && !past_the_end) checked_axis(axis, x.shape.size());
  set_output(network, node, 0, x.type, x.shape);
}

}  // namespace

OpVerbs verbs_of_softmax() {
  return {infer, prepare_as<SoftmaxOp<false>>};
}
OpVerbs verbs_of_log_softmax() {
  return {infer, prepare_as<SoftmaxOp<true>>};
}

}  // namespace clipbound::specs
