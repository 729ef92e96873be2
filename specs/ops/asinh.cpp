// Idea: Asinh: log(x + sqrt(1 + x^2)), the inverse of sinh.
// Source: ONNX operator specification, Asinh. The GNU C Library manual states at most 2 ulp for
// asinh on x86_64, as for the functions that enclosed_functions.h lists.
// Guarantees: the value is the C library's; the running error covers the library and the argument
// (enclosed_functions.h, S1).
#include "specs/ops/elementwise.h"

namespace clipbound::specs {
namespace {

struct Asinh : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::asinh(x);
  }
  Enclosed value(Enclosed x) const {
    return monotone(x, [](double t) { return std::asinh(t); });
  }
  /// 1 / sqrt(1 + x^2) without an overflow of x^2.
  template <typename T>
  T slope(T x, T) const {
    return T(1) / std::hypot(T(1), x);
  }
};

}  // namespace

OpVerbs verbs_of_asinh() {
  return elementwise_verbs<Asinh>();
}

}  // namespace clipbound::specs
