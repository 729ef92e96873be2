#include "bounds/relax/activation.h"

#include "base/check.h"
#include "bounds/relax/closed_forms.h"
#include "bounds/relax/convex_curves.h"
#include "bounds/relax/elu.h"
#include "bounds/relax/gelu.h"
#include "bounds/relax/power.h"
#include "bounds/relax/s_curves.h"
#include "bounds/relax/steps.h"
#include "bounds/relax/tan.h"
#include "bounds/relax/tanh_slope.h"
#include "bounds/relax/waves.h"

namespace clipbound::bounds {
namespace {

using namespace relax_detail;

/// z^n, by a curve of its own where there is one.
template <class F>
auto with_power(double n, const F& f) {
  if (n == 0.0) return f(Jump{1.0, 1.0, 1.0});
  if (n == 1.0) return f(Identity{});
  if (n == 2.0) return f(Square{});
  if (n == 0.5) return f(Smooth<Sqrt>{});
  if (n == -1.0) return f(Smooth<Reciprocal>{});
  return f(Smooth<PowerCurve>{PowerCurve(n)});
}

/// f(the curve's verbs).
template <class F>
auto with_curve(const Activation& a, const F& f) {
  switch (a.curve) {
    case Curve::identity: return f(Identity{});
    case Curve::relu: return f(Relu{});
    case Curve::square: return f(Square{});
    case Curve::sigmoid: return f(Smooth<Sigmoid>{});
    case Curve::tanh: return f(Smooth<Tanh>{});
    case Curve::exp: return f(Smooth<Exp>{});
    case Curve::log: return f(Smooth<Log>{});
    case Curve::reciprocal: return f(Smooth<Reciprocal>{});
    case Curve::sqrt: return f(Smooth<Sqrt>{});
    case Curve::power: return with_power(a.parameter, f);
    case Curve::sin: return f(Wave<false>{});
    case Curve::cos: return f(Wave<true>{});
    case Curve::tan: return f(Smooth<Tan>{});
    case Curve::atan: return f(Smooth<Atan>{});
    case Curve::erf: return f(Smooth<Erf>{});
    case Curve::gelu: return f(Smooth<Gelu>{});
    case Curve::gelu_tanh: return f(Smooth<GeluTanh>{});
    case Curve::softplus: return f(Smooth<Softplus>{});
    case Curve::elu: return f(Elu(a.parameter));
    case Curve::tanh_slope: return f(Smooth<TanhSlope>{});
    case Curve::sign: return f(Jump{-1.0, 1.0, 0.0});
    case Curve::floor: return f(Staircase{0.0, -1.0});
    case Curve::ceil: return f(Staircase{0.0, 0.0});
    case Curve::round: return f(Staircase{0.5, 0.0});
    case Curve::step: return f(Jump{0.0, 1.0, 1.0});
    case Curve::trunc: return f(Truncation{});
    case Curve::product: break;  // of two variables
  }
  CLIPBOUND_CHECK_NOTE(false, "a curve that is none");
}

}  // namespace

Planes relax(const Activation& activation, double l, double u) {
  if (!(l <= u)) return kUnknownPlanes;
  return with_curve(activation, [&](const auto& c) { return c.planes(l, u); });
}

Planes supporting(const Activation& activation, double l, double u, double z) {
  if (!(l <= u)) return kUnknownPlanes;
  return with_curve(activation, [&](const auto& c) {
    if constexpr (requires { c.supporting(l, u, z); }) {
      return c.supporting(l, u, clamped(z, l, u));
    } else {
      return c.planes(l, u);
    }
  });
}

double touching_point(const Activation& activation, double l, double u) {
  return with_curve(activation, [&](const auto& c) {
    if constexpr (requires { c.meeting_point(l, u); }) {
      return c.meeting_point(l, u);
    } else {
      return middle(l, u);
    }
  });
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

namespace {

constexpr const char* kNames[] = {
    "Identity", "Relu",      "Square", "Sigmoid", "Tanh", "Exp",   "Log",  "Reciprocal", "Sqrt",
    "Pow",      "Sin",       "Cos",    "Tan",     "Atan", "Erf",   "Gelu", "GeluTanh",   "Softplus",
    "Elu",      "TanhSlope", "Sign",   "Floor",   "Ceil", "Round", "Step", "Trunc",      "Product"};

}  // namespace

const char* name_of(Curve curve) {
  return kNames[static_cast<std::size_t>(curve)];
}

std::optional<Curve> curve_named(std::string_view name) {
  const auto* const found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<Curve>(found - std::begin(kNames));
}

}  // namespace clipbound::bounds
