// Sign, Floor, Ceil, Round (half to even): monotone step functions, with derivative 0 almost everywhere.
#include "specs/ops/elementwise.h"

namespace clipbound {
namespace {

struct Slopeless {
  template <typename T>
  T slope(T, T) const {
    return T(0);
  }
};

struct Sign : NumberFunction, Slopeless {
  template <typename S>
  S value(S x) const {
    return x > S(0) ? S(1) : x < S(0) ? S(-1) : x;  // 0 gives 0, NaN gives NaN
  }
  Enclosed value(Enclosed x) const {
    return step_function(x, [this](double t) { return value(t); });
  }
};

struct Floor : FloatFunction, Slopeless {
  template <typename T>
  T value(T x) const {
    return std::floor(x);
  }
  Enclosed value(Enclosed x) const {
    return step_function(x, [](double t) { return std::floor(t); });
  }
};

struct Ceil : FloatFunction, Slopeless {
  template <typename T>
  T value(T x) const {
    return std::ceil(x);
  }
  Enclosed value(Enclosed x) const {
    return step_function(x, [](double t) { return std::ceil(t); });
  }
};

struct Round : FloatFunction, Slopeless {
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

}  // namespace clipbound
