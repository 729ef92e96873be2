#pragma once
// Idea: the larger and the smaller of two numbers, as types that operators take. NaN wins, as in
// ONNX Runtime.
// Source: own; NaN as in ONNX Runtime.
// Guarantees: no rounding.
#include "specs/ops/enclosed_functions.h"

namespace clipbound::specs {

struct Largest {
  template <typename S>
  static S of(S x, S y) {
    return x < y || y != y ? y : x;
  }
  static Enclosed of(Enclosed x, Enclosed y) { return maximum(x, y); }
};

struct Smallest {
  template <typename S>
  static S of(S x, S y) {
    return y < x || y != y ? y : x;
  }
  static Enclosed of(Enclosed x, Enclosed y) { return minimum(x, y); }
};

}  // namespace clipbound::specs
