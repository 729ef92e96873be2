#include "bounds/relax/activation.h"

#include "base/check.h"
#include "bounds/relax/closed_forms.h"
#include "bounds/relax/convex_curves.h"
#include "bounds/relax/s_curves.h"
#include "bounds/relax/waves.h"

namespace clipbound {
namespace {

using namespace relax_detail;

/// f(the curve's verbs).
template <class F>
auto with_curve(const Activation& a, const F& f) {
  switch (a.curve) {
    case Curve::identity:
      return f(Identity{});
    case Curve::relu:
      return f(Relu{});
    case Curve::square:
      return f(Square{});
    case Curve::sigmoid:
      return f(Smooth<Sigmoid>{});
    case Curve::tanh:
      return f(Smooth<Tanh>{});
    case Curve::exp:
      return f(Smooth<Exp>{});
    case Curve::log:
      return f(Smooth<Log>{});
    case Curve::reciprocal:
      return f(Smooth<Reciprocal>{});
    case Curve::sqrt:
      return f(Smooth<Sqrt>{});
    case Curve::sin:
      return f(Wave<false>{});
    case Curve::cos:
      return f(Wave<true>{});
    default:
      break;
  }
  CLIPBOUND_CHECK_NOTE(false, "an activation without relaxation");
  return f(Identity{});
}

}  // namespace

Planes relax(const Activation& activation, double l, double u) {
  if (!(l <= u)) return kUnknownPlanes;
  return with_curve(activation, [&](const auto& c) { return c.planes(l, u); });
}

double lower_offset(const Activation& activation, double slope, double l, double u) {
  if (!(l <= u) || !std::isfinite(slope)) return -kInfinity;
  const double offset = with_curve(activation, [&](const auto& c) { return c.lower(slope, l, u); });
  return offset < kInfinity ? offset : -kInfinity;
}

double upper_offset(const Activation& activation, double slope, double l, double u) {
  if (!(l <= u) || !std::isfinite(slope)) return kInfinity;
  const double offset = with_curve(activation, [&](const auto& c) { return c.upper(slope, l, u); });
  return offset > -kInfinity ? offset : kInfinity;
}

Range range_of(const Activation& activation, double l, double u) {
  if (!(l <= u)) return kUnknownRange;
  return with_curve(activation, [&](const auto& c) { return c.range(l, u); });
}

double value_of(const Activation& activation, double z) {
  return with_curve(activation, [&](const auto& c) { return c.value(z); });
}

double slope_of(const Activation& activation, double z) {
  return with_curve(activation, [&](const auto& c) { return c.slope(z); });
}

const char* name_of(Curve curve) {
  static constexpr const char* kNames[] = {"Identity", "Relu",       "Square", "Sigmoid", "Tanh",     "Exp",
                                           "Log",      "Reciprocal", "Sqrt",   "Pow",     "Sin",      "Cos",
                                           "Tan",      "Atan",       "Erf",    "Gelu",    "GeluTanh", "Softplus",
                                           "Elu",      "Sign",       "Floor",  "Ceil",    "Round",    "Step"};
  return kNames[static_cast<std::size_t>(curve)];
}

}  // namespace clipbound
