/* Incremental solving from C. */
#include "checks.h"

static const double kLower[] = {-1, -1, -1}, kUpper[] = {1, 1, 1};

/* coefficient * Y_0 <= threshold, in `term`. */
static clipbound_row row_of(clipbound_term* term, double coefficient, double threshold) {
  clipbound_row row = {NULL, 1, 0.0, 0};
  term->of_input = 0;
  term->index = 0;
  term->coefficient = coefficient;
  row.terms = term;
  row.threshold = threshold;
  return row;
}

static clipbound_verdict verdict_of(clipbound_solver* solver, const clipbound_row* assumptions,
                                    size_t count, const clipbound_callbacks* callbacks) {
  clipbound_result* result = NULL;
  clipbound_verdict verdict;
  CHECK_OK(clipbound_solver_solve(solver, assumptions, count, callbacks, &result));
  verdict = clipbound_result_verdict(result);
  CHECK(strstr(clipbound_result_json(result), clipbound_verdict_name(verdict)) != NULL);
  CHECK(strncmp(clipbound_result_vnncomp(result), clipbound_verdict_name(verdict), 3) == 0);
  if (verdict == CLIPBOUND_SAT) {
    size_t inputs = 0, outputs = 0;
    CHECK(clipbound_result_input(result, &inputs) != NULL && inputs > 0);
    CHECK(clipbound_result_output(result, &outputs) != NULL && outputs > 0);
  }
  clipbound_result_free(result);
  return verdict;
}

/* |x0 + x1| is at most 2; what is known of constraints goes with them. */
static void test_stack(void) {
  clipbound_network* network = absolute_sum();
  clipbound_solver* solver = NULL;
  clipbound_term terms[3];
  const clipbound_row above = row_of(terms, -1.0, -2.5), high = row_of(terms + 1, -1.0, -1.5),
                      low = row_of(terms + 2, 1.0, 1.0);
  clipbound_rows either[2];
  CHECK_OK(clipbound_solver_new(network, kLower, kUpper, NULL, &solver));
  clipbound_network_free(network);
  CHECK(verdict_of(solver, NULL, 0, NULL) == CLIPBOUND_SAT);
  CHECK_OK(clipbound_solver_push(solver));
  CHECK_OK(clipbound_solver_add(solver, &above, 1));
  CHECK(clipbound_solver_levels(solver) == 1 && clipbound_solver_constraint_count(solver) == 1);
  CHECK(verdict_of(solver, NULL, 0, NULL) == CLIPBOUND_UNSAT);
  CHECK(verdict_of(solver, &low, 1, NULL) == CLIPBOUND_UNSAT);
  CHECK(strcmp(clipbound_solver_used(solver), "unsat") == 0);
  CHECK(clipbound_solver_constraint_count(solver) == 1);
  CHECK_REFUSED(clipbound_solver_pop(solver, 2), "levels");
  CHECK_OK(clipbound_solver_pop(solver, 1));
  CHECK(clipbound_solver_levels(solver) == 0 && clipbound_solver_constraint_count(solver) == 0);
  CHECK_OK(clipbound_solver_add(solver, &high, 1));
  CHECK(verdict_of(solver, NULL, 0, NULL) == CLIPBOUND_SAT);
  CHECK(verdict_of(solver, NULL, 0, NULL) == CLIPBOUND_SAT);
  CHECK(strcmp(clipbound_solver_used(solver), "counterexample") == 0);
  CHECK(verdict_of(solver, &low, 1, NULL) == CLIPBOUND_UNSAT);
  /* One of the alternatives: above 2.5 is not possible, above 1.5 is. */
  either[0].rows = &above;
  either[1].rows = &high;
  either[0].row_count = either[1].row_count = 1;
  CHECK_OK(clipbound_solver_add_any(solver, either, 2));
  CHECK(verdict_of(solver, NULL, 0, NULL) == CLIPBOUND_SAT);
  CHECK_OK(clipbound_solver_add_any(solver, either, 1));
  CHECK(verdict_of(solver, NULL, 0, NULL) == CLIPBOUND_UNSAT);
  clipbound_solver_free(solver);
}

/* The largest output of waves.onnx on [-2, 2]^3 is 1.63. What was stopped goes on. */
static void test_warm_start(void) {
  const double lower[] = {-2, -2, -2}, upper[] = {2, 2, 2};
  clipbound_network* network = NULL;
  clipbound_solver* solver = NULL;
  clipbound_options* options = NULL;
  clipbound_term terms[2];
  const clipbound_row high = row_of(terms, -1.0, -1.66), bounded = row_of(terms + 1, 1.0, 5.0);
  clipbound_verdict first;
  CHECK_OK(clipbound_network_load(CLIPBOUND_SOURCE_DIR "/examples/waves.onnx", &network));
  CHECK_OK(clipbound_options_new(&options));
  CHECK_OK(clipbound_options_set(options, "threads", "1"));
  CHECK_OK(clipbound_options_set(options, "time_reserve_s", "0"));
  CHECK_OK(clipbound_options_set(options, "timeout", "0.05"));
  CHECK_OK(clipbound_solver_new(network, lower, upper, options, &solver));
  CHECK_OK(clipbound_solver_add(solver, &high, 1));
  first = verdict_of(solver, NULL, 0, NULL);
  CHECK(first == CLIPBOUND_TIMEOUT || first == CLIPBOUND_UNSAT);
  CHECK_OK(clipbound_options_set(options, "timeout", "120"));
  CHECK_OK(clipbound_solver_set_options(solver, options));
  clipbound_options_free(options);
  CHECK(verdict_of(solver, &bounded, 1, NULL) == CLIPBOUND_UNSAT);
  CHECK(strcmp(clipbound_solver_used(solver), first == CLIPBOUND_UNSAT ? "unsat" : "tree") == 0);
  clipbound_solver_free(solver);
  clipbound_network_free(network);
}

struct intruder {
  clipbound_solver* solver;
  int calls;
};
/* Called while the solver solves: nothing may change it. */
static void on_progress(const clipbound_progress* progress, void* user) {
  struct intruder* self = user;
  clipbound_result* result = NULL;
  clipbound_term term;
  const clipbound_row row = row_of(&term, 1.0, 0.0);
  clipbound_rows rows;
  (void)progress;
  ++self->calls;
  rows.rows = &row;
  rows.row_count = 1;
  CHECK_REFUSED(clipbound_solver_add(self->solver, &row, 1), "in use");
  CHECK_REFUSED(clipbound_solver_add_any(self->solver, &rows, 1), "in use");
  CHECK_REFUSED(clipbound_solver_push(self->solver), "in use");
  CHECK_REFUSED(clipbound_solver_pop(self->solver, 0), "in use");
  CHECK_REFUSED(clipbound_solver_set_options(self->solver, NULL), "in use");
  CHECK_REFUSED(clipbound_solver_solve(self->solver, NULL, 0, NULL, &result), "in use");
  CHECK(result == NULL);
}

static void test_in_use(void) {
  clipbound_network* network = absolute_sum();
  clipbound_stopper* stopper = NULL;
  clipbound_callbacks callbacks = {NULL, NULL, NULL, NULL, NULL, 0.0};
  struct intruder intruder = {NULL, 0};
  clipbound_term term;
  const clipbound_row above = row_of(&term, -1.0, -2.5);
  CHECK_OK(clipbound_solver_new(network, kLower, kUpper, NULL, &intruder.solver));
  CHECK_OK(clipbound_solver_add(intruder.solver, &above, 1));
  callbacks.progress = on_progress;
  callbacks.progress_user = &intruder;
  CHECK_OK(clipbound_stopper_new(&stopper));
  clipbound_stopper_stop(stopper);
  callbacks.stopper = stopper;
  CHECK(verdict_of(intruder.solver, NULL, 0, &callbacks) == CLIPBOUND_UNKNOWN);
  callbacks.stopper = NULL;
  CHECK(verdict_of(intruder.solver, NULL, 0, &callbacks) == CLIPBOUND_UNSAT);
  CHECK(intruder.calls > 0 && clipbound_solver_constraint_count(intruder.solver) == 1);
  CHECK_OK(clipbound_solver_push(intruder.solver)); /* it is free again */
  clipbound_solver_free(intruder.solver);
  clipbound_stopper_free(stopper);
  clipbound_network_free(network);
}

static void test_wrong_constraints(void) {
  clipbound_network* network = absolute_sum();
  clipbound_solver* solver = NULL;
  clipbound_result* result = NULL;
  clipbound_term term;
  clipbound_row row = row_of(&term, 1.0, 0.0);
  const clipbound_rows missing = {NULL, 1};
  const double nan[] = {NAN, 0};
  CHECK_REFUSED(clipbound_solver_new(NULL, kLower, kUpper, NULL, &solver), "'network'");
  CHECK_REFUSED(clipbound_solver_new(network, NULL, kUpper, NULL, &solver), "'lower'");
  CHECK_REFUSED(clipbound_solver_new(network, kLower, NULL, NULL, &solver), "'upper'");
  CHECK_REFUSED(clipbound_solver_new(network, kLower, kUpper, NULL, NULL), "'out'");
  CHECK_REFUSED(clipbound_solver_new(network, kUpper, kLower, NULL, &solver), "");
  CHECK_REFUSED(clipbound_solver_new(network, nan, kUpper, NULL, &solver), "");
  CHECK(solver == NULL);
  CHECK_OK(clipbound_solver_new(network, kLower, kUpper, NULL, &solver));
  CHECK_REFUSED(clipbound_solver_add(solver, NULL, 1), "'rows'");
  CHECK_REFUSED(clipbound_solver_add(NULL, &row, 1), "'solver'");
  CHECK_REFUSED(clipbound_solver_add_any(solver, NULL, 0), "alternative");
  CHECK_REFUSED(clipbound_solver_add_any(solver, &missing, 1), "'rows'");
  CHECK_REFUSED(clipbound_solver_solve(solver, NULL, 1, NULL, &result), "'assumptions'");
  CHECK_REFUSED(clipbound_solver_solve(solver, NULL, 0, NULL, NULL), "'out'");
  CHECK_REFUSED(clipbound_solver_solve(NULL, NULL, 0, NULL, &result), "'solver'");
  term.index = 1; /* there is one output */
  CHECK_REFUSED(clipbound_solver_add(solver, &row, 1), "");
  CHECK_REFUSED(clipbound_solver_solve(solver, &row, 1, NULL, &result), "");
  term.index = 0;
  term.coefficient = NAN;
  CHECK_REFUSED(clipbound_solver_add(solver, &row, 1), "");
  term.coefficient = 1.0;
  row.threshold = NAN;
  CHECK_REFUSED(clipbound_solver_add(solver, &row, 1), "");
  row.terms = NULL;
  CHECK_REFUSED(clipbound_solver_add(solver, &row, 1), "'terms'");
  CHECK(result == NULL && clipbound_solver_constraint_count(solver) == 0);
  CHECK(verdict_of(solver, NULL, 0, NULL) == CLIPBOUND_SAT); /* as if nothing had been */
  CHECK(clipbound_solver_levels(NULL) == 0 && clipbound_solver_constraint_count(NULL) == 0 &&
        clipbound_solver_used(NULL)[0] == '\0');
  CHECK_REFUSED(clipbound_solver_push(NULL), "'solver'");
  CHECK_REFUSED(clipbound_solver_pop(NULL, 1), "'solver'");
  CHECK_REFUSED(clipbound_solver_set_options(NULL, NULL), "'solver'");
  clipbound_solver_free(NULL);
  clipbound_solver_free(solver);
  clipbound_network_free(network);
}

void test_solver(void) {
  test_stack();
  test_warm_start();
  test_in_use();
  test_wrong_constraints();
}
