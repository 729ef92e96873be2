#include "tests/bounds/relax/reference.h"

#include <quadmath.h>

#include <cmath>

namespace clipbound::reference {
namespace {

/// The functions by the names of <cmath>, for both types.
struct In64 {
  using T = long double;
  static T exp(T x) { return std::exp(x); }
  static T log(T x) { return std::log(x); }
  static T sqrt(T x) { return std::sqrt(x); }
  static T sin(T x) { return std::sin(x); }
  static T cos(T x) { return std::cos(x); }
  static T tan(T x) { return std::tan(x); }
  static T tanh(T x) { return std::tanh(x); }
  static T atan(T x) { return std::atan(x); }
  static T asinh(T x) { return std::asinh(x); }
  static T asin(T x) { return std::asin(x); }
  static T acos(T x) { return std::acos(x); }
  static T acosh(T x) { return std::acosh(x); }
  static T atanh(T x) { return std::atanh(x); }
  static T sinh(T x) { return std::sinh(x); }
  static T cosh(T x) { return std::cosh(x); }
  static T erf(T x) { return std::erf(x); }
  static T erfc(T x) { return std::erfc(x); }
  static T expm1(T x) { return std::expm1(x); }
  static T log1p(T x) { return std::log1p(x); }
  static T pow(T x, T y) { return std::pow(x, y); }
};
struct In113 {
  using T = Quad;
  static T exp(T x) { return expq(x); }
  static T log(T x) { return logq(x); }
  static T sqrt(T x) { return sqrtq(x); }
  static T sin(T x) { return sinq(x); }
  static T cos(T x) { return cosq(x); }
  static T tan(T x) { return tanq(x); }
  static T tanh(T x) { return tanhq(x); }
  static T atan(T x) { return atanq(x); }
  static T asinh(T x) { return asinhq(x); }
  static T asin(T x) { return asinq(x); }
  static T acos(T x) { return acosq(x); }
  static T acosh(T x) { return acoshq(x); }
  static T atanh(T x) { return atanhq(x); }
  static T sinh(T x) { return sinhq(x); }
  static T cosh(T x) { return coshq(x); }
  static T erf(T x) { return erfq(x); }
  static T erfc(T x) { return erfcq(x); }
  static T expm1(T x) { return expm1q(x); }
  static T log1p(T x) { return log1pq(x); }
  static T pow(T x, T y) { return powq(x, y); }
};

const Quad kPiQuad = 4 * atanq(1);

template <class M>
typename M::T evaluate(const Activation& a, typename M::T z) {
  using T = typename M::T;
  const T one = 1, half = one / 2;
  switch (a.curve) {
    case Curve::identity: return z;
    case Curve::relu: return z > 0 ? z : T(0);
    case Curve::square: return z * z;
    case Curve::sigmoid: return one / (one + M::exp(-z));
    case Curve::tanh: return M::tanh(z);
    case Curve::exp: return M::exp(z);
    case Curve::log: return M::log(z);
    case Curve::reciprocal: return one / z;
    case Curve::sqrt: return M::sqrt(z);
    case Curve::power: return M::pow(z, T(a.parameter));
    case Curve::sin: return M::sin(z);
    case Curve::cos: return M::cos(z);
    case Curve::tan: return M::tan(z);
    case Curve::atan: return M::atan(z);
    case Curve::asinh: return M::asinh(z);
    case Curve::asin: return M::asin(z);
    case Curve::acos: return M::acos(z);
    case Curve::acosh: return M::acosh(z);
    case Curve::atanh: return M::atanh(z);
    case Curve::sinh: return M::sinh(z);
    case Curve::cosh: return M::cosh(z);
    case Curve::erf: return M::erf(z);
    case Curve::gelu: return half * z * M::erfc(-z / M::sqrt(T(2)));
    case Curve::gelu_tanh: {
      const T inner = M::sqrt(T(2) / T(kPiQuad)) * (z + T(44715) / T(1000000) * z * z * z);
      return z / (one + M::exp(-2 * inner));
    }
    case Curve::softplus: return (z > 0 ? z : T(0)) + M::log1p(M::exp(z > 0 ? -z : z));
    case Curve::elu: return z > 0 ? z : T(a.parameter) * M::expm1(z);
    case Curve::tanh_slope: {
      const T e = M::exp(z > 0 ? -2 * z : 2 * z);
      return 4 * e / ((one + e) * (one + e));
    }
    case Curve::sign: return z > 0 ? one : z < 0 ? -one : T(0);
    case Curve::floor: return T(std::floor(static_cast<double>(z)));
    case Curve::ceil: return T(std::ceil(static_cast<double>(z)));
    case Curve::round: return T(std::nearbyint(static_cast<double>(z)));
    case Curve::clamp: {
      const T c = T(a.parameter);
      return z > c ? c : z < -c ? -c : z;
    }
    case Curve::step: return z >= 0 ? one : T(0);
    case Curve::trunc: return T(std::trunc(static_cast<double>(z)));
    case Curve::product: break;  // of two variables
  }
  return T(0);
}

long double side(Curve curve, double at, bool low) {
  const long double z = at;  // holds the neighbours of every float64 integer that has a fractional
                             // neighbour, and some
  switch (curve) {
    case Curve::sign: return z > 0 ? 1 : z < 0 ? -1 : low ? -1 : 1;
    case Curve::step: return z > 0 ? 1 : z < 0 ? 0 : low ? 0 : 1;
    case Curve::floor: return low ? std::ceil(z) - 1 : std::floor(z);
    case Curve::ceil: return low ? std::ceil(z) : std::floor(z) + 1;
    case Curve::trunc:
      if (z == 0) return 0;
      return z > 0 ? (low ? std::ceil(z) - 1 : std::floor(z))
                   : (low ? std::ceil(z) : std::floor(z) + 1);
    case Curve::round: {
      const bool tie = std::fabs(z - std::trunc(z)) == 0.5L;
      return !tie ? std::nearbyint(z) : low ? std::floor(z) : std::ceil(z);
    }
    default: return 0.0;
  }
}

/// Errors of the libraries, relative: their manuals state a few ulp; 64 and 32 ulp are granted.
constexpr long double kError64 = 0x1p-57L;
const Quad kError113 = ldexpq(1, -107);

}  // namespace

long double value_of(const Activation& activation, long double z) {
  return evaluate<In64>(activation, z);
}
Quad quad_value_of(const Activation& activation, double z) {
  return evaluate<In113>(activation, z);
}

long double jump_low(Curve curve, double z) {
  return side(curve, z, true);
}
long double jump_high(Curve curve, double z) {
  return side(curve, z, false);
}

long double gap(const Activation& activation, double slope, double offset, double z, bool above) {
  const long double line = static_cast<long double>(slope) * static_cast<long double>(z) +
                           static_cast<long double>(offset);
  const long double f = !has_jumps(activation.curve)
                            ? value_of(activation, static_cast<long double>(z))
                            : static_cast<long double>(above ? jump_high(activation.curve, z)
                                                             : jump_low(activation.curve, z));
  return above ? line - f : f - line;
}

bool holds(const Activation& activation, double slope, double offset, double z, bool above) {
  if (std::isnan(slope) || std::isnan(offset)) return false;
  if (std::isinf(offset)) return above == (offset > 0.0) && slope == 0.0;
  const long double product = static_cast<long double>(slope) * static_cast<long double>(z);
  if (!has_jumps(activation.curve)) {
    const long double f = value_of(activation, static_cast<long double>(z));
    const long double difference = above ? (product + static_cast<long double>(offset)) - f
                                         : f - (product + static_cast<long double>(offset));
    if (difference > kError64 * (std::fabs(f) + std::fabs(product) +
                                 std::fabs(static_cast<long double>(offset))))
      return true;
  }
  const Quad f = !has_jumps(activation.curve)
                     ? quad_value_of(activation, z)
                     : Quad(above ? jump_high(activation.curve, z) : jump_low(activation.curve, z));
  const Quad line = Quad(slope) * Quad(z) + Quad(offset);
  const Quad difference = above ? line - f : f - line;
  // The product is exact; the sum rounds.
  const Quad doubt =
      has_jumps(activation.curve) ? kError113 * fabsq(line) : kError113 * (fabsq(f) + fabsq(line));
  return difference >= -doubt;
}

}  // namespace clipbound::reference
