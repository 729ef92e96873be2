#ifndef CLIPBOUND_C_ROBUSTNESS_H
#define CLIPBOUND_C_ROBUSTNESS_H
/* Idea: robustness of the C interface: how far an input may be changed before its
 * label changes, and whether it may be changed so far.
 * Source: own.
 * Guarantees: those of clipbound.h; no exception leaves the library. */
/** @file
 * @brief Clipbound for C: robustness. */
#include <stddef.h>

#include "clipbound/clipbound_c_network.h"
#include "clipbound/clipbound_c_solve.h"
#include "clipbound/clipbound_c_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How the distance of two inputs is measured. */
typedef enum clipbound_norm {
  CLIPBOUND_NORM_INF = 0, /**< the largest difference of a number */
  CLIPBOUND_NORM_L1 = 1,  /**< the sum of all differences */
  CLIPBOUND_NORM_L2 = 2   /**< the root of the sum of their squares */
} clipbound_norm;

/** Settings of clipbound_robustness() and clipbound_check_robustness(); see RobustnessSettings in
 * robustness.h. */
typedef struct clipbound_robustness_settings {
  double radius_max;   /**< > 0: no radius beyond it is tried; 1 by default */
  double tolerance;    /**< > 0, relative: the radii are near enough; 0.001 by default */
  double time_limit_s; /**< of everything; none by default */
  double step_limit_s; /**< of the longest query for one radius; 60 by default */
  int has_limits;      /**< where not 0, inputs stay in [lowest, highest] */
  double lowest;       /**< 0 for pixels; may be infinite */
  double highest;      /**< 1 for pixels; may be infinite */
  clipbound_norm norm; /**< of differences between points as x is given; inf by default */
  const double* mean;  /**< the network reads (x - mean) / std: one number, one for each channel or
                            one for each input */
  size_t mean_count;   /**< of mean; 0: zeros */
  const double* std;   /**< as mean, positive */
  size_t std_count;    /**< of std; 0: ones */
} clipbound_robustness_settings;
/** Writes the defaults. */
CLIPBOUND_C_API clipbound_status
clipbound_robustness_defaults(clipbound_robustness_settings* settings);

/** How far the label is sure. With r = robust_radius: every x' with |x' - x| <= r (and within the
 * limits) has Y_label(x') > Y_j(x') for all j != label, in exact real arithmetic. */
typedef struct clipbound_robustness_result {
  double robust_radius;           /**< proved; negative where x itself has another label */
  double counterexample_radius;   /**< smallest at which one is known; negative where none is */
  size_t counterexample_label;    /**< which output is at least as large there */
  int queries;                    /**< radii that were tried */
  const char* reason;             /**< why it ended; this thread's */
  const double* counterexample_x; /**< [inputs] the counterexample as x is given, before mean and
                                       std, rounded: for looking at; this thread's, NULL where none
                                       is known */
} clipbound_robustness_result;
/** Searches the largest ball around x [inputs] on which output `label` is strictly the largest.
 * counterexample [inputs], which may be NULL, is what the network reads, after mean and std: a
 * replayed one, or x itself where that has another label (proved then, not replayed). It is written
 * where counterexample_radius >= 0. settings, options and callbacks may be NULL; the callbacks'
 * stopper ends it with what is known. */
CLIPBOUND_C_API clipbound_status clipbound_robustness(const clipbound_network* network,
                                                      const double* x, size_t label,
                                                      const clipbound_robustness_settings* settings,
                                                      const clipbound_options* options,
                                                      const clipbound_callbacks* callbacks,
                                                      clipbound_robustness_result* result,
                                                      double* counterexample);

/** Whether a label holds on a ball. */
typedef enum clipbound_robustness_answer {
  CLIPBOUND_ROBUSTNESS_UNKNOWN = 0, /**< neither was shown in time */
  CLIPBOUND_ROBUST = 1,             /**< yes, proved */
  CLIPBOUND_NOT_ROBUST = 2          /**< no, here is a counterexample */
} clipbound_robustness_answer;
/** "unknown", "robust" or "not robust"; lives as long as the library. */
CLIPBOUND_C_API const char* clipbound_robustness_answer_name(clipbound_robustness_answer answer);
/** What clipbound_check_robustness() found. */
typedef struct clipbound_robustness_check {
  clipbound_robustness_answer answer; /**< yes, no, or neither */
  size_t predicted;            /**< number of the largest output at x, the first of several */
  size_t counterexample_label; /**< not robust: which output is at least as large there */
  double distance;             /**< not robust: of the counterexample from x, at most; else
                                    negative */
  const char* reason;          /**< by what it was decided, or why it is unknown; this thread's */
  const double* counterexample_x; /**< as in clipbound_robustness_result */
} clipbound_robustness_check;
/** Does every x' with |x' - x| <= epsilon (and within the limits) have Y_label(x') > Y_j(x') for
 * all j != label? `robust` is proved in exact real arithmetic. counterexample as for
 * clipbound_robustness(), written where the answer is no. Of the settings the time limit, the
 * limits of inputs, norm, mean and std count. settings, options and callbacks may be NULL. */
CLIPBOUND_C_API clipbound_status
clipbound_check_robustness(const clipbound_network* network, const double* x, size_t label,
                           double epsilon, const clipbound_robustness_settings* settings,
                           const clipbound_options* options, const clipbound_callbacks* callbacks,
                           clipbound_robustness_check* result, double* counterexample);

#ifdef __cplusplus
}
#endif

#endif
