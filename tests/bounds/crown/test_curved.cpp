// Networks of all kinds of neurons and products on small boxes: the truth at many points, by
// running error analysis of the network itself, must lie inside the bounds of the root, of lane
// alpha-CROWN and of lanes on the reduced network.
#include <gtest/gtest.h>

#include "bounds/alpha_beta/intermediate_bounds.h"
#include "bounds/forward/forward_bounder.h"
#include "bounds/lowering/lower_network.h"
#include "tests/support/curved_network.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"

namespace clipbound::test {
namespace {

/// A point of [lower, upper] that likes the ends.
std::vector<double> point_in(CurvedNetwork& dice, const std::vector<double>& lower,
                             const std::vector<double>& upper) {
  std::vector<double> x;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    const double t = dice.uniform();
    x.push_back(t < 0.3   ? lower[i]
                : t < 0.6 ? upper[i]
                          : std::clamp(lower[i] + dice.uniform() * (upper[i] - lower[i]), lower[i],
                                       upper[i]));
  }
  return x;
}

class CurvedTrial {
 public:
  explicit CurvedTrial(unsigned seed) : dice_(seed) {}

  void run(ProductForm products) {
    constexpr std::size_t kInputs = 3;
    const auto network = dice_.build(kInputs);
    const double half = std::exp2(-12.0 * dice_.uniform()) * 1.5;
    std::vector<double> lower, upper;
    for (std::size_t i = 0; i < kInputs; ++i) {
      const double centre = 2.0 * dice_.uniform() - 1.0;
      lower.push_back(centre - half);
      upper.push_back(centre + half);
    }
    Clause clause;
    clause.rows = {output_row({Rational(1), Rational(-1, 3)}, Rational(1, 7)),
                   output_row({Rational(-2), Rational(0)}, Rational(0))};
    const Lowered lowered(network, lower, upper, clause, products);
    const std::vector<double> rows = lowered.row_bounds();
    const std::vector<double> by_alpha_crown = alpha_crown_rows(lowered, products);
    Batch lanes = lowered.lanes(2);
    for (int lane = 0; lane < kLanes; ++lane) {
      for (std::size_t i = 0; i < kInputs; ++i) {
        const double a = lower[i] + dice_.uniform() * (upper[i] - lower[i]);
        lanes.lower_x[i][lane] = std::min(a, upper[i]);
        lanes.upper_x[i][lane] =
            std::clamp(a + dice_.uniform() * (upper[i] - a), lanes.lower_x[i][lane], upper[i]);
      }
    }
    lanes.halfspace_count = 0;
    lanes.bound(Clipping{});
    const ForwardProblem problem(lowered.system, lowered.rows, {0, 0}, lowered.kept, lower, upper);
    Batch forward;
    forward.attach(problem, 1);
    forward.lower_x = lanes.lower_x;
    forward.upper_x = lanes.upper_x;
    // A half-space through the middle of each lane's box: x_0 <= its middle. Only points that
    // satisfy it are checked.
    forward.halfspace_count = 1;
    for (Vec& g : forward.halfspaces) g = Vec{};
    forward.halfspaces[0] = broadcast(1.0);
    forward.halfspaces[kInputs] = -0.5 * (forward.lower_x[0] + forward.upper_x[0]);
    forward.bound(Clipping{});
    for (int sample = 0; sample < 40; ++sample) {
      const std::vector<Enclosed> y = rows_at(*network, clause, point_in(dice_, lower, upper));
      for (std::size_t s = 0; s < rows.size(); ++s) {
        ASSERT_TRUE(allows_lower(rows[s], y[s]))
            << "root, row " << s << ": " << rows[s] << " > " << y[s].value;
        ASSERT_TRUE(allows_lower(by_alpha_crown[s], y[s]))
            << "alpha-CROWN, row " << s << ": " << by_alpha_crown[s] << " > " << y[s].value;
        reached_ = reached_ || rows[s] > y[s].value - 100.0 * half;
      }
      check_lane(*network, clause, lanes, sample % kLanes, false);
      check_lane(*network, clause, forward, sample % kLanes, true);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
  bool reached() const { return reached_; }

 private:
  /// Says nothing of products that are no squares.
  static std::vector<double> alpha_crown_rows(const Lowered& lowered, ProductForm products) {
    if (products != ProductForm::squares)
      return std::vector<double>(2, -std::numeric_limits<double>::infinity());
    const auto bounded = bound_intermediate_layers(lowered.system, lowered.lower, lowered.upper,
                                                   nullptr, IntermediateBoundsBudget{}, Deadline());
    const SparseNetworkRows rows = bounded->compile_rows(lowered.rows, {0, 1});
    return optimize_rows(*bounded, rows, {.iterations = 5}, 1, Deadline()).lower;
  }
  static std::vector<Enclosed> rows_at(const Network& network, const Clause& clause,
                                       const std::vector<double>& x) {
    const EnclosedOutputs out = evaluate_enclosed(network, x);
    std::vector<Enclosed> rows;
    for (const Row& row : clause.rows) {
      Enclosed sum = -number_as<Enclosed>(row.threshold);
      for (const Term& term : row.terms) {
        const auto i = static_cast<std::size_t>(term.index);
        sum += number_as<Enclosed>(term.coefficient) * Enclosed(out.value[i], out.error[i]);
      }
      rows.push_back(sum);
    }
    return rows;
  }
  void check_lane(const Network& network, const Clause& clause, const Batch& lanes, int lane,
                  bool lower_half) {
    std::vector<double> lower, upper;
    for (std::size_t i = 0; i < lanes.lower_x.size(); ++i) {
      lower.push_back(lanes.lower_x[i][lane]);
      upper.push_back(lanes.upper_x[i][lane]);
    }
    if (lower_half) upper[0] = std::nextafter(0.5 * (lower[0] + upper[0]), -1e300);
    if (!(lower[0] <= upper[0])) return;
    const std::vector<double> x = point_in(dice_, lower, upper);
    const std::vector<Enclosed> y = rows_at(network, clause, x);
    for (std::size_t s = 0; s < y.size(); ++s) {
      ASSERT_TRUE(allows_lower(lanes.lower[s][lane], y[s]))
          << "lane " << lane << ", row " << s << ": " << lanes.lower[s][lane] << " > "
          << y[s].value;
      const Vec* plane = lanes.linear_bound.data() + s * (x.size() + 1);
      Enclosed margin = y[s] - Enclosed(plane[x.size()][lane]);
      for (std::size_t k = 0; k < x.size(); ++k)
        margin = margin - Enclosed(plane[k][lane]) * Enclosed(x[k]);
      if (std::isfinite(plane[x.size()][lane])) {
        ASSERT_TRUE(allows_lower(0.0, margin)) << "plane of row " << s;
      }
    }
    ASSERT_FALSE(lanes.refuted[lane] != 0 && surely_negative(y[0]) && surely_negative(y[1]));
  }

  CurvedNetwork dice_;
  bool reached_ = false;
};

TEST(Curved, BoundsContainTheTruth) {
  int reached = 0;
  constexpr int kTrials = 300;
  for (unsigned seed = 1; seed <= kTrials; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    CurvedTrial trial(seed);
    trial.run(seed % 3 == 0   ? ProductForm::squares
              : seed % 3 == 1 ? ProductForm::pairs
                              : ProductForm::chosen);
    if (HasFatalFailure()) return;
    reached += trial.reached() ? 1 : 0;
  }
  EXPECT_GT(reached, kTrials / 2);  // bounds that are no bounds at all would contain everything
}

/// What is multiplied by fixed inputs stays linear: no neuron is made for it, and the bounds are
/// exact but for rounding.
TEST(Curved, FixedFactorsAreLinear) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  const ValueId mask = b.input("mask", {1, 2});
  b.output(
      b.add("Div", {b.add("ReduceSum", {b.add("Mul", {x, mask})}), b.add("ReduceSum", {mask})}));
  const Network network = b.build();
  const LayeredSystem system =
      lower_network(*simplify(std::make_shared<const Network>(network)).network,
                    std::vector<double>{-1, -1, 1, 0.5}, std::vector<double>{1, 3, 1, 0.5});
  EXPECT_TRUE(system.layers.empty());
  const IntervalVector y = enclose(system.outputs, system.sources);
  EXPECT_NEAR(y.lower[0], -1.0, 1e-12);
  EXPECT_NEAR(y.upper[0], 2.5 / 1.5, 1e-12);
  EXPECT_LE(y.lower[0], -1.0);
  EXPECT_GE(y.upper[0], 2.5 / 1.5);
}

/// A box on which the half-spaces leave no point: crossing neuron bounds refute it, and only it.
TEST(Curved, CrossedBoundsRefute) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 1});
  b.output(b.add("Tanh", {x}));
  Clause clause;
  clause.rows = {
      output_row({Rational(1)}, Rational(2))};  // always unsafe: never refuted by the row
  const Lowered lowered(std::make_shared<const Network>(b.build()), {-1.0}, {1.0}, clause);
  Batch lanes = lowered.lanes(2);
  for (int lane = 0; lane < kLanes; ++lane) {
    lanes.lower_x[0][lane] = -1.0;
    lanes.upper_x[0][lane] = 1.0;
  }
  lanes.halfspace_count = 2;
  // Lane 0: x <= -0.5 and x >= 0.5. The others: x <= 0.5 and x >= -0.5.
  for (int lane = 0; lane < kLanes; ++lane) {
    lanes.halfspaces[0][lane] = 1.0;
    lanes.halfspaces[1][lane] = lane == 0 ? 0.5 : -0.5;
    lanes.halfspaces[2][lane] = -1.0;
    lanes.halfspaces[3][lane] = lane == 0 ? 0.5 : -0.5;
  }
  lanes.bound(Clipping{});
  EXPECT_NE(lanes.refuted[0], 0);
  for (int lane = 1; lane < kLanes; ++lane) EXPECT_EQ(lanes.refuted[lane], 0) << lane;
}

}  // namespace
}  // namespace clipbound::test
