#pragma once
// Idea: lower lines of a curve that is convex and concave in turn: a slope that leaves little area,
// and the proof of any.
//
// A curve C has
//   Sample at(double z)              value and derivative, proven
// and, not proven, because they only decide how tight a line is (they may be NaN or outside of [a,
// b]):
//   double curvature(const Sample&)  f'' there
//   double where(double s, double a, double b)
//                                    the point with f' = s, which is monotone on [a, b], or nearest
//                                    to s
//   double tangent_guess(const Sample& end, double a, double b)
//                                    where the tangent through (end, f(end)), or -f's, touches the
//                                    curve in [a, b]
// Source: own.
// Guarantees: prove() bounds f(z) - s z from below for any slope (S3).
#include "bounds/relax/sample.h"
#include "bounds/relax/stretches.h"

namespace clipbound::bounds::relax_detail {

/// A tangent through an end is as good as exact when it misses the end by this part of its rise.
inline constexpr double kTangentPrecision = 0x1p-17;
inline constexpr int kTangentSteps = 10;

/// f itself, or -f, whose lower lines are f's upper ones.
template <class C, bool kNegate>
struct View {
  const C& curve;
  Sample at(double z) const { return kNegate ? negated(curve.at(z)) : curve.at(z); }
  double curvature(const Sample& p) const {
    return kNegate ? -curve.curvature(negated(p)) : curve.curvature(p);
  }
  double where(double s, double a, double b) const { return curve.where(kNegate ? -s : s, a, b); }
  double tangent_guess(const Sample& end, double a, double b) const {
    return curve.tangent_guess(end, a, b);
  }
  static bool convex(const Stretches& stretches, int i) { return stretches.convex(i) != kNegate; }
};

/// The chord's slope; that in the middle where the chord is too short to have one.
[[gnu::always_inline]] inline double chord_slope(const Sample& left, const Sample& mid,
                                                 const Sample& right) {
  const double width = right.z - left.z;
  return width > 0x1p-26 * std::max(std::fabs(left.z), std::fabs(right.z))
             ? (right.value - left.value) / width
             : mid.slope;
}
/// The lower lines of a curve that is convex (concave) on all of [left.z, right.z].
[[gnu::always_inline]] inline Line line_below_convex(const Sample& left, const Sample& mid,
                                                     const Sample& right) {
  return {mid.slope, below_on(mid, mid.slope, left.z, right.z)};
}
[[gnu::always_inline]] inline Line line_below_concave(const Sample& left, const Sample& mid,
                                                      const Sample& right) {
  const double s = chord_slope(left, mid, right);
  return {s, weaker(below(left, s), below(right, s))};
}

/// A point that is nowhere.
inline constexpr Sample kNowhere{std::numeric_limits<double>::quiet_NaN(), 0.0, 0.0, 0.0, 0.0};

/// A lower bound of g on the convex stretch [a, b] of [left.z, right.z]. `touch` is where the line
/// was meant to touch, if there.
template <class V>
double below_stretch(const V& f, double s, double a, double b, const Sample& left,
                     const Sample& right, const Sample& touch) {
  if (touch.z >= a && touch.z <= b) return below_on(touch, s, a, b);
  if (left.z >= a && left.slope >= s) return below_on(left, s, a, b);
  if (right.z <= b && right.slope <= s) return below_on(right, s, a, b);
  return below_on(f.at(clamped(f.where(s, a, b), a, b)), s, a, b);
}

/// A lower bound of g on [left.z, right.z]: on a concave stretch g is least at an end of it, and an
/// end that is an inflection belongs to a convex stretch as well, up to the width of what is known
/// of it. -infinity where there is none.
template <class V>
double prove(const V& f, double s, const Stretches& stretches, const Sample& left,
             const Sample& right, const Sample& touch) {
  double least = kInfinity;
  const int last = stretches.count() - 1;
  if (!V::convex(stretches, 0) || left.z > stretches.to(0)) least = weaker(least, below(left, s));
  if (!V::convex(stretches, last) || right.z < stretches.from(last))
    least = weaker(least, below(right, s));
  for (int i = V::convex(stretches, 0) ? 0 : 1; i <= last; i += 2) {
    const double a = stretches.from(i), b = stretches.to(i);
    if (!(a <= b)) continue;  // within the enclosure of an inflection: the ends stand for it
    least = weaker(least, below_stretch(f, s, a, b, left, right, touch));
  }
  const double loss = stretches.gap_loss(s);
  return loss == 0.0 ? least : next_down(least - loss);
}

/// The tangent of the convex stretch [a, b] that passes through (end.z, f(end.z)); end lies outside
/// of (a, b). Newton's method on h(p) = f(end) - f(p) - f'(p) (end - p), which is monotone between
/// a and b, kept in a bracket.
template <class V>
Sample tangent_through(const V& f, const Sample& end, double a, double b) {
  const bool from_right = end.z > middle(a, b);
  double low = a, high = b, p = clamped(f.tangent_guess(end, a, b), a, b);
  for (int i = 0;; ++i) {
    const Sample touch = f.at(p);
    const double run = end.z - p, above = touch.slope * run,
                 miss = (end.value - touch.value) - above;
    const double size = std::min(std::fabs(above), std::fabs(above - end.slope * run));
    if (!(std::fabs(miss) > kTangentPrecision * size) || i == kTangentSteps) return touch;
    // A line that passes below the end gets steeper towards it when p moves towards it.
    ((miss > 0.0) == from_right ? low : high) = p;
    const double next = p + miss / (f.curvature(touch) * run);
    p = next > low && next < high ? next : middle(low, high);
    if (p == touch.z) return touch;
  }
}

/// The slope of the line that leaves least area below f on [left.z, right.z]: it supports the
/// convex hull in the middle, up to the precision of a few Newton steps. At most three stretches.
/// For an S-shaped f it is the tangent in the middle, the tangent through the far end, or the
/// chord. `touch` becomes where it touches a convex stretch, or nowhere.
template <class V>
double choose(const V& f, const Stretches& stretches, const Sample& left, const Sample& mid,
              const Sample& right, Sample& touch) {
  const int i = stretches.find(mid.z), last = stretches.count() - 1;
  const double chord = chord_slope(left, mid, right);
  const auto misses = [](const Sample& p, const Sample& end) {
    return p.value + p.slope * (end.z - p.z) > end.value;
  };
  int stretch = -1;  // the one to touch
  bool from_right = false;
  double a = 0.0, b = 0.0;
  if (V::convex(stretches, i)) {
    touch = mid;
    from_right = i < last && misses(mid, right);
    if (!from_right && !(i > 0 && misses(mid, left))) return mid.slope;
    stretch = i;
    a = from_right ? stretches.from(i) : std::max(mid.z, stretches.from(i));
    b = from_right ? std::min(mid.z, stretches.to(i)) : stretches.to(i);
  } else if (i > 0 && (i > 1 || chord > left.slope)) {
    stretch = i - 1, from_right = true, a = stretches.from(stretch), b = stretches.to(stretch);
  } else if (i < last && (i + 1 < last || chord < right.slope)) {
    stretch = i + 1, a = stretches.from(stretch), b = stretches.to(stretch);
  }
  touch = kNowhere;
  if (stretch < 0) return chord;
  // Where the tangent would have to touch beyond the other end, or passes above it, the chord lies
  // below f.
  if (stretch == (from_right ? 0 : last) &&
      (from_right ? chord <= left.slope : chord >= right.slope))
    return chord;
  const Sample p = tangent_through(f, from_right ? right : left, a, b);
  if (stretch != (from_right ? 0 : last) && misses(p, from_right ? left : right)) return chord;
  touch = p;
  return p.slope;
}

}  // namespace clipbound::bounds::relax_detail
