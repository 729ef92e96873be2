#include "bounds/relax/activation.h"

#include <algorithm>
#include <iterator>

#include "bounds/relax/curve_dispatch.h"

namespace clipbound::bounds {

using namespace relax_detail;

LinePair relax(const Activation& activation, double l, double u) {
  if (!(l <= u)) return kUnknownLines;
  return with_curve(activation, [&](const auto& c) { return c.lines(l, u); });
}

LinePair supporting(const Activation& activation, double l, double u, double z) {
  if (!(l <= u)) return kUnknownLines;
  return with_curve(activation, [&](const auto& c) {
    if constexpr (requires { c.supporting(l, u, z); }) {
      return c.supporting(l, u, clamped(z, l, u));
    } else {
      return c.lines(l, u);
    }
  });
}

double touching_point(const Activation& activation, double l, double u) {
  return with_curve(activation, [&](const auto& c) {
    if constexpr (requires { c.meeting_point(l, u); }) {
      return c.meeting_point(l, u);
    } else {
      return middle(l, u);
    }
  });
}

double lower_offset(const Activation& activation, double slope, double l, double u) {
  if (!(l <= u) || !std::isfinite(slope)) return -kInfinity;
  const double offset = with_curve(activation, [&](const auto& c) { return c.lower(slope, l, u); });
  return offset < kInfinity ? offset : -kInfinity;
}

double upper_offset(const Activation& activation, double slope, double l, double u) {
  if (!(l <= u) || !std::isfinite(slope)) return kInfinity;
  const double offset = with_curve(activation, [&](const auto& c) { return c.upper(slope, l, u); });
  return offset > -kInfinity ? offset : kInfinity;
}

Range range_of(const Activation& activation, double l, double u) {
  if (!(l <= u)) return kUnknownRange;
  return with_curve(activation, [&](const auto& c) { return c.range(l, u); });
}

double value_of(const Activation& activation, double z) {
  return with_curve(activation, [&](const auto& c) { return c.value(z); });
}

double slope_of(const Activation& activation, double z) {
  return with_curve(activation, [&](const auto& c) { return c.slope(z); });
}

namespace {

constexpr std::string_view kNames[] = {
#define CLIPBOUND_CURVE(id, name, kind, verbs) name,
#define CLIPBOUND_CURVE_OF_TWO(id, name) name,
#include "bounds/relax/curve_list.def"
};

}  // namespace

const char* name_of(Curve curve) {
  return kNames[static_cast<std::size_t>(curve)].data();
}

std::optional<Curve> curve_named(std::string_view name) {
  const auto* const found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<Curve>(found - std::begin(kNames));
}

}  // namespace clipbound::bounds
