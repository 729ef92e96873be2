// Idea: Asin, Acos; Acosh, Atanh (NaN outside of their domains).
// Source: ONNX operator specification, Asin, Acos, Acosh, Atanh. The GNU C Library manual states at
// most 2 ulp for asin, acos, acosh and atanh on x86_64, as for the functions that
// enclosed_functions.h lists.
// Guarantees: the value is the C library's; the running error covers the library and the argument
// (enclosed_functions.h, S1), and is infinite where the argument may leave the domain.
#include "specs/ops/elementwise.h"

namespace clipbound::specs {
namespace {

struct Asin : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::asin(x);
  }
  Enclosed value(Enclosed x) const {
    return monotone(x, [](double t) { return std::asin(t); });
  }
  template <typename T>
  T slope(T x, T) const {
    return T(1) / std::sqrt((T(1) - x) * (T(1) + x));
  }
};

struct Acos : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::acos(x);
  }
  Enclosed value(Enclosed x) const {
    return monotone(x, [](double t) { return std::acos(t); });
  }
  template <typename T>
  T slope(T x, T) const {
    return T(-1) / std::sqrt((T(1) - x) * (T(1) + x));
  }
};

struct Acosh : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::acosh(x);
  }
  Enclosed value(Enclosed x) const {
    return monotone(x, [](double t) { return std::acosh(t); });
  }
  /// 1 / sqrt(x^2 - 1) without an overflow.
  template <typename T>
  T slope(T x, T) const {
    return T(1) / (std::sqrt(x - T(1)) * std::sqrt(x + T(1)));
  }
};

struct Atanh : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::atanh(x);
  }
  Enclosed value(Enclosed x) const {
    return monotone(x, [](double t) { return std::atanh(t); });
  }
  template <typename T>
  T slope(T x, T) const {
    return T(1) / ((T(1) - x) * (T(1) + x));
  }
};

}  // namespace

OpVerbs verbs_of_asin() {
  return elementwise_verbs<Asin>();
}
OpVerbs verbs_of_acos() {
  return elementwise_verbs<Acos>();
}
OpVerbs verbs_of_acosh() {
  return elementwise_verbs<Acosh>();
}
OpVerbs verbs_of_atanh() {
  return elementwise_verbs<Atanh>();
}

}  // namespace clipbound::specs
