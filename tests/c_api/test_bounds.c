/* Bounds from C: of rows C y + d, of many boxes; gradients. */
#include "checks.h"

static void test_one_box(void) {
  clipbound_network* network = absolute_sum();
  clipbound_bounder* bounder = NULL;
  const double wide_lower[] = {-4, -4}, wide_upper[] = {4, 4}, lower[] = {-1, -1}, upper[] = {1, 1};
  double y_lower, y_upper, lower_A[2], lower_b, upper_A[2], upper_b;
  clipbound_bounds bounds = {NULL, NULL, NULL, NULL, NULL, NULL};
  CHECK_OK(clipbound_bounder_new(network, wide_lower, wide_upper, &bounder));
  clipbound_network_free(network);
  CHECK(clipbound_bounder_bounds(bounder, lower, upper, CLIPBOUND_CROWN, 0.0, &bounds) ==
        CLIPBOUND_INPUT_ERROR);
  bounds.lower = &y_lower;
  bounds.upper = &y_upper;
  CHECK_OK(clipbound_bounder_bounds(bounder, lower, upper, CLIPBOUND_IBP, 0.0, &bounds));
  CHECK(y_lower <= 0 && y_upper >= 4 && y_upper < 4.0001);
  bounds.lower_A = lower_A;
  CHECK(clipbound_bounder_bounds(bounder, lower, upper, CLIPBOUND_CROWN, 0.0, &bounds) ==
        CLIPBOUND_INPUT_ERROR);
  bounds.lower_b = &lower_b;
  bounds.upper_A = upper_A;
  bounds.upper_b = &upper_b;
  CHECK_OK(clipbound_bounder_bounds(bounder, lower, upper, CLIPBOUND_CROWN, 10.0, &bounds));
  CHECK(y_upper >= 2 && y_upper < 2.0001 && upper_b >= 2 - fabs(upper_A[0]) - fabs(upper_A[1]));
  CHECK(clipbound_bounder_bounds(bounder, wide_lower, upper, (clipbound_bound_method)7, 0.0,
                                 &bounds) == CLIPBOUND_INPUT_ERROR);
  clipbound_bounder_free(bounder);
}

/* y0 - y1 of two equal sums is 0: seen backward through C, not from bounds of y0 and y1. */
static void test_rows(void) {
  static const float weights[] = {1, 1, 1, 1}, bias[] = {0, 0};
  const float *all_weights[] = {weights}, *all_biases[] = {bias};
  const size_t outputs[] = {2};
  const int relu[] = {0};
  const double lower[] = {-1, -1}, upper[] = {1, 1}, C[] = {1, -1, 2, 0}, d[] = {0, 0.5};
  double low[2], high[2];
  clipbound_network* network = NULL;
  clipbound_bounder* bounder = NULL;
  clipbound_output_rows rows = {NULL, NULL, 2};
  clipbound_bounds bounds = {NULL, NULL, NULL, NULL, NULL, NULL};
  rows.C = C;
  rows.d = d;
  bounds.lower = low;
  bounds.upper = high;
  CHECK_OK(clipbound_network_from_layers(2, 1, outputs, all_weights, all_biases, relu, &network));
  CHECK_OK(clipbound_bounder_new_for_rows(network, lower, upper, &rows, &bounder));
  CHECK(clipbound_bounder_input_size(bounder) == 2 && clipbound_bounder_row_count(bounder) == 2);
  CHECK_OK(clipbound_bounder_bounds(bounder, lower, upper, CLIPBOUND_CROWN, 0.0, &bounds));
  CHECK(low[0] <= 0 && high[0] >= 0 && high[0] - low[0] < 1e-4);
  CHECK(low[1] <= -3.5 && low[1] > -3.501 && high[1] >= 4.5 && high[1] < 4.501);
  clipbound_bounder_free(bounder);
  /* Without d, and without a bounder. */
  rows.d = NULL;
  CHECK_OK(clipbound_bounds_of_boxes(network, lower, upper, 1, &rows, NULL, &bounds));
  CHECK(low[1] <= -4 && low[1] > -4.001 && high[1] >= 4 && high[1] < 4.001);
  clipbound_network_free(network);
}

#define BOXES 24
/* Ends of box k: [k / 8 - 2, k / 8 - 1] in x0, [-1, 1] in x1. */
static void make_boxes(double* lower, double* upper) {
  size_t k;
  for (k = 0; k < BOXES; ++k) {
    lower[2 * k] = (double)k / 8 - 2;
    upper[2 * k] = lower[2 * k] + 1;
    lower[2 * k + 1] = -1;
    upper[2 * k + 1] = 1;
  }
}

/* The linear bounds of box k enclose y at its corners and its centre. */
static void check_linear(const clipbound_network* network, const double* lower, const double* upper,
                         const clipbound_bounds* all, size_t k) {
  int corner;
  for (corner = 0; corner < 5; ++corner) {
    double x[2], y;
    const double *low_A = all->lower_A + 2 * k, *high_A = all->upper_A + 2 * k;
    size_t i;
    for (i = 0; i < 2; ++i) {
      const double low = lower[2 * k + i], high = upper[2 * k + i];
      x[i] = corner == 4 ? 0.5 * (low + high) : (corner >> i) % 2 == 0 ? low : high;
    }
    CHECK_OK(clipbound_network_evaluate(network, x, 1, &y));
    CHECK(low_A[0] * x[0] + low_A[1] * x[1] + all->lower_b[k] <= y + 1e-6);
    CHECK(high_A[0] * x[0] + high_A[1] * x[1] + all->upper_b[k] >= y - 1e-6);
    CHECK(all->lower[k] <= y && all->upper[k] >= y);
  }
}

static void test_boxes(void) {
  static const double widest_lower[] = {-2, -1}, widest_upper[] = {2, 1};
  clipbound_network* network = absolute_sum();
  clipbound_bounder* bounder = NULL;
  clipbound_batch_settings settings;
  double lower[2 * BOXES], upper[2 * BOXES], low[BOXES], high[BOXES], low_A[2 * BOXES],
      low_b[BOXES], high_A[2 * BOXES], high_b[BOXES], first_low[BOXES], first_high[BOXES];
  clipbound_bounds bounds, first = {NULL, NULL, NULL, NULL, NULL, NULL};
  size_t k;
  make_boxes(lower, upper);
  bounds.lower = low;
  bounds.upper = high;
  bounds.lower_A = low_A;
  bounds.lower_b = low_b;
  bounds.upper_A = high_A;
  bounds.upper_b = high_b;
  first.lower = first_low;
  first.upper = first_high;
  CHECK_OK(clipbound_bounder_new(network, widest_lower, widest_upper, &bounder));
  CHECK_OK(clipbound_batch_defaults(&settings));
  CHECK(settings.method == CLIPBOUND_CROWN && settings.slope_iterations >= 1);
  settings.threads = 1;
  CHECK_OK(clipbound_bounder_bounds_of_boxes(bounder, lower, upper, BOXES, &settings, &first));
  settings.threads = 2;
  CHECK_OK(clipbound_bounder_bounds_of_boxes(bounder, lower, upper, BOXES, &settings, &bounds));
  for (k = 0; k < BOXES; ++k) {
    clipbound_bounds one = {NULL, NULL, NULL, NULL, NULL, NULL};
    double one_low, one_high;
    one.lower = &one_low;
    one.upper = &one_high;
    CHECK_OK(clipbound_bounder_bounds(bounder, lower + 2 * k, upper + 2 * k, CLIPBOUND_CROWN, 0.0,
                                      &one));
    CHECK(one_low == first_low[k] && one_high == first_high[k]);
    CHECK(low[k] == first_low[k] && high[k] == first_high[k]);
    check_linear(network, lower, upper, &bounds, k);
  }
  settings.method = CLIPBOUND_ALPHA;
  settings.slope_iterations = 5;
  CHECK_OK(clipbound_bounds_of_boxes(network, lower, upper, BOXES, NULL, &settings, &bounds));
  for (k = 0; k < BOXES; ++k) check_linear(network, lower, upper, &bounds, k);
  clipbound_bounder_free(bounder);
  clipbound_network_free(network);
}

static void test_stopped_boxes(void) {
  clipbound_network* network = absolute_sum();
  clipbound_stopper* stopper = NULL;
  clipbound_batch_settings settings;
  const double lower[] = {-1, -1}, upper[] = {1, 1};
  double low = 0, high = 0;
  clipbound_bounds bounds = {NULL, NULL, NULL, NULL, NULL, NULL};
  bounds.lower = &low;
  bounds.upper = &high;
  CHECK_OK(clipbound_stopper_new(&stopper));
  clipbound_stopper_stop(stopper);
  CHECK_OK(clipbound_batch_defaults(&settings));
  settings.stopper = stopper;
  CHECK_OK(clipbound_bounds_of_boxes(network, lower, upper, 1, NULL, &settings, &bounds));
  CHECK(isinf(low) && low < 0 && isinf(high) && high > 0);
  clipbound_stopper_free(stopper);
  clipbound_network_free(network);
}

static void test_wrong_batches(void) {
  clipbound_network* network = absolute_sum();
  clipbound_output_rows rows = {NULL, NULL, 1};
  const double lower[] = {-1, -1, -9, -1}, upper[] = {1, 1, 1, 1}, one = 1, nan = NAN;
  double low[2] = {7, 7}, high[2];
  clipbound_bounds bounds = {NULL, NULL, NULL, NULL, NULL, NULL};
#define BATCH(boxes, rows, settings) \
  clipbound_bounds_of_boxes(network, lower, upper, boxes, rows, settings, &bounds)
  CHECK_REFUSED(BATCH(1, NULL, NULL), "bounds.lower");
  bounds.lower = low;
  CHECK_REFUSED(BATCH(1, NULL, NULL), "bounds.upper");
  bounds.upper = high;
  bounds.upper_b = high;
  CHECK_REFUSED(BATCH(1, NULL, NULL), "all or none");
  bounds.upper_b = NULL;
  CHECK_REFUSED(BATCH(0, NULL, NULL), "boxes is 0");
  CHECK_REFUSED(BATCH(SIZE_MAX / 2 + 1, NULL, NULL), "'boxes' is absurdly large");
  CHECK_REFUSED(clipbound_bounds_of_boxes(NULL, lower, upper, 1, NULL, NULL, &bounds), "'network'");
  CHECK_REFUSED(clipbound_bounds_of_boxes(network, NULL, upper, 1, NULL, NULL, &bounds), "'lower'");
  CHECK_REFUSED(clipbound_bounds_of_boxes(network, lower, NULL, 1, NULL, NULL, &bounds), "'upper'");
  CHECK_REFUSED(clipbound_bounds_of_boxes(network, lower, upper, 1, NULL, NULL, NULL), "'bounds'");
  CHECK_REFUSED(clipbound_bounds_of_boxes(network, upper, lower, 1, NULL, NULL, &bounds),
                "lower >");
  CHECK_REFUSED(BATCH(1, &rows, NULL), "'rows.C'");
  rows.C = &nan;
  CHECK_REFUSED(BATCH(1, &rows, NULL), "not finite");
  rows.C = &one;
  rows.d = &nan;
  CHECK_REFUSED(BATCH(1, &rows, NULL), "not finite");
  rows.count = 0;
  CHECK_REFUSED(BATCH(1, &rows, NULL), "rows.count is 0");
  CHECK(low[0] == 7); /* nothing is written where it fails */
  clipbound_network_free(network);
}

static void test_wrong_settings(void) {
  clipbound_network* network = absolute_sum();
  clipbound_bounder* bounder = NULL;
  clipbound_batch_settings settings;
  const double lower[] = {-1, -1, -9, -1}, upper[] = {1, 1, 1, 1};
  double low[2] = {7, 7}, high[2];
  clipbound_bounds bounds = {NULL, NULL, NULL, NULL, NULL, NULL};
  bounds.lower = low;
  bounds.upper = high;
  CHECK_REFUSED(clipbound_batch_defaults(NULL), "'settings'");
  CHECK_OK(clipbound_batch_defaults(&settings));
  settings.time_limit_s = NAN;
  CHECK_REFUSED(BATCH(1, NULL, &settings), "time_limit_s is not a number");
  CHECK_REFUSED(clipbound_bounder_new(NULL, lower, upper, &bounder), "'network'");
  CHECK_REFUSED(clipbound_bounder_new(network, lower, upper, NULL), "'out'");
  CHECK_OK(clipbound_bounder_new(network, lower, upper, &bounder));
  CHECK_REFUSED(clipbound_bounder_bounds(bounder, lower, upper, CLIPBOUND_CROWN, NAN, &bounds),
                "time_limit_s is not a number");
  settings.time_limit_s = 0.0;
  settings.threads = -1;
  CHECK_REFUSED(BATCH(1, NULL, &settings), "threads");
  settings.threads = 0;
  settings.slope_iterations = 0;
  CHECK_REFUSED(BATCH(1, NULL, &settings), "slope_iterations");
  settings.slope_iterations = 1;
  settings.method = (clipbound_bound_method)7;
  CHECK_REFUSED(BATCH(1, NULL, &settings), "method");
  CHECK_REFUSED(clipbound_bounder_bounds_of_boxes(bounder, lower, upper, 2, NULL, &bounds),
                "box 1");
  CHECK_REFUSED(clipbound_bounder_bounds_of_boxes(NULL, lower, upper, 2, NULL, &bounds),
                "'bounder'");
  CHECK(low[0] == 7); /* nothing is written where it fails */
  CHECK(clipbound_bounder_input_size(NULL) == 0 && clipbound_bounder_row_count(NULL) == 0);
  clipbound_bounder_free(bounder);
  clipbound_bounder_free(NULL);
  clipbound_network_free(network);
}

static void test_gradients(void) {
  clipbound_network* network = absolute_sum();
  const double x[] = {1, 0.5, -1, -0.5}, weights[] = {1, 3};
  double gradients[4] = {0, 0, 0, 0};
  CHECK_OK(clipbound_network_gradients(network, x, weights, 2, gradients));
  CHECK(gradients[0] == 1 && gradients[1] == 1 && gradients[2] == -3 && gradients[3] == -3);
  CHECK_OK(clipbound_network_gradients(network, NULL, NULL, 0, NULL));
  CHECK_REFUSED(clipbound_network_gradients(NULL, x, weights, 2, gradients), "'network'");
  CHECK_REFUSED(clipbound_network_gradients(network, NULL, weights, 2, gradients), "'x'");
  CHECK_REFUSED(clipbound_network_gradients(network, x, NULL, 2, gradients), "'weights'");
  CHECK_REFUSED(clipbound_network_gradients(network, x, weights, 2, NULL), "'gradients'");
  CHECK_REFUSED(clipbound_network_gradients(network, x, weights, SIZE_MAX / 2 + 1, gradients),
                "'points'");
  CHECK_REFUSED(clipbound_network_evaluate(network, x, SIZE_MAX / 2 + 1, gradients), "'points'");
  clipbound_network_free(network);
}

void test_bounds(void) {
  test_one_box();
  test_rows();
  test_boxes();
  test_stopped_boxes();
  test_wrong_batches();
  test_wrong_settings();
  test_gradients();
}
