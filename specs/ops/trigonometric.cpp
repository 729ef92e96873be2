// Idea: Sin, Cos, Tan.
// Source: ONNX operator specification, Sin, Cos, Tan.
// Guarantees: the value is the C library's; the running error covers the library and the argument
// (enclosed_functions.h, S1).
#include "specs/ops/elementwise.h"

namespace clipbound::specs {
namespace {

struct Sin : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::sin(x);
  }
  Enclosed value(Enclosed x) const { return sin(x); }
  template <typename T>
  T slope(T x, T) const {
    return std::cos(x);
  }
};

struct Cos : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::cos(x);
  }
  Enclosed value(Enclosed x) const { return cos(x); }
  template <typename T>
  T slope(T x, T) const {
    return -std::sin(x);
  }
};

struct Tan : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::tan(x);
  }
  /// As a quotient, which says infinity where a pole may lie inside.
  Enclosed value(Enclosed x) const { return sin(x) / cos(x); }
  template <typename T>
  T slope(T, T y) const {
    return T(1) + y * y;
  }
};

}  // namespace

OpVerbs verbs_of_sin() {
  return elementwise_verbs<Sin>();
}
OpVerbs verbs_of_cos() {
  return elementwise_verbs<Cos>();
}
OpVerbs verbs_of_tan() {
  return elementwise_verbs<Tan>();
}

}  // namespace clipbound::specs
