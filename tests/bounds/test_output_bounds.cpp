// Ranges and planes of outputs against exact arithmetic: every activation pattern on tiny networks,
// exact evaluation at points.
#include <gtest/gtest.h>

#include "bounds/lowering/lower_network.h"
#include "bounds/output_bounds.h"
#include "tests/support/exact_evaluation.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/random_network.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

struct Prepared {
  Prepared(std::shared_ptr<const Network> as_read, std::vector<double> lower,
           std::vector<double> upper)
      : network(simplify(std::move(as_read)).network),
        system(std::make_shared<const LayeredSystem>(lower_network(*network, lower, upper))),
        bounder(system) {}
  SlopeSearch slopes(int iterations) const { return {system, iterations}; }
  std::shared_ptr<const Network> network;
  std::shared_ptr<const LayeredSystem> system;
  CrownBounder bounder;
};

/// slopes * x + offset, exactly.
Rational plane_at(const std::vector<double>& slopes, std::size_t row, double offset,
                  const std::vector<double>& x) {
  Rational sum(offset);
  for (std::size_t i = 0; i < x.size(); ++i)
    sum += Rational(slopes[row * x.size() + i]) * Rational(x[i]);
  return sum;
}

void expect_holds(const OutputBounds& bounds, const Network& network,
                  const std::vector<double>& x) {
  ExactEvaluation all(network, x);
  const Rationals& y = all[network.outputs[0]];
  ASSERT_EQ(bounds.lower.size(), y.size());
  for (std::size_t m = 0; m < y.size(); ++m) {
    EXPECT_TRUE(allows_lower(bounds.lower[m], y[m])) << m;
    EXPECT_TRUE(allows_upper(bounds.upper[m], y[m])) << m;
    if (bounds.linear.lower_b.empty()) continue;
    const OutputLinearBounds& linear = bounds.linear;
    EXPECT_TRUE(!std::isfinite(linear.lower_b[m]) ||
                plane_at(linear.lower_A, m, linear.lower_b[m], x) <= y[m])
        << m;
    EXPECT_TRUE(!std::isfinite(linear.upper_b[m]) ||
                plane_at(linear.upper_A, m, linear.upper_b[m], x) >= y[m])
        << m;
  }
}

std::vector<double> point_in(Dice& dice, const std::vector<double>& lower,
                             const std::vector<double>& upper) {
  std::vector<double> x(lower.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = dice.chance(0.3) ? (dice.chance(0.5) ? lower[i] : upper[i])
                            : std::clamp(dice.uniform(lower[i], upper[i]), lower[i], upper[i]);
  }
  return x;
}

TEST(OutputBounds, HoldAtPointsOfSmallerBoxesInExactArithmetic) {
  for (int seed = 1; seed <= 15; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(static_cast<std::uint64_t>(seed));
    const Prepared net(random_tiny(dice, {3, 5, 4, 2}, seed % 2 == 0).build(), {-2, -2, -2},
                       {2, 2, 2});
    for (int box = 0; box < 4; ++box) {
      const std::vector<double> a = point_in(dice, {-2, -2, -2}, {2, 2, 2}),
                                b = point_in(dice, {-2, -2, -2}, {2, 2, 2});
      std::vector<double> lower(3), upper(3);
      for (std::size_t i = 0; i < 3; ++i) std::tie(lower[i], upper[i]) = std::minmax(a[i], b[i]);
      const OutputBounds bounds =
          bound_outputs(net.bounder, net.slopes(0), lower, upper, true, Deadline());
      const OutputBounds intervals = bound_outputs_by_intervals(net.bounder.system(), lower, upper);
      const OutputBounds alpha =
          bound_outputs(net.bounder, net.slopes(10), lower, upper, true, Deadline());
      for (int k = 0; k < 10; ++k) {
        const std::vector<double> x = point_in(dice, lower, upper);
        expect_holds(bounds, *net.network, x);
        expect_holds(alpha, *net.network, x);
        expect_holds(intervals, *net.network, x);
      }
      for (std::size_t m = 0; m < 2; ++m) {
        EXPECT_GE(
            bounds.lower[m],
            intervals.lower[m] - 1e-9);  // crown is not looser than intervals (rounding aside)
        EXPECT_LE(bounds.upper[m], intervals.upper[m] + 1e-9);
        EXPECT_GE(alpha.lower[m], bounds.lower[m] - 1e-9);  // nor is alpha looser than crown
        EXPECT_LE(alpha.upper[m], bounds.upper[m] + 1e-9);
      }
    }
  }
}

TEST(OutputBounds, AreExactWhereNothingIsUndecided) {
  // y = relu(x0 + x1 + 10) - 3 is affine on the box: range and planes are the function itself, up
  // to rounding.
  TinyNetwork net;
  net.sizes = {2, 1, 1};
  net.weights = {{1, 1}, {1}};
  net.biases = {{10}, {-3}};
  const Prepared prepared(net.build(), {-1, -1}, {1, 1});
  const OutputBounds bounds =
      bound_outputs(prepared.bounder, prepared.slopes(0), {-1, -0.5}, {0.25, 1}, true, Deadline());
  EXPECT_NEAR(bounds.lower[0], 7.0 - 1.5, 1e-12);
  EXPECT_NEAR(bounds.upper[0], 7.0 + 1.25, 1e-12);
  for (const double a : bounds.linear.lower_A) EXPECT_DOUBLE_EQ(a, 1.0);
  for (const double a : bounds.linear.upper_A) EXPECT_DOUBLE_EQ(a, 1.0);
  EXPECT_NEAR(bounds.linear.lower_b[0], 7.0, 1e-12);
  EXPECT_NEAR(bounds.linear.upper_b[0], 7.0, 1e-12);
}

TEST(OutputBounds, PlanesReachTheRangeTheyProve) {
  // CROWN's range is the minimum of CROWN's plane: the proved offset must not give that away.
  for (int seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(static_cast<std::uint64_t>(seed));
    const Prepared net(random_tiny(dice, {2, 6, 6, 1}, false).build(), {-1, -1}, {1, 1});
    const OutputBounds bounds =
        bound_outputs(net.bounder, net.slopes(0), {-1, -1}, {1, 1}, true, Deadline());
    const OutputLinearBounds& linear = bounds.linear;
    double low = linear.lower_b[0], high = linear.upper_b[0];
    for (std::size_t i = 0; i < 2; ++i) {
      low -= std::fabs(linear.lower_A[i]);
      high += std::fabs(linear.upper_A[i]);
    }
    // The range itself may be better: it is the intersection with intervals.
    const CrownBounder::Bounds neurons = net.bounder.bound_neurons({-1, -1}, {1, 1}, Deadline());
    EXPECT_NEAR(
        low, net.bounder.lower_bounds(net.bounder.system().outputs, {0}, 1.0, 2, neurons)[0], 1e-9);
    EXPECT_NEAR(high,
                -net.bounder.lower_bounds(net.bounder.system().outputs, {0}, -1.0, 2, neurons)[0],
                1e-9);
  }
}

TEST(OutputBounds, HoldOnNetworksOfEveryShape) {
  for (int seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(static_cast<std::uint64_t>(seed));
    const auto network = random_network(dice, NetworkTaste{});
    const std::vector<double> lower(static_cast<std::size_t>(network->input_size()), -1.0),
        upper(lower.size(), 1.0);
    const Prepared net(network, lower, upper);
    const std::vector<double> inner(lower.size(), 0.5);
    const OutputBounds bounds =
        bound_outputs(net.bounder, net.slopes(0), lower, inner, true, Deadline());
    for (int k = 0; k < 3; ++k) expect_holds(bounds, *net.network, point_in(dice, lower, inner));
  }
}

/// With many inputs bounds come from alpha-CROWN; in time or not, they hold, and with time they are
/// those of CROWN, layer by layer.
TEST(OutputBounds, ManyInputs) {
  const std::vector<double> lower(64, -0.1), upper(64, 0.1);
  Deadline expired;
  expired.interrupt();
  for (int seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(static_cast<std::uint64_t>(seed));
    const Prepared net(random_tiny(dice, {64, 12, 12, 12, 2}, false).build(), lower, upper);
    const OutputBounds bounds =
        bound_outputs(net.bounder, net.slopes(0), lower, upper, true, Deadline());
    const OutputBounds late =
        bound_outputs(net.bounder, net.slopes(0), lower, upper, true, expired);
    const OutputBounds intervals = bound_outputs_by_intervals(net.bounder.system(), lower, upper);
    for (std::size_t m = 0; m < 2; ++m)
      EXPECT_LT(bounds.upper[m] - bounds.lower[m],
                0.85 * (intervals.upper[m] - intervals.lower[m]));
    for (int k = 0; k < 10; ++k) {
      const std::vector<double> x = point_in(dice, lower, upper);
      expect_holds(bounds, *net.network, x);
      expect_holds(late, *net.network, x);
    }
  }
}

TEST(OutputBounds, HoldAfterTheDeadline) {
  Dice dice(4);
  const Prepared net(random_tiny(dice, {2, 8, 8, 1}, false).build(), {-1, -1}, {1, 1});
  Deadline deadline;
  deadline.interrupt();
  const OutputBounds bounds =
      bound_outputs(net.bounder, net.slopes(0), {-1, -1}, {1, 1}, true, deadline);
  for (int k = 0; k < 20; ++k) expect_holds(bounds, *net.network, point_in(dice, {-1, -1}, {1, 1}));
}

}  // namespace
}  // namespace clipbound::test
