#ifndef CLIPBOUND_C_SOLVER_H
#define CLIPBOUND_C_SOLVER_H
/* Idea: many questions about one network and one box, each a little different from the last:
 * constraints come and go as on a stack.
 * Source: own.
 * Guarantees: those of clipbound_solve(); what is kept from an earlier call only ever serves a
 * query that asks for more than the earlier one. No exception leaves the library. */
/** @file
 * @brief Clipbound for C: incremental solving. */
#include <stddef.h>

#include "clipbound/clipbound_c_network.h"
#include "clipbound/clipbound_c_query.h"
#include "clipbound/clipbound_c_solve.h"
#include "clipbound/clipbound_c_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A network, a box of its inputs, and a stack of constraints, all of which a counterexample has to
 * satisfy. What a call of clipbound_solver_solve() found is used by later ones that have all of its
 * constraints: where it was unsat, they are; where it was stopped, they go on with its tree's
 * splits and with what was refuted (a warm start); counterexamples are tried before anything is
 * searched. clipbound_solver_pop() forgets what depended on the constraints that it takes away.
 *
 * A tree is taken over where every row that was added since speaks of an output; rows over inputs
 * alone change the boxes, and the search begins anew. Used by one thread at a time: while it
 * solves, a call that would change it or solve is an input error (in a callback too), and it must
 * not be freed. */
typedef struct clipbound_solver clipbound_solver;

/** Rows that must all hold. */
typedef struct clipbound_rows {
  const clipbound_row* rows; /**< [row_count]; may be NULL where that is 0 */
  size_t row_count;          /**< none: they hold everywhere */
} clipbound_rows;

/** A solver for points lower <= x <= upper ([inputs] each), without constraints. options may be
 * NULL. It needs neither network nor options any more. */
CLIPBOUND_C_API clipbound_status clipbound_solver_new(const clipbound_network* network,
                                                      const double* lower, const double* upper,
                                                      const clipbound_options* options,
                                                      clipbound_solver** out);
/** Frees the solver; NULL is taken too. */
CLIPBOUND_C_API void clipbound_solver_free(clipbound_solver* solver);
/** Adds a constraint: all rows must hold. Where it fails nothing is added. */
CLIPBOUND_C_API clipbound_status clipbound_solver_add(clipbound_solver* solver,
                                                      const clipbound_row* rows, size_t row_count);
/** Adds a constraint: all rows of one of the alternatives [count] must hold. count is at least 1,
 * and all constraints together make at most 100,000 clauses. */
CLIPBOUND_C_API clipbound_status clipbound_solver_add_any(clipbound_solver* solver,
                                                          const clipbound_rows* alternatives,
                                                          size_t count);
/** Opens a level; clipbound_solver_pop() takes away what is added from here on. */
CLIPBOUND_C_API clipbound_status clipbound_solver_push(clipbound_solver* solver);
/** Closes so many levels; an input error, and nothing is closed, where there are fewer. */
CLIPBOUND_C_API clipbound_status clipbound_solver_pop(clipbound_solver* solver, size_t levels);
/** Levels that are open; 0 for NULL. */
CLIPBOUND_C_API size_t clipbound_solver_levels(const clipbound_solver* solver);
/** Constraints that hold now; 0 for NULL. */
CLIPBOUND_C_API size_t clipbound_solver_constraint_count(const clipbound_solver* solver);
/** Options of the calls from here on; NULL: the defaults. */
CLIPBOUND_C_API clipbound_status clipbound_solver_set_options(clipbound_solver* solver,
                                                              const clipbound_options* options);
/** Is there a counterexample that satisfies all constraints, and for this call the assumptions
 * [assumption_count] too (NULL will do where there are none)? As clipbound_solve(). callbacks may
 * be NULL. */
CLIPBOUND_C_API clipbound_status clipbound_solver_solve(clipbound_solver* solver,
                                                        const clipbound_row* assumptions,
                                                        size_t assumption_count,
                                                        const clipbound_callbacks* callbacks,
                                                        clipbound_result** out);
/** How the last clipbound_solver_solve() began: "" anew; else which earlier call it used: "unsat",
 * "counterexample" or "tree". Lives as long as the library; "" for NULL. */
CLIPBOUND_C_API const char* clipbound_solver_used(const clipbound_solver* solver);

#ifdef __cplusplus
}
#endif

#endif
