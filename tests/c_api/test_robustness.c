/* Robustness from C: a classifier whose labels change where x0 = x1. */
#include "checks.h"

static const double kPoint[] = {0.75, 0.25};

static void test_radius(void) {
  clipbound_network* network = two_inputs();
  clipbound_robustness_settings settings;
  clipbound_robustness_result found;
  double counterexample[2];
  CHECK_OK(clipbound_robustness_defaults(&settings));
  CHECK(settings.radius_max == 1.0 && settings.tolerance > 0 &&
        settings.norm == CLIPBOUND_NORM_INF);
  settings.radius_max = 10.0;
  CHECK_OK(clipbound_robustness(network, kPoint, 0, &settings, NULL, NULL, &found, counterexample));
  CHECK(found.robust_radius > 0.249 && found.robust_radius < 0.25 &&
        found.counterexample_radius >= 0.25);
  CHECK(found.counterexample_label == 1 && counterexample[1] >= counterexample[0]);
  CHECK(found.reason[0] != '\0' && found.queries > 0);
  CHECK(found.counterexample_x != NULL && found.counterexample_x[0] == counterexample[0]);
  /* With the defaults, and without a place for the counterexample. */
  CHECK_OK(clipbound_robustness(network, kPoint, 0, NULL, NULL, NULL, &found, NULL));
  CHECK(found.robust_radius > 0.249 && found.robust_radius < 0.25);
  clipbound_network_free(network);
}

/* Nothing is nearer to x than x: no search, no replay. */
static void test_another_label(void) {
  clipbound_network* network = two_inputs();
  clipbound_robustness_result found;
  clipbound_robustness_check checked;
  double counterexample[2] = {0, 0};
  CHECK_OK(clipbound_robustness(network, kPoint, 1, NULL, NULL, NULL, &found, counterexample));
  CHECK(found.robust_radius < 0 && found.counterexample_radius == 0 &&
        found.counterexample_label == 0);
  CHECK(counterexample[0] == kPoint[0] && counterexample[1] == kPoint[1]);
  counterexample[0] = counterexample[1] = 0;
  CHECK_OK(clipbound_check_robustness(network, kPoint, 1, 0.1, NULL, NULL, NULL, &checked,
                                      counterexample));
  CHECK(checked.answer == CLIPBOUND_NOT_ROBUST && checked.distance == 0 && checked.predicted == 0);
  CHECK(counterexample[0] == kPoint[0] && counterexample[1] == kPoint[1]);
  clipbound_network_free(network);
}

/* The distance of (0.75, 0.25) from x0 = x1. */
static void test_norms(void) {
  static const clipbound_norm norms[] = {CLIPBOUND_NORM_INF, CLIPBOUND_NORM_L1, CLIPBOUND_NORM_L2};
  const double radii[] = {0.25, 0.5, 0.5 / sqrt(2.0)};
  clipbound_network* network = two_inputs();
  clipbound_robustness_settings settings;
  clipbound_robustness_check found;
  size_t k;
  CHECK_OK(clipbound_robustness_defaults(&settings));
  settings.time_limit_s = 20.0;
  for (k = 0; k < 3; ++k) {
    double counterexample[2] = {9, 9};
    settings.norm = norms[k];
    CHECK_OK(clipbound_check_robustness(network, kPoint, 0, 0.98 * radii[k], &settings, NULL, NULL,
                                        &found, counterexample));
    CHECK(found.answer == CLIPBOUND_ROBUST && found.counterexample_x == NULL &&
          found.distance < 0 && counterexample[0] == 9);
    CHECK_OK(clipbound_check_robustness(network, kPoint, 0, 1.02 * radii[k], &settings, NULL, NULL,
                                        &found, counterexample));
    CHECK(found.answer == CLIPBOUND_NOT_ROBUST && counterexample[1] >= counterexample[0]);
    CHECK(found.distance >= radii[k] - 1e-6 && found.distance <= 1.02 * radii[k] + 1e-6);
    CHECK(found.counterexample_label == 1 && found.predicted == 0 && found.reason[0] != '\0');
  }
  CHECK(strcmp(clipbound_robustness_answer_name(CLIPBOUND_NOT_ROBUST), "not robust") == 0);
  CHECK(strcmp(clipbound_robustness_answer_name(CLIPBOUND_ROBUST), "robust") == 0);
  CHECK(strcmp(clipbound_robustness_answer_name((clipbound_robustness_answer)9), "unknown") == 0);
  clipbound_network_free(network);
}

/* The network reads (x - mean) / std: (0.5, 1) of (0.75, 0.5), so label 1 by 0.5, of which
 * x may lose 1 / 0.5 + 1 / 0.25 = 6 times its change. */
static void test_mean_and_std(void) {
  const double x[] = {0.75, 0.5}, mean[] = {0.5, 0.25}, std[] = {0.5, 0.25};
  clipbound_network* network = two_inputs();
  clipbound_robustness_settings settings;
  clipbound_robustness_check found;
  double z[2];
  CHECK_OK(clipbound_robustness_defaults(&settings));
  settings.mean = mean;
  settings.std = std;
  settings.mean_count = settings.std_count = 2;
  CHECK_OK(clipbound_check_robustness(network, x, 1, 0.99 * 0.5 / 6, &settings, NULL, NULL, &found,
                                      NULL));
  CHECK(found.answer == CLIPBOUND_ROBUST);
  CHECK_OK(
      clipbound_check_robustness(network, x, 1, 1.01 * 0.5 / 6, &settings, NULL, NULL, &found, z));
  CHECK(found.answer == CLIPBOUND_NOT_ROBUST && found.counterexample_x != NULL);
  if (found.counterexample_x != NULL)
    CHECK(fabs(found.counterexample_x[0] - (z[0] * std[0] + mean[0])) < 1e-12);
  /* Between these limits x cannot move against its label. */
  settings.has_limits = 1;
  settings.lowest = 0.5;
  settings.highest = 0.75;
  CHECK_OK(clipbound_check_robustness(network, x, 1, 10.0, &settings, NULL, NULL, &found, NULL));
  CHECK(found.answer == CLIPBOUND_ROBUST);
  clipbound_network_free(network);
}

static void test_wrong_settings(void) {
  clipbound_network* network = two_inputs();
  clipbound_robustness_settings settings;
  clipbound_robustness_result found;
  clipbound_robustness_check checked;
  const double three[] = {1, 1, 1}, nan[] = {NAN, NAN};
#define ROBUST(x, label) \
  clipbound_check_robustness(network, x, label, 0.1, &settings, NULL, NULL, &checked, NULL)
#define REFUSED_WITH(member, value, says)             \
  CHECK_OK(clipbound_robustness_defaults(&settings)); \
  settings.member = value;                            \
  CHECK_REFUSED(ROBUST(kPoint, 0), says);             \
  CHECK_REFUSED(clipbound_robustness(network, kPoint, 0, &settings, NULL, NULL, &found, NULL), says)
  REFUSED_WITH(radius_max, NAN, "largest radius");
  REFUSED_WITH(tolerance, NAN, "tolerance");
  REFUSED_WITH(tolerance, 0.0, "tolerance");
  REFUSED_WITH(time_limit_s, NAN, "time_limit_s is not a number");
  REFUSED_WITH(step_limit_s, NAN, "step_limit_s is not a number");
  REFUSED_WITH(norm, (clipbound_norm)9, "no such norm");
  REFUSED_WITH(mean_count, 2, "'mean'");
  REFUSED_WITH(std_count, 2, "'std'");
  REFUSED_WITH(has_limits, 1; settings.lowest = NAN, "no number");
  REFUSED_WITH(has_limits, 1; settings.highest = NAN, "no number");
  REFUSED_WITH(has_limits, 1; settings.lowest = 1; settings.highest = 0, "above the highest");
  REFUSED_WITH(mean, three; settings.mean_count = 3, "mean has 3 numbers");
  REFUSED_WITH(std, nan; settings.std_count = 2, "not finite");
  CHECK_OK(clipbound_robustness_defaults(&settings));
  CHECK_REFUSED(ROBUST(kPoint, 2), "no label 2");
  CHECK_REFUSED(ROBUST(nan, 0), "not finite");
  CHECK_REFUSED(ROBUST(NULL, 0), "'x'");
  CHECK_REFUSED(
      clipbound_check_robustness(network, kPoint, 0, NAN, NULL, NULL, NULL, &checked, NULL),
      "epsilon");
  CHECK_REFUSED(
      clipbound_check_robustness(network, kPoint, 0, -1, NULL, NULL, NULL, &checked, NULL),
      "epsilon");
  CHECK_REFUSED(clipbound_check_robustness(NULL, kPoint, 0, 1, NULL, NULL, NULL, &checked, NULL),
                "'network'");
  CHECK_REFUSED(clipbound_check_robustness(network, kPoint, 0, 1, NULL, NULL, NULL, NULL, NULL),
                "'result'");
  CHECK_REFUSED(clipbound_robustness(network, kPoint, 9, NULL, NULL, NULL, &found, NULL),
                "no label 9");
  CHECK_REFUSED(clipbound_robustness(NULL, kPoint, 0, NULL, NULL, NULL, &found, NULL), "'network'");
  CHECK_REFUSED(clipbound_robustness(network, kPoint, 0, NULL, NULL, NULL, NULL, NULL), "'result'");
  CHECK_REFUSED(clipbound_robustness_defaults(NULL), "'settings'");
  clipbound_network_free(network);
}

void test_robustness(void) {
  test_radius();
  test_another_label();
  test_norms();
  test_mean_and_std();
  test_wrong_settings();
}
