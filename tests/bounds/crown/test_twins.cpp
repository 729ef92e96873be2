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
                          ProductForm::squares, true);
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
                            differences);
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
                            differences);
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
          lowered(network, box.lower, box.upper, clause, ProductForm::squares, true);
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

/// One layer of products of a ReLU and a tanh, which is read by ReLUs: twice, nearly the same.
std::shared_ptr<const Network> gated_twins(Dice& dice) {
  constexpr int kInputs = 2, kWidth = 4;
  const auto numbers = [&dice](int count, double scale) {
    std::vector<float> list(static_cast<std::size_t>(count));
    for (float& w : list) w = static_cast<float>(scale * dice.normal());
    return list;
  };
  const std::vector<std::vector<float>> weights = {
      numbers(kWidth * kInputs, 1.5), numbers(kWidth * kWidth, 1.0), numbers(kWidth, 1.0)};
  const std::vector<int> sizes = {kInputs, kWidth, kWidth, 1};
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, kInputs});
  for (int copy = 0; copy < 2; ++copy) {
    ValueId value = x;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      if (k == 1) value = b.add("Mul", {b.add("Relu", {value}), b.add("Tanh", {value})});
      if (k == 2) value = b.add("Relu", {value});
      std::vector<float> moved = weights[k];
      for (float& w : moved) w *= static_cast<float>(1.0 + 0.01 * copy * dice.normal());
      value = b.add("Gemm", {value, b.constant({sizes[k + 1], sizes[k]}, moved)},
                    {{"transB", std::int64_t{1}}});
    }
    b.output(value);
  }
  return std::make_shared<const Network>(b.build());
}

/// A product whose one factor depends on a second twin does so too, whatever its other factor is:
/// of ReLUs that are stable nothing is left but the inputs.
TEST(Twins, ProductsDependOnBothFactors) {
  Dice dice(35);
  for (int trial = 0; trial < 40; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const Box box = random_part(dice, whole_box(2));
    Clause clause;
    clause.rows.push_back(output_row({-1, 1}, 0));
    clause.rows.push_back(output_row({1, -1}, 0));
    const Lowered lowered(gated_twins(dice), box.lower, box.upper, clause, ProductForm::chosen,
                          true);
    Batch lanes = lowered.lanes();
    lanes.bound({});
    for (int p = 0; p < 100; ++p) {
      std::vector<double> x;
      for (std::size_t i = 0; i < 2; ++i) x.push_back(dice.endpoint(box.lower[i], box.upper[i]));
      const Truth truth = lowered.truth(x);
      for (std::size_t s = 0; s < 2; ++s)
        ASSERT_TRUE(allows_lower(lanes.lower[s][0], truth.rows[s]));
      for (std::size_t v = 0; v < lowered.reduced->original_neuron.size(); ++v) {
        const Enclosed& z =
            truth.neurons[static_cast<std::size_t>(lowered.reduced->original_neuron[v])];
        if (!std::isfinite(z.error)) continue;  // a helper
        ASSERT_TRUE(allows_lower(lanes.lower_z[v][0], z) && allows_upper(lanes.upper_z[v][0], z));
      }
    }
  }
}

}  // namespace
}  // namespace clipbound::test
