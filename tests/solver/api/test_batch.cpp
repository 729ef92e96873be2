// Rows C y + d, batches of boxes and gradients: against points, single boxes and differences.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "clipbound/clipbound.h"

namespace {

using namespace clipbound;

/// [-1, 1]^4 -> 3 outputs, two layers of ReLUs.
Network random_network(unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  const auto layer = [&](std::size_t inputs, std::size_t outputs, bool relu) {
    DenseLayer dense{std::vector<float>(inputs * outputs), std::vector<float>(outputs), relu};
    for (float& w : dense.weights) w = normal(random);
    for (float& b : dense.bias) b = normal(random);
    return dense;
  };
  const std::vector<DenseLayer> layers = {layer(4, 12, true), layer(12, 10, true),
                                          layer(10, 3, false)};
  return Network::from_layers(4, layers);
}

struct Boxes {
  std::vector<double> lower, upper;  // [B, 4]
};

Boxes random_boxes(std::mt19937& random, int count) {
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  Boxes boxes;
  for (int i = 0; i < 4 * count; ++i) {
    const double a = uniform(random), b = a + 0.2 * std::fabs(uniform(random));
    boxes.lower.push_back(a);
    boxes.upper.push_back(b);
  }
  return boxes;
}

TEST(Batch, PointsLieBetweenTheBoundsOfRows) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  for (unsigned seed = 0; seed < 6; ++seed) {
    const Network network = random_network(seed);
    OutputRows rows;
    for (int i = 0; i < 5 * 3; ++i) rows.C.push_back(2.0 * uniform(random) - 1.0);
    for (int r = 0; r < 5; ++r) rows.d.push_back(uniform(random));
    const Boxes boxes = random_boxes(random, 8);
    for (const BoundMethod method : {BoundMethod::ibp, BoundMethod::crown, BoundMethod::alpha}) {
      BatchSettings settings;
      settings.bounds = {.method = method, .linear = true};
      settings.threads = 2;
      const BatchBounds bounds = bounds_of_boxes(network, boxes.lower, boxes.upper, rows, settings);
      ASSERT_EQ(bounds.rows, 5u);
      ASSERT_EQ(bounds.linear.lower_A.size(), 8u * 5 * 4);
      for (std::size_t b = 0; b < 8; ++b) {
        for (int sample = 0; sample < 40; ++sample) {
          std::vector<double> x;
          for (std::size_t i = 0; i < 4; ++i) {
            const double low = boxes.lower[4 * b + i], high = boxes.upper[4 * b + i];
            // Ends as well: that is where bounds are attained. On the grid of float32, inside.
            const double t = sample % 4 == 0 ? std::round(uniform(random)) : uniform(random);
            auto value = static_cast<float>(low + t * (high - low));
            if (value < low) value = std::nextafterf(value, 10.0F);
            if (value > high) value = std::nextafterf(value, -10.0F);
            x.push_back(value);
          }
          const std::vector<double> y = network.evaluate(x);
          for (std::size_t r = 0; r < 5; ++r) {
            double value = rows.d[r], low = bounds.linear.lower_b[5 * b + r],
                   high = bounds.linear.upper_b[5 * b + r];
            for (std::size_t m = 0; m < 3; ++m) value += rows.C[3 * r + m] * y[m];
            for (std::size_t i = 0; i < 4; ++i) {
              low += bounds.linear.lower_A[(5 * b + r) * 4 + i] * x[i];
              high += bounds.linear.upper_A[(5 * b + r) * 4 + i] * x[i];
            }
            constexpr double kFloat32Sums = 1e-3;
            EXPECT_GE(value, bounds.lower[5 * b + r] - kFloat32Sums);
            EXPECT_LE(value, bounds.upper[5 * b + r] + kFloat32Sums);
            EXPECT_GE(value, low - kFloat32Sums);
            EXPECT_LE(value, high + kFloat32Sums);
          }
        }
      }
    }
  }
}

/// y0 = |x0| and y1 = |x0| - x1: bounds of y forget that y0 - y1 = x1.
TEST(Batch, RowsAreBoundedBackward) {
  const Network network = Network::from_layers(
      2, {{.weights = {1, 0, -1, 0, 0, 1, 0, -1}, .bias = {0, 0, 0, 0}, .relu = true},
          {.weights = {1, 1, 0, 0, 1, 1, -1, 1}, .bias = {0, 0}}});
  const std::vector<double> lower{-1.0, -0.25}, upper{1.0, 0.5};
  const Bounds row = bounds_of(network, lower, upper, OutputRows{{1.0, -1.0}, {0.1}});
  ASSERT_EQ(row.lower.size(), 1u);
  // Exactly: 0.1, a float64 number, plus the ends.
  EXPECT_LE(row.lower[0], 0.1 - 0.25);
  EXPECT_GE(row.upper[0], 0.1 + 0.5);
  EXPECT_NEAR(row.lower[0], -0.15, 1e-9);
  EXPECT_NEAR(row.upper[0], 0.6, 1e-9);
  const Bounds outputs = bounds_of(network, lower, upper);
  EXPECT_GT(outputs.upper[0] - outputs.lower[1], 1.4);
}

/// Sums of large numbers that cancel: their roundings are in the bounds.
TEST(Batch, RoundingsOfRowsAreCharged) {
  const Network network =
      Network::from_layers(1, {{.weights = {1, 1, 1}, .bias = {0.1F, 0.2F, 0.3F}}});
  const double huge = 1e17;
  const Bounds row = bounds_of(network, std::vector<double>{0.0}, std::vector<double>{0.0},
                               OutputRows{{huge, -huge, 1.0}, {}});
  // Real: 1e17 (0.1f - 0.2f) + 0.3f, exact in long double but for its last digits.
  const long double exact =
      static_cast<long double>(huge) * (0.1F - static_cast<long double>(0.2F)) + 0.3F;
  EXPECT_LE(row.lower[0], static_cast<double>(exact));
  EXPECT_GE(row.upper[0], static_cast<double>(exact));
}

TEST(Batch, ThreadsChangeNothing) {
  const Network network = random_network(17);
  std::mt19937 random(5);
  const Boxes boxes = random_boxes(random, 60);
  std::vector<double> least(4, -1.0), most(4, 1.2);
  const Bounder bounder(network, least, most);
  BatchSettings one, two;
  one.threads = 1;
  two.threads = 2;
  const BatchBounds a = bounds_of_boxes(bounder, boxes.lower, boxes.upper, one),
                    b = bounds_of_boxes(bounder, boxes.lower, boxes.upper, two);
  EXPECT_EQ(a.lower, b.lower);
  EXPECT_EQ(a.upper, b.upper);
  const std::span<const double> lower = boxes.lower, upper = boxes.upper;
  const Bounds single = bounder.bounds(lower.subspan(4 * 33, 4), upper.subspan(4 * 33, 4));
  for (std::size_t m = 0; m < 3; ++m) {
    EXPECT_EQ(a.lower[3 * 33 + m], single.lower[m]);
    EXPECT_EQ(a.upper[3 * 33 + m], single.upper[m]);
  }
}

TEST(Batch, AStopperLeavesInfiniteBounds) {
  const Network network = random_network(1);
  std::mt19937 random(6);
  const Boxes boxes = random_boxes(random, 10);
  BatchSettings settings;
  settings.bounds.linear = true;
  settings.stopper.emplace();
  settings.stopper->stop();
  const BatchBounds bounds = bounds_of_boxes(network, boxes.lower, boxes.upper, {}, settings);
  for (std::size_t k = 0; k < bounds.lower.size(); ++k) {
    EXPECT_EQ(bounds.lower[k], -HUGE_VAL);
    EXPECT_EQ(bounds.linear.upper_b[k], HUGE_VAL);
  }
}

TEST(Batch, MistakesNameTheBox) {
  const Network network = random_network(1);
  const std::vector<double> four(4, 0.0), eight{0, 0, 0, 0, 1, 0, 0, 0}, three(3, 0.0);
  const auto says = [](const auto& call) {
    try {
      call();
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_NE(says([&] { bounds_of_boxes(network, eight, std::vector<double>(8, 0.0)); }).find("box"),
            std::string::npos);
  EXPECT_NE(says([&] { bounds_of_boxes(network, three, three); }), "");
  EXPECT_NE(says([&] { bounds_of_boxes(network, {}, {}); }), "");
  EXPECT_NE(says([&] { bounds_of_boxes(network, four, four, OutputRows{{1.0}, {}}); }), "");
  EXPECT_NE(says([&] { bounds_of_boxes(network, four, four, OutputRows{{}, {}}); }), "");
  EXPECT_NE(says([&] {
              bounds_of_boxes(network, four, four, OutputRows{{1, 2, HUGE_VAL}, {}});
            }),
            "");
  EXPECT_NE(says([&] { bounds_of_boxes(network, four, four, OutputRows{{1, 2, 3}, {1, 2}}); }), "");
  EXPECT_NE(says([&] { gradients_of(network, four, four); }), "");
}

TEST(Batch, GradientsMatchDifferences) {
  const Network network = random_network(9);
  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  std::vector<double> x, weights;
  for (int i = 0; i < 5 * 4; ++i) x.push_back(uniform(random));
  for (int i = 0; i < 5 * 3; ++i) weights.push_back(uniform(random));
  const std::vector<double> gradients = gradients_of(network, x, weights);
  const auto value = [&](std::size_t b, std::size_t i, double step) {
    std::vector<double> point(x.begin() + static_cast<std::ptrdiff_t>(4 * b),
                              x.begin() + static_cast<std::ptrdiff_t>(4 * b + 4));
    point[i] += step;
    const std::vector<double> y = network.evaluate(point);
    return weights[3 * b] * y[0] + weights[3 * b + 1] * y[1] + weights[3 * b + 2] * y[2];
  };
  constexpr double kStep = 0x1p-9;
  int smooth = 0;
  for (std::size_t b = 0; b < 5; ++b) {
    for (std::size_t i = 0; i < 4; ++i) {
      const double right = (value(b, i, kStep) - value(b, i, 0.0)) / kStep,
                   left = (value(b, i, 0.0) - value(b, i, -kStep)) / kStep;
      const double tolerance = 0.01 * (1.0 + std::fabs(right));
      if (std::fabs(right - left) > tolerance) continue;  // a kink between them
      ++smooth;
      EXPECT_NEAR(gradients[4 * b + i], 0.5 * (right + left), tolerance);
    }
  }
  EXPECT_GE(smooth, 10);
}

}  // namespace
