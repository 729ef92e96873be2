#pragma once
// Idea: z^n for a whole n (on one side of 0 where n < 0) and for a real n (z >= 0).
// Source: own.
// Guarantees: values and derivatives within their proven errors (S3).
#include "bounds/relax/smooth.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::bounds::relax_detail {

/// n is neither 0 nor 1.
class PowerCurve {
 public:
  explicit PowerCurve(double exponent)
      : n_(exponent),
        whole_(std::trunc(exponent) == exponent),
        odd_(whole_ && std::fmod(exponent, 2.0) != 0.0) {}

  bool defined(double l, double u) const {
    if (whole_) return n_ > 0.0 || l > 0.0 || u < 0.0;
    return n_ > 0.0 ? l >= 0.0 : l > 0.0;
  }
  Bending bending(double l, double u) const {
    if (!whole_) return n_ > 0.0 && n_ < 1.0 ? Bending::concave : Bending::convex;
    if (!odd_ || l >= 0.0) return Bending::convex;
    return u <= 0.0 ? Bending::concave : Bending::mixed;
  }
  Stretches stretches(double l, double u) const {
    Stretches result(l, u, bending(l, u) == Bending::convex);
    if (bending(l, u) == Bending::mixed) result.bend(0.0, 0.0, 0.0);
    return result;
  }
  Sample at(double z) const {
    if (z == 0.0) return n_ > 1.0 ? Sample{} : Sample{0.0, 0.0, kInfinity, 0.0, kInfinity};
    const double v = n_ == 3.0 ? z * z * z : std::pow(z, n_), d = n_ * v / z;
    // v errs by kTiny where it is not normal.
    return {
        z, v, d, kOutward * kLibraryError * std::fabs(v) + kTiny,
        2.0 * kLibraryError * std::fabs(d) + 2.0 * std::fabs(n_) * (kTiny / std::fabs(z)) + kTiny};
  }
  double curvature(const Sample& p) const { return (n_ - 1.0) * p.slope / p.z; }
  double where(double s, double a, double b) const {
    const bool around_zero = n_ > 0.0 && whole_ && !odd_, left = !around_zero && a + b < 0.0;
    // The derivative n z^(n-1) has one sign on each side of 0; slopes of the other sign are nearest
    // to its flat end.
    const double ratio = around_zero ? std::fabs(s / n_) : left && !odd_ ? -s / n_ : s / n_;
    const double z = ratio > 0.0 ? std::pow(ratio, 1.0 / (n_ - 1.0)) : n_ > 1.0 ? 0.0 : kInfinity;
    if (!whole_) return std::max(z, 0x1p-60 * b);  // not 0, where the tangent may be vertical
    return (around_zero ? s < 0.0 : left) ? -z : z;
  }
  /// A fixed part of the end's distance, on the other side of 0: 0.5 for n = 3, nearer to 1 for
  /// larger n.
  double tangent_guess(const Sample& end, double, double) const {
    return -end.z * (1.0 - 1.5 / (n_ > 3.0 ? 0.5 * n_ + 1.5 : 3.0));
  }
  double meeting_point(double l, double u) const { return middle(l, u); }
  Range range(double l, double u) const {
    const Sample left = at(l), right = at(u);
    double low = std::min(least(left), least(right));
    const double high = std::max(most(left), most(right));
    if (!odd_) low = l <= 0.0 && u >= 0.0 ? 0.0 : std::max(0.0, low);
    return {low, high};
  }

 private:
  double n_;
  bool whole_, odd_;
};

}  // namespace clipbound::bounds::relax_detail
