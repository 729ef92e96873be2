// Idea: Exp, Log, Sqrt, Reciprocal, Elu, Selu.
// Source: ONNX operator specification, Exp, Log, Sqrt, Reciprocal, Elu, Selu.
// Guarantees: the value is the C library's; the running error covers the library and the argument
// (enclosed_functions.h, S1).
#include "specs/ops/elementwise.h"

namespace clipbound::specs {
namespace {

struct Exp : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::exp(x);
  }
  Enclosed value(Enclosed x) const { return exp(x); }
  template <typename T>
  T slope(T, T y) const {
    return y;
  }
};

struct Log : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::log(x);
  }
  Enclosed value(Enclosed x) const { return log(x); }
  template <typename T>
  T slope(T x, T) const {
    return T(1) / x;
  }
};

struct Sqrt : FloatFunction {
  template <typename T>
  T value(T x) const {
    return std::sqrt(x);
  }
  Enclosed value(Enclosed x) const { return sqrt(x); }
  template <typename T>
  T slope(T, T y) const {
    return T(0.5) / y;
  }
};

struct Reciprocal : FloatFunction {
  template <typename T>
  T value(T x) const {
    return T(1) / x;
  }
  Enclosed value(Enclosed x) const { return Enclosed(1.0) / x; }
  template <typename T>
  T slope(T, T y) const {
    return -y * y;
  }
};

/// gamma * (x where x > 0, else alpha * (e^x - 1)).
struct ExponentialUnit : FloatFunction {
  double alpha, gamma;
  ExponentialUnit(double a, double c) : alpha(a), gamma(c) {}

  template <typename T>
  T value(T x) const {
    const T y = x > T(0) ? x : static_cast<T>(alpha) * std::expm1(x);
    return gamma == 1.0 ? y : static_cast<T>(gamma) * y;
  }
  Enclosed value(Enclosed x) const {
    const double steepest = inflate(std::fabs(gamma) * std::max(1.0, std::fabs(alpha)), 2);
    return lipschitz(value<double>(x.value), x, steepest, 2.0 * kLibraryError);
  }
  template <typename T>
  T slope(T x, T y) const {
    return x > T(0) ? static_cast<T>(gamma) : y + static_cast<T>(gamma * alpha);
  }
};
struct Elu : ExponentialUnit {
  Elu(const Network&, const Node& node)
      : ExponentialUnit(node.float_attribute("alpha", 1.0), 1.0) {}
};
struct Selu : ExponentialUnit {
  // The defaults of the standard.
  Selu(const Network&, const Node& node)
      : ExponentialUnit(node.float_attribute("alpha", 1.67326319217681884765625),
                        node.float_attribute("gamma", 1.05070102214813232421875)) {}
};

}  // namespace

OpVerbs verbs_of_exp() {
  return elementwise_verbs<Exp>();
}
OpVerbs verbs_of_log() {
  return elementwise_verbs<Log>();
}
OpVerbs verbs_of_sqrt() {
  return elementwise_verbs<Sqrt>();
}
OpVerbs verbs_of_reciprocal() {
  return elementwise_verbs<Reciprocal>();
}
OpVerbs verbs_of_elu() {
  return elementwise_verbs<Elu>();
}
OpVerbs verbs_of_selu() {
  return elementwise_verbs<Selu>();
}

}  // namespace clipbound::specs
