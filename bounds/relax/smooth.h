#pragma once
// Idea: the verbs of activation.h for a curve that is convex and concave in turn
// (supporting_line.h).
//
// Besides what is said there, a curve C has
//   bool defined(double l, double u)          on all of [l, u]
//   Bending bending(double l, double u)       convex or concave on all of [l, u], or neither
//   Stretches stretches(double l, double u)   at most three
//   Range range(double l, double u)
//   double meeting_point(double l, double u)  where a tangent is good: in the middle, but for exp
// and, if it wants, Expansion expansion(double z, double d) (taylor.h), for second-order bounds.
// Source: own; lines of S-shaped functions as in Zhang et al. 2018.
// Guarantees: lines and ranges hold with all roundings, whatever the guesses (S3).
#include "bounds/relax/lines.h"
#include "bounds/relax/supporting_line.h"
#include "bounds/relax/taylor.h"

namespace clipbound::bounds::relax_detail {

inline constexpr Range kUnknownRange{-kInfinity, kInfinity};
inline constexpr LinePair kUnknownLines{0.0, -kInfinity, 0.0, kInfinity};

/// Both lines, of two lower lines: of f and of -f. Where one says nothing, the constant from
/// `range()` does.
template <class R>
[[gnu::always_inline]] inline LinePair lines_of(const Line& lower, const Line& negated_upper,
                                                const R& range) {
  const bool low = std::isfinite(lower.slope) && std::isfinite(lower.offset);
  const bool high = std::isfinite(negated_upper.slope) && std::isfinite(negated_upper.offset);
  LinePair result{lower.slope, lower.offset, -negated_upper.slope, -negated_upper.offset};
  if (low && high) return result;
  const Range r = range();
  if (!low) result.lower_slope = 0.0, result.lower_offset = r.lower;
  if (!high) result.upper_slope = 0.0, result.upper_offset = r.upper;
  return result;
}

enum class Bending { convex, concave, mixed };

template <class C>
struct Smooth {
  C curve;

  LinePair lines(double l, double u) const { return supporting(l, u, meeting_point(l, u)); }
  double meeting_point(double l, double u) const { return curve.meeting_point(l, u); }
  LinePair supporting(double l, double u, double z) const {
    const auto constant = [&] { return curve.defined(l, u) ? curve.range(l, u) : kUnknownRange; };
    if (!curve.defined(l, u) || !std::isfinite(l) || !std::isfinite(u))
      return lines_of({0.0, kInfinity}, {0.0, kInfinity}, constant);
    const Sample left = curve.at(l), mid = curve.at(z), right = curve.at(u);
    const Sample minus_left = negated(left), minus_mid = negated(mid), minus_right = negated(right);
    switch (curve.bending(l, u)) {
      case Bending::convex:
        return lines_of(line_below_convex(left, mid, right),
                        line_below_concave(minus_left, minus_mid, minus_right), constant);
      case Bending::concave:
        return lines_of(line_below_concave(left, mid, right),
                        line_below_convex(minus_left, minus_mid, minus_right), constant);
      default: break;
    }
    const Stretches stretches = curve.stretches(l, u);
    return lines_of(line(View<C, false>{curve}, stretches, left, mid, right),
                    line(View<C, true>{curve}, stretches, minus_left, minus_mid, minus_right),
                    constant);
  }
  double lower(double s, double l, double u) const {
    return proven(View<C, false>{curve}, s, l, u);
  }
  double upper(double s, double l, double u) const {
    return -proven(View<C, true>{curve}, -s, l, u);
  }
  Range range(double l, double u) const {
    return curve.defined(l, u) ? curve.range(l, u) : kUnknownRange;
  }
  double value(double z) const {
    return curve.defined(z, z) ? curve.at(z).value : std::numeric_limits<double>::quiet_NaN();
  }
  double slope(double z) const {
    return curve.defined(z, z) ? curve.at(z).slope : std::numeric_limits<double>::quiet_NaN();
  }
  Expansion expansion(double z, double d) const requires requires(const C& c) {
    c.expansion(0.0, 0.0);
  }
  { return curve.expansion(z, d); }

 private:
  template <class V>
  static Line line(const V& f, const Stretches& stretches, const Sample& left, const Sample& mid,
                   const Sample& right) {
    Sample touch;
    const double s = choose(f, stretches, left, mid, right, touch);
    return {s, prove(f, s, stretches, left, right, touch)};
  }
  template <bool kNegate>
  double proven(const View<C, kNegate>& f, double s, double l, double u) const {
    if (!curve.defined(l, u)) return -kInfinity;
    if (s == 0.0 || !std::isfinite(l) || !std::isfinite(u)) {
      if (s != 0.0) return -kInfinity;
      const Range r = curve.range(l, u);
      return kNegate ? -r.upper : r.lower;
    }
    return prove(f, s, curve.stretches(l, u), f.at(l), f.at(u), kNowhere);
  }
};

/// A lower and an upper bound of f at the sample; infinite where its value is unknown.
inline double least(const Sample& p) {
  const double v = next_down(p.value - p.value_error);
  return v < kInfinity ? v : -kInfinity;
}
inline double most(const Sample& p) {
  return -least(negated(p));
}

/// The range of a curve that increases (decreases) from l to u and keeps within [bottom, top].
template <class C>
Range increasing_range(const C& curve, double l, double u, double bottom = -kInfinity,
                       double top = kInfinity) {
  return {std::max(bottom, least(curve.at(l))), std::min(top, most(curve.at(u)))};
}

}  // namespace clipbound::bounds::relax_detail
