#pragma once
// Idea: where a curve is convex and where concave, on one interval.
// Source: own.
// Guarantees: none of its own; inflections that are no float64 numbers are enclosed (S3).
#include <algorithm>
#include <array>
#include <cmath>

namespace clipbound::bounds::relax_detail {

/// An interval [l, u] cut at the inflection points inside it. Stretch i is between bends i-1 and i
/// (the ends of the interval count as bends); they are convex and concave in turn. An inflection
/// that is not a float64 number is known as an enclosure [low, high]; what lies inside belongs to
/// no stretch.
class Stretches {
 public:
  // Arrays are filled as far as they count: this is made once per relaxation.
  Stretches(double l, double u, bool first_is_convex) : first_is_convex_(first_is_convex) {
    from_[0] = l;
    to_[0] = u;
  }
  /// Cuts the last stretch. |f'| <= steepest inside [low, high] (not used where low == high).
  void bend(double low, double high, double steepest) {
    const double u = to_[static_cast<std::size_t>(count_ - 1)];
    to_[static_cast<std::size_t>(count_ - 1)] = low;
    from_[static_cast<std::size_t>(count_)] = high;
    to_[static_cast<std::size_t>(count_)] = u;
    ++count_;
    gap_ = std::max(gap_, high - low);
    steepest_ = std::max(steepest_, steepest);
  }
  int count() const { return count_; }
  double from(int i) const { return from_[static_cast<std::size_t>(i)]; }
  double to(int i) const { return to_[static_cast<std::size_t>(i)]; }
  bool convex(int i) const { return first_is_convex_ == (i % 2 == 0); }
  /// The stretch that holds z, or ends just left of it.
  int find(double z) const {
    int i = 0;
    while (i + 1 < count_ && z >= from(i + 1)) ++i;
    return i;
  }
  /// How far f(z) - s z may fall between the end of a stretch and the inflection.
  double gap_loss(double s) const {
    return gap_ == 0.0 ? 0.0 : 1.001 * (steepest_ + std::fabs(s)) * gap_;
  }

  static constexpr int kMost = 5;

 private:
  std::array<double, kMost> from_, to_;  // NOLINT: see the constructor
  int count_ = 1;
  bool first_is_convex_;
  double gap_ = 0.0, steepest_ = 0.0;
};

}  // namespace clipbound::bounds::relax_detail
