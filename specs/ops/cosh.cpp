// Idea: Cosh, (e^x + e^-x) / 2.
// Source: ONNX operator specification, Cosh. The GNU C Library manual states at most 2 ulp for cosh on
// x86_64, as for the functions that enclosed_functions.h lists.
// Guarantees: the value is the C library's; the running error covers the library and the argument
// (enclosed_functions.h, S1).
#include "specs/ops/elementwise.h"

namespace clipbound::specs {
namespace {

struct Cosh : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::cosh(x);
  }
  /// Of |x|. Within an error e of |x| it falls by no more than it rises, because it is convex and
  /// even; so both ends of that interval tell how far it may move, as for a monotone function.
  Enclosed value(Enclosed x) const {
    return monotone(abs(x), [](double t) { return std::cosh(t); });
  }
  template <typename T>
  T slope(T x, T) const {
    return std::sinh(x);
  }
};

}  // namespace

OpVerbs verbs_of_cosh() {
  return elementwise_verbs<Cosh>();
}

}  // namespace clipbound::specs
