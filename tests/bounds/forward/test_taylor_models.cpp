// Second-order bounds in lanes: counterexamples planted into narrow slabs survive, and where
// curvatures cancel each other nothing is lost.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "bounds/forward/forward_bounder.h"
#include "bounds/forward/taylor_models.h"
#include "bounds/lowering/lower_network.h"
#include "tests/support/curved_network.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"

namespace clipbound::test {
namespace {

/// V = sigmoid(MLP) and V (1 - V) times its gradient along a field, by the chain rule, as networks
/// of control theory come.
Network gradient_network(std::mt19937_64& random, std::int64_t inputs, std::int64_t width) {
  const auto dice = [&] {
    return static_cast<float>(std::uniform_real_distribution<double>(-1.0, 1.0)(random));
  };
  const auto matrix = [&](std::int64_t rows, std::int64_t columns) {
    std::vector<float> w;
    for (std::int64_t i = 0; i < rows * columns; ++i) w.push_back(dice());
    return w;
  };
  NetworkBuilder b;
  const auto transposed = [](const std::vector<float>& w, std::int64_t rows, std::int64_t columns) {
    std::vector<float> t;
    for (std::int64_t j = 0; j < columns; ++j)
      for (std::int64_t i = 0; i < rows; ++i)
        t.push_back(w[static_cast<std::size_t>(i * columns + j)]);
    return t;
  };
  const ValueId x = b.input("x", {1, inputs}), one = b.constant({1}, {1.0F}),
                two = b.constant({1}, {2.0F});
  const std::vector<float> w0 = matrix(inputs, width), w1 = matrix(width, width),
                           w2 = matrix(width, 1);
  const ValueId t0 = b.add("Tanh", {b.add("MatMul", {x, b.constant({inputs, width}, w0)})});
  const ValueId t1 = b.add("Tanh", {b.add("MatMul", {t0, b.constant({width, width}, w1)})});
  const ValueId v = b.add("Sigmoid", {b.add("MatMul", {t1, b.constant({width, 1}, w2)})});
  const auto slope_of = [&](ValueId t) { return b.add("Sub", {one, b.add("Pow", {t, two})}); };
  ValueId g = b.add("Mul", {b.add("Mul", {v, b.add("Sub", {one, v})}), b.constant({1, width}, w2)});
  g = b.add("MatMul", {b.add("Mul", {g, slope_of(t1)}),
                       b.constant({width, width}, transposed(w1, width, width))});
  g = b.add("MatMul", {b.add("Mul", {g, slope_of(t0)}),
                       b.constant({width, inputs}, transposed(w0, inputs, width))});
  const ValueId field =
      b.add("Sin", {b.add("MatMul", {x, b.constant({inputs, inputs}, matrix(inputs, inputs))})});
  const ValueId rate = b.add("ReduceSum", {b.add("Mul", {g, field}), b.integers({1})},
                             {{"keepdims", std::int64_t{1}}});
  b.output(b.add("Concat", {v, rate}, {{"axis", std::int64_t{1}}}));
  return b.build();
}

/// V within a narrow slab about its value at x, and the rate at least `margin` below that at x.
Clause slab_about(const Network& network, const std::vector<double>& x, double width,
                  double margin) {
  const EnclosedOutputs y = evaluate_enclosed(network, x);
  Clause clause;
  clause.rows.push_back(
      output_row({Rational(1), Rational(0)}, Rational(y.value[0] + y.error[0] + width)));
  clause.rows.push_back(
      output_row({Rational(-1), Rational(0)}, Rational(-(y.value[0] - y.error[0] - width))));
  clause.rows.push_back(
      output_row({Rational(0), Rational(-1)}, Rational(margin + y.error[1] - y.value[1])));
  return clause;
}

struct Trial {
  std::mt19937_64 random;
  std::shared_ptr<const Network> network;
  std::vector<double> x, lower, upper;
  std::unique_ptr<Lowered> lowered;
  std::shared_ptr<const ForwardProblem> problem;
  Batch lanes;

  Trial(unsigned seed, double half, double width, double margin, ProductForm products)
      : random(seed) {
    constexpr std::int64_t kInputs = 3;
    network = std::make_shared<const Network>(gradient_network(random, kInputs, 6));
    for (std::int64_t i = 0; i < kInputs; ++i) {
      x.push_back(uniform(-1.0, 1.0));
      lower.push_back(x.back() - half * uniform(0.0, 2.0));
      upper.push_back(lower.back() + 2.0 * half);
      upper.back() = std::max(upper.back(), x.back());
    }
    const Clause clause = slab_about(*network, x, width, margin);
    lowered = std::make_unique<Lowered>(network, lower, upper, clause, products);
    problem = std::make_shared<const ForwardProblem>(
        lowered->system, lowered->rows, std::vector<std::uint8_t>(clause.rows.size(), 0),
        lowered->kept, lower, upper);
    lanes.attach(*problem, 4);
    for (std::size_t i = 0; i < x.size(); ++i) {
      for (int lane = 0; lane < kLanes; ++lane) {
        lanes.lower_x[i][lane] = x[i] - uniform(0.0, 1.0) * (x[i] - lower[i]);
        lanes.upper_x[i][lane] = x[i] + uniform(0.0, 1.0) * (upper[i] - x[i]);
      }
    }
    lanes.halfspace_count = 0;
  }
  double uniform(double a, double b) {
    return std::uniform_real_distribution<double>(a, b)(random);
  }
};

TEST(Quadratic, PlantedCounterexamplesSurvive) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Trial t(seed, std::exp2(-static_cast<double>(seed % 9)), seed % 2 == 0 ? 0.0 : 1e-5, 0.0,
            seed % 3 == 0 ? ProductForm::squares : ProductForm::chosen);
    t.lanes.bound(Clipping{});
    ASSERT_FALSE(any(t.lanes.refuted));
    // Its own planes as half-spaces: they hold at the planted point, which must survive them too.
    t.lanes.halfspace_count = 3;
    std::copy_n(t.lanes.linear_bound.begin(), 3 * (t.x.size() + 1), t.lanes.halfspaces.begin());
    t.lanes.bound(Clipping{});
    ASSERT_FALSE(any(t.lanes.refuted));
    const std::vector<Enclosed> rows = t.lowered->truth(t.x).rows;
    for (int lane = 0; lane < kLanes; ++lane) {
      for (std::size_t s = 0; s < rows.size(); ++s) {
        ASSERT_TRUE(allows_lower(t.lanes.lower[s][lane], rows[s]));
        const Vec* plane = t.lanes.linear_bound.data() + s * (t.x.size() + 1);
        Enclosed margin = rows[s] - Enclosed(plane[t.x.size()][lane]);
        for (std::size_t i = 0; i < t.x.size(); ++i)
          margin = margin - Enclosed(plane[i][lane]) * Enclosed(t.x[i]);
        ASSERT_TRUE(allows_lower(0.0, margin)) << "plane of row " << s;
      }
    }
  }
}

/// Errors that reach the row only through what turns with the box: x t and (x + t)^2 about 0 with t
/// = tanh(2 y) - y, whose polynomial is far off in between.
TEST(Quadratic, ErrorsTurnWithTheBox) {
  for (const bool square : {false, true}) {
    for (const double sign : {1.0, -1.0}) {
      NetworkBuilder b;
      const ValueId x = b.input("x", {1, 1}), y = b.input("y", {1, 1});
      const ValueId t = b.add("Sub",
                              {b.add("Tanh", {b.add("Mul", {b.constant({1}, {2.0F}), y})}), y}),
                    u = b.add("Add", {x, t});
      b.output(b.add("Mul", {b.constant({1}, {static_cast<float>(sign)}),
                             square ? b.add("Mul", {u, u}) : b.add("Mul", {x, t})}));
      Clause clause;
      clause.rows = {output_row({Rational(1)}, Rational(0))};
      const std::vector<double> lower = {-1.0, -1.0}, upper = {1.0, 1.0};
      const Lowered lowered(std::make_shared<const Network>(b.build()), lower, upper, clause,
                            square ? ProductForm::squares : ProductForm::pairs);
      const ForwardProblem problem(lowered.system, lowered.rows, {0}, lowered.kept, lower, upper);
      TaylorModels polynomials(problem);
      std::vector<TaylorModels::Ranges> anywhere;
      for (const AffineForm& layer : lowered.system->layers) {
        anywhere.push_back({std::vector<Vec>(layer.constant.size(), broadcast(-kInfinity)),
                            std::vector<Vec>(layer.constant.size(), broadcast(kInfinity))});
      }
      const std::vector<Vec> centre(2, Vec{}), half(2, broadcast(1.0));
      polynomials.bound(centre.data(), half.data(), {}, anywhere);
      ASSERT_GT(polynomials.result.lower[0][0], -100.0);
      for (int i = -20; i <= 20; ++i) {
        for (int j = -20; j <= 20; ++j) {
          const std::vector<double> at = {i / 20.0, j / 20.0};
          ASSERT_TRUE(allows_lower(polynomials.result.lower[0][0], lowered.truth(at).rows[0]));
          const Enclosed plane = Enclosed(polynomials.result.linear_bound[0][0]) * Enclosed(at[0]) +
                                 Enclosed(polynomials.result.linear_bound[1][0]) * Enclosed(at[1]) +
                                 Enclosed(polynomials.result.linear_bound[2][0]);
          ASSERT_TRUE(allows_lower(0.0, lowered.truth(at).rows[0] - plane));
        }
      }
    }
  }
}

/// Rows and their planes at corners, faces and inner points of boxes, by polynomials alone: errors
/// that went backwards are all there.
TEST(Quadratic, BoundsHoldOnTheWholeBox) {
  std::size_t said = 0;
  for (unsigned seed = 1; seed <= 120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Trial t(seed, std::exp2(-static_cast<double>(seed % 7)), 1e-3, 0.0,
            seed % 2 == 0 ? ProductForm::pairs : ProductForm::squares);
    const LayeredSystem& system = *t.lowered->system;
    const ForwardProblem problem(t.lowered->system, t.lowered->rows, {0, 0, 0}, t.lowered->kept,
                                 t.lower, t.upper);
    TaylorModels polynomials(problem);
    std::vector<TaylorModels::Ranges> anywhere;
    for (const AffineForm& layer : system.layers) {
      anywhere.push_back({std::vector<Vec>(layer.constant.size(), broadcast(-kInfinity)),
                          std::vector<Vec>(layer.constant.size(), broadcast(kInfinity))});
    }
    std::vector<Vec> centre, half;
    for (std::size_t i = 0; i < t.x.size(); ++i) {
      centre.push_back(0.5 * (t.lanes.lower_x[i] + t.lanes.upper_x[i]));
      half.push_back(vmax(t.lanes.upper_x[i] - centre[i], centre[i] - t.lanes.lower_x[i]) +
                     0x1p-40);
    }
    polynomials.bound(centre.data(), half.data(), {}, anywhere);
    for (int sample = 0; sample < 40; ++sample) {
      const int lane = sample % kLanes;
      std::vector<double> x;
      for (std::size_t i = 0; i < t.x.size(); ++i) {
        const double l = t.lanes.lower_x[i][lane], u = t.lanes.upper_x[i][lane];
        x.push_back(sample % 3 == 0 || t.uniform(0.0, 1.0) < 0.5
                        ? (t.uniform(0.0, 1.0) < 0.5 ? l : u)
                        : l + t.uniform(0.0, 1.0) * (u - l));
      }
      const std::vector<Enclosed> rows = t.lowered->truth(x).rows;
      for (std::size_t s = 0; s < rows.size(); ++s) {
        if (!(polynomials.result.lower[s][lane] > -kOverflow)) continue;
        ++said;
        ASSERT_TRUE(allows_lower(polynomials.result.lower[s][lane], rows[s])) << "row " << s;
        const Vec* plane = polynomials.result.linear_bound.data() + s * (x.size() + 1);
        Enclosed margin = rows[s] - Enclosed(plane[x.size()][lane]);
        for (std::size_t i = 0; i < x.size(); ++i)
          margin = margin - Enclosed(plane[i][lane]) * Enclosed(x[i]);
        ASSERT_TRUE(allows_lower(0.0, margin)) << "plane of row " << s;
      }
    }
  }
  EXPECT_GT(said, 10000U);
}

/// A rate that is surely too small along the slab: small boxes are refuted, by the third power of
/// their size.
TEST(Quadratic, SmallBoxesAreRefuted) {
  int refuted = 0, boxes = 0;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    Trial t(seed, 0.01, 0.0, -0.05, ProductForm::chosen);
    t.lanes.bound(Clipping{});
    for (int lane = 0; lane < kLanes; ++lane) refuted += t.lanes.refuted[lane] != 0 ? 1 : 0;
    boxes += kLanes;
  }
  EXPECT_GT(refuted, 0.9 * boxes);
}

/// (x + y)^2 - (x - y)^2 - 4 x y = 0: planes lose all three curvatures, polynomials of degree 2
/// none.
TEST(Quadratic, CurvaturesCancel) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 1}), y = b.input("y", {1, 1});
  const ValueId plus = b.add("Add", {x, y}), minus = b.add("Sub", {x, y});
  const ValueId four = b.add("Mul", {b.constant({1}, {4.0F}), b.add("Mul", {x, y})});
  b.output(b.add("Sub",
                 {b.add("Sub", {b.add("Mul", {plus, plus}), b.add("Mul", {minus, minus})}), four}));
  Clause clause;
  clause.rows = {output_row({Rational(1)}, Rational(-1, 1000000))};
  const std::vector<double> lower = {-1.0, -2.0}, upper = {3.0, 5.0};
  const Lowered lowered(std::make_shared<const Network>(b.build()), lower, upper, clause);
  const ForwardProblem problem(lowered.system, lowered.rows, {0}, lowered.kept, lower, upper);
  Batch lanes;
  lanes.attach(problem, 1);
  for (std::size_t i = 0; i < 2; ++i)
    lanes.lower_x[i] = broadcast(lower[i]), lanes.upper_x[i] = broadcast(upper[i]);
  lanes.halfspace_count = 0;
  lanes.bound(Clipping{});
  EXPECT_TRUE(all(lanes.refuted));
}

/// Boxes without width in some direction, and boxes that reach far out: nothing but a weak bound
/// may come of them.
TEST(Quadratic, StrangeBoxes) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Trial t(seed, seed % 2 == 0 ? 1e3 : 1e-5, 1e-5, 0.0, ProductForm::chosen);
    for (int lane = 0; lane < kLanes; ++lane) {
      if (lane % 2 == 0) t.lanes.lower_x[0][lane] = t.lanes.upper_x[0][lane] = t.x[0];
    }
    t.lanes.bound(Clipping{});
    EXPECT_FALSE(any(t.lanes.refuted)) << seed;
  }
}

}  // namespace
}  // namespace clipbound::test
