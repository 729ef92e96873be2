// Idea: ranges and outlines of clipbound_c.h, each function a call of the public C++ interface.
// Source: own.
// Guarantees: no exception leaves; it becomes a status code.
#include <array>

#include "solver/c_api/handles.h"

using namespace clipbound;
using namespace clipbound::c_api;

namespace {

RangeSettings settings_of(const clipbound_range_settings* settings) {
  if (settings == nullptr) return {};
  return {.gap = settings->gap,
          .gap_absolute = settings->gap_absolute,
          .time_limit_s = limit_of(settings->time_limit_s, "time_limit_s"),
          .lower = settings->lower != 0,
          .upper = settings->upper != 0};
}

clipbound_range_end outer(const RangeEnd& end) {
  return {end.bound, end.attained, end.point.empty() ? nullptr : end.point.data(),
          end.done ? 1 : 0};
}

}  // namespace

clipbound_status clipbound_range_defaults(clipbound_range_settings* settings) {
  return guarded([&] {
    const RangeSettings defaults;
    deref(settings, "settings") = {defaults.gap, defaults.gap_absolute, 0.0, 1, 1};
  });
}

clipbound_status clipbound_range_of(const clipbound_network* network, const double* lower,
                                    const double* upper, const double* objectives, size_t count,
                                    const clipbound_range_settings* settings,
                                    const clipbound_options* options,
                                    const clipbound_callbacks* callbacks, clipbound_ranges** out) {
  return guarded([&] {
    deref(out, "out");
    const Network& inner = deref(network, "network").network;
    const std::size_t inputs = inner.input_size();
    if (count == 0 && objectives != nullptr)
      throw InputError("there are objectives, but their count is 0");
    const std::size_t coefficients = numbers_in(count, inner.output_size(), "count");
    *out = new clipbound_ranges{
        range_of(inner, array(lower, inputs, "lower"), array(upper, inputs, "upper"),
                 array(objectives, coefficients, "objectives"), settings_of(settings),
                 options_of(options), callbacks_of(callbacks))};
  });
}

void clipbound_ranges_free(clipbound_ranges* ranges) {
  delete ranges;
}
size_t clipbound_ranges_count(const clipbound_ranges* ranges) {
  return ranges == nullptr ? 0 : ranges->ranges.ranges.size();
}

clipbound_status clipbound_ranges_get(const clipbound_ranges* ranges, size_t index,
                                      clipbound_range* range) {
  return guarded([&] {
    const Range& held = at(deref(ranges, "ranges").ranges.ranges, index, "range");
    deref(range, "range") = {outer(held.lower), outer(held.upper)};
  });
}

int clipbound_ranges_done(const clipbound_ranges* ranges) {
  return ranges != nullptr && ranges->ranges.done() ? 1 : 0;
}
int clipbound_ranges_queries(const clipbound_ranges* ranges) {
  return ranges == nullptr ? 0 : ranges->ranges.queries;
}
const char* clipbound_ranges_reason(const clipbound_ranges* ranges) {
  return ranges == nullptr ? "" : ranges->ranges.reason.c_str();
}

clipbound_status clipbound_outline_of(const clipbound_network* network, const double* lower,
                                      const double* upper, size_t first, size_t second,
                                      size_t directions, const clipbound_range_settings* settings,
                                      const clipbound_options* options,
                                      const clipbound_callbacks* callbacks,
                                      clipbound_outline** out) {
  return guarded([&] {
    deref(out, "out");
    const Network& inner = deref(network, "network").network;
    const std::size_t inputs = inner.input_size();
    *out = new clipbound_outline{outline_of(
        inner, array(lower, inputs, "lower"), array(upper, inputs, "upper"), first, second,
        directions, settings_of(settings), options_of(options), callbacks_of(callbacks))};
  });
}

void clipbound_outline_free(clipbound_outline* outline) {
  delete outline;
}

const double* clipbound_outline_corners(const clipbound_outline* outline, size_t* count) {
  static_assert(sizeof(std::array<double, 2>) == 2 * sizeof(double));
  const bool none = outline == nullptr || outline->outline.corners.empty();
  if (count != nullptr) *count = none ? 0 : outline->outline.corners.size();
  return none ? nullptr : outline->outline.corners.front().data();
}
size_t clipbound_outline_direction_count(const clipbound_outline* outline) {
  return outline == nullptr ? 0 : outline->outline.directions.size();
}

clipbound_status clipbound_outline_direction(const clipbound_outline* outline, size_t index,
                                             clipbound_direction* direction) {
  return guarded([&] {
    const Outline::Direction& held =
        at(deref(outline, "outline").outline.directions, index, "direction");
    deref(direction, "direction") = {
        held.cos, held.sin, outer(held.end), {held.attained[0], held.attained[1]}};
  });
}

const char* clipbound_outline_reason(const clipbound_outline* outline) {
  return outline == nullptr ? "" : outline->outline.reason.c_str();
}
