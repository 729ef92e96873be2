// Idea: Sigmoid, Tanh, Softplus, Softsign, Erf, Atan: smooth monotone functions that flatten out.
// Source: ONNX operator specification, Sigmoid, Tanh, Softplus, Softsign, Erf, Atan.
// Guarantees: the value is the C library's; the running error covers the library and the argument
// (enclosed_functions.h, S1).
#include "specs/ops/elementwise.h"

namespace clipbound::specs {
namespace {

/// 1 / (1 + e^-x), written so that nothing overflows and small values keep their relative accuracy.
template <typename T>
T logistic(T x) {
  const T e = std::exp(-std::fabs(x));
  return (x < T(0) ? e : T(1)) / (T(1) + e);
}
/// log(1 + e^x), likewise.
template <typename T>
T log_one_plus_exp(T x) {
  return (x > T(0) ? x : T(0)) + std::log1p(std::exp(-std::fabs(x)));
}

// Of a function made of two library calls and a few operations on positive numbers: each call and
// operation passes relative errors on at most unchanged.
constexpr double kComposedError = 4.0 * kLibraryError;

struct Sigmoid : FloatFunction {
  template <typename T>
  T value(T x) const {
    return logistic(x);
  }
  Enclosed value(Enclosed x) const {
    return monotone(
        x, [](double t) { return logistic(t); }, kComposedError);
  }
  template <typename T>
  T slope(T, T y) const {
    return y * (T(1) - y);
  }
};

struct Tanh : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::tanh(x);
  }
  Enclosed value(Enclosed x) const { return tanh(x); }
  template <typename T>
  T slope(T, T y) const {
    return (T(1) - y) * (T(1) + y);
  }
};

struct Softplus : FloatFunction {
  template <typename T>
  T value(T x) const {
    return log_one_plus_exp(x);
  }
  Enclosed value(Enclosed x) const {
    return monotone(
        x, [](double t) { return log_one_plus_exp(t); }, kComposedError);
  }
  template <typename T>
  T slope(T x, T) const {
    return logistic(x);
  }
};

struct Softsign : FloatFunction {
  template <typename T>
  T value(T x) const {
    return x / (T(1) + std::fabs(x));
  }
  Enclosed value(Enclosed x) const {
    return monotone(x, [](double t) { return t / (1.0 + std::fabs(t)); });
  }
  template <typename T>
  T slope(T x, T) const {
    const T d = T(1) + std::fabs(x);
    return T(1) / (d * d);
  }
};

struct Erf : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::erf(x);
  }
  Enclosed value(Enclosed x) const { return erf(x); }
  template <typename T>
  T slope(T x, T) const {
    return static_cast<T>(1.1283791670955126) * std::exp(-x * x);  // 2 / sqrt(pi)
  }
};

struct Atan : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::atan(x);
  }
  Enclosed value(Enclosed x) const { return atan(x); }
  template <typename T>
  T slope(T x, T) const {
    return T(1) / (T(1) + x * x);
  }
};

}  // namespace

OpVerbs verbs_of_sigmoid() {
  return elementwise_verbs<Sigmoid>();
}
OpVerbs verbs_of_tanh() {
  return elementwise_verbs<Tanh>();
}
OpVerbs verbs_of_softplus() {
  return elementwise_verbs<Softplus>();
}
OpVerbs verbs_of_softsign() {
  return elementwise_verbs<Softsign>();
}
OpVerbs verbs_of_erf() {
  return elementwise_verbs<Erf>();
}
OpVerbs verbs_of_atan() {
  return elementwise_verbs<Atan>();
}

}  // namespace clipbound::specs
