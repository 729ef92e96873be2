// Idea: piecewise linear (or quadratic) functions of one number: LeakyRelu, ThresholdedRelu,
// HardSigmoid, HardSwish, Abs, Neg.
// Source: ONNX operator specification, LeakyRelu, ThresholdedRelu, HardSigmoid, HardSwish, Abs,
// Neg.
// Guarantees: float, double and Enclosed compute one template; the running error covers every
// rounding (S1). At a kink the derivative is that of one side.
#include "specs/ops/elementwise.h"

namespace clipbound::specs {
namespace {

// Defaults of attributes are float32 numbers, as attributes in files are.
double as_float32(float x) {
  return static_cast<double>(x);
}

struct LeakyRelu : FloatFunction {
  double alpha;
  LeakyRelu(const Network&, const Node& node)
      : alpha(node.float_attribute("alpha", as_float32(0.01f))) {}

  template <typename T>
  T value(T x) const {
    return x < T(0) ? static_cast<T>(alpha) * x : x;
  }
  Enclosed value(Enclosed x) const {
    if (lower_end(x) >= 0.0) return x;
    if (upper_end(x) <= 0.0) return Enclosed(alpha) * x;
    const double steepest = std::max(1.0, std::fabs(alpha));
    return lipschitz(value<double>(x.value), x, steepest, kUnitRoundoff);
  }
  template <typename T>
  T slope(T x, T) const {
    return x < T(0) ? static_cast<T>(alpha) : T(1);
  }
};

/// x where x > alpha, else 0: it jumps at alpha.
struct ThresholdedRelu : FloatFunction {
  double alpha;
  ThresholdedRelu(const Network&, const Node& node) : alpha(node.float_attribute("alpha", 1.0)) {}

  template <typename T>
  T value(T x) const {
    return x > static_cast<T>(alpha) ? x : x <= static_cast<T>(alpha) ? T(0) : x;  // NaN stays NaN
  }
  Enclosed value(Enclosed x) const {
    if (lower_end(x) > alpha) return x;
    if (upper_end(x) <= alpha) return {0.0, 0.0};
    return x.value > alpha ? hull(x, Enclosed(0.0)) : hull(Enclosed(0.0), x);
  }
  template <typename T>
  T slope(T x, T) const {
    return x > static_cast<T>(alpha) ? T(1) : T(0);
  }
};

/// max(0, min(1, alpha x + beta)).
template <typename S>
S clipped_line(S x, S alpha, S beta) {
  const S y = alpha * x + beta;
  return y < S(0) ? S(0) : y > S(1) ? S(1) : y;
}
inline Enclosed clipped_line(Enclosed x, Enclosed alpha, Enclosed beta) {
  return minimum(Enclosed(1.0), maximum(Enclosed(0.0), alpha * x + beta));
}

struct HardSigmoid : FloatFunction {
  double alpha, beta;
  HardSigmoid(const Network&, const Node& node)
      : alpha(node.float_attribute("alpha", as_float32(0.2f))),
        beta(node.float_attribute("beta", 0.5)) {}

  template <typename S>
  S value(S x) const {
    return clipped_line(x, static_cast<S>(alpha), static_cast<S>(beta));
  }
  template <typename T>
  T slope(T, T y) const {
    return y > T(0) && y < T(1) ? static_cast<T>(alpha) : T(0);
  }
};

/// x * max(0, min(1, x/6 + 1/2)).
struct HardSwish : FloatFunction {
  template <typename S>
  S value(S x) const {
    return x * clipped_line(x, S(1) / S(6), S(0.5));
  }
  template <typename T>
  T slope(T x, T) const {
    return x < T(-3) ? T(0) : x > T(3) ? T(1) : x / T(3) + T(0.5);
  }
};

struct Abs : NumberFunction {
  std::int64_t value(std::int64_t x) const {
    return x < 0 ? static_cast<std::int64_t>(-static_cast<std::uint64_t>(x)) : x;
  }
  template <typename T>
  T value(T x) const {
    return std::fabs(x);
  }
  Enclosed value(Enclosed x) const { return abs(x); }
  template <typename T>
  T slope(T x, T) const {
    return x < T(0) ? T(-1) : T(1);
  }
};

struct Neg : NumberFunction {
  std::int64_t value(std::int64_t x) const {
    return static_cast<std::int64_t>(-static_cast<std::uint64_t>(x));
  }
  template <typename S>
  S value(S x) const {
    return -x;
  }
  template <typename T>
  T slope(T, T) const {
    return T(-1);
  }
};

}  // namespace

OpVerbs verbs_of_leaky_relu() {
  return elementwise_verbs<LeakyRelu>();
}
OpVerbs verbs_of_thresholded_relu() {
  return elementwise_verbs<ThresholdedRelu>();
}
OpVerbs verbs_of_hard_sigmoid() {
  return elementwise_verbs<HardSigmoid>();
}
OpVerbs verbs_of_hard_swish() {
  return elementwise_verbs<HardSwish>();
}
OpVerbs verbs_of_abs() {
  return elementwise_verbs<Abs>();
}
OpVerbs verbs_of_neg() {
  return elementwise_verbs<Neg>();
}

}  // namespace clipbound::specs
