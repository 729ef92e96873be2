// Idea: IsNaN and IsInf: truth is 1, falsehood 0. What is proved to be a finite number is neither.
// Source: ONNX operator specification, IsNaN, IsInf.
// Guarantees: certain only where the argument is a finite number within its running error (S1).
#include <cmath>

#include "specs/ops/elementwise.h"

namespace clipbound::specs {
namespace {

/// False for all finite numbers; unknown of a value without a finite error.
struct NotFinite : FloatFunction {
  template <typename T>
  T slope(T, T) const {
    return T(0);
  }
  static Enclosed uncertain(Enclosed x, bool value) {
    const bool finite = std::isfinite(x.value) && std::isfinite(x.error);
    return {value ? 1.0 : 0.0, finite ? 0.0 : 1.0};
  }
};

struct IsNaN : NotFinite {
  template <typename T>
  T value(T x) const {
    return static_cast<T>(std::isnan(x));
  }
  Enclosed value(Enclosed x) const { return uncertain(x, std::isnan(x.value)); }
};

struct IsInf : NotFinite {
  bool negative, positive;
  IsInf(const Network&, const Node& node)
      : negative(node.int_attribute("detect_negative", 1) != 0),
        positive(node.int_attribute("detect_positive", 1) != 0) {}

  template <typename T>
  T value(T x) const {
    return static_cast<T>(std::isinf(x) && (x > T(0) ? positive : negative));
  }
  Enclosed value(Enclosed x) const { return uncertain(x, value(x.value) != 0.0); }
};

template <class F>
void infer(Network& network, Node& node) {
  infer_elementwise<F>(network, node);
  set_output(network, node, 0, DataType::boolean, input_of(network, node, 0).shape);
}

}  // namespace

OpVerbs verbs_of_is_nan() {
  return {infer<IsNaN>, prepare_as<ElementwiseOp<IsNaN>>};
}
OpVerbs verbs_of_is_inf() {
  return {infer<IsInf>, prepare_as<ElementwiseOp<IsInf>>};
}

}  // namespace clipbound::specs
