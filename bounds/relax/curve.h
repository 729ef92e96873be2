#pragma once
// Idea: the functions that a neuron may have as its activation, by number, name and kind.
// Source: own; all of it is read from bounds/relax/curve_list.def.
// Guarantees: none of its own.
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace clipbound::bounds {

enum class Curve : std::uint8_t {
#define CLIPBOUND_CURVE(id, name, kind, verbs) id,
#define CLIPBOUND_CURVE_OF_TWO(id, name) id,
#include "bounds/relax/curve_list.def"
};

/// What engines may assume of a function.
enum class CurveKind : std::uint8_t {
  /// The identity.
  linear,
  /// Continuous, of linear pieces (ReLU).
  piecewise_linear,
  /// Continuous, not of linear pieces; may have kinks (Elu).
  smooth,
  /// Constant between jumps. A relaxation stands for both sides of a jump; an argument that is
  /// known exactly has its own value there.
  staircase,
  /// 0 or 1 by the sign of a difference: as a staircase, but a tie stays open.
  comparison,
  /// Of two neurons, see Activation.
  of_two
};

constexpr CurveKind kind_of(Curve curve) {
  constexpr std::array kKinds = {
#define CLIPBOUND_CURVE(id, name, kind, verbs) CurveKind::kind,
#define CLIPBOUND_CURVE_OF_TWO(id, name) CurveKind::of_two,
#include "bounds/relax/curve_list.def"
  };
  return kKinds[static_cast<std::size_t>(curve)];
}
/// True where the function is constant on both sides of its jumps.
constexpr bool has_jumps(Curve curve) {
  return kind_of(curve) == CurveKind::staircase || kind_of(curve) == CurveKind::comparison;
}
/// True where the function bends: polynomials of degree 2 may say more of it than lines.
constexpr bool is_smooth(Curve curve) {
  return kind_of(curve) == CurveKind::smooth || kind_of(curve) == CurveKind::of_two;
}

/// The name users see: "Sigmoid", "Pow".
const char* name_of(Curve curve);
/// The curve of that name.
std::optional<Curve> curve_named(std::string_view name);

/// The function of a layer's neurons. `parameter` is z^parameter's exponent (a whole one: all z, or
/// one side of 0 where it is negative; else z >= 0) or Elu's alpha; for some curves it is a mark,
/// see below.
struct Activation {
  Curve curve = Curve::relu;
  double parameter = 0.0;
  friend bool operator==(const Activation&, const Activation&) = default;
};

/// True where the function is not defined for all numbers and ends (or has a pole) at 0. Then an
/// argument that cannot leave its domain must not be said to leave it by a rounding.
constexpr bool has_edge(const Activation& activation) {
  switch (activation.curve) {
    case Curve::sqrt:
    case Curve::log:
    case Curve::reciprocal: return true;
    case Curve::power: {
      constexpr double kAllWhole = 0x1p52;
      const double n = activation.parameter;
      return n < 0.0 || (n < kAllWhole && n != static_cast<double>(static_cast<long long>(n)));
    }
    default: return false;
  }
}

/// 1 / z where z = 0 belongs to no interval that ends there: the pole's values of the other side
/// fail rows, or there are none (bounds/lowering/edges.h). Else such an interval has no bounds.
inline constexpr Activation kReciprocalWithoutPole{Curve::reciprocal, 1.0};

/// A layer of products holds pairs of neurons: number 2 i has the activation z_2i z_2i+1; number 2
/// i + 1 is its second factor, whose own activation nobody reads. Where activations stand for each
/// neuron, this one marks the second factors.
inline constexpr Activation kSecondFactor{Curve::product, 1.0};
constexpr bool is_second_factor(const Activation& activation) {
  return activation == kSecondFactor;
}

/// An identity layer whose neurons deserve bounds by substitution (as_neurons()); other identity
/// layers are there to save coefficients, and interval bounds do.
inline constexpr Activation kBoundedIdentity{Curve::identity, 1.0};
constexpr bool is_unbounded_identity(const Activation& activation) {
  return activation.curve == Curve::identity && activation != kBoundedIdentity;
}

}  // namespace clipbound::bounds
