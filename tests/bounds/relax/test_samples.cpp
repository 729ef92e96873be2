// What the proofs rest on: each curve's values, derivatives and errors, and where it bends, against
// 113 bits.
//
// Tests of planes would not notice a derivative whose claimed error is too small, because other
// errors usually hide it.
#include <gtest/gtest.h>
#include <quadmath.h>

#include <cmath>
#include <random>

#include "bounds/relax/acos_curve.h"
#include "bounds/relax/acosh_curve.h"
#include "bounds/relax/asin_curve.h"
#include "bounds/relax/asinh_curve.h"
#include "bounds/relax/atanh_curve.h"
#include "bounds/relax/convex_curves.h"
#include "bounds/relax/cosh_curve.h"
#include "bounds/relax/elu_curve.h"
#include "bounds/relax/gelu_curves.h"
#include "bounds/relax/power_curve.h"
#include "bounds/relax/s_curves.h"
#include "bounds/relax/sinh_curve.h"
#include "bounds/relax/tan_curve.h"
#include "bounds/relax/tanh_slope_curve.h"
#include "bounds/relax/wave_curves.h"
#include "tests/bounds/relax/reference.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using namespace relax_detail;
using reference::Quad;

const Quad kPiQuad = 4 * atanq(1);

Quad density(Quad z) {
  return expq(-z * z / 2) / sqrtq(2 * kPiQuad);
}
Quad logistic(Quad z) {
  return 1 / (1 + expq(-z));
}

/// f'(z), by hand.
Quad exact_slope(const Activation& a, Quad z) {
  const Quad n = a.parameter;
  switch (a.curve) {
    case Curve::sigmoid: return logistic(z) * logistic(-z);
    case Curve::tanh: return 4 * logistic(2 * z) * logistic(-2 * z);
    case Curve::exp: return expq(z);
    case Curve::log: return 1 / z;
    case Curve::sqrt: return 1 / (2 * sqrtq(z));
    case Curve::reciprocal: return -1 / (z * z);
    case Curve::power: return n * powq(z, n - 1);
    case Curve::sin: return cosq(z);
    case Curve::cos: return -sinq(z);
    case Curve::tan: return 1 + tanq(z) * tanq(z);
    case Curve::atan: return 1 / (1 + z * z);
    case Curve::asinh: return 1 / sqrtq(1 + z * z);
    case Curve::asin: return 1 / sqrtq((1 - z) * (1 + z));
    case Curve::acos: return -1 / sqrtq((1 - z) * (1 + z));
    case Curve::acosh: return 1 / sqrtq((z - 1) * (z + 1));
    case Curve::atanh: return 1 / ((1 - z) * (1 + z));
    case Curve::sinh: return coshq(z);
    case Curve::cosh: return sinhq(z);
    case Curve::erf: return 2 / sqrtq(kPiQuad) * expq(-z * z);
    case Curve::gelu: return erfcq(-z / sqrtq(2)) / 2 + z * density(z);
    case Curve::gelu_tanh: {
      const Quad k = sqrtq(2 / kPiQuad), c = Quad(44715) / 1000000, w = 2 * k * (z + c * z * z * z);
      return logistic(w) + z * logistic(w) * logistic(-w) * 2 * k * (1 + 3 * c * z * z);
    }
    case Curve::softplus: return logistic(z);
    case Curve::elu: return z > 0 ? Quad(1) : n * expq(z);
    case Curve::tanh_slope: return -8 * logistic(2 * z) * logistic(-2 * z) * tanhq(z);
    default: return 0;
  }
}

template <class C>
void check_samples(const C& curve, const Activation& a, double lowest, double highest,
                   double least = 1e-3) {
  std::mt19937_64 random(9);
  const auto uniform = [&](double x, double y) {
    return std::uniform_real_distribution<double>(x, y)(random);
  };
  for (int i = 0; i < 5'000; ++i) {
    // Half of them spread over all sizes, half over the interval.
    double z = uniform(lowest, highest);
    if (random() % 2 == 0)
      z = std::copysign(
          std::pow(10.0, uniform(std::log10(least), std::log10(std::max(highest, -lowest)))), z);
    z = std::clamp(z, lowest, highest);
    const Sample p = curve.at(z);
    if (!std::isfinite(p.value)) continue;
    EXPECT_EQ(p.z, z);
    EXPECT_TRUE(fabsq(reference::quad_value_of(a, z) - Quad(p.value)) <= Quad(p.value_error))
        << name_of(a.curve) << " value at " << z;
    EXPECT_TRUE(!std::isfinite(p.slope) ||
                fabsq(exact_slope(a, z) - Quad(p.slope)) <= Quad(p.slope_error))
        << name_of(a.curve) << " slope at " << z;
    // Errors of less than 200 ulp (where exponents are large, of some hundreds), or nothing to
    // speak of.
    EXPECT_LE(p.value_error, 1e-11 * std::fabs(p.value) + 1e-290)
        << name_of(a.curve) << " at " << z;
    if (testing::Test::HasFailure()) return;
  }
}

TEST(Samples, ErrorsAreTrue) {
  check_samples(Sigmoid{}, {Curve::sigmoid}, -800.0, 800.0);
  check_samples(Tanh{}, {Curve::tanh}, -400.0, 400.0, 1e-20);
  check_samples(Tanh{}, {Curve::tanh}, -20.0, 20.0);
  check_samples(Atan{}, {Curve::atan}, -1e200, 1e200, 1e-20);
  check_samples(Atan{}, {Curve::atan}, -10.0, 10.0);
  check_samples(Asinh{}, {Curve::asinh}, -8e307, 8e307, 1e-300);
  check_samples(Asinh{}, {Curve::asinh}, -0x1p31, 0x1p31, 1e-20);
  check_samples(Asinh{}, {Curve::asinh}, -10.0, 10.0);
  check_samples(Asin{}, {Curve::asin}, -1.0, 1.0, 1e-20);
  check_samples(Asin{}, {Curve::asin}, 0.999999, 1.0);
  check_samples(Acos{}, {Curve::acos}, -1.0, 1.0, 1e-20);
  check_samples(Acos{}, {Curve::acos}, 0.999999, 1.0);
  check_samples(Acosh{}, {Curve::acosh}, 1.0, 8e307, 1.0);
  check_samples(Acosh{}, {Curve::acosh}, 1.0, 0x1p31, 1.0);
  check_samples(Acosh{}, {Curve::acosh}, 1.0, 1.000001, 1.0);
  check_samples(Atanh{}, {Curve::atanh}, -1.0, 1.0, 1e-20);
  check_samples(Atanh{}, {Curve::atanh}, 0.999999, 1.0);
  check_samples(Sinh{}, {Curve::sinh}, -700.0, 700.0, 1e-20);
  check_samples(Cosh{}, {Curve::cosh}, -700.0, 700.0, 1e-20);
  check_samples(Erf{}, {Curve::erf}, -40.0, 40.0, 1e-20);
  check_samples(Exp{}, {Curve::exp}, -745.0, 709.0);
  check_samples(Softplus{}, {Curve::softplus}, -745.0, 800.0);
  check_samples(Log{}, {Curve::log}, 1e-300, 1e300);
  check_samples(Log{}, {Curve::log}, 0.9, 1.1);
  check_samples(Sqrt{}, {Curve::sqrt}, 1e-300, 1e300);
  check_samples(Reciprocal{}, {Curve::reciprocal}, 1e-300, 1e300);
  check_samples(Reciprocal{}, {Curve::reciprocal}, -10.0, -1e-3);
  check_samples(WaveCurve<false>{}, {Curve::sin}, -1e6, 1e6, 1e-20);
  check_samples(WaveCurve<true>{}, {Curve::cos}, -1e6, 1e6, 1e-20);
  check_samples(Tan{}, {Curve::tan}, -1.5707, 1.5707, 1e-20);
  check_samples(Gelu{}, {Curve::gelu}, -38.0, 50.0);
  check_samples(Gelu{}, {Curve::gelu}, -6.0, 6.0);
  check_samples(GeluTanh{}, {Curve::gelu_tanh}, -22.0, 50.0);
  check_samples(GeluTanh{}, {Curve::gelu_tanh}, -6.0, 6.0);
  check_samples(EluShape{{1.5}}, {Curve::elu, 1.5}, -745.0, 10.0, 1e-20);
  check_samples(TanhSlope{}, {Curve::tanh_slope}, -400.0, 400.0, 1e-20);
  check_samples(TanhSlope{}, {Curve::tanh_slope}, -5.0, 5.0);
  for (const double n : {3.0, 4.0, 7.0, 33.0})
    check_samples(PowerCurve(n), {Curve::power, n}, -100.0, 100.0);
  for (const double n : {-2.0, -3.0, 0.3, 1.5, -0.5, 2.5})
    check_samples(PowerCurve(n), {Curve::power, n}, 1e-3, 1e3);
}

/// The zero of a function that changes its sign once in [low, high].
template <class F>
bool changes_sign(const F& f, double low, double high) {
  return f(Quad(low)) < 0 ? f(Quad(high)) > 0 : f(Quad(high)) < 0;
}

/// Inflections of waves lie strictly inside the gaps between stretches, and stretches are convex
/// where the wave is negative.
template <bool kCosine>
void check_waves() {
  std::mt19937_64 random(10);
  for (int i = 0; i < 20'000; ++i) {
    const double size = std::pow(10.0, std::uniform_real_distribution<double>(-3.0, 6.0)(random));
    double l = random() % 2 == 0 ? size : -size;
    if (random() % 2 == 0) l = std::nearbyint(l / kPi) * (random() % 2 == 0 ? kPi : 0.5 * kPi);
    const double u =
        l + std::pow(10.0, std::uniform_real_distribution<double>(-6.0, 0.797)(random));
    const Stretches s = WaveCurve<kCosine>::stretches(l, u);
    ASSERT_LE(s.count(), Stretches::kMost);
    for (int k = 0; k < s.count(); ++k) {
      if (k > 0) {
        const double low = s.to(k - 1), high = s.from(k);
        if (low != high || low != 0.0) {
          EXPECT_TRUE(changes_sign([](Quad z) { return kCosine ? cosq(z) : sinq(z); }, low, high))
              << low << " " << high;
        }
      }
      const double m = 0.5 * s.from(k) + 0.5 * s.to(k);
      if (!(s.from(k) <= s.to(k)) || m < l || m > u || m == 0.0) continue;
      const Quad value = kCosine ? cosq(m) : sinq(m);
      EXPECT_EQ(s.convex(k), value < 0) << l << " " << u << " stretch " << k;
      // No inflection inside: the sign is the same at both ends.
      for (const double z : {std::max(l, s.from(k)), std::min(u, s.to(k))}) {
        const Quad at_end = kCosine ? cosq(z) : sinq(z);
        EXPECT_TRUE(at_end * value >= 0) << l << " " << u << " stretch " << k << " at " << z;
      }
    }
    if (testing::Test::HasFailure()) return;
  }
}

TEST(Samples, WavesAreCutAtTheirInflections) {
  check_waves<false>();
  check_waves<true>();
}

TEST(Samples, TanIsCutAtItsZero) {
  for (int k = -3000; k <= 3000; k += 7) {
    const double zero = k * kPi, l = zero - 0.5, u = zero + 0.5;
    const Stretches s = Tan::stretches(l, u);
    ASSERT_EQ(s.count(), 2);
    EXPECT_FALSE(s.convex(0));
    EXPECT_TRUE(k == 0 || changes_sign([](Quad z) { return sinq(z); }, s.to(0), s.from(1))) << k;
    EXPECT_TRUE(Tan::bending(l, zero - 1e-9) == Bending::concave &&
                Tan::bending(zero + 1e-9, u) == Bending::convex);
  }
}

/// sqrt(2), and the zero of q (bounds/relax/gelu_curves.h), which falls.
TEST(Samples, GeluIsCutAtItsInflections) {
  EXPECT_TRUE(changes_sign([](Quad z) { return z * z - 2; }, Gelu::kBendLow, Gelu::kBendHigh));
  const Quad k = sqrtq(2 / kPiQuad), c = Quad(44715) / 1000000;
  const auto q = [&](Quad z) {
    const Quad w = 1 + 3 * c * z * z;
    return 1 + 6 * c * z * z - k * z * w * w * tanhq(k * (z + c * z * z * z));
  };
  EXPECT_TRUE(changes_sign(q, GeluTanh::kBendLow, GeluTanh::kBendHigh));
  for (int i = 0; i < 4000; ++i) EXPECT_TRUE(q(Quad(i + 1) / 500) < q(Quad(i) / 500)) << i;
}

/// Where 3 tanh^2 - 1 has its zero: f'' = f (6 tanh^2 - 2).
TEST(Samples, TanhSlopeIsCutAtItsInflections) {
  EXPECT_TRUE(changes_sign([](Quad z) { return 3 * tanhq(z) * tanhq(z) - 1; }, TanhSlope::kBendLow,
                           TanhSlope::kBendHigh));
}

/// The minima, to the nine digits that range() uses, and the values just above the bounds that it
/// claims.
TEST(Samples, GeluHasItsMinimum) {
  for (const auto& [curve, minimum, least] :
       {std::tuple{Curve::gelu, Gelu::kMinimum, Gelu::kLeast},
        {Curve::gelu_tanh, GeluTanh::kMinimum, GeluTanh::kLeast}}) {
    const Quad value = reference::quad_value_of({curve}, minimum);
    EXPECT_TRUE(value > Quad(least) && value < Quad(least) + Quad(1e-13));
    EXPECT_TRUE(changes_sign([c = curve](Quad z) { return exact_slope({c}, z); }, minimum - 1e-9,
                             minimum + 1e-9));
  }
}

}  // namespace
}  // namespace clipbound::test
