#ifndef CLIPBOUND_C_H
#define CLIPBOUND_C_H
/* Idea: Clipbound for C and for everything that binds to C: is there an input of a box at which a
 * neural network's outputs satisfy given inequalities? The same library as clipbound.h, whose
 * comments say more about what things mean.
 * Source: own.
 * Guarantees: those of clipbound.h; no exception leaves the library.
 *
 * This header includes the others, each a part of its own: clipbound_c_status.h, _network.h,
 * _query.h, _solve.h, _solver.h (incremental), _bounds.h, _range.h, _robustness.h.
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
 * Settings. Structures of settings may be NULL where a comment says so: then they are the defaults,
 * which a function ..._defaults() writes into one whose members are to be changed. Limits of time
 * that are 0 or less are none; one that is NaN is an input error.
 *
 * Threads. Handles may be used from many threads at once as long as none changes them
 * (clipbound_query_add_clause, clipbound_options_set, clipbound_graph_..., clipbound_solver_...).
 * clipbound_stopper_stop() may be called at any time, in a signal handler too.
 */
/** @file
 * @brief Clipbound for C: all of it, and what the library is. */
#include "clipbound/clipbound_c_bounds.h"
#include "clipbound/clipbound_c_network.h"
#include "clipbound/clipbound_c_query.h"
#include "clipbound/clipbound_c_range.h"
#include "clipbound/clipbound_c_robustness.h"
#include "clipbound/clipbound_c_solve.h"
#include "clipbound/clipbound_c_solver.h"
#include "clipbound/clipbound_c_status.h"

#ifdef __cplusplus
extern "C" {
#endif

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
