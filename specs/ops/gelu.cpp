// Idea: Gelu: x * Phi(x) with the normal distribution's Phi, or with the attribute approximate =
// "tanh" its usual approximation.
// Source: ONNX operator specification, Gelu.
// Guarantees: the value is the C library's; the running error covers the library and the argument
// (enclosed_functions.h, S1).
#include "specs/ops/elementwise.h"

namespace clipbound::specs {
namespace {

constexpr double kSqrtHalf = 0.7071067811865476, kSqrtTwoByPi = 0.7978845608028654,
                 kCubic = 0.044715;
// The three numbers as written differ from what they stand for by less than half a unit in the last
// place.
constexpr double kConstantError = 0x1p-53;

struct Gelu : FloatFunction {
  bool by_tanh;
  Gelu(const Network&, const Node& node)
      : by_tanh(string_attribute(node, "approximate", "none") == "tanh") {}

  template <typename T>
  T value(T x) const {
    return T(0.5) * x *
           (T(1) + (by_tanh ? std::tanh(inner(x)) : std::erf(x * static_cast<T>(kSqrtHalf))));
  }
  Enclosed value(Enclosed x) const {
    const Enclosed root(kSqrtHalf, kConstantError), scale(kSqrtTwoByPi, kConstantError),
        cubic(kCubic, kConstantError);
    const Enclosed squashed = by_tanh ? tanh(scale * (x + cubic * (x * x * x))) : erf(x * root);
    return Enclosed(0.5) * x * (Enclosed(1.0) + squashed);
  }
  template <typename T>
  T slope(T x, T) const {
    if (by_tanh) {
      const T t = std::tanh(inner(x));
      const T inner_slope =
          static_cast<T>(kSqrtTwoByPi) * (T(1) + static_cast<T>(3.0 * kCubic) * x * x);
      return T(0.5) * (T(1) + t) + T(0.5) * x * (T(1) - t * t) * inner_slope;
    }
    // 1 / sqrt(2 pi)
    const T density = static_cast<T>(0.3989422804014327) * std::exp(T(-0.5) * x * x);
    return T(0.5) * (T(1) + std::erf(x * static_cast<T>(kSqrtHalf))) + x * density;
  }

 private:
  template <typename T>
  static T inner(T x) {
    return static_cast<T>(kSqrtTwoByPi) * (x + static_cast<T>(kCubic) * x * x * x);
  }
};

void infer(Network& network, Node& node) {
  const std::string form = string_attribute(node, "approximate", "none");
  if (form != "none" && form != "tanh") throw Unsupported("approximation '" + form + "'");
  infer_elementwise<Gelu>(network, node);
}

}  // namespace

OpVerbs verbs_of_gelu() {
  return {infer, prepare_as<ElementwiseOp<Gelu>>};
}

}  // namespace clipbound::specs
