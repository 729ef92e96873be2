// robustness() and check_robustness(): radii of linear classifiers by their closed forms in each
// norm, radii of tiny networks against grids, counterexamples planted in the ball.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "clipbound/clipbound.h"

namespace clipbound {
namespace {

using Values = std::vector<double>;

/// Y_0 - Y_1 = 2 (c x + d).
Network linear_classifier(const std::vector<float>& c, float d) {
  std::vector<float> weights = c;
  for (const float value : c) weights.push_back(-value);
  return Network::from_layers(c.size(), {{weights, {d, -d}, false}});
}

/// The distance of a hyperplane in the norm: |margin| over the dual norm of c.
double closed_form(const std::vector<float>& c, double margin, Norm norm) {
  double sum = 0.0, squares = 0.0, most = 0.0;
  for (const double value : c) {
    sum += std::fabs(value);
    squares += value * value;
    most = std::max(most, std::fabs(value));
  }
  return margin / (norm == Norm::inf ? sum : norm == Norm::l1 ? most : std::sqrt(squares));
}

TEST(CheckRobustness, LinearClassifiersInEveryNorm) {
  const std::vector<float> c = {0.5F, -1.0F, 0.25F};
  const Network network = linear_classifier(c, 0.125F);
  const Values x = {0.5, 0.25, 0.75};
  const double margin = 0.5 * 0.5 - 0.25 + 0.25 * 0.75 + 0.125;
  for (const Norm norm : {Norm::inf, Norm::l1, Norm::l2}) {
    const double radius = closed_form(c, margin, norm);
    RobustnessSettings settings;
    settings.norm = norm;
    settings.time_limit_s = 20.0;
    const RobustnessCheck below = check_robustness(network, x, 0, 0.98 * radius, settings);
    EXPECT_EQ(below.answer, RobustnessAnswer::robust) << name_of(norm) << ": " << below.reason;
    const RobustnessCheck above = check_robustness(network, x, 0, 1.02 * radius, settings);
    ASSERT_EQ(above.answer, RobustnessAnswer::not_robust) << name_of(norm) << ": " << above.reason;
    EXPECT_EQ(above.counterexample_label, 1u);
    EXPECT_LE(above.distance, 1.02 * radius + 1e-6);
    EXPECT_GE(above.distance, radius - 1e-6);
    const Values y = network.evaluate(above.counterexample);
    EXPECT_GE(y[1], y[0]);
  }
}

/// With mean and std the network reads (x - mean) / std: the closed form is that of c / std.
TEST(CheckRobustness, MeanAndStd) {
  const Network network = linear_classifier({1.0F, -1.0F}, 0.0F);
  const Values x = {0.75, 0.5};
  RobustnessSettings settings;
  settings.mean = {0.5, 0.25};
  settings.std = {0.5, 0.25};
  // z = (0.5, 1): label 1, margin 0.5; |c / std|_1 = 6.
  EXPECT_EQ(check_robustness(network, x, 1, 0.5 / 6 * 0.99, settings).answer,
            RobustnessAnswer::robust);
  const RobustnessCheck no = check_robustness(network, x, 1, 0.5 / 6 * 1.01, settings);
  ASSERT_EQ(no.answer, RobustnessAnswer::not_robust);
  for (std::size_t i = 0; i < 2; ++i)
    EXPECT_NEAR(no.counterexample_x[i], no.counterexample[i] * settings.std[i] + settings.mean[i],
                1e-12);
  const RobustnessCheck wrong = check_robustness(network, x, 0, 0.0, settings);
  EXPECT_EQ(wrong.answer, RobustnessAnswer::not_robust);
  EXPECT_EQ(wrong.predicted, 1u);
  // Limits are those of x: at most 0.75 and at least 0.5 it cannot move against the label.
  settings.highest = 0.75;
  settings.lowest = 0.5;
  EXPECT_EQ(check_robustness(network, x, 1, 10.0, settings).answer, RobustnessAnswer::robust);
}

Network random_classifier(std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  const auto numbers = [&](std::size_t count) {
    std::vector<float> values(count);
    for (float& value : values) value = normal(random);
    return values;
  };
  return Network::from_layers(2,
                              {{numbers(12), numbers(6), true}, {numbers(18), numbers(3), false}});
}

double length(double a, double b, Norm norm) {
  a = std::fabs(a);
  b = std::fabs(b);
  return norm == Norm::inf ? std::max(a, b) : norm == Norm::l1 ? a + b : std::hypot(a, b);
}

/// The nearest point of a grid with another label: no proved radius is larger, and the search comes
/// near to it.
TEST(Robustness, TinyNetworksAgainstGrids) {
  std::mt19937_64 random(21);
  for (int round = 0; round < 6; ++round) {
    const Network network = random_classifier(random);
    const Values x = {0.25, -0.125};
    const Values at = network.evaluate(x);
    const auto label =
        static_cast<std::size_t>(std::max_element(at.begin(), at.end()) - at.begin());
    constexpr int kSteps = 64;
    constexpr double kStep = 1.0 / kSteps;
    Values grid;
    for (int a = -kSteps; a <= kSteps; ++a) {
      for (int b = -kSteps; b <= kSteps; ++b)
        grid.insert(grid.end(), {x[0] + a * kStep, x[1] + b * kStep});
    }
    const Values outputs = network.evaluate(grid);
    for (const Norm norm : {Norm::inf, Norm::l1, Norm::l2}) {
      double nearest = 1e9;
      for (std::size_t k = 0; 2 * k < grid.size(); ++k) {
        const double* y = outputs.data() + 3 * k;
        if (*std::max_element(y, y + 3) > y[label] || std::count(y, y + 3, y[label]) > 1)
          nearest = std::min(nearest, length(grid[2 * k] - x[0], grid[2 * k + 1] - x[1], norm));
      }
      RobustnessSettings settings;
      settings.norm = norm;
      settings.time_limit_s = 20.0;
      settings.tolerance = 0.01;
      const Robustness found = robustness(network, x, label, settings);
      EXPECT_LE(found.robust_radius, nearest) << name_of(norm) << " " << round;
      if (found.counterexample_radius) {
        EXPECT_LE(found.robust_radius, *found.counterexample_radius);
      }
      const double within = std::min(nearest, settings.radius_max);
      EXPECT_GE(found.robust_radius, 0.95 * within - 4 * kStep)
          << name_of(norm) << " " << round << ": " << found.reason;
    }
  }
}

/// A hole of width 2^-6 around a planted point, which lies in the ball of one norm alone.
TEST(CheckRobustness, PlantedHoles) {
  // y1 = 1 - 64 (|x0 - p0| + |x1 - p1|), y0 = 0.
  const float p0 = 0.5F, p1 = 0.375F;
  const Network hole =
      Network::from_layers(2, {{{1, 0, -1, 0, 0, 1, 0, -1}, {-p0, p0, -p1, p1}, true},
                               {{0, 0, 0, 0, -64, -64, -64, -64}, {0, 1}, false}});
  RobustnessSettings settings;
  settings.time_limit_s = 20.0;
  const Values x = {0.0, 0.0};
  const auto answer = [&](Norm norm, double epsilon) {
    settings.norm = norm;
    return check_robustness(hole, x, 0, epsilon, settings).answer;
  };
  // The hole's nearest points are 1/64 nearer than the planted one: at 0.5 - 1/64 + a little.
  EXPECT_EQ(answer(Norm::inf, 0.48), RobustnessAnswer::robust);
  EXPECT_EQ(answer(Norm::inf, 0.50), RobustnessAnswer::not_robust);
  EXPECT_EQ(answer(Norm::l2, 0.60), RobustnessAnswer::robust);
  EXPECT_EQ(answer(Norm::l2, 0.63), RobustnessAnswer::not_robust);
  EXPECT_EQ(answer(Norm::l1, 0.85), RobustnessAnswer::robust);
  EXPECT_EQ(answer(Norm::l1, 0.88), RobustnessAnswer::not_robust);
}

TEST(CheckRobustness, SaysWhatIsWrong) {
  const Network network = linear_classifier({1.0F, -1.0F}, 0.0F);
  const Values x = {0.75, 0.5};
  EXPECT_THROW(check_robustness(network, Values{1}, 0, 0.1), InputError);
  EXPECT_THROW(check_robustness(network, x, 2, 0.1), InputError);
  EXPECT_THROW(check_robustness(network, x, 0, -0.1), InputError);
  EXPECT_THROW(check_robustness(network, x, 0, INFINITY), InputError);
  RobustnessSettings settings;
  settings.std = {0.0};
  EXPECT_THROW(check_robustness(network, x, 0, 0.1, settings), InputError);
  settings.std = {1.0, 1.0, 1.0};
  EXPECT_THROW(check_robustness(network, x, 0, 0.1, settings), InputError);
  EXPECT_THROW(norm_of("l3"), InputError);
}

/// Y_0 = 0, Y_1 = x - c for the float32 number c next to 0.3, which is larger: at x = 0.3 label 0
/// holds, at c it does not. What the network computes is at c.
TEST(CheckRobustness, ACentreThatIsNoFloat32NumberIsJudgedWhereItIs) {
  const Network network = Network::from_layers(1, {{{0.0F, 1.0F}, {0.0F, -0.3F}, false}});
  const Values x = {0.3};
  ASSERT_GT(static_cast<double>(0.3F), 0.3);
  const RobustnessSettings settings{.time_limit_s = 5.0};
  const RobustnessCheck near = check_robustness(network, x, 0, 1e-12, settings);
  EXPECT_NE(near.answer, RobustnessAnswer::not_robust) << near.reason;
  const RobustnessCheck far = check_robustness(network, x, 0, 1e-3, settings);
  ASSERT_EQ(far.answer, RobustnessAnswer::not_robust);
  EXPECT_GT(far.counterexample[0], 0.3);
  EXPECT_GE(robustness(network, x, 0, settings).robust_radius, 0.0);
}

/// What is nearest is x itself, exactly as given: proved, so that nothing has to be replayed.
TEST(CheckRobustness, APointOfAnotherLabelIsItsOwnCounterexample) {
  const Network network = linear_classifier({1.0F, -1.0F}, 0.0F);
  const Values x = {0.1, 0.7};  // no float32 numbers
  const RobustnessCheck found = check_robustness(network, x, 0, 0.25);
  EXPECT_EQ(found.answer, RobustnessAnswer::not_robust);
  EXPECT_EQ(found.counterexample, x);
  EXPECT_EQ(found.counterexample_x, x);
  EXPECT_EQ(found.distance, 0.0);
  EXPECT_EQ(found.counterexample_label, 1u);
  const Robustness radius = robustness(network, x, 0);
  EXPECT_LT(radius.robust_radius, 0.0);
  EXPECT_EQ(radius.counterexample, x);
  EXPECT_EQ(radius.counterexample_radius, 0.0);
  EXPECT_EQ(radius.queries, 0);
}

TEST(CheckRobustness, WhatIsNoLimitAndNoPointIsRefused) {
  const Network network = linear_classifier({1.0F}, 0.0F);
  const Values x = {0.5};
  EXPECT_THROW(check_robustness(network, x, 0, 0.1, {.lowest = 1.0, .highest = 0.0}), InputError);
  EXPECT_THROW(check_robustness(network, x, 0, 0.1, {.lowest = std::nan("")}), InputError);
  EXPECT_THROW(check_robustness(network, x, 0, 0.1, {.time_limit_s = std::nan("")}), InputError);
  EXPECT_THROW(robustness(network, x, 0, {.step_limit_s = std::nan("")}), InputError);
  RobustnessSettings far;
  far.mean = {1e308};
  EXPECT_THROW(check_robustness(network, x, 0, 0.1, far), InputError);
}

}  // namespace
}  // namespace clipbound
