/* Ranges and outlines from C. */
#include "checks.h"

static const double kLower[] = {-1, -1}, kUpper[] = {1, 1};

/* |x0 + x1| on [-1, 1]^2 is [0, 2]. */
static void test_both_ends(void) {
  clipbound_network* network = absolute_sum();
  clipbound_ranges* ranges = NULL;
  clipbound_range range;
  double y = 0;
  CHECK_OK(clipbound_range_of(network, kLower, kUpper, NULL, 0, NULL, NULL, NULL, &ranges));
  clipbound_network_free(network);
  CHECK(clipbound_ranges_count(ranges) == 1 && clipbound_ranges_done(ranges));
  CHECK(clipbound_ranges_queries(ranges) >= 0 && clipbound_ranges_reason(ranges)[0] != '\0');
  CHECK_OK(clipbound_ranges_get(ranges, 0, &range));
  CHECK(range.lower.bound <= 0 && range.lower.attained >= 0 && range.lower.attained <= 0.02);
  CHECK(range.upper.bound >= 2 && range.upper.bound <= 2.02 && range.upper.attained >= 1.98);
  CHECK(range.lower.done && range.upper.done);
  CHECK(range.lower.point != NULL && range.upper.point != NULL);
  y = range.upper.point == NULL ? 0 : fabs(range.upper.point[0] + range.upper.point[1]);
  CHECK(y >= range.upper.attained - 1e-9);
  CHECK_REFUSED(clipbound_ranges_get(ranges, 1, &range), "range number 1");
  CHECK_REFUSED(clipbound_ranges_get(ranges, 0, NULL), "'range'");
  clipbound_ranges_free(ranges);
}

/* -3 y is [-6, 0]; lower ends alone are looked for, to a gap of 0.1. */
static void test_objectives(void) {
  clipbound_network* network = absolute_sum();
  clipbound_range_settings settings;
  clipbound_ranges* ranges = NULL;
  clipbound_range range;
  const double objectives[] = {-3, 1};
  CHECK_OK(clipbound_range_defaults(&settings));
  CHECK(settings.gap > 0 && settings.lower && settings.upper);
  settings.gap = 0;
  settings.gap_absolute = 0.1;
  settings.upper = 0;
  settings.time_limit_s = 20;
  CHECK_OK(
      clipbound_range_of(network, kLower, kUpper, objectives, 2, &settings, NULL, NULL, &ranges));
  CHECK(clipbound_ranges_count(ranges) == 2);
  CHECK_OK(clipbound_ranges_get(ranges, 0, &range));
  CHECK(range.lower.bound <= -6 && range.lower.bound >= -6.1001 && range.lower.done);
  CHECK(range.upper.bound >= 0);
  CHECK_OK(clipbound_ranges_get(ranges, 1, &range));
  CHECK(range.lower.bound <= 0 && range.lower.bound >= -0.1001);
  clipbound_ranges_free(ranges);
  clipbound_network_free(network);
}

static void test_stopped(void) {
  clipbound_network* network = absolute_sum();
  clipbound_stopper* stopper = NULL;
  clipbound_callbacks callbacks = {NULL, NULL, NULL, NULL, NULL, 0.0};
  clipbound_ranges* ranges = NULL;
  clipbound_range range;
  CHECK_OK(clipbound_stopper_new(&stopper));
  clipbound_stopper_stop(stopper);
  callbacks.stopper = stopper;
  CHECK_OK(clipbound_range_of(network, kLower, kUpper, NULL, 0, NULL, NULL, &callbacks, &ranges));
  CHECK(strcmp(clipbound_ranges_reason(ranges), "interrupted") == 0);
  CHECK_OK(clipbound_ranges_get(ranges, 0, &range));
  /* The bounds of the box are known, a point is not. */
  CHECK(range.lower.bound <= 0 && range.upper.bound >= 2 && range.upper.point == NULL);
  CHECK(isinf(range.upper.attained) && range.upper.attained < 0);
  clipbound_ranges_free(ranges);
  clipbound_stopper_free(stopper);
  clipbound_network_free(network);
}

static void test_wrong_ranges(void) {
  clipbound_network* network = absolute_sum();
  clipbound_range_settings settings;
  clipbound_ranges* ranges = NULL;
  const double zero = 0, nan = NAN, infinite[] = {INFINITY, 1};
#define RANGE(objectives, count, settings) \
  clipbound_range_of(network, kLower, kUpper, objectives, count, settings, NULL, NULL, &ranges)
  CHECK_REFUSED(RANGE(NULL, 1, NULL), "'objectives'");
  CHECK_REFUSED(RANGE(&zero, 0, NULL), "their count is 0");
  CHECK_REFUSED(RANGE(&zero, 1, NULL), "all zeros");
  CHECK_REFUSED(RANGE(&nan, 1, NULL), "not finite");
  CHECK_REFUSED(RANGE(&zero, SIZE_MAX, NULL), "'count' is absurdly large");
  CHECK_REFUSED(clipbound_range_of(NULL, kLower, kUpper, NULL, 0, NULL, NULL, NULL, &ranges),
                "'network'");
  CHECK_REFUSED(clipbound_range_of(network, NULL, kUpper, NULL, 0, NULL, NULL, NULL, &ranges),
                "'lower'");
  CHECK_REFUSED(clipbound_range_of(network, kUpper, kLower, NULL, 0, NULL, NULL, NULL, &ranges),
                "lower >");
  CHECK_REFUSED(clipbound_range_of(network, kLower, infinite, NULL, 0, NULL, NULL, NULL, &ranges),
                "not finite");
  CHECK_REFUSED(clipbound_range_of(network, kLower, kUpper, NULL, 0, NULL, NULL, NULL, NULL),
                "'out'");
  CHECK_REFUSED(clipbound_range_defaults(NULL), "'settings'");
  CHECK_OK(clipbound_range_defaults(&settings));
  settings.gap = NAN;
  CHECK_REFUSED(RANGE(NULL, 0, &settings), "gap");
  settings.gap = 0.1;
  settings.time_limit_s = NAN;
  CHECK_REFUSED(RANGE(NULL, 0, &settings), "time_limit_s is not a number");
  CHECK(ranges == NULL);
  CHECK(clipbound_ranges_count(NULL) == 0 && !clipbound_ranges_done(NULL) &&
        clipbound_ranges_queries(NULL) == 0 && clipbound_ranges_reason(NULL)[0] == '\0');
  CHECK_REFUSED(clipbound_ranges_get(NULL, 0, NULL), "'ranges'");
  clipbound_ranges_free(NULL);
  clipbound_network_free(network);
}

/* y = x on a square: the outline of 8 directions is the square. */
static void test_outline(void) {
  clipbound_network* network = two_inputs();
  clipbound_outline* outline = NULL;
  clipbound_direction direction;
  const double* corners;
  size_t count = 0, k;
  double most = 0;
  CHECK_OK(clipbound_outline_of(network, kLower, kUpper, 0, 1, 8, NULL, NULL, NULL, &outline));
  CHECK(clipbound_outline_direction_count(outline) == 8);
  CHECK(clipbound_outline_reason(outline)[0] != '\0');
  for (k = 0; k < 8; ++k) {
    CHECK_OK(clipbound_outline_direction(outline, k, &direction));
    CHECK(direction.end.bound >= fabs(direction.cos) + fabs(direction.sin) - 1e-9);
    CHECK(direction.end.point != NULL && fabs(direction.attained[0]) <= 1.001);
  }
  CHECK_REFUSED(clipbound_outline_direction(outline, 8, &direction), "direction number 8");
  corners = clipbound_outline_corners(outline, &count);
  CHECK(count >= 4);
  for (k = 0; k < 2 * count; ++k) most = fmax(most, fabs(corners[k]));
  CHECK(most >= 1 && most <= 1.05);
  clipbound_outline_free(outline);
  outline = NULL;
  CHECK_REFUSED(clipbound_outline_of(network, kLower, kUpper, 0, 0, 8, NULL, NULL, NULL, &outline),
                "two outputs");
  CHECK_REFUSED(clipbound_outline_of(network, kLower, kUpper, 0, 1, 3, NULL, NULL, NULL, &outline),
                "directions");
  CHECK(outline == NULL && clipbound_outline_corners(NULL, &count) == NULL && count == 0);
  CHECK(clipbound_outline_direction_count(NULL) == 0 && clipbound_outline_reason(NULL)[0] == '\0');
  clipbound_outline_free(NULL);
  clipbound_network_free(network);
}

void test_ranges(void) {
  test_both_ends();
  test_objectives();
  test_stopped();
  test_wrong_ranges();
  test_outline();
}
