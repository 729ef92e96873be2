#ifndef CLIPBOUND_C_RANGE_H
#define CLIPBOUND_C_RANGE_H
/* Idea: the least and the largest value of outputs, or of linear forms in them, over a box, refined
 * until both are known to a gap; the outline of two outputs.
 * Source: own.
 * Guarantees: no input of the box has a value outside, in exact real arithmetic for the weights as
 * read; values that are called attained are attained. No exception leaves the library. */
/** @file
 * @brief Clipbound for C: ranges, outlines. */
#include <stddef.h>

#include "clipbound/clipbound_c_network.h"
#include "clipbound/clipbound_c_solve.h"
#include "clipbound/clipbound_c_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** When clipbound_range_of() is content; see RangeSettings in range.h. */
typedef struct clipbound_range_settings {
  double gap;          /**< an end is done once bound and attained value differ by no more than this
                            share of the interval that is attained; 0.005 by default */
  double gap_absolute; /**< or by no more than this, whichever is larger; 0 by default */
  double time_limit_s; /**< of all objectives together; what is known by then is returned */
  int lower;           /**< look for lower ends, the default; where 0 they are bounds of the whole
                            box */
  int upper;           /**< the same of upper ends */
} clipbound_range_settings;
/** Writes the defaults. */
CLIPBOUND_C_API clipbound_status clipbound_range_defaults(clipbound_range_settings* settings);

/** One end of a range: what is proved, and what is reached. */
typedef struct clipbound_range_end {
  double bound;        /**< no point of the box has a value beyond it; infinite where nothing is
                            known, never NaN */
  double attained;     /**< the value at `point` in exact real arithmetic lies between it and
                            `bound`; the other infinity where no value could be proved */
  const double* point; /**< [inputs] a point of the box, the handle's; NULL where no value could be
                            proved */
  int done;            /**< the gap was reached */
} clipbound_range_end;
/** lower.bound <= c Y(x) <= upper.bound for every real x of the box. */
typedef struct clipbound_range {
  clipbound_range_end lower; /**< lower.bound <= the least value <= lower.attained */
  clipbound_range_end upper; /**< upper.attained <= the largest value <= upper.bound */
} clipbound_range;

/** What clipbound_range_of() found. */
typedef struct clipbound_ranges clipbound_ranges;
/** The ranges of `objectives` times the outputs ([count, outputs] row by row; NULL with a count of
 * 0: of every output) over the box [lower, upper] ([inputs] each). settings, options (their time
 * limit does not count) and callbacks (their stopper ends it with what is known; progress is not
 * reported) may be NULL. CLIPBOUND_UNSUPPORTED for operators without bounds. */
CLIPBOUND_C_API clipbound_status clipbound_range_of(
    const clipbound_network* network, const double* lower, const double* upper,
    const double* objectives, size_t count, const clipbound_range_settings* settings,
    const clipbound_options* options, const clipbound_callbacks* callbacks, clipbound_ranges** out);
/** Frees the ranges; NULL is taken too. */
CLIPBOUND_C_API void clipbound_ranges_free(clipbound_ranges* ranges);
/** Number of objectives; 0 for NULL. */
CLIPBOUND_C_API size_t clipbound_ranges_count(const clipbound_ranges* ranges);
/** The range of one of them, 0 <= index < clipbound_ranges_count(). */
CLIPBOUND_C_API clipbound_status clipbound_ranges_get(const clipbound_ranges* ranges, size_t index,
                                                      clipbound_range* range);
/** 1 where both ends of all are known to the gap, else 0. */
CLIPBOUND_C_API int clipbound_ranges_done(const clipbound_ranges* ranges);
/** Thresholds that were asked of clipbound_solve(); 0 for NULL. */
CLIPBOUND_C_API int clipbound_ranges_queries(const clipbound_ranges* ranges);
/** Why it ended. The ranges'; "" for NULL. */
CLIPBOUND_C_API const char* clipbound_ranges_reason(const clipbound_ranges* ranges);

/** A convex polygon that holds every (Y_first, Y_second), and points of the box that reach it. */
typedef struct clipbound_outline clipbound_outline;
/** A direction of an outline: cos * Y_first + sin * Y_second <= end.bound on the whole box. */
typedef struct clipbound_direction {
  double cos;              /**< coefficient of Y_first, taken exactly */
  double sin;              /**< coefficient of Y_second, taken exactly */
  clipbound_range_end end; /**< the largest value */
  double attained[2];      /**< both outputs at end.point, about; of no use without one */
} clipbound_direction;
/** An outline of two outputs over the box [lower, upper] from so many directions (4 to 360).
 * settings (of which `lower` and `upper` do not count), options and callbacks as for
 * clipbound_range_of(). An input error where the two outputs are one or not there, or the outputs
 * are not bounded in some direction. */
CLIPBOUND_C_API clipbound_status
clipbound_outline_of(const clipbound_network* network, const double* lower, const double* upper,
                     size_t first, size_t second, size_t directions,
                     const clipbound_range_settings* settings, const clipbound_options* options,
                     const clipbound_callbacks* callbacks, clipbound_outline** out);
/** Frees the outline; NULL is taken too. */
CLIPBOUND_C_API void clipbound_outline_free(clipbound_outline* outline);
/** The corners [*count, 2], counter-clockwise; the polygon encloses every pair of exact real
 * outputs. The outline's. count may be NULL. */
CLIPBOUND_C_API const double* clipbound_outline_corners(const clipbound_outline* outline,
                                                        size_t* count);
/** Number of directions; 0 for NULL. */
CLIPBOUND_C_API size_t clipbound_outline_direction_count(const clipbound_outline* outline);
/** One of them, 0 <= index < clipbound_outline_direction_count(). */
CLIPBOUND_C_API clipbound_status clipbound_outline_direction(const clipbound_outline* outline,
                                                             size_t index,
                                                             clipbound_direction* direction);
/** Why it ended. The outline's; "" for NULL. */
CLIPBOUND_C_API const char* clipbound_outline_reason(const clipbound_outline* outline);

#ifdef __cplusplus
}
#endif

#endif
