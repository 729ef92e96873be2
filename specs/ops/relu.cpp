// Idea: Relu: max(x, 0).
// Source: ONNX operator specification, Relu.
// Guarantees: no rounding (S1); at 0 the derivative is 0.
#include "specs/ops/op_support.h"

namespace clipbound::specs {
namespace {

template <typename S>
S relu(S x) {
  // Written so that NaN stays NaN, as in ONNX Runtime's reference.
  return x < S(0) ? S(0) : x;
}
inline Enclosed relu(Enclosed x) {
  if (next_up(x.value + x.error) <= 0.0) return {0.0, 0.0};  // certainly negative: exactly 0
  return {x.value < 0.0 ? 0.0 : x.value, x.error};           // 1-Lipschitz
}

class ReluOp {
 public:
  ReluOp(const Network& network, const Node& node) : size_(network.value(node.inputs[0]).size()) {}

  template <typename S>
  void run(const Arguments<S>& a) const {
    const S* x = a.inputs[0];
    S* y = a.outputs[0];
    for (std::int64_t i = 0; i < a.batch * size_; ++i) y[i] = relu(x[i]);
  }

  template <typename S>
  void pull(const Arguments<S>& a, const Gradients<S>& g) const {
    const S* x = a.inputs[0];
    const S* gy = g.outputs[0];
    S* gx = g.inputs[0];
    for (std::int64_t i = 0; i < a.batch * size_; ++i) gx[i] += x[i] > S(0) ? gy[i] : S(0);
  }

 private:
  std::int64_t size_;
};

void infer(Network& network, Node& node) {
  expect_arity(node, 1, 1);
  const Value& x = input_of(network, node, 0);
  if (x.type == DataType::boolean) throw InputError("input is boolean");
  set_output(network, node, 0, x.type, x.shape);
}

}  // namespace

OpVerbs verbs_of_relu() {
  return {infer, prepare_as<ReluOp>};
}

}  // namespace clipbound::specs
