#ifndef CLIPBOUND_C_H
#define CLIPBOUND_C_H
/* Idea: Clipbound for C and for everything that binds to C: is there an input of a box at which a
 * neural network's outputs satisfy given inequalities? The same library as clipbound.h, whose
 * comments say more about what things mean.
 * Source: own.
 * Guarantees: those of clipbound.h; no exception leaves the library.
 *
 *   clipbound_network *network = NULL;
 *   clipbound_query *query = NULL;
 *   clipbound_result *result = NULL;
 *   if (clipbound_network_load("net.onnx", &network) != CLIPBOUND_OK ||
 *       clipbound_query_load("property.vnnlib", &query) != CLIPBOUND_OK ||
 *       clipbound_solve(network, query, NULL, NULL, &result) != CLIPBOUND_OK) {
 *     fprintf(stderr, "%s\n", clipbound_last_error());
 *   } else {
 *     puts(clipbound_verdict_name(clipbound_result_verdict(result)));
 *   }
 *   clipbound_result_free(result);
 *   clipbound_query_free(query);
 *   clipbound_network_free(network);
 *
 * Status. Functions that can fail return CLIPBOUND_OK or what went wrong; clipbound_last_error()
 * then says more. Nothing is written to an output argument unless CLIPBOUND_OK is returned. No
 * exception leaves the library, nothing is printed.
 *
 * Handles. Functions with an argument `out` make a handle that the caller frees with the matching
 * ..._free(), which takes NULL too. Handles are independent: a result needs neither its network nor
 * its query any more.
 *
 * Strings and arrays that functions return belong to the library. Those of a handle live as long as
 * the handle is not changed or freed; the others (their comments say so) until the same thread
 * calls the same function again. Arguments are copied; NULL is an input error except where a
 * comment allows it. Strings are UTF-8, ended by 0.
 *
 * Threads. Handles may be used from many threads at once as long as none changes them
 * (clipbound_query_add_clause, clipbound_options_set, clipbound_graph_...).
 * clipbound_stopper_stop() may be called at any time, in a signal handler too.
 */
/** @file
 * @brief Clipbound for C: handles, status codes, solving. */
#include <stddef.h>
#include <stdint.h>

/** Marks what the shared library shows. */
#if defined(__GNUC__)
#define CLIPBOUND_C_API __attribute__((visibility("default")))
#else
#define CLIPBOUND_C_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** What a call came to; the exit codes of the command line. */
typedef enum clipbound_status {
  CLIPBOUND_OK = 0,
  CLIPBOUND_INPUT_ERROR = 2, /**< a file or an argument cannot be read, does not fit or is NULL */
  CLIPBOUND_UNSUPPORTED = 3, /**< well formed, but not supported */
  CLIPBOUND_INTERNAL_ERROR = 4, /**< a bug in Clipbound */
  CLIPBOUND_OUT_OF_MEMORY = 5
} clipbound_status;

/** What is wrong with the last call of this thread that did not return CLIPBOUND_OK; "" where none
 * did. This thread's. */
CLIPBOUND_C_API const char* clipbound_last_error(void);

/* Networks. */

/** A neural network; never changes. */
typedef struct clipbound_network clipbound_network;

/** Reads an ONNX file (.onnx or .onnx.gz). */
CLIPBOUND_C_API clipbound_status clipbound_network_load(const char* path, clipbound_network** out);
/** The same from `size` bytes of an uncompressed model; `source` names it in messages (may be
 * NULL). */
CLIPBOUND_C_API clipbound_status clipbound_network_parse(const void* bytes, size_t size,
                                                         const char* source,
                                                         clipbound_network** out);
/** A chain of `layers` dense layers on `inputs` float32 inputs. Layer k has outputs[k] outputs,
 * weights[k] [outputs[k], its inputs] row by row, biases[k] [outputs[k]], and max(0, .) after it
 * where relu[k] is not 0. */
CLIPBOUND_C_API clipbound_status clipbound_network_from_layers(
    size_t inputs, size_t layers, const size_t* outputs, const float* const* weights,
    const float* const* biases, const int* relu, clipbound_network** out);
/** The part that computes one tensor (by its name, its node's name or its node's position), which
 * becomes the only output. */
CLIPBOUND_C_API clipbound_status clipbound_network_up_to(const clipbound_network* network,
                                                         const char* layer,
                                                         clipbound_network** out);
/** Frees the network; NULL is taken too. */
CLIPBOUND_C_API void clipbound_network_free(clipbound_network* network);
/** Number of inputs, all input tensors flattened in C order; 0 for NULL. */
CLIPBOUND_C_API size_t clipbound_network_input_size(const clipbound_network* network);
/** Number of outputs, likewise. */
CLIPBOUND_C_API size_t clipbound_network_output_size(const clipbound_network* network);
/** 1 where it computes in float64, 0 for float32. */
CLIPBOUND_C_API int clipbound_network_is_float64(const clipbound_network* network);
/** Outputs y [points, outputs] at x [points, inputs], in the network's own precision. */
CLIPBOUND_C_API clipbound_status clipbound_network_evaluate(const clipbound_network* network,
                                                            const double* x, size_t points,
                                                            double* y);
/** What it is and what Clipbound can do with it, as JSON: *json is this thread's until its next
 * call. */
CLIPBOUND_C_API clipbound_status clipbound_network_inspect(const clipbound_network* network,
                                                           const char** json);

/** A network under construction, operator by operator with ONNX's meaning. Tensors are numbers >=
 * 0. */
typedef struct clipbound_graph clipbound_graph;
/** A tensor that is left out: an optional input. */
#define CLIPBOUND_NO_VALUE (-1)

/** The type of an attribute. */
typedef enum clipbound_attribute_type {
  CLIPBOUND_ATTRIBUTE_INTEGER = 0, /**< integers[0] */
  CLIPBOUND_ATTRIBUTE_NUMBER = 1,  /**< numbers[0] */
  CLIPBOUND_ATTRIBUTE_TEXT = 2,    /**< text */
  CLIPBOUND_ATTRIBUTE_INTEGERS = 3,
  CLIPBOUND_ATTRIBUTE_NUMBERS = 4
} clipbound_attribute_type;
/** An attribute of an operator. Only the members of its type count. */
typedef struct clipbound_attribute {
  const char* name;              /**< as ONNX calls it */
  clipbound_attribute_type type; /**< which of the members below counts */
  const int64_t* integers;       /**< [count] */
  const double* numbers;         /**< [count] */
  const char* text;              /**< of a text */
  size_t count;                  /**< of integers or numbers */
} clipbound_attribute;

/** An empty graph; operators follow the rules of this opset of the default domain. */
CLIPBOUND_C_API clipbound_status clipbound_graph_new(int opset, clipbound_graph** out);
/** Frees the graph; NULL is taken too. */
CLIPBOUND_C_API void clipbound_graph_free(clipbound_graph* graph);
/** An input of the given shape [rank]. */
CLIPBOUND_C_API clipbound_status clipbound_graph_input(clipbound_graph* graph, const char* name,
                                                       const int64_t* shape, size_t rank,
                                                       int float64, int32_t* value);
/** Constants, their values in C order: as many as the shape says. rank 0 is one number; shape may
 * then be NULL. */
CLIPBOUND_C_API clipbound_status clipbound_graph_float32(clipbound_graph* graph,
                                                         const int64_t* shape, size_t rank,
                                                         const float* values, int32_t* value);
/** The same of float64. */
CLIPBOUND_C_API clipbound_status clipbound_graph_float64(clipbound_graph* graph,
                                                         const int64_t* shape, size_t rank,
                                                         const double* values, int32_t* value);
/** The same of int64: shapes, axes, indices. */
CLIPBOUND_C_API clipbound_status clipbound_graph_int64(clipbound_graph* graph, const int64_t* shape,
                                                       size_t rank, const int64_t* values,
                                                       int32_t* value);
/** An operator by its ONNX name on inputs [input_count]; values [output_count] receives its
 * outputs. attributes may be NULL where attribute_count is 0. */
CLIPBOUND_C_API clipbound_status clipbound_graph_add(clipbound_graph* graph, const char* op,
                                                     const int32_t* inputs, size_t input_count,
                                                     const clipbound_attribute* attributes,
                                                     size_t attribute_count, int32_t* values,
                                                     size_t output_count);
/** Names a tensor as an output. */
CLIPBOUND_C_API clipbound_status clipbound_graph_output(clipbound_graph* graph, int32_t value);
/** The network; the graph is empty afterwards and still has to be freed. */
CLIPBOUND_C_API clipbound_status clipbound_graph_build(clipbound_graph* graph,
                                                       clipbound_network** out);

/* Queries. */

/** What is asked: clauses, one of which a counterexample must satisfy; a clause is a box and rows
 * that must all hold. */
typedef struct clipbound_query clipbound_query;

/** coefficient * X_index where of_input is not 0, else * Y_index. */
typedef struct clipbound_term {
  int of_input;       /**< X instead of Y */
  size_t index;       /**< number of the variable */
  double coefficient; /**< finite */
} clipbound_term;
/** sum of terms <= threshold, or < where `strict` is not 0. */
typedef struct clipbound_row {
  const clipbound_term* terms; /**< [term_count] */
  size_t term_count;           /**< at least 1 */
  double threshold;            /**< finite */
  int strict;                  /**< < instead of <= */
} clipbound_row;

/** Reads a VNN-LIB property of version 1.0, 2.0 or 2.1 (.vnnlib or .vnnlib.gz). One that declares
 * several networks is for clipbound_problem_load(). */
CLIPBOUND_C_API clipbound_status clipbound_query_load(const char* path, clipbound_query** out);
/** The same from text; `source` names it in messages (may be NULL). */
CLIPBOUND_C_API clipbound_status clipbound_query_parse(const char* text, const char* source,
                                                       clipbound_query** out);
/** Reads a query and the models [models] of the networks that it declares, paths[k] that of
 * names[k] (NULL where the query has one network), and joins them to one network and one query
 * about it: inputs are those of all networks, outputs their hidden tensors and outputs and the
 * products of the assertions. A network that is equal to another one needs no model. */
CLIPBOUND_C_API clipbound_status clipbound_problem_load(const char* query_path,
                                                        const char* const* names,
                                                        const char* const* paths, size_t models,
                                                        clipbound_network** network,
                                                        clipbound_query** query);
/** Networks [count] side by side as one, for queries that are built in memory: inputs and outputs
 * are those of all networks, one after the other. */
CLIPBOUND_C_API clipbound_status
clipbound_network_side_by_side(const char* const* names, const clipbound_network* const* networks,
                               size_t count, clipbound_network** out);
/** A query without clauses. */
CLIPBOUND_C_API clipbound_status clipbound_query_new(size_t inputs, size_t outputs,
                                                     clipbound_query** out);
/** Frees the query; NULL is taken too. */
CLIPBOUND_C_API void clipbound_query_free(clipbound_query* query);
/** Adds lower <= x <= upper ([inputs] each) and all rows (may be NULL where row_count is 0). */
CLIPBOUND_C_API clipbound_status clipbound_query_add_clause(clipbound_query* query,
                                                            const double* lower,
                                                            const double* upper,
                                                            const clipbound_row* rows,
                                                            size_t row_count);
/** Number of inputs; 0 for NULL. */
CLIPBOUND_C_API size_t clipbound_query_input_size(const clipbound_query* query);
/** Number of outputs; 0 for NULL. */
CLIPBOUND_C_API size_t clipbound_query_output_size(const clipbound_query* query);
/** Number of clauses; 0 for NULL. */
CLIPBOUND_C_API size_t clipbound_query_clause_count(const clipbound_query* query);
/** Copies the box of a clause to lower and upper ([inputs] each). */
CLIPBOUND_C_API clipbound_status clipbound_query_box(const clipbound_query* query, size_t clause,
                                                     double* lower, double* upper);
/** What is odd about the property. */
CLIPBOUND_C_API size_t clipbound_query_warning_count(const clipbound_query* query);
/** The query's; NULL where there is no such warning. */
CLIPBOUND_C_API const char* clipbound_query_warning(const clipbound_query* query, size_t index);

/* Options. */

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

/* Solving. */

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

/* Bounds. */

/** How bounds are computed; see BoundMethod in bounds.h. */
typedef enum clipbound_bound_method {
  CLIPBOUND_IBP = 0,   /**< intervals */
  CLIPBOUND_CROWN = 1, /**< linear bounds */
  CLIPBOUND_ALPHA = 2  /**< linear bounds with optimised slopes */
} clipbound_bound_method;

/** Where the bounds of M outputs in N inputs go: for every x of the box lower <= Y <= upper and
 * lower_A x + lower_b <= Y <= upper_A x + upper_b. The four arrays of the linear bounds may all be
 * NULL: then they are not computed. */
typedef struct clipbound_bounds {
  double* lower;   /**< [M] */
  double* upper;   /**< [M] */
  double* lower_A; /**< [M, N] */
  double* lower_b; /**< [M] */
  double* upper_A; /**< [M, N] */
  double* upper_b; /**< [M] */
} clipbound_bounds;

/** Bounds of one network on many boxes. */
typedef struct clipbound_bounder clipbound_bounder;
/** Prepares for all boxes inside [lower, upper] ([N] each). */
CLIPBOUND_C_API clipbound_status clipbound_bounder_new(const clipbound_network* network,
                                                       const double* lower, const double* upper,
                                                       clipbound_bounder** out);
/** Frees the bounder; NULL is taken too. */
CLIPBOUND_C_API void clipbound_bounder_free(clipbound_bounder* bounder);
/** Bounds on one of them. time_limit_s: past it they get no tighter; 0 or less means no limit. */
CLIPBOUND_C_API clipbound_status clipbound_bounder_bounds(const clipbound_bounder* bounder,
                                                          const double* lower, const double* upper,
                                                          clipbound_bound_method method,
                                                          double time_limit_s,
                                                          const clipbound_bounds* bounds);

/* Robustness. */

/** Settings of clipbound_robustness(); see RobustnessSettings in robustness.h. */
typedef struct clipbound_robustness_settings {
  double radius_max;   /**< > 0 */
  double tolerance;    /**< > 0, relative */
  double time_limit_s; /**< 0 or less: none */
  double step_limit_s; /**< of one query; 0 or less: none */
  int has_limits;      /**< where not 0, inputs stay in [lowest, highest] */
  double lowest;       /**< 0 for pixels */
  double highest;      /**< 1 for pixels */
} clipbound_robustness_settings;
/** How far the label is sure. */
typedef struct clipbound_robustness_result {
  double robust_radius;         /**< proved; negative where x itself has another label */
  double counterexample_radius; /**< smallest at which one is known; negative where none is */
  size_t counterexample_label;  /**< which output is at least as large there */
  int queries;                  /**< radii that were tried */
} clipbound_robustness_result;
/** Searches the largest box around x [inputs] on which output `label` is strictly the largest.
 * counterexample [inputs] may be NULL; it is written where counterexample_radius >= 0. options and
 * callbacks may be NULL. */
CLIPBOUND_C_API clipbound_status clipbound_robustness(const clipbound_network* network,
                                                      const double* x, size_t label,
                                                      const clipbound_robustness_settings* settings,
                                                      const clipbound_options* options,
                                                      const clipbound_callbacks* callbacks,
                                                      clipbound_robustness_result* result,
                                                      double* counterexample);

/* About. */

/** "major.minor.patch"; lives as long as the library, as do the strings below. */
CLIPBOUND_C_API const char* clipbound_version(void);
/** The operators that networks may have, separated by newlines, sorted. */
CLIPBOUND_C_API const char* clipbound_onnx_operators(void);
/** The oldest opset that networks may have. */
CLIPBOUND_C_API int clipbound_oldest_opset(void);
/** The newest one. */
CLIPBOUND_C_API int clipbound_newest_opset(void);
/** The versions of VNN-LIB, separated by newlines. */
CLIPBOUND_C_API const char* clipbound_vnnlib_versions(void);
/** Seconds since this process started, for clipbound_callbacks.elapsed_s. */
CLIPBOUND_C_API double clipbound_process_elapsed_s(void);

#ifdef __cplusplus
}
#endif

#endif
