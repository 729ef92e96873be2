// Two copies of a tiny network with slightly different weights: bounds of all engines against the
// exact minimum over all activation patterns; and bounds of differences are far better than those
// without.
#include <gtest/gtest.h>

#include "bounds/alpha_beta/intermediate_bounds.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/twin_networks.h"

namespace clipbound::test {
namespace {

const std::vector<std::vector<int>> kShapes = {
    {2, 4, 1}, {2, 3, 3, 1}, {1, 4, 2, 1}, {3, 4, 2}, {2, 2, 2, 2, 1}};

/// Rows over both copies' outputs: g - f, f - g, and others of all signs.
Rationals random_row(Dice& dice, int outputs) {
  Rationals c(static_cast<std::size_t>(2 * outputs));
  const int kind = dice.whole(0, 4);
  for (int j = 0; j < outputs; ++j) {
    const int weight = j == 0 ? 1 : dice.whole(-1, 1);
    const auto f = static_cast<std::size_t>(j), g = static_cast<std::size_t>(outputs + j);
    c[f] = kind == 1 ? weight : kind == 4 ? 0 : -weight;
    c[g] = kind == 1 ? -weight : kind == 2 ? 2 * weight : kind == 3 ? Rational(weight, 2) : weight;
    c[g].canonicalize();
  }
  return c;
}

struct Box {
  std::vector<double> lower, upper;
};

Box whole_box(int inputs) {
  return {std::vector<double>(static_cast<std::size_t>(inputs), -1.0),
          std::vector<double>(static_cast<std::size_t>(inputs), 1.0)};
}

Box random_part(Dice& dice, Box box) {
  for (std::size_t i = 0; i < box.lower.size(); ++i) {
    for (int depth = dice.whole(0, 3); depth > 0; --depth)
      (dice.chance(0.5) ? box.lower : box.upper)[i] = 0.5 * (box.lower[i] + box.upper[i]);
  }
  return box;
}

/// The row whose threshold is its minimum: bounds must not be above 0.
Clause touching_clause(const Rationals& c, const Rational& minimum) {
  Clause clause;
  clause.rows.push_back(output_row(c, minimum));
  clause.rows.push_back(output_row(c, minimum, true));
  return clause;
}

/// Bounds of parts of the box, one per lane, on the reduced network of the whole.
void check_parts(Dice& dice, const Lowered& lowered, const TinyNetwork& joined, const Rationals& c,
                 const Rational& minimum, const Box& box) {
  Batch lanes = lowered.lanes(2);
  Box part[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    part[lane] = random_part(dice, box);
    for (std::size_t i = 0; i < box.lower.size(); ++i) {
      lanes.lower_x[i][lane] = part[lane].lower[i];
      lanes.upper_x[i][lane] = part[lane].upper[i];
    }
  }
  for (const bool complete : {false, true}) {
    Clipping settings;
    settings.complete = complete;
    lanes.bound(settings);
    for (int lane = 0; lane < kLanes; ++lane) {
      PatternSearch search(joined, c);
      const Rational truth =
          search.minimum(rationals(part[lane].lower), rationals(part[lane].upper)).first - minimum;
      // With half-spaces bounds hold where the row is <= 0 alone.
      if (complete && truth > 0) continue;
      ASSERT_LE(Rational(lanes.lower[0][lane]), truth);
      ASSERT_FALSE(truth <= 0 && lanes.refuted[lane] != 0) << "the minimum itself is unsafe";
    }
    // Its own linear bounds as half-spaces: they hold where the row is <= 0.
    lanes.halfspaces.assign(lanes.linear_bound.begin(), lanes.linear_bound.end());
  }
}

void check_alpha_beta(const Lowered& lowered) {
  IntermediateBoundsBudget budget;
  budget.iterations = 6;
  const auto network = bound_intermediate_layers(lowered.system, lowered.lower, lowered.upper,
                                                 nullptr, budget, Deadline());
  const SparseNetworkRows rows = network->compile_rows(lowered.rows, {0, 1});
  SlopeSchedule schedule;
  schedule.iterations = 6;
  for (const double bound : optimize_rows(*network, rows, schedule, 1, Deadline()).lower)
    ASSERT_LE(bound, 0.0);
}

TEST(Twins, NoBoundPassesTheTrueMinimum) {
  Dice dice(31);
  int pairs = 0, taken = 0;
  for (int trial = 0; trial < 150; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const auto& shape = kShapes[static_cast<std::size_t>(trial) % kShapes.size()];
    const TwinNetworks twins =
        TwinNetworks::random(dice, shape, trial % 2 == 0, trial % 3 == 0 ? 0.3 : 0.01);
    const TinyNetwork joined = twins.joined();
    const Rationals c = random_row(dice, shape.back());
    const Box box = random_part(dice, whole_box(shape[0]));
    PatternSearch search(joined, c);
    const Rational minimum = search.minimum(rationals(box.lower), rationals(box.upper)).first;
    const Lowered lowered(twins.build(), box.lower, box.upper, touching_clause(c, minimum),
                          ProductForm::squares, {.differences = true});
    for (const auto& lines : lowered.bounds.differences) {
      for (const DifferenceLines& line : lines) taken += line.below || line.above ? 1 : 0;
    }
    for (std::size_t k = 0; k < lowered.system->layers.size(); ++k)
      pairs += lowered.system->twins_of(k).empty() ? 0 : 1;
    for (const double bound : lowered.row_bounds()) ASSERT_LE(bound, 0.0);
    ASSERT_NO_FATAL_FAILURE(check_parts(dice, lowered, joined, c, minimum, box));
    ASSERT_NO_FATAL_FAILURE(check_alpha_beta(lowered));
  }
  EXPECT_GT(pairs, 150);
  EXPECT_GT(taken, 150);
}

/// What is proved of g - f on boxes where neurons are unstable.
TEST(Twins, DifferencesLoseLittle) {
  Dice dice(32);
  double with = 0.0, without = 0.0, exact = 0.0;
  for (int trial = 0; trial < 40; ++trial) {
    const std::vector<int> shape{2, 6, 6, 1};
    const TwinNetworks twins = TwinNetworks::random(dice, shape, false, 0.01);
    const Box box = whole_box(2);
    const Rationals c{-1, 1};
    Clause clause;
    clause.rows.push_back(output_row(c, 0));
    const auto bound = [&](bool differences) {
      const Lowered lowered(twins.build(), box.lower, box.upper, clause, ProductForm::squares,
                            {.differences = differences});
      Batch lanes = lowered.lanes();
      lanes.bound({});
      EXPECT_NEAR(lanes.lower[0][0], lowered.row_bounds()[0],
                  1e-9 + 0.5 * std::fabs(lowered.row_bounds()[0]));
      return lowered.row_bounds()[0];
    };
    with -= bound(true);
    without -= bound(false);
    double least = 0.0;
    for (int p = 0; p < 300; ++p) {
      std::vector<double> x{dice.endpoint(-1.0, 1.0), dice.endpoint(-1.0, 1.0)};
      const auto y = evaluate_enclosed(*twins.build(), x);
      least = std::min(least, y.value[1] - y.value[0]);
    }
    exact -= least;
  }
  EXPECT_LT(with, 0.35 * without);
  EXPECT_GE(with, exact);
  std::printf("sampled %.4g, with differences %.4g, without %.4g\n", exact, with, without);
}

/// alpha-beta-CROWN takes differences in every layer, not only where a row reads both twins.
TEST(Twins, AlphaBetaTakesDifferencesInEveryLayer) {
  Dice dice(34);
  double loss[2] = {0.0, 0.0};  // without differences, with them
  for (int trial = 0; trial < 10; ++trial) {
    const TwinNetworks twins = TwinNetworks::random(dice, {2, 6, 6, 6, 1}, false, 0.01);
    const Box box = whole_box(2);
    Clause clause;
    clause.rows.push_back(output_row({-1, 1}, 0));
    for (const bool differences : {false, true}) {
      const Lowered lowered(twins.build(), box.lower, box.upper, clause, ProductForm::squares,
                            {.differences = differences});
      IntermediateBoundsBudget budget;
      budget.iterations = 6;
      const auto network = bound_intermediate_layers(lowered.system, lowered.lower, lowered.upper,
                                                     nullptr, budget, Deadline());
      SlopeSchedule schedule;
      schedule.iterations = 20;
      const double bound =
          optimize_rows(*network, network->compile_rows(lowered.rows, {0}), schedule, 1, Deadline())
              .lower[0];
      loss[differences ? 1 : 0] -= bound;
      for (int p = 0; differences && p < 100; ++p) {
        const Truth truth = lowered.truth({dice.endpoint(-1.0, 1.0), dice.endpoint(-1.0, 1.0)});
        ASSERT_TRUE(allows_lower(bound, truth.rows[0]));
      }
    }
  }
  EXPECT_LT(loss[1], 0.7 * loss[0]);
  std::printf("without differences %.4g, with %.4g\n", loss[0], loss[1]);
}

/// A pass without time keeps the differences that an earlier one has found, and what rows gain by
/// them.
TEST(Twins, LaterPassesKeepDifferences) {
  Dice dice(35);
  int pairs = 0;
  for (int trial = 0; trial < 10; ++trial) {
    SCOPED_TRACE(trial);
    const TwinNetworks twins = TwinNetworks::random(dice, {2, 6, 6, 6, 1}, false, 0.01);
    const Box box = whole_box(2);
    Clause clause;
    clause.rows.push_back(output_row({-1, 1}, 0));
    const Lowered lowered(twins.build(), box.lower, box.upper, clause, ProductForm::squares,
                          {.differences = true});
    IntermediateBoundsBudget budget;
    budget.iterations = 6;
    const auto first = bound_intermediate_layers(lowered.system, lowered.lower, lowered.upper,
                                                 nullptr, budget, Deadline());
    budget.crown_seconds = -1.0;
    const auto second = bound_intermediate_layers(lowered.system, lowered.lower, lowered.upper,
                                                  first.get(), budget, Deadline());
    ASSERT_EQ(second->twins.size(), first->twins.size());
    for (std::size_t i = 0; i < first->twins.size(); ++i, ++pairs) {
      EXPECT_GE(second->twins[i].d.lower, first->twins[i].d.lower);
      EXPECT_LE(second->twins[i].d.upper, first->twins[i].d.upper);
    }
    const auto row_of = [&](const SparseNetwork& network) {
      return optimize_rows(network, network.compile_rows(lowered.rows, {0}), {}, 1, Deadline())
          .lower[0];
    };
    EXPECT_GE(row_of(*second), row_of(*first) - 1e-9);
  }
  EXPECT_GT(pairs, 50);
}

/// Sigmoids and tanh have lines of differences, too; their bounds hold at points.
TEST(Twins, SmoothActivations) {
  Dice dice(33);
  for (const char* activation : {"Sigmoid", "Tanh"}) {
    double with = 0.0, without = 0.0;
    for (int trial = 0; trial < 20; ++trial) {
      const TwinNetworks twins = TwinNetworks::random(dice, {2, 5, 4, 1}, false, 0.01);
      const Box box = whole_box(2);
      Clause clause;
      clause.rows.push_back(output_row({-1, 1}, 0));
      const auto network = twins.build(activation);
      const Lowered plain(network, box.lower, box.upper, clause),
          lowered(network, box.lower, box.upper, clause, ProductForm::squares,
                  {.differences = true});
      Batch lanes = lowered.lanes();
      lanes.bound({});
      with -= std::max(lanes.lower[0][0], lowered.row_bounds()[0]);
      without -= plain.row_bounds()[0];
      for (int p = 0; p < 200; ++p) {
        const Truth truth = lowered.truth({dice.endpoint(-1.0, 1.0), dice.endpoint(-1.0, 1.0)});
        ASSERT_TRUE(allows_lower(lanes.lower[0][0], truth.rows[0]));
        ASSERT_TRUE(allows_lower(lowered.row_bounds()[0], truth.rows[0]));
      }
    }
    EXPECT_LT(with, 0.5 * without) << activation;
  }
}

/// Two tanh of x that are twins, two products, and a ReLU of one of them; y is the ReLU. The ReLU's
/// own row reads neither twin: what a product's factors read counts as well.
struct Gates {
  ReducedNetwork network;

  Gates(bool second_gate_first, int read) {
    ReducedNetwork& net = network;
    net.activation = {{Curve::tanh},    {Curve::tanh}, {Curve::product}, kSecondFactor,
                      {Curve::product}, kSecondFactor, {Curve::relu}};
    net.layer_begin = {0, 2, 6, 7};
    net.neurons = 7;
    net.inputs = net.rows = 1;
    net.stride = ReducedNetwork::padded(net.neurons + net.inputs + 1);
    net.coefficients.assign(static_cast<std::size_t>(8 * net.stride), 0.0);
    net.radius.assign(8, 0.0);
    net.largest_source = {1.0, 1.0, 12.0, 12.0, 12.0, 12.0, 12.0, 1.0};
    net.twin = {1, -1, -1, -1, -1, -1, -1};
    net.strict = {0};
    net.original_neuron = {0, 1, 2, 3, 4, 5, 6};
    const auto affine = [&](int v, double slope, double constant) {
      net.row(v)[net.first_input()] = slope;
      net.row(v)[net.constant()] = constant;
    };
    affine(0, 1.0, 0.25);
    affine(1, 1.0, 0.26);
    affine(2, 0.5, 2.0);
    affine(3, -0.5, 1.5);
    affine(4, 1.0, 2.0);
    affine(5, 1.0, 1.5);
    // One factor of the second product reads the second twin.
    net.row(second_gate_first ? 4 : 5)[1] = 1.0;
    net.row(6)[read] = 1.0;
    net.row(7)[6] = 1.0;
    net.finish();
  }
  std::vector<double> neurons(double x) const {
    std::vector<double> z, f(7, 0.0);
    for (int v = 0; v < 7; ++v) {
      const double* row = network.row(v);
      double sum = row[network.first_input()] * x + row[network.constant()];
      for (int w = 0; w < v; ++w) sum += row[w] * f[static_cast<std::size_t>(w)];
      z.push_back(sum);
      if (v < 2) f[static_cast<std::size_t>(v)] = std::tanh(sum);
      if (v == 3 || v == 5)
        f[static_cast<std::size_t>(v) - 1] = z[static_cast<std::size_t>(v) - 1] * sum;
    }
    return z;
  }
};

/// A product whose one factor depends on a second twin does so too, whatever its other factor is.
TEST(Twins, ProductsDependOnBothFactors) {
  for (const bool second_gate_first : {false, true}) {
    for (const int read : {2, 4}) {
      SCOPED_TRACE(std::to_string(read) + (second_gate_first ? " first" : " second"));
      const Gates gates(second_gate_first, read);
      Batch lanes;
      lanes.attach(gates.network, 0);
      lanes.halfspace_count = 0;
      lanes.lower_x[0] = broadcast(-0.5);
      lanes.upper_x[0] = broadcast(0.5);
      for (std::size_t v = 0; v < 7; ++v) {
        lanes.lower_z[v] = broadcast(-50.0);
        lanes.upper_z[v] = broadcast(50.0);
      }
      lanes.bound({});
      for (double x = -0.5; x <= 0.5; x += 0.0625) {
        const std::vector<double> z = gates.neurons(x);
        for (std::size_t v = 0; v < 7; ++v) {
          EXPECT_LE(lanes.lower_z[v][0], z[v] + 1e-9) << v;
          EXPECT_GE(lanes.upper_z[v][0], z[v] - 1e-9) << v;
        }
        EXPECT_LE(lanes.lower[0][0], std::fmax(z[6], 0.0) + 1e-9);
      }
    }
  }
}

}  // namespace
}  // namespace clipbound::test
