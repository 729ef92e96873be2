#pragma once
// Idea: Sin, Cos: convex where negative, concave where positive.
// Source: own.
// Guarantees: lines and ranges hold with all roundings within kFarthestWave, [-1, 1] beyond (S3).
#include "bounds/relax/smooth.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::bounds::relax_detail {

inline constexpr double kPi = 3.141592653589793;   ///< pi (1 - e) with 0 < e < u
inline constexpr double kMoreThanPeriod = 6.2832;  ///< 2 pi + 1.5e-5
/// Beyond, a wave is only known to lie in [-1, 1].
inline constexpr double kFarthestWave = 0x1p20;

template <bool kCosine>
struct WaveCurve {
  /// Inflections lie at (j + phase) pi, j whole.
  static constexpr double kPhase = kCosine ? 0.5 : 0.0;

  static Sample at(double z) {
    const double s = std::sin(z), c = std::cos(z);
    const double v = kCosine ? c : s, d = kCosine ? -s : c;
    return {z, v, d, kError * std::fabs(v) + kTiny, kError * std::fabs(d) + kTiny};
  }
  static double curvature(const Sample& p) { return -p.value; }
  /// The middle of the stretch of [a, b], a minimum or a maximum.
  static double centre(double a, double b) {
    return (std::floor(middle(a, b) * (1.0 / kPi) - kPhase) + (kPhase + 0.5)) * kPi;
  }
  static double where(double s, double a, double b) {
    const double c = centre(a, b), t = std::asin(clamped(s, -1.0, 1.0));
    return value_sign(c) < 0.0 ? c + t : c - t;
  }
  /// On the other side of the inflection: fitted to distances up to 3/2 pi within 5e-4.
  static double tangent_guess(const Sample& end, double a, double b) {
    const double c = centre(a, b), inflection = c + std::copysign(0.5 * kPi, end.z - c),
                 d = end.z - inflection, x = d * d;
    return inflection - d * (0.5 + x * (-0.0061336084 + x * (-0.00012101097 + x * 2.6587143e-6)));
  }
  /// At most five, for intervals no wider than kMoreThanPeriod within kFarthestWave.
  static Stretches stretches(double l, double u) {
    double low, high;
    // (j + phase) pi in float64 errs by 2 u of itself (that of pi and that of the product).
    const auto enclose = [&](double j) {
      const double x = (j + kPhase) * kPi, error = std::fabs(x) * (4.0 * kUnitRoundoff);
      low = x - error, high = x + error;
    };
    // The first inflection that may lie right of l. Its number may come out one too large only
    // where l is about at one: then it is that one.
    double j = std::floor(l * (1.0 / kPi) - kPhase);
    for (enclose(j); high <= l; enclose(j)) j += 1.0;
    // Between inflections j - 1 and j the sine is negative where j is even, the cosine where it is
    // odd.
    const bool odd = (static_cast<int>(j) & 1) != 0;
    Stretches result(l, u, odd == kCosine);
    for (; low < u; enclose(j)) {
      result.bend(low, high, 1.0);
      j += 1.0;
    }
    return result;
  }

 private:
  static double value_sign(double z) { return kCosine ? std::cos(z) : std::sin(z); }
  static constexpr double kError = kOutward * kLibraryError;
};

/// The verbs of activation.h.
template <bool kCosine>
struct Wave {
  using Curve = WaveCurve<kCosine>;

  LinePair lines(double l, double u) const {
    const auto constant = [&] { return range(l, u); };
    if (!near(l, u)) return lines_of({0.0, kInfinity}, {0.0, kInfinity}, constant);
    if (u - l >= 2.0 * kMoreThanPeriod) return {0.0, -1.0, 0.0, 1.0};
    const Sample left = Curve::at(l), mid = Curve::at(middle(l, u)), right = Curve::at(u);
    const Sample minus_left = negated(left), minus_mid = negated(mid), minus_right = negated(right);
    if (u - l > kMoreThanPeriod)
      return lines_of(wide_line<false>(left, mid, right),
                      wide_line<true>(minus_left, minus_mid, minus_right), constant);
    const Stretches stretches = Curve::stretches(l, u);
    if (stretches.count() == 1) {
      return stretches.convex(0)
                 ? lines_of(line_below_convex(left, mid, right),
                            line_below_concave(minus_left, minus_mid, minus_right), constant)
                 : lines_of(line_below_concave(left, mid, right),
                            line_below_convex(minus_left, minus_mid, minus_right), constant);
    }
    return lines_of(line<false>(stretches, left, mid, right),
                    line<true>(stretches, minus_left, minus_mid, minus_right), constant);
  }
  double lower(double s, double l, double u) const { return proven<false>(s, l, u); }
  double upper(double s, double l, double u) const { return -proven<true>(-s, l, u); }

  /// -1 (1) where a minimum (maximum) may lie inside, else the ends decide.
  Range range(double l, double u) const {
    if (!near(l, u) || u - l >= kMoreThanPeriod) return {-1.0, 1.0};
    const Sample left = Curve::at(l), right = Curve::at(u);
    return {least_of<false>(left, right), -least_of<true>(negated(left), negated(right))};
  }
  double value(double z) const { return Curve::at(z).value; }
  Expansion expansion(double z, double d) const {
    if (std::fabs(z) > kFarthestWave) return kUnknownExpansion;
    const double s = std::sin(z), c = std::cos(z);
    return kCosine ? of_taylor(c, -s, -c, s, 1.0, d, 1.0) : of_taylor(s, c, -s, -c, 1.0, d, 1.0);
  }
  double slope(double z) const { return Curve::at(z).slope; }

 private:
  static constexpr Curve kCurve{};
  /// Of f where not kNegate, of -f where kNegate: a minimum, as a multiple of pi.
  template <bool kNegate>
  static constexpr double kMinimum = (kCosine ? 1.0 : -0.5) + (kNegate ? 1.0 : 0.0);

  static bool near(double l, double u) {
    return std::fabs(l) <= kFarthestWave && std::fabs(u) <= kFarthestWave;
  }

  /// About the last minimum of the view that is not right of z.
  template <bool kNegate>
  static double minimum_before(double z) {
    return (2.0 * std::floor((z * (1.0 / kPi) - kMinimum<kNegate>)*0.5) + kMinimum<kNegate>)*kPi;
  }

  template <bool kNegate>
  static double least_of(const Sample& left, const Sample& right) {
    // Far above the rounding of a minimum's place within kFarthestWave.
    constexpr double kMargin = 1e-9;
    if (minimum_before<kNegate>(right.z + kMargin) >= left.z - kMargin) return -1.0;
    return std::max(-1.0, std::min(least(left), least(right)));
  }

  /// The line that supports the hull in the middle. Minima inside are points of the hull with slope
  /// 0, so that only what lies between the minima next to the middle matters.
  template <bool kNegate>
  static Line line(const Stretches& stretches, const Sample& left, const Sample& mid,
                   const Sample& right) {
    const View<Curve, kNegate> f{kCurve};
    const double before = minimum_before<kNegate>(mid.z), after = before + 2.0 * kPi;
    Sample touch;
    double s = 0.0;
    if (before <= left.z && after >= right.z) {
      s = choose(f, stretches, left, mid, right, touch);
    } else {
      if (before > left.z && after < right.z) return {0.0, -1.0};
      s = slope_between_minima(f, before, after, left, mid, right, touch);
    }
    return {s, prove(f, s, stretches, left, right, touch)};
  }
  /// The same where a period fits in.
  template <bool kNegate>
  static Line wide_line(const Sample& left, const Sample& mid, const Sample& right) {
    const double before = minimum_before<kNegate>(mid.z), after = before + 2.0 * kPi;
    if (before > left.z && after < right.z) return {0.0, -1.0};
    Sample touch;
    const double s =
        slope_between_minima(View<Curve, kNegate>{kCurve}, before, after, left, mid, right, touch);
    return {s, proven<kNegate>(s, left.z, right.z)};
  }
  template <class V>
  static double slope_between_minima(const V& f, double before, double after, const Sample& left,
                                     const Sample& mid, const Sample& right, Sample& touch) {
    const Sample a = before > left.z ? f.at(before) : left,
                 b = after < right.z ? f.at(after) : right;
    return choose(f, Curve::stretches(a.z, b.z), a, mid, b, touch);
  }

  template <bool kNegate>
  static double proven(double s, double l, double u) {
    if (!near(l, u)) {  // f >= -1
      const double farthest = std::max(mul_up(s, l), mul_up(s, u));
      return std::isnan(farthest) ? -kInfinity : next_down(-1.0 - farthest);
    }
    // A period towards the end where s z is largest, f is the same and s z larger.
    if (u - l > kMoreThanPeriod) {
      if (s == 0.0) return -1.0;
      (s > 0.0 ? l : u) = s > 0.0 ? u - kMoreThanPeriod : l + kMoreThanPeriod;
    }
    const View<Curve, kNegate> f{kCurve};
    return prove(f, s, Curve::stretches(l, u), f.at(l), f.at(u), kNowhere);
  }
};

inline constexpr Wave<false> sin_curve{};
inline constexpr Wave<true> cos_curve{};

}  // namespace clipbound::bounds::relax_detail
