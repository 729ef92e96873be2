/* The C interface, compiled as C11 with -pedantic: everything that the command line needs, and how
 * it complains. */
#include "checks.h"

static int failures = 0;

void check(int condition, const char* what, const char* file, int line) {
  if (condition) return;
  ++failures;
  fprintf(stderr, "%s:%d: %s (last error: %s)\n", file, line, what, clipbound_last_error());
}

clipbound_network* two_inputs(void) {
  static const float weights[] = {1, 0, 0, 1}, bias[] = {0, 0};
  const float *all_weights[] = {weights}, *all_biases[] = {bias};
  const size_t outputs[] = {2};
  const int relu[] = {0};
  clipbound_network* network = NULL;
  CHECK_OK(clipbound_network_from_layers(2, 1, outputs, all_weights, all_biases, relu, &network));
  return network;
}

clipbound_network* absolute_sum(void) {
  static const float first[] = {1, 1, -1, -1}, second[] = {1, 1}, zeros[] = {0, 0};
  const float *weights[] = {first, second}, *biases[] = {zeros, zeros};
  const size_t outputs[] = {2, 1};
  const int relu[] = {1, 0};
  clipbound_network* network = NULL;
  CHECK_OK(clipbound_network_from_layers(2, 2, outputs, weights, biases, relu, &network));
  return network;
}

static clipbound_query* reaches(double value) {
  const double lower[] = {-1, -1}, upper[] = {1, 1};
  clipbound_term term = {0, 0, -1.0};
  clipbound_row row = {NULL, 1, 0.0, 0};
  clipbound_query* query = NULL;
  row.terms = &term;
  row.threshold = -value;
  CHECK_OK(clipbound_query_new(2, 1, &query));
  CHECK_OK(clipbound_query_add_clause(query, lower, upper, &row, 1));
  return query;
}

struct seen {
  int messages;
};
static void on_log(int level, const char* message, void* user) {
  struct seen* seen = user;
  CHECK(level >= 1 && level <= 3 && message != NULL && message[0] != '\0');
  ++seen->messages;
}
static void on_progress(const clipbound_progress* progress, void* user) {
  (void)user;
  CHECK(progress->settled_share >= 0.0 && progress->settled_share <= 1.0);
}

static void test_solve(void) {
  clipbound_network* network = absolute_sum();
  clipbound_query *sat = reaches(1.5), *unsat = reaches(2.5);
  clipbound_options* options = NULL;
  clipbound_result* result = NULL;
  struct seen seen = {0};
  clipbound_callbacks callbacks = {on_progress, NULL, on_log, NULL, NULL, 0.0};
  size_t count = 0;
  const double *x, *y;
  callbacks.log_user = &seen;
  CHECK_OK(clipbound_options_new(&options));
  CHECK_OK(clipbound_options_set(options, "verbose", "1"));
  CHECK_OK(clipbound_options_set(options, "timeout", "20"));
  CHECK_OK(clipbound_solve(network, sat, options, &callbacks, &result));
  CHECK(clipbound_result_verdict(result) == CLIPBOUND_SAT);
  CHECK(strcmp(clipbound_verdict_name(CLIPBOUND_SAT), "sat") == 0);
  CHECK(clipbound_result_reason(result)[0] != '\0');
  x = clipbound_result_input(result, &count);
  CHECK(count == 2 && fabs(x[0]) <= 1 && fabs(x[1]) <= 1);
  y = clipbound_result_output(result, &count);
  CHECK(count == 1 && y[0] >= 1.5 && fabs(x[0] + x[1]) >= 1.4999);
  CHECK(strncmp(clipbound_result_vnncomp(result), "sat\n((X_0 ", 10) == 0);
  CHECK(strstr(clipbound_result_json(result), "\"time_limit_s\": 20") != NULL);
  clipbound_result_free(result);
  result = NULL;
  CHECK_OK(clipbound_attack(network, sat, options, NULL, &result));
  CHECK(clipbound_result_verdict(result) == CLIPBOUND_SAT);
  clipbound_result_free(result);
  result = NULL;
  CHECK_OK(clipbound_solve(network, unsat, options, &callbacks, &result));
  CHECK(seen.messages > 0);
  CHECK(clipbound_result_verdict(result) == CLIPBOUND_UNSAT);
  CHECK(clipbound_result_input(result, &count) == NULL || count == 0);
  {
    clipbound_progress progress;
    clipbound_statistic statistic;
    CHECK_OK(clipbound_result_progress(result, &progress));
    CHECK(progress.settled_share == 1.0);
    CHECK(clipbound_result_statistic_count(result) > 3);
    CHECK_OK(clipbound_result_statistic(result, 0, &statistic));
    CHECK(statistic.name[0] != '\0' && statistic.help[0] != '\0');
    CHECK(clipbound_result_statistic(result, 1000, &statistic) == CLIPBOUND_INPUT_ERROR);
  }
  /* A result outlives what it came from. */
  clipbound_network_free(network);
  clipbound_query_free(unsat);
  clipbound_options_free(options);
  CHECK(strstr(clipbound_result_json(result), "\"unsat\"") != NULL);
  clipbound_result_free(result);
  clipbound_query_free(sat);
}

static void test_stopper(void) {
  clipbound_network* network = absolute_sum();
  clipbound_query* query = reaches(2.5);
  clipbound_stopper* stopper = NULL;
  clipbound_result* result = NULL;
  clipbound_callbacks callbacks = {NULL, NULL, NULL, NULL, NULL, 0.0};
  CHECK_OK(clipbound_stopper_new(&stopper));
  CHECK(!clipbound_stopper_stopped(stopper));
  clipbound_stopper_stop(stopper);
  CHECK(clipbound_stopper_stopped(stopper));
  callbacks.stopper = stopper;
  CHECK_OK(clipbound_solve(network, query, NULL, &callbacks, &result));
  CHECK(clipbound_result_verdict(result) == CLIPBOUND_UNKNOWN);
  clipbound_result_free(result);
  callbacks.elapsed_s = -1.0;
  result = NULL;
  CHECK(clipbound_solve(network, query, NULL, &callbacks, &result) == CLIPBOUND_INPUT_ERROR);
  CHECK(result == NULL);
  clipbound_stopper_free(stopper);
  clipbound_query_free(query);
  clipbound_network_free(network);
}

static void test_files(void) {
  clipbound_network *network = NULL, *part = NULL;
  clipbound_query* query = NULL;
  clipbound_result* result = NULL;
  double lower[3], upper[3];
  const char* json = NULL;
  CHECK_OK(clipbound_network_load(CLIPBOUND_SOURCE_DIR "/examples/waves.onnx", &network));
  CHECK(clipbound_network_input_size(network) == 3 && clipbound_network_output_size(network) == 1);
  CHECK(!clipbound_network_is_float64(network));
  CHECK_OK(clipbound_query_load(CLIPBOUND_SOURCE_DIR "/examples/easy.vnnlib", &query));
  CHECK(clipbound_query_input_size(query) == 3 && clipbound_query_output_size(query) == 1);
  CHECK(clipbound_query_clause_count(query) == 1 && clipbound_query_warning_count(query) == 0);
  CHECK(clipbound_query_warning(query, 0) == NULL);
  CHECK_OK(clipbound_query_box(query, 0, lower, upper));
  CHECK(lower[0] == -2 && upper[2] == 2);
  CHECK_OK(clipbound_solve(network, query, NULL, NULL, &result));
  CHECK(clipbound_result_verdict(result) == CLIPBOUND_UNSAT);
  CHECK_OK(clipbound_network_inspect(network, &json));
  CHECK(strstr(json, "\"parameters\": 1321") != NULL);
  CHECK_OK(clipbound_network_up_to(network, "z1", &part));
  CHECK(clipbound_network_output_size(part) == 24);
  clipbound_result_free(result);
  clipbound_network_free(part);
  clipbound_network_free(network);
  clipbound_query_free(query);
}

static void test_graph(void) {
  clipbound_graph* graph = NULL;
  clipbound_network* network = NULL;
  const int64_t shape[] = {1, 2}, axis[] = {1}, sizes[] = {1, 1}, two = 2;
  const double points[] = {3, 1, -3, 0.5};
  double y[2];
  int32_t x, lengths, parts[2], inputs[2], relu, difference;
  clipbound_attribute attribute = {"axis", CLIPBOUND_ATTRIBUTE_INTEGER, NULL, NULL, NULL, 1};
  attribute.integers = axis;
  CHECK(clipbound_graph_new(999, &graph) == CLIPBOUND_INPUT_ERROR);
  CHECK_OK(clipbound_graph_new(18, &graph));
  CHECK_OK(clipbound_graph_input(graph, "x", shape, 2, 0, &x));
  CHECK_OK(clipbound_graph_int64(graph, &two, 1, sizes, &lengths));
  inputs[0] = x;
  inputs[1] = lengths;
  CHECK_OK(clipbound_graph_add(graph, "Split", inputs, 2, &attribute, 1, parts, 2));
  CHECK_OK(clipbound_graph_add(graph, "Relu", parts, 1, NULL, 0, &relu, 1));
  inputs[0] = relu;
  inputs[1] = parts[1];
  CHECK_OK(clipbound_graph_add(graph, "Sub", inputs, 2, NULL, 0, &difference, 1));
  CHECK(clipbound_graph_add(graph, "Nonsense", inputs, 2, NULL, 0, &difference, 1) ==
        CLIPBOUND_UNSUPPORTED);
  CHECK(strstr(clipbound_last_error(), "Nonsense") != NULL);
  CHECK_OK(clipbound_graph_output(graph, difference));
  CHECK(clipbound_graph_output(graph, 1000) == CLIPBOUND_INPUT_ERROR);
  CHECK_OK(clipbound_graph_build(graph, &network));
  CHECK_OK(clipbound_network_evaluate(network, points, 2, y));
  CHECK(y[0] == 2 && y[1] == -0.5);
  clipbound_network_free(network);
  clipbound_graph_free(graph);
}

/* Two networks that the query declares, and two side by side. */
static void test_problem(void) {
  static const char* const names[] = {"exact", "rounded"};
  static const char* const paths[] = {CLIPBOUND_SOURCE_DIR "/examples/follow.onnx",
                                      CLIPBOUND_SOURCE_DIR "/examples/follow_rounded.onnx"};
  static const char* const path = CLIPBOUND_SOURCE_DIR "/examples/vnnlib2/isomorphic.vnnlib";
  const clipbound_network* parts[2];
  clipbound_network *network = NULL, *both = NULL;
  clipbound_query* query = NULL;
  clipbound_result* result = NULL;
  CHECK_OK(clipbound_problem_load(path, names, paths, 2, &network, &query));
  CHECK(clipbound_network_input_size(network) == 6 && clipbound_query_input_size(query) == 6);
  CHECK_OK(clipbound_solve(network, query, NULL, NULL, &result));
  CHECK(clipbound_result_verdict(result) == CLIPBOUND_UNSAT);
  clipbound_result_free(result);
  clipbound_query_free(query);
  parts[0] = parts[1] = network;
  CHECK_OK(clipbound_network_side_by_side(names, parts, 2, &both));
  CHECK(clipbound_network_input_size(both) == 12 && clipbound_network_output_size(both) == 4);
  clipbound_network_free(both);
  clipbound_network_free(network);
  network = NULL;
  query = NULL;
  CHECK(clipbound_problem_load(path, names, paths, 1, &network, &query) == CLIPBOUND_INPUT_ERROR &&
        network == NULL && query == NULL);
  CHECK(strstr(clipbound_last_error(), "'rounded'") != NULL);
}

static void test_errors(void) {
  clipbound_network* network = NULL;
  clipbound_query* query = NULL;
  clipbound_options* options = NULL;
  clipbound_result* result = NULL;
  const char* value = NULL;
  CHECK(clipbound_network_load("/no/such/file.onnx", &network) == CLIPBOUND_INPUT_ERROR &&
        network == NULL);
  CHECK(strstr(clipbound_last_error(), "/no/such/file.onnx") != NULL);
  CHECK(clipbound_network_load(NULL, &network) == CLIPBOUND_INPUT_ERROR);
  CHECK(clipbound_network_load("x", NULL) == CLIPBOUND_INPUT_ERROR);
  CHECK(clipbound_network_parse("nonsense", 8, NULL, &network) == CLIPBOUND_INPUT_ERROR);
  CHECK(clipbound_query_parse("(assert", NULL, &query) == CLIPBOUND_INPUT_ERROR);
  CHECK(clipbound_query_parse("(vnnlib-version <3.0>)", NULL, &query) == CLIPBOUND_UNSUPPORTED);
  CHECK(clipbound_solve(NULL, NULL, NULL, NULL, &result) == CLIPBOUND_INPUT_ERROR &&
        result == NULL);
  CHECK_OK(clipbound_options_new(&options));
  CHECK(clipbound_options_set(options, "threads", "many") == CLIPBOUND_INPUT_ERROR);
  CHECK_OK(clipbound_options_get(options, "threads", &value));
  CHECK(strcmp(value, "0") == 0);
  CHECK(strstr(clipbound_error_json("it broke", options), "it broke") != NULL);
  clipbound_options_free(options);
  clipbound_network_free(NULL);
  clipbound_query_free(NULL);
  clipbound_result_free(NULL);
  clipbound_stopper_free(NULL);
  clipbound_stopper_stop(NULL);
  CHECK(clipbound_network_input_size(NULL) == 0 &&
        clipbound_result_verdict(NULL) == CLIPBOUND_UNKNOWN);
}

static void test_about(void) {
  size_t i;
  clipbound_option_info info;
  int found = 0;
  CHECK(strchr(clipbound_version(), '.') != NULL);
  CHECK(strstr(clipbound_onnx_operators(), "\nGemm\n") != NULL);
  CHECK(clipbound_oldest_opset() <= 13 && clipbound_newest_opset() >= 13);
  CHECK(strcmp(clipbound_vnnlib_versions(), "1.0\n2.0\n2.1") == 0);
  CHECK(clipbound_process_elapsed_s() >= 0.0);
  for (i = 0; i < clipbound_option_count(); ++i) {
    CHECK_OK(clipbound_option(i, &info));
    found |= strcmp(info.flag, "timeout") == 0 && strcmp(info.name, "time_limit_s") == 0;
  }
  CHECK(found);
  CHECK(clipbound_option(i, &info) == CLIPBOUND_INPUT_ERROR);
}

int main(void) {
  test_solve();
  test_stopper();
  test_files();
  test_graph();
  test_networks();
  test_bounds();
  test_ranges();
  test_robustness();
  test_solver();
  test_problem();
  test_errors();
  test_about();
  if (failures == 0) puts("all as it should be");
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
