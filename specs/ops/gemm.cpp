// Idea: Gemm: alpha * op(A) op(B) + beta * C, C broadcast to the product's shape or left out.
// Source: ONNX operator specification, Gemm.
// Guarantees: float, double and Enclosed compute one template; the running error covers every
// rounding (S1).
#include <cmath>

#include "specs/ops/broadcast.h"
#include "specs/ops/product.h"

namespace clipbound::specs {
namespace {

class GemmOp {
 public:
  GemmOp(const Network& network, const Node& node)
      : product_(plan_gemm(network, node)),
        alpha_(node.float_attribute("alpha", 1.0)),
        beta_(node.float_attribute("beta", 1.0)) {
    if (!has_input(node, 2) || beta_ == 0.0) return;
    bias_index_ =
        broadcast_index(input_of(network, node, 2).shape, network.value(node.outputs[0]).shape);
    bias_stride_ = point_stride(network, node.inputs[2]);
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    if constexpr (std::is_floating_point_v<S>)
      if (a.sums == Sums::fast) return run_fast(a);
    const bool weights_first = alpha_ != 1.0 && a.sums == Sums::reversed;
    if (weights_first) {
      multiply_scaled(a);
    } else {
      product_.ordered(a.batch, a.inputs[0], a.inputs[1], a.outputs[0], a.sums);
    }
    const std::int64_t size = product_.plan().point_stride_y();
    for (std::int64_t b = 0; b < a.batch; ++b) {
      S* y = a.outputs[0] + b * size;
      if (bias_index_.empty()) {
        for (std::int64_t i = 0; alpha_ != 1.0 && !weights_first && i < size; ++i)
          y[i] = y[i] * static_cast<S>(alpha_);
        continue;
      }
      const S* c = bias_of(a, b);
      for (std::int64_t i = 0; i < size; ++i)
        y[i] = weights_first || alpha_ == 1.0 ? y[i] + scaled_bias(c, i)
                                              : scale_and_add(y[i], scaled_bias(c, i), a.sums);
    }
  }

  template <typename S>
  void pull(const Arguments<S>& a, const Gradients<S>& g) const {
    product_.pull(a.batch, a.inputs[0], a.inputs[1], g.outputs[0], g.inputs[0], g.inputs[1],
                  static_cast<S>(alpha_));
    if (bias_index_.empty() || g.inputs[2] == nullptr) return;
    const std::int64_t size = product_.plan().point_stride_y();
    for (std::int64_t b = 0; b < a.batch; ++b)
      for (std::int64_t i = 0; i < size; ++i)
        g.inputs[2][b * bias_stride_ + bias_index_[static_cast<std::size_t>(i)]] +=
            static_cast<S>(beta_) * g.outputs[0][b * size + i];
  }

 private:
  /// op(A) (alpha op(B)). Where the factor enters is not the standard's business; between them, the
  /// orders have it before, after, and after in one rounding with C.
  template <typename S>
  void multiply_scaled(const Arguments<S>& a) const {
    const std::int64_t stride = product_.plan().point_stride_b,
                       size = product_.plan().k * product_.plan().n,
                       count = stride == 0 ? size : a.batch * size;
    std::vector<S> scaled(a.inputs[1], a.inputs[1] + count);
    for (S& w : scaled) w = w * static_cast<S>(alpha_);
    product_.ordered(a.batch, a.inputs[0], scaled.data(), a.outputs[0], a.sums);
  }
  /// alpha y + c; blocked as ONNX Runtime's kernels do, which fuse both.
  template <typename S>
  S scale_and_add(S y, S c, Sums order) const {
    if constexpr (std::is_floating_point_v<S>)
      if (order == Sums::blocked) return std::fma(y, static_cast<S>(alpha_), c);
    return y * static_cast<S>(alpha_) + c;
  }

  /// C is written first and the product added to it: one pass over the output less.
  template <typename S>
  void run_fast(const Arguments<S>& a) const {
    const std::int64_t size = product_.plan().point_stride_y();
    if (!bias_index_.empty()) {
      const std::int64_t first = bias_stride_ == 0 ? std::min<std::int64_t>(a.batch, 1) : a.batch;
      for (std::int64_t b = 0; b < first; ++b)
        for (std::int64_t i = 0; i < size; ++i)
          a.outputs[0][b * size + i] = scaled_bias(bias_of(a, b), i);
      for (std::int64_t b = first; b < a.batch; ++b)
        std::copy_n(a.outputs[0], size, a.outputs[0] + b * size);
    }
    product_.fast(a.batch, a.inputs[0], a.inputs[1], a.outputs[0], static_cast<S>(alpha_),
                  bias_index_.empty() ? Into::fresh : Into::sum);
  }
  template <typename S>
  const S* bias_of(const Arguments<S>& a, std::int64_t b) const {
    return a.inputs[2] + b * bias_stride_;
  }
  template <typename S>
  S scaled_bias(const S* c, std::int64_t i) const {
    const S x = c[bias_index_[static_cast<std::size_t>(i)]];
    return beta_ == 1.0 ? x : x * static_cast<S>(beta_);
  }

  Product product_;
  double alpha_, beta_;
  /// Element of C for each element of the output; empty without C.
  std::vector<std::int64_t> bias_index_;
  std::int64_t bias_stride_ = 0;
};

void infer(Network& network, Node& node) {
  expect_arity(node, 2, 3);
  expect_same_type(network, node, 0, 1);
  const DataType type = input_of(network, node, 0).type;
  if (type != DataType::float32 && type != DataType::float64)
    throw Unsupported("a product of integers");
  const ProductPlan plan = plan_gemm(network, node);
  const Shape shape{plan.m, plan.n};
  if (has_input(node, 2)) {
    expect_same_type(network, node, 0, 2);
    const Shape& c = input_of(network, node, 2).shape;
    if (c.size() > 2 || broadcast_shapes(c, shape) != shape)
      throw InputError("C of shape " + to_string(c) + " does not broadcast to " + to_string(shape));
  }
  set_output(network, node, 0, type, shape);
}

}  // namespace

OpVerbs verbs_of_gemm() {
  return {infer, prepare_as<GemmOp>};
}

}  // namespace clipbound::specs
