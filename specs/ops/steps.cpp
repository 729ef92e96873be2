// Idea: Sign, Floor, Ceil, Round (half to even): monotone step functions, with derivative 0 almost
// everywhere.
// Source: ONNX operator specification, Sign, Floor, Ceil, Round.
// Guarantees: the running error of the result reaches over every step that the argument's error
// reaches (S1).
#include <algorithm>
#include <cmath>
#include <limits>

#include "specs/ops/elementwise.h"

namespace clipbound::specs {
namespace {

struct Slopeless {
  template <typename T>
  T slope(T, T) const {
    return T(0);
  }
};

/// The derivative of the staircase's middle line.
struct Rounding : FloatFunction, Slopeless {
  template <typename T>
  static void surrogate(const T*, const T* gy, T* gx, std::int64_t size, T) {
    for (std::int64_t i = 0; i < size; ++i) gx[i] += gy[i];
  }
};

struct Sign : NumberFunction, Slopeless {
  /// Straight through, for arguments near the step only (Hubara et al. 2016): a hat, as wide as the
  /// arguments are large. Where all are about equally large (signs of signs), straight through for
  /// all.
  template <typename T>
  static void surrogate(const T* x, const T* gy, T* gx, std::int64_t size, T width) {
    T sum = T(0), squares = T(0);
    for (std::int64_t i = 0; i < size; ++i) {
      sum += std::abs(x[i]);
      squares += x[i] * x[i];
    }
    const T count = static_cast<T>(size),
            size_of = std::max(std::sqrt(squares / count), std::numeric_limits<T>::min());
    const bool two_valued = sum > T(0.97) * count * size_of;
    const T scale = T(1) / (two_valued ? size_of : width * size_of);
    for (std::int64_t i = 0; i < size; ++i)
      gx[i] += gy[i] * scale * (two_valued ? T(1) : std::max(T(1) - std::abs(x[i]) * scale, T(0)));
  }

  template <typename S>
  S value(S x) const {
    return x > S(0) ? S(1) : x < S(0) ? S(-1) : x;  // 0 gives 0, NaN gives NaN
  }
  Enclosed value(Enclosed x) const {
    return step_function(x, [this](double t) { return value(t); });
  }
};

struct Floor : Rounding {
  template <typename T>
  T value(T x) const {
    return std::floor(x);
  }
  Enclosed value(Enclosed x) const {
    return step_function(x, [](double t) { return std::floor(t); });
  }
};

struct Ceil : Rounding {
  template <typename T>
  T value(T x) const {
    return std::ceil(x);
  }
  Enclosed value(Enclosed x) const {
    return step_function(x, [](double t) { return std::ceil(t); });
  }
};

struct Round : Rounding {
  template <typename T>
  T value(T x) const {
    return std::nearbyint(x);  // nobody here changes the rounding mode: half to even
  }
  Enclosed value(Enclosed x) const {
    return step_function(x, [](double t) { return std::nearbyint(t); });
  }
};

}  // namespace

OpVerbs verbs_of_sign() {
  return elementwise_verbs<Sign>();
}
OpVerbs verbs_of_floor() {
  return elementwise_verbs<Floor>();
}
OpVerbs verbs_of_ceil() {
  return elementwise_verbs<Ceil>();
}
OpVerbs verbs_of_round() {
  return elementwise_verbs<Round>();
}

}  // namespace clipbound::specs
