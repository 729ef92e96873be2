// Idea: Sinh, (e^x - e^-x) / 2.
// Source: ONNX operator specification, Sinh. The GNU C Library manual states at most 2 ulp for sinh on
// x86_64, as for the functions that enclosed_functions.h lists.
// Guarantees: the value is the C library's; the running error covers the library and the argument
// (enclosed_functions.h, S1).
#include "specs/ops/elementwise.h"

namespace clipbound::specs {
namespace {

struct Sinh : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::sinh(x);
  }
  Enclosed value(Enclosed x) const {
    return monotone(x, [](double t) { return std::sinh(t); });
  }
  template <typename T>
  T slope(T x, T) const {
    return std::cosh(x);
  }
};

}  // namespace

OpVerbs verbs_of_sinh() {
  return elementwise_verbs<Sinh>();
}

}  // namespace clipbound::specs
