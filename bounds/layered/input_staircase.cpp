#include "bounds/layered/input_staircase.h"

#include <cmath>

#include "base/check.h"

namespace clipbound::bounds {

namespace {

/// The limit of f from above at z, and from below.
double from_above(Curve curve, double z) {
  const bool floors = curve == Curve::floor || (curve == Curve::trunc && z >= 0.0);
  return floors ? std::floor(z) : std::floor(z) + 1.0;
}
double from_below(Curve curve, double z) {
  const bool floors = curve == Curve::floor || (curve == Curve::trunc && z > 0.0);
  return floors ? std::ceil(z) - 1.0 : std::ceil(z);
}
double at(Curve curve, double z) {
  return curve == Curve::floor  ? std::floor(z)
         : curve == Curve::ceil ? std::ceil(z)
                                : std::trunc(z);
}

}  // namespace

Range staircase_range(Curve curve, double l, double u, bool open_l, bool open_u) {
  CLIPBOUND_CHECK(curve == Curve::floor || curve == Curve::ceil || curve == Curve::trunc);
  return {open_l ? from_above(curve, l) : at(curve, l),
          open_u ? from_below(curve, u) : at(curve, u)};
}

StaircaseCut cut_staircase(const InputStaircase& staircase) {
  // The right part has the values from m on: floor(x) >= m where x >= m, ceil(x) >= m where x > m -
  // 1; trunc is one of both.
  const double m = std::ceil(0.5 * (staircase.lower + staircase.upper));
  const bool floors =
      staircase.curve == Curve::floor || (staircase.curve == Curve::trunc && m >= 1.0);
  return {floors ? m : m - 1.0, floors};
}

}  // namespace clipbound::bounds
