#pragma once
// Idea: functions of one number, applied to every element.
// Source: own.
// Guarantees: value(x) is applied to every element, with nothing between; slope(x, y) is the
// derivative, or that of one side at a kink.
//
// A function F has  value(x)  for float, double and Enclosed, and  slope(x, y)  (its derivative at
// x, where y is the value; of one side at a kink). It is constructed from (network, node) where it
// has parameters. F::kIntegers says whether it is defined on integers too. A step function may have
// surrogate(x, gy, gx, size, width)  besides: what stands in for its derivative
// (Gradients::surrogate), added to gx.
#include <type_traits>

#include "base/check.h"
#include "specs/ops/enclosed_functions.h"
#include "specs/ops/op_support.h"

namespace clipbound::specs {

struct FloatFunction {
  static constexpr bool kIntegers = false;
};
struct NumberFunction {
  static constexpr bool kIntegers = true;
};

template <class F>
class ElementwiseOp {
 public:
  ElementwiseOp(const Network& network, const Node& node)
      : size_(network.value(node.inputs[0]).size()), f_(make(network, node)) {}

  template <typename S>
  void run(const Arguments<S>& a) const {
    if constexpr (std::is_same_v<S, std::int64_t> && !F::kIntegers) {
      CLIPBOUND_CHECK_NOTE(false, "a function of floating-point numbers was asked for integers");
    } else {
      const S* x = a.inputs[0];
      S* y = a.outputs[0];
      for (std::int64_t i = 0; i < a.batch * size_; ++i) y[i] = f_.value(x[i]);
    }
  }

  template <typename S>
  void pull(const Arguments<S>& a, const Gradients<S>& g) const {
    const S* x = a.inputs[0];
    const S* y = a.outputs[0];
    const S* gy = g.outputs[0];
    S* gx = g.inputs[0];
    if constexpr (requires { F::surrogate(x, gy, gx, size_, S(1)); }) {
      if (g.surrogate > 0.0) {
        for (std::int64_t b = 0; b < a.batch; ++b)
          F::surrogate(x + b * size_, gy + b * size_, gx + b * size_, size_,
                       static_cast<S>(g.surrogate));
        return;
      }
    }
    for (std::int64_t i = 0; i < a.batch * size_; ++i) gx[i] += gy[i] * f_.slope(x[i], y[i]);
  }

 private:
  static F make(const Network& network, const Node& node) {
    if constexpr (std::is_constructible_v<F, const Network&, const Node&>)
      return F(network, node);
    else
      return F();
  }
  std::int64_t size_;
  F f_;
};

/// One input, which must be of a floating type unless F knows integers; the output is like it.
template <class F>
void infer_elementwise(Network& network, Node& node) {
  expect_arity(node, 1, 1);
  const Value& x = input_of(network, node, 0);
  if (x.type == DataType::boolean || (x.type == DataType::int64 && !F::kIntegers))
    throw InputError(std::string("input is ") + name_of(x.type));
  set_output(network, node, 0, x.type, x.shape);
}

template <class F>
OpVerbs elementwise_verbs() {
  return {infer_elementwise<F>, prepare_as<ElementwiseOp<F>>};
}

}  // namespace clipbound::specs
