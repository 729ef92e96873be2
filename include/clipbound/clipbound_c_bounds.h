#ifndef CLIPBOUND_C_BOUNDS_H
#define CLIPBOUND_C_BOUNDS_H
/* Idea: bounds and gradients of the C interface: of outputs or rows C y + d, on one box or on many.
 * Source: own.
 * Guarantees: those of clipbound.h; no exception leaves the library. */
/** @file
 * @brief Clipbound for C: bounds, gradients. */
#include <stddef.h>

#include "clipbound/clipbound_c_network.h"
#include "clipbound/clipbound_c_solve.h"
#include "clipbound/clipbound_c_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How bounds are computed; see BoundMethod in bounds.h. */
typedef enum clipbound_bound_method {
  CLIPBOUND_IBP = 0,   /**< intervals */
  CLIPBOUND_CROWN = 1, /**< linear bounds */
  CLIPBOUND_ALPHA = 2  /**< linear bounds with optimised slopes */
} clipbound_bound_method;

/** Rows C y + d over a network's outputs y, taken exactly. Bounded backward through C, which is
 * tighter than what follows from bounds of the single outputs. */
typedef struct clipbound_output_rows {
  const double* C; /**< [count, outputs], row by row; finite */
  const double* d; /**< [count], finite; NULL: zeros */
  size_t count;    /**< at least 1 */
} clipbound_output_rows;

/** Where the bounds of M outputs or rows in N inputs go, on each of B boxes (1 where a function is
 * about one box): for every real x of a box lower <= Y <= upper and
 * lower_A x + lower_b <= Y <= upper_A x + upper_b. An end is infinite where nothing is known, never
 * NaN. The four arrays of the linear bounds may all be NULL: then they are not computed, which
 * takes a half to a third of the work. */
typedef struct clipbound_bounds {
  double* lower;   /**< [B, M] */
  double* upper;   /**< [B, M] */
  double* lower_A; /**< [B, M, N] */
  double* lower_b; /**< [B, M] */
  double* upper_A; /**< [B, M, N] */
  double* upper_b; /**< [B, M] */
} clipbound_bounds;

/** Bounds of one network on many boxes. */
typedef struct clipbound_bounder clipbound_bounder;
/** Prepares for all boxes inside [lower, upper] ([N] each). */
CLIPBOUND_C_API clipbound_status clipbound_bounder_new(const clipbound_network* network,
                                                       const double* lower, const double* upper,
                                                       clipbound_bounder** out);
/** The same for rows in the place of the outputs; NULL: the outputs. */
CLIPBOUND_C_API clipbound_status clipbound_bounder_new_for_rows(const clipbound_network* network,
                                                                const double* lower,
                                                                const double* upper,
                                                                const clipbound_output_rows* rows,
                                                                clipbound_bounder** out);
/** Frees the bounder; NULL is taken too. */
CLIPBOUND_C_API void clipbound_bounder_free(clipbound_bounder* bounder);
/** N; 0 for NULL. */
CLIPBOUND_C_API size_t clipbound_bounder_input_size(const clipbound_bounder* bounder);
/** M: of the outputs or rows; 0 for NULL. */
CLIPBOUND_C_API size_t clipbound_bounder_row_count(const clipbound_bounder* bounder);
/** Bounds on one of the boxes ([N] each end), in the caller's thread. time_limit_s: past it they
 * get no tighter. */
CLIPBOUND_C_API clipbound_status clipbound_bounder_bounds(const clipbound_bounder* bounder,
                                                          const double* lower, const double* upper,
                                                          clipbound_bound_method method,
                                                          double time_limit_s,
                                                          const clipbound_bounds* bounds);

/** Settings of bounds on many boxes. */
typedef struct clipbound_batch_settings {
  clipbound_bound_method method;    /**< CLIPBOUND_CROWN by default */
  int slope_iterations;             /**< of CLIPBOUND_ALPHA, at least 1; 20 by default */
  double time_limit_s;              /**< of the whole batch: past it bounds get no tighter */
  int threads;                      /**< 0, the default: all that the process may use */
  const clipbound_stopper* stopper; /**< boxes that are not reached when it stops have infinite
                                         bounds; may be NULL */
} clipbound_batch_settings;
/** Writes the defaults. */
CLIPBOUND_C_API clipbound_status clipbound_batch_defaults(clipbound_batch_settings* settings);
/** Bounds on B = `boxes` boxes ([B, N] each end, B at least 1), all inside the one that the bounder
 * was prepared for. They do not depend on the number of threads, unless time runs out. settings may
 * be NULL. An error names the box. */
CLIPBOUND_C_API clipbound_status clipbound_bounder_bounds_of_boxes(
    const clipbound_bounder* bounder, const double* lower, const double* upper, size_t boxes,
    const clipbound_batch_settings* settings, const clipbound_bounds* bounds);
/** The same for boxes anywhere, or for a single one: the network is prepared once, for the hull of
 * all boxes. rows may be NULL: bounds of the outputs. */
CLIPBOUND_C_API clipbound_status clipbound_bounds_of_boxes(const clipbound_network* network,
                                                           const double* lower, const double* upper,
                                                           size_t boxes,
                                                           const clipbound_output_rows* rows,
                                                           const clipbound_batch_settings* settings,
                                                           const clipbound_bounds* bounds);

#ifdef __cplusplus
}
#endif

#endif
