#ifndef CLIPBOUND_C_SOLVE_H
#define CLIPBOUND_C_SOLVE_H
/* Idea: options, solving and results of the C interface.
 * Source: own.
 * Guarantees: those of clipbound.h; no exception leaves the library. */
/** @file
 * @brief Clipbound for C: options, solving, results. */
#include <stddef.h>
#include <stdint.h>

#include "clipbound/clipbound_c_network.h"
#include "clipbound/clipbound_c_query.h"
#include "clipbound/clipbound_c_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Options by name. */
typedef struct clipbound_options clipbound_options;

/** One option; all strings live as long as the library. */
typedef struct clipbound_option_info {
  const char* name;  /**< in JSON: "time_limit_s" */
  const char* flag;  /**< on the command line, without "--": "timeout" */
  const char* value; /**< its default */
  const char* range; /**< "an integer from 0 to 1024" */
  const char* help;  /**< one line */
  int boolean;       /**< true or false */
} clipbound_option_info;

/** All options with their defaults. */
CLIPBOUND_C_API clipbound_status clipbound_options_new(clipbound_options** out);
/** Frees the options; NULL is taken too. */
CLIPBOUND_C_API void clipbound_options_free(clipbound_options* options);
/** Sets an option by its name or flag, from text. Where it fails nothing is changed. */
CLIPBOUND_C_API clipbound_status clipbound_options_set(clipbound_options* options, const char* name,
                                                       const char* value);
/** The value as text: *value is this thread's until its next call. */
CLIPBOUND_C_API clipbound_status clipbound_options_get(const clipbound_options* options,
                                                       const char* name, const char** value);
/** Number of options. */
CLIPBOUND_C_API size_t clipbound_option_count(void);
/** What there is to say of an option, 0 <= index < clipbound_option_count(). */
CLIPBOUND_C_API clipbound_status clipbound_option(size_t index, clipbound_option_info* info);

/** The answer: is there a counterexample? */
typedef enum clipbound_verdict {
  CLIPBOUND_UNKNOWN = 0, /**< neither was shown */
  CLIPBOUND_TIMEOUT = 1, /**< neither was shown in time */
  CLIPBOUND_SAT = 2,     /**< yes, here it is */
  CLIPBOUND_UNSAT = 3    /**< no, proved */
} clipbound_verdict;
/** "unknown", "timeout", "sat" or "unsat"; lives as long as the library. */
CLIPBOUND_C_API const char* clipbound_verdict_name(clipbound_verdict verdict);

/** Ends solves early. */
typedef struct clipbound_stopper clipbound_stopper;
/** A stopper that nobody has stopped. */
CLIPBOUND_C_API clipbound_status clipbound_stopper_new(clipbound_stopper** out);
/** Solves that were given it may go on: they hold on to what they need. */
CLIPBOUND_C_API void clipbound_stopper_free(clipbound_stopper* stopper);
/** Every solve with this stopper ends soon with `unknown`, every later one at once.
 * Async-signal-safe. */
CLIPBOUND_C_API void clipbound_stopper_stop(const clipbound_stopper* stopper);
/** 1 after clipbound_stopper_stop(), else 0. */
CLIPBOUND_C_API int clipbound_stopper_stopped(const clipbound_stopper* stopper);

/** How far a run is. What says so never falls. */
typedef struct clipbound_progress {
  double elapsed_s;     /**< seconds since the start; never falls */
  const char* stage;    /**< "attack", "lowering", "root bounds" or "search"; a literal */
  uint64_t clauses;     /**< of the query */
  uint64_t bounded;     /**< of these, on their whole boxes; never falls */
  uint64_t refuted;     /**< of these; never falls */
  uint64_t subproblems; /**< bounded so far; never falls */
  uint64_t open;        /**< subproblems that are not refuted */
  double worst_bound;   /**< a lower bound of what the best row lacks, over everything open; never
                             falls; NaN where nothing is known, or open */
  double settled_share; /**< the largest share of the clauses' trees that was closed at one time, in
                             [0, 1]; never falls, and is 1 only where nothing is open */
} clipbound_progress;

/** How a solve talks to its caller. Members may be NULL or 0. Functions are called from any thread,
 * one at a time; they must return, and must not call longjmp() or throw. */
typedef struct clipbound_callbacks {
  void (*progress)(const clipbound_progress* progress, void* user); /**< called now and then */
  void* progress_user;                                              /**< handed to progress() */
  void (*log)(int level, const char* message,
              void* user);          /**< messages up to the option "verbose" */
  void* log_user;                   /**< handed to log() */
  const clipbound_stopper* stopper; /**< ends it early */
  double elapsed_s;                 /**< what the caller has used up of the time limit already */
} clipbound_callbacks;

/** What a solve found. */
typedef struct clipbound_result clipbound_result;

/** Decides `query` on `network`. options and callbacks may be NULL. */
CLIPBOUND_C_API clipbound_status clipbound_solve(const clipbound_network* network,
                                                 const clipbound_query* query,
                                                 const clipbound_options* options,
                                                 const clipbound_callbacks* callbacks,
                                                 clipbound_result** out);
/** Only looks for a counterexample, until the time limit (for ever without one): never `unsat` of a
 * query that asks for a point. */
CLIPBOUND_C_API clipbound_status clipbound_attack(const clipbound_network* network,
                                                  const clipbound_query* query,
                                                  const clipbound_options* options,
                                                  const clipbound_callbacks* callbacks,
                                                  clipbound_result** out);
/** Frees the result; NULL is taken too. */
CLIPBOUND_C_API void clipbound_result_free(clipbound_result* result);
/** The verdict; unknown for NULL. */
CLIPBOUND_C_API clipbound_verdict clipbound_result_verdict(const clipbound_result* result);
/** Why it is unknown or timeout, or by what it was decided. The result's. */
CLIPBOUND_C_API const char* clipbound_result_reason(const clipbound_result* result);
/** The counterexample [*count]. The result's; *count is 0 unless the verdict
 * is sat. count may be NULL. */
CLIPBOUND_C_API const double* clipbound_result_input(const clipbound_result* result, size_t* count);
/** The outputs at the counterexample [*count], as clipbound_result_input(). */
CLIPBOUND_C_API const double* clipbound_result_output(const clipbound_result* result,
                                                      size_t* count);
/** How far the search came. */
CLIPBOUND_C_API clipbound_status clipbound_result_progress(const clipbound_result* result,
                                                           clipbound_progress* progress);

/** One counter, or a timer in seconds. The strings are the result's. */
typedef struct clipbound_statistic {
  const char* name; /**< its field in JSON */
  double value;     /**< timers in seconds */
  int timer;        /**< else a counter */
  const char* help; /**< what it counts */
} clipbound_statistic;
/** Number of counters and timers; 0 for NULL. */
CLIPBOUND_C_API size_t clipbound_result_statistic_count(const clipbound_result* result);
/** One of them, 0 <= index < clipbound_result_statistic_count(). */
CLIPBOUND_C_API clipbound_status clipbound_result_statistic(const clipbound_result* result,
                                                            size_t index,
                                                            clipbound_statistic* statistic);
/** The competition's result file, a counterexample in the form of the query's version. The
 * result's. */
CLIPBOUND_C_API const char* clipbound_result_vnncomp(const clipbound_result* result);
/** Everything as JSON, with the options it was solved with. The result's. */
CLIPBOUND_C_API const char* clipbound_result_json(const clipbound_result* result);
/** The JSON of a run that ended in an error. This thread's; NULL where memory is out. options may
 * be NULL. */
CLIPBOUND_C_API const char* clipbound_error_json(const char* message,
                                                 const clipbound_options* options);

#ifdef __cplusplus
}
#endif

#endif
