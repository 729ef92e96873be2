// Idea: MatMul: numpy's matmul, with the constant on either side or none.
// Source: ONNX operator specification, MatMul.
// Guarantees: float, double and Enclosed compute one template; the running error covers every
// rounding (S1).
#include "specs/ops/product.h"

namespace clipbound::specs {
namespace {

class MatMulOp {
 public:
  MatMulOp(const Network& network, const Node& node) : product_(plan_matmul(network, node)) {}

  template <typename S>
  void run(const Arguments<S>& a) const {
    if constexpr (std::is_floating_point_v<S>)
      if (a.sums == Sums::fast)
        return product_.fast(a.batch, a.inputs[0], a.inputs[1], a.outputs[0], S(1), Into::fresh);
    product_.ordered(a.batch, a.inputs[0], a.inputs[1], a.outputs[0], a.sums);
  }

  template <typename S>
  void pull(const Arguments<S>& a, const Gradients<S>& g) const {
    product_.pull(a.batch, a.inputs[0], a.inputs[1], g.outputs[0], g.inputs[0], g.inputs[1], S(1));
  }

 private:
  Product product_;
};

void infer(Network& network, Node& node) {
  expect_arity(node, 2, 2);
  expect_same_type(network, node, 0, 1);
  const DataType type = input_of(network, node, 0).type;
  if (type == DataType::boolean) throw InputError("inputs are boolean");
  set_output(network, node, 0, type,
             matmul_shape(input_of(network, node, 0).shape, input_of(network, node, 1).shape));
}

}  // namespace

OpVerbs verbs_of_matmul() {
  return {infer, prepare_as<MatMulOp>};
}

}  // namespace clipbound::specs
