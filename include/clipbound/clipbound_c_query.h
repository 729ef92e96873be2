#ifndef CLIPBOUND_C_QUERY_H
#define CLIPBOUND_C_QUERY_H
/* Idea: queries of the C interface: read from VNN-LIB, or built of boxes and rows.
 * Source: own.
 * Guarantees: those of clipbound.h; no exception leaves the library. */
/** @file
 * @brief Clipbound for C: queries. */
#include <stddef.h>

#include "clipbound/clipbound_c_network.h"
#include "clipbound/clipbound_c_status.h"

#ifdef __cplusplus
extern "C" {
#endif

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

#ifdef __cplusplus
}
#endif

#endif
