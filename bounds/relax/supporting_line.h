#pragma once
// Lower lines of a curve that is convex and concave in turn: a slope that leaves little area, and the proof of any
// slope.
//
// A curve C has
//   Sample at(double z)                 value and derivative, proven
//   double curvature(const Sample&)     f'' there, not proven
//   double where(double s, double a, double b)   a point near [a, b] with f' = s, f' being monotone there; not proven,
//   may
//                                       be NaN or outside; with tangent_guess it only decides how tight a plane is
//   double tangent_guess(double end, double a, double b)   roughly where the tangent through (end, f(end)) touches f in
//   [a, b]
#include "bounds/relax/sample.h"
#include "bounds/relax/stretches.h"

namespace clipbound::relax_detail {

/// f itself, or -f, whose lower lines are f's upper ones.
template <class C, bool kNegate>
struct View {
  const C& curve;
  Sample at(double z) const { return kNegate ? negated(curve.at(z)) : curve.at(z); }
  double curvature(const Sample& p) const { return kNegate ? -curve.curvature(negated(p)) : curve.curvature(p); }
  double where(double s, double a, double b) const { return curve.where(kNegate ? -s : s, a, b); }
  double tangent_guess(double end, double a, double b) const { return curve.tangent_guess(end, a, b); }
  static bool convex(const Stretches& stretches, int i) { return stretches.convex(i) != kNegate; }
};

/// The chord's slope; that in the middle where the chord is too short to have one.
inline double chord_slope(const Sample& left, const Sample& mid, const Sample& right) {
  const double width = right.z - left.z;
  return width > 0x1p-26 * std::max(std::fabs(left.z), std::fabs(right.z)) ? (right.value - left.value) / width
                                                                           : mid.slope;
}
/// The lower lines of a curve that is convex (concave) on all of [left.z, right.z].
inline Line line_below_convex(const Sample& left, const Sample& mid, const Sample& right) {
  return {mid.slope, below_on(mid, mid.slope, left.z, right.z)};
}
inline Line line_below_concave(const Sample& left, const Sample& mid, const Sample& right) {
  const double s = chord_slope(left, mid, right);
  return {s, weaker(below(left, s), below(right, s))};
}

/// A lower bound of g on the convex stretch [a, b] of [l, u]. `touch`, if any, is where the line was meant to touch.
template <class V>
double below_stretch(const V& f, double s, double a, double b, const Sample& left, const Sample& right,
                     const Sample* touch) {
  if (touch != nullptr && touch->z >= a && touch->z <= b) return below_on(*touch, s, a, b);
  if (left.z >= a && left.slope >= s) return below_on(left, s, a, b);
  if (right.z <= b && right.slope <= s) return below_on(right, s, a, b);
  return below_on(f.at(clamped(f.where(s, a, b), a, b)), s, a, b);
}

/// A lower bound of g on [left.z, right.z]: on a concave stretch g is least at an end of it, and an end that is an
/// inflection belongs to a convex stretch as well, up to the width of what is known of it. NaN or -infinity where there
/// is none.
template <class V>
double prove(const V& f, double s, const Stretches& stretches, const Sample& left, const Sample& right,
             const Sample* touch) {
  double least = kInfinity;
  const int last = stretches.count() - 1;
  if (!V::convex(stretches, 0) || left.z > stretches.to(0)) least = weaker(least, below(left, s));
  if (!V::convex(stretches, last) || right.z < stretches.from(last)) least = weaker(least, below(right, s));
  for (int i = V::convex(stretches, 0) ? 0 : 1; i <= last; i += 2) {
    const double a = stretches.from(i), b = stretches.to(i);
    if (!(a <= b)) continue;  // within the enclosure of an inflection: the ends stand for it
    least = weaker(least, below_stretch(f, s, a, b, left, right, touch));
  }
  const double loss = stretches.gap_loss(s);
  return loss == 0.0 ? least : next_down(least - loss);
}

/// The slope of a line, and where it touches a convex stretch, if it does.
struct Choice {
  double slope = 0.0;
  bool touches = false;
  Sample touch{};
};

/// The tangent of the convex stretch [a, b] that passes through (end.z, f(end.z)); end lies outside of (a, b). Newton's
/// method on h(p) = f(end) - f(p) - f'(p) (end - p), which is monotone between a and b, kept in a bracket.
template <class V>
Sample tangent_through(const V& f, const Sample& end, double a, double b) {
  const bool from_right = end.z > middle(a, b);
  double low = a, high = b;
  double p = clamped(f.tangent_guess(end.z, a, b), a, b);
  Sample touch = f.at(p);
  for (int i = 0; i < 8; ++i) {
    const double reach = end.z - p;
    const double above = touch.slope * reach, miss = (end.value - touch.value) - above;
    if (!(std::fabs(miss) > 0x1p-20 * std::fabs(above - end.slope * reach))) break;
    // A line that passes below the end gets steeper towards it when p moves towards it.
    ((miss > 0.0) == from_right ? low : high) = p;
    const double next = p + miss / (f.curvature(touch) * reach);
    p = next > low && next < high ? next : middle(low, high);
    if (p == touch.z) break;
    touch = f.at(p);
  }
  return touch;
}

/// The line that leaves least area below f on [left.z, right.z]: the one that supports the convex hull in the middle,
/// up to the precision of a few Newton steps. At most three stretches. For an S-shaped f it is the tangent in the
/// middle, the tangent through the far end, or the chord.
template <class V>
Choice choose(const V& f, const Stretches& stretches, const Sample& left, const Sample& mid, const Sample& right) {
  const int i = stretches.find(mid.z), last = stretches.count() - 1;
  const Choice chord{chord_slope(left, mid, right), false, {}};
  const auto misses = [](const Sample& touch, const Sample& end) {
    return touch.value + touch.slope * (end.z - touch.z) > end.value;
  };
  // Tangents of stretch k through an end; the chord where it lies below f already.
  const auto through_right = [&](int k, double b) -> Choice {
    if (k == 0 && chord.slope <= left.slope) return chord;
    const Sample touch = tangent_through(f, right, stretches.from(k), b);
    return k > 0 && misses(touch, left) ? chord : Choice{touch.slope, true, touch};
  };
  const auto through_left = [&](int k, double a) -> Choice {
    if (k == last && chord.slope >= right.slope) return chord;
    const Sample touch = tangent_through(f, left, a, stretches.to(k));
    return k < last && misses(touch, right) ? chord : Choice{touch.slope, true, touch};
  };
  if (V::convex(stretches, i)) {
    if (i < last && misses(mid, right)) return through_right(i, std::min(mid.z, stretches.to(i)));
    if (i > 0 && misses(mid, left)) return through_left(i, std::max(mid.z, stretches.from(i)));
    return {mid.slope, true, mid};
  }
  if (i > 0 && (i - 1 > 0 || chord.slope > left.slope)) return through_right(i - 1, stretches.to(i - 1));
  if (i < last && (i + 1 < last || chord.slope < right.slope)) return through_left(i + 1, stretches.from(i + 1));
  return chord;
}

}  // namespace clipbound::relax_detail
