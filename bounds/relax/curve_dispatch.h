#pragma once
// Idea: the one place where an activation's number becomes the class that relaxes it.
// Source: own.
// Guarantees: none of its own.
#include "base/check.h"
#include "bounds/relax/curve.h"
#include "bounds/relax/curve_headers.h"  // made by the build: all *_curve.h and *_curves.h

namespace clipbound::bounds::relax_detail {

/// z^exponent; a curve of its own where there is one.
struct Power {
  double exponent;

  template <class F>
  auto with(const F& f) const {
    if (exponent == 0.0) return f(Jump{1.0, 1.0, 1.0});
    if (exponent == 1.0) return f(Identity{});
    if (exponent == 2.0) return f(Square{});
    if (exponent == 0.5) return f(Smooth<Sqrt>{});
    if (exponent == -1.0) return f(Smooth<Reciprocal>{});
    return f(Smooth<PowerCurve>{PowerCurve(exponent)});
  }
};

template <class C, class F>
auto call(const F& f, const C& curve) {
  if constexpr (requires { curve.with(f); }) {
    return curve.with(f);
  } else {
    return f(curve);
  }
}

/// f(the curve's verbs). The activation is a function of one variable.
template <class F>
auto with_curve(const Activation& activation, const F& f) {
  const double parameter = activation.parameter;
  switch (activation.curve) {
// clang-format off
#define CLIPBOUND_CURVE(id, name, kind, verbs) case Curve::id: return call(f, verbs);
#define CLIPBOUND_CURVE_OF_TWO(id, name) case Curve::id: break;
// clang-format on
#include "bounds/relax/curve_list.def"
  }
  CLIPBOUND_CHECK_NOTE(false, "a curve that is none");
}

}  // namespace clipbound::bounds::relax_detail
