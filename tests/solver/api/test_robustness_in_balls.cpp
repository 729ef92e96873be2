// robustness() in l1 and l2 with many inputs, where bounds are taken over ball and box: radii of
// linear classifiers by their closed forms, networks that depend on two of their inputs against
// grids in the ball, holes planted at the sphere.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "clipbound/clipbound.h"

namespace clipbound {
namespace {

using Values = std::vector<double>;
constexpr std::size_t kMany = 48;  // more than an input split takes

double dual_length(const std::vector<float>& c, Norm norm) {
  double squares = 0.0, most = 0.0;
  for (const double value : c) {
    squares += value * value;
    most = std::max(most, std::fabs(value));
  }
  return norm == Norm::l1 ? most : std::sqrt(squares);
}

/// Bounds are exact but for roundings there.
TEST(RobustnessInBalls, LinearClassifiersOfManyInputs) {
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  for (const Norm norm : {Norm::l1, Norm::l2}) {
    std::vector<float> weights(2 * kMany);
    for (std::size_t i = 0; i < kMany; ++i) weights[kMany + i] = -(weights[i] = normal(random));
    const Network network = Network::from_layers(kMany, {{weights, {1.0F, -1.0F}, false}});
    const std::vector<float> c(weights.begin(), weights.begin() + kMany);
    const Values x(kMany, 0.0);
    const double radius = 1.0 / dual_length(c, norm);
    RobustnessSettings settings;
    settings.norm = norm;
    settings.time_limit_s = 20.0;
    settings.tolerance = 5e-4;
    const Robustness found = robustness(network, x, 0, settings);
    EXPECT_LE(found.robust_radius, radius * (1.0 + 1e-9));
    EXPECT_GE(found.robust_radius, 0.999 * radius) << name_of(norm) << ": " << found.reason;
    const RobustnessCheck above = check_robustness(network, x, 0, 1.01 * radius, settings);
    ASSERT_EQ(above.answer, RobustnessAnswer::not_robust) << above.reason;
    EXPECT_LE(above.distance, 1.01 * radius);
  }
}

/// Three labels; the first two of kMany inputs, or of two, count.
Network classifier_of_two(std::mt19937_64& random, std::size_t inputs) {
  std::normal_distribution<float> normal;
  std::vector<float> first(8 * inputs, 0.0F), first_bias(8), second(24), second_bias(3);
  for (std::size_t v = 0; v < 8; ++v) {
    first[v * inputs] = normal(random);
    first[v * inputs + 1] = normal(random);
  }
  for (auto* list : {&first_bias, &second, &second_bias}) {
    for (float& value : *list) value = normal(random);
  }
  return Network::from_layers(inputs, {{first, first_bias, true}, {second, second_bias, false}});
}

/// The nearest point of a grid with another label, in units of the norm; `step` apart.
double nearest_on_grid(const Network& network, const Values& x, std::size_t label, Norm norm,
                       double step) {
  double nearest = 1e9;
  Values grid, distances;
  for (double a = -1.0; a <= 1.0; a += step) {
    for (double b = -1.0; b <= 1.0; b += step) {
      distances.push_back(norm == Norm::l1 ? std::fabs(a) + std::fabs(b) : std::hypot(a, b));
      Values point = x;
      point[0] += a;
      point[1] += b;
      grid.insert(grid.end(), point.begin(), point.end());
    }
  }
  const Values outputs = network.evaluate(grid);
  for (std::size_t k = 0; k < distances.size(); ++k) {
    const double* y = outputs.data() + 3 * k;
    if (*std::max_element(y, y + 3) > y[label]) nearest = std::min(nearest, distances[k]);
  }
  return nearest;
}

TEST(RobustnessInBalls, NetworksOfTwoInputsAndManyAgainstGrids) {
  constexpr double kStep = 1.0 / 32;
  for (const std::size_t inputs : {std::size_t{2}, kMany}) {
    std::mt19937_64 random(5);
    for (int round = 0; round < 3; ++round) {
      const Network network = classifier_of_two(random, inputs);
      Values x(inputs, 0.25);
      const Values at = network.evaluate(x);
      const auto label =
          static_cast<std::size_t>(std::max_element(at.begin(), at.end()) - at.begin());
      for (const Norm norm : {Norm::l1, Norm::l2}) {
        const double nearest = nearest_on_grid(network, x, label, norm, kStep),
                     within = std::min(nearest, 1.0);
        RobustnessSettings settings;
        settings.norm = norm;
        settings.time_limit_s = 5.0;
        settings.step_limit_s = 1.0;
        settings.tolerance = 0.05;
        const Robustness found = robustness(network, x, label, settings);
        EXPECT_LE(found.robust_radius, nearest) << inputs << " " << name_of(norm) << " " << round;
        EXPECT_GE(found.robust_radius, 0.9 * within - 3 * kStep)
            << inputs << " " << name_of(norm) << " " << round << ": " << found.reason;
      }
    }
  }
}

/// Y_1 > Y_0 next to one point alone, which lies at the edge of the ball: y1 = 1 - 64 |x - p|_1
/// over all inputs.
TEST(RobustnessInBalls, HolesAtTheEdgeAreNotLost) {
  std::vector<float> first(2 * kMany * kMany, 0.0F), bias(2 * kMany), second(4 * kMany, 0.0F);
  Values x(kMany, 0.0), planted(kMany, 0.0);
  planted[0] = 0.375;
  planted[7] = -0.5;
  for (std::size_t i = 0; i < kMany; ++i) {
    first[2 * i * kMany + i] = 1.0F;
    first[(2 * i + 1) * kMany + i] = -1.0F;
    bias[2 * i] = static_cast<float>(-planted[i]);
    bias[2 * i + 1] = static_cast<float>(planted[i]);
    second[2 * kMany + 2 * i] = second[2 * kMany + 2 * i + 1] = -64.0F;
  }
  const Network hole =
      Network::from_layers(kMany, {{first, bias, true}, {second, {0.0F, 1.0F}, false}});
  RobustnessSettings settings;
  settings.time_limit_s = 10.0;
  const auto answer = [&](Norm norm, double epsilon) {
    settings.norm = norm;
    return check_robustness(hole, x, 0, epsilon, settings).answer;
  };
  // The planted point is 0.875 away in l1, 0.625 in l2; the hole begins 1/64 and a little less
  // before it.
  EXPECT_NE(answer(Norm::l1, 0.875), RobustnessAnswer::robust);
  EXPECT_NE(answer(Norm::l2, 0.625), RobustnessAnswer::robust);
  EXPECT_EQ(answer(Norm::l1, 0.85), RobustnessAnswer::robust);
  EXPECT_EQ(answer(Norm::l2, 0.60), RobustnessAnswer::robust);
}

/// mean and std enter the ball: in z it is an ellipsoid.
TEST(RobustnessInBalls, StdMakesAnEllipsoid) {
  std::vector<float> weights(2 * kMany);
  RobustnessSettings settings;
  settings.norm = Norm::l2;
  settings.time_limit_s = 20.0;
  double squares = 0.0, margin = 0.0;
  Values x;
  for (std::size_t i = 0; i < kMany; ++i) {
    weights[i] = static_cast<float>(i % 5) - 1.5F;
    settings.mean.push_back(0.1 * static_cast<double>(i % 3));
    settings.std.push_back(0.3 + 0.1 * static_cast<double>(i % 7));
    x.push_back(0.5);
    margin += static_cast<double>(weights[i]) * (x[i] - settings.mean[i]) / settings.std[i];
    squares += std::pow(static_cast<double>(weights[i]) / settings.std[i], 2.0);
  }
  const std::size_t label = margin > 0.0 ? 0 : 1;
  const Network network = Network::from_layers(kMany, {{weights, {0.0F, 0.0F}, false}});
  const double radius = std::fabs(margin) / std::sqrt(squares);
  EXPECT_EQ(check_robustness(network, x, label, 0.999 * radius, settings).answer,
            RobustnessAnswer::robust);
  EXPECT_EQ(check_robustness(network, x, label, 1.001 * radius, settings).answer,
            RobustnessAnswer::not_robust);
}

}  // namespace
}  // namespace clipbound
