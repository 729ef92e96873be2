#include "bounds/layered/step_decisions.h"

#include <cmath>

#include "base/check.h"
#include "base/rounding.h"

namespace clipbound::bounds {

namespace {

/// Where f is one value at most, closed: floor(z) = v on [v, v + 1), and so on.
Range piece_of(Curve curve, double v) {
  switch (curve) {
    case Curve::step: return v <= 0.0 ? Range{-kInfinity, 0.0} : Range{0.0, kInfinity};
    case Curve::sign:
      return v < 0.0 ? Range{-kInfinity, 0.0} : v > 0.0 ? Range{0.0, kInfinity} : Range{0.0, 0.0};
    case Curve::floor: return {v, v + 1.0};
    case Curve::ceil: return {v - 1.0, v};
    case Curve::round: return {v - 0.5, v + 0.5};
    case Curve::trunc: return {v > 0.0 ? v : v - 1.0, v < 0.0 ? v : v + 1.0};
    default: break;
  }
  CLIPBOUND_CHECK_NOTE(false, name_of(curve));
  return {};
}

}  // namespace

Range argument_range(const StepFunction& function, const Range& values) {
  CLIPBOUND_CHECK(values.lower <= values.upper);
  if (function.tie) return values.lower >= 1.0 ? Range{0.0, 0.0} : Range{-kInfinity, kInfinity};
  return {piece_of(function.curve, values.lower).lower,
          piece_of(function.curve, values.upper).upper};
}

std::vector<Range> cut_step(const OpenStep& step) {
  CLIPBOUND_CHECK(step.lower < step.upper);
  // Sign has its value 0 at one argument only: a part of its own, whatever else there is.
  if (step.upper - step.lower == 2.0)
    return {
        {step.lower, step.lower}, {step.lower + 1.0, step.lower + 1.0}, {step.upper, step.upper}};
  const double middle = std::floor(0.5 * (step.lower + step.upper));
  return {{step.lower, middle}, {middle + 1.0, step.upper}};
}

}  // namespace clipbound::bounds
