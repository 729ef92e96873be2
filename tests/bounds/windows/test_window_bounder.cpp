// Backward passes by windows against points, against rows written out, and in rationals: networks
// around convolutions of every geometry, boxes from a few units of the last place to wide ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "bounds/crown/crown_bounder.h"
#include "bounds/layered/linear_map.h"
#include "bounds/windows/window_bounder.h"
#include "tests/support/convolutional_network.h"
#include "tests/support/exact.h"
#include "tests/support/exact_evaluation.h"
#include "tests/support/fuzzed_network.h"
#include "tests/support/lowered.h"

namespace clipbound::test {
namespace {

LoweringOptions all_structured() {
  LoweringOptions options;
  options.structured_from = 0;
  return options;
}

LayeredSystem lower_structured(const Network& network, const Box& box) {
  return lower_network(network, box.lower, box.upper, ProductForm::squares, all_structured());
}

/// Wide, or a few units of the last place, where bounds are nothing but what is charged for
/// roundings.
Box some_box(Dice& dice, std::int64_t inputs) {
  Box box = random_box(dice, inputs, dice.chance(0.3) ? 0.4 : 0.0);
  if (dice.chance(0.5)) return box;
  for (std::size_t i = 0; i < box.lower.size(); ++i) {
    if (box.lower[i] == box.upper[i]) continue;
    box.upper[i] = box.lower[i];
    for (int k = dice.whole(1, 3); k > 0; --k) box.upper[i] = next_up(box.upper[i]);
  }
  return box;
}

/// All outputs, and all of them negated.
AffineForm both_signs(const LayeredSystem& system) {
  std::vector<WeightedTerm> terms;
  std::vector<std::int64_t> begin{0};
  for (const double sign : {1.0, -1.0}) {
    for (std::int64_t i = 0; i < system.outputs.size(); ++i) {
      terms.push_back({0, i, sign});
      begin.push_back(static_cast<std::int64_t>(terms.size()));
    }
  }
  return linear_map({&system.outputs}, begin, terms, std::vector<double>(terms.size(), 0.0),
                    system.magnitudes);
}

/// The bounds of all values that layers are hold at a point, exactly.
void expect_layers(const LayeredSystem& system, const RelaxedLayers& layers,
                   ExactEvaluation& exact) {
  for (int k = 0; k < layers.count(); ++k) {
    const auto i = static_cast<std::size_t>(k);
    if (system.layer_values[i] == kNoValue) continue;
    const Rationals& value = exact[system.layer_values[i]];
    for (std::size_t v = 0; v < layers.z(k).lower.size(); ++v) {
      const std::size_t element = system.layer_elements[i].empty()
                                      ? v
                                      : static_cast<std::size_t>(system.layer_elements[i][v]);
      ASSERT_TRUE(allows_lower(layers.z(k).lower[v], value[element])) << k << ", " << v;
      ASSERT_TRUE(allows_upper(layers.z(k).upper[v], value[element])) << k << ", " << v;
    }
  }
}

void expect_outputs(const std::vector<double>& bounds, const Rationals& y) {
  ASSERT_EQ(bounds.size(), 2 * y.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    ASSERT_TRUE(allows_lower(bounds[i], y[i])) << i;
    ASSERT_TRUE(allows_upper(-bounds[y.size() + i], y[i])) << i;
  }
}

TEST(WindowBounder, BoundsHoldExactlyAtPoints) {
  Dice dice(61);
  int suited = 0, tighter = 0, higher = 0;
  for (int trial = 0; trial < 200; ++trial) {
    SCOPED_TRACE(trial);
    const auto network = FuzzedNetwork(dice, true).build();
    const Box box = some_box(dice, network->input_size());
    const LayeredSystem system = lower_structured(*network, box);
    if (!WindowBounder::suits(system)) continue;
    ++suited;
    WindowBudget budget;
    budget.bytes = dice.chance(0.5) ? 1 : budget.bytes;  // as few rows at once as possible
    budget.threads = dice.whole(1, 2);
    const Deadline deadline;
    WindowBounder bounder(system, box.lower, box.upper, budget, deadline);
    bounder.bound_layers();
    const AffineForm rows = both_signs(system);
    const std::vector<double> bounds = bounder.lower_bounds(rows);
    AscentSchedule schedule;
    schedule.iterations = 4;
    const std::vector<double> ascended = bounder.lower_bounds(rows, schedule);
    const IntervalVector intervals = enclose(rows, system.sources);
    for (std::size_t r = 0; r < bounds.size(); ++r) {
      tighter += bounds[r] > intervals.lower[r] ? 1 : 0;
      ASSERT_GE(ascended[r], bounds[r]) << r;
      higher += ascended[r] > bounds[r] ? 1 : 0;
    }
    for (int point = 0; point < 3; ++point) {
      ExactEvaluation exact(*network, point_in(dice, box));
      ASSERT_NO_FATAL_FAILURE(expect_layers(system, bounder.layers(), exact));
      ASSERT_NO_FATAL_FAILURE(expect_outputs(bounds, exact[network->outputs[0]]));
      ASSERT_NO_FATAL_FAILURE(expect_outputs(ascended, exact[network->outputs[0]]));
    }
  }
  EXPECT_GT(suited, 100);
  EXPECT_GT(tighter, 100);
  EXPECT_GT(higher, 100);
}

/// The layers with the bounds that CROWN on the whole network has.
RelaxedLayers with_bounds(const LayeredSystem& system, const Box& box,
                          const CrownBounder::Bounds& bounds) {
  RelaxedLayers layers(system, box.lower, box.upper);
  for (const IntervalVector& z : bounds.layers) {
    std::vector<double> magnitudes;
    layers.enclose_next(magnitudes);
    layers.add(z, magnitudes);
  }
  return layers;
}

std::vector<std::int64_t> all_of(const AffineForm& form) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(form.size()));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  return all;
}

/// With the same bounds of neurons and CROWN's slopes, windows are the rows of CROWN.
TEST(WindowRows, AreTheRowsOfCrown) {
  Dice dice(62);
  for (int trial = 0; trial < 120; ++trial) {
    SCOPED_TRACE(trial);
    const auto network = dice.chance(0.5) ? ConvolutionalNetwork(dice, {}).build()
                                          : FuzzedNetwork(dice, true).build();
    const Box box = random_box(dice, network->input_size(), 0.0);
    const auto system = std::make_shared<const LayeredSystem>(lower_structured(*network, box));
    if (!WindowBounder::suits(*system)) continue;
    const CrownBounder crown(system);
    const CrownBounder::Bounds bounds = crown.bound_neurons(box.lower, box.upper, Deadline());
    const RelaxedLayers layers = with_bounds(*system, box, bounds);
    const WindowNetwork windows(*system);
    const AffineForm rows = both_signs(*system);
    const std::vector<std::int64_t> all = all_of(rows);
    const WindowPlan plan =
        plan_windows(windows, layers.count(), windows_read(windows, layers.count(), rows, all));
    WindowMemory memory;
    WindowRows batch(windows, layers, plan, rows, all, RowSides::lower, memory);
    batch.run();
    const std::vector<double> expected = crown.lower_bounds(rows, all, 1.0, layers.count(), bounds);
    // Bounds on the way may be better; rows that are above 0 stop there.
    for (std::size_t r = 0; r < expected.size(); ++r) {
      const double size = 1e-9 * (1.0 + std::fabs(expected[r]));
      ASSERT_TRUE(batch.lower()[r] > 0.0 || batch.lower()[r] >= expected[r] - size) << r;
    }
  }
}

/// One row from below in rationals, lower lines parallel to chords: what both sides of a window's
/// row ought to be but for roundings, or better.
Rational parallel_row(const LayeredSystem& system, const RelaxedLayers& layers,
                      const AffineForm& form, std::int64_t row, int layer) {
  std::map<int, Rationals> coefficient;
  Rational sum = 0;
  const auto add = [&](const AffineForm& of, std::int64_t i, const Rational& factor) {
    sum += factor * Rational(of.constant[static_cast<std::size_t>(i)]);
    for (const auto& [source, matrix] : of.terms) {
      Rationals& to = coefficient[source];
      to.resize(static_cast<std::size_t>(matrix.cols()), Rational(0));
      RowReader reader(matrix);
      const auto [index, value] = reader.row(i);
      for (std::size_t j = 0; j < index.size(); ++j)
        to[static_cast<std::size_t>(index[j])] += factor * Rational(value[j]);
    }
  };
  add(form, row, 1);
  for (int k = layer - 1; k >= 0; --k) {
    const Rationals here = coefficient[k];
    for (std::size_t v = 0; v < here.size(); ++v) {
      if (here[v] == 0) continue;
      const Rational l(layers.z(k).lower[v]), u(layers.z(k).upper[v]);
      Rational slope = 1;
      if (layers.is_relu(k) && l < 0) {
        slope = u <= 0 ? Rational(0) : Rational(u / (u - l));
        if (u > 0 && here[v] < 0) sum += here[v] * slope * -l;
      }
      if (slope != 0)
        add(system.layers[static_cast<std::size_t>(k)], static_cast<std::int64_t>(v),
            slope * here[v]);
    }
  }
  const Rationals& at_input = coefficient[kInputSource];
  const IntervalVector& box = layers.sources().at(kInputSource);
  for (std::size_t i = 0; i < at_input.size(); ++i)
    sum += at_input[i] * Rational(at_input[i] < 0 ? box.upper[i] : box.lower[i]);
  return sum;
}

TEST(WindowRows, BothSidesAreThoseOfParallelLines) {
  Dice dice(63);
  int open = 0;
  for (int trial = 0; trial < 60; ++trial) {
    SCOPED_TRACE(trial);
    ConvolutionalTaste taste;
    taste.side = 4;
    const auto network = dice.chance(0.5) ? ConvolutionalNetwork(dice, taste).build()
                                          : FuzzedNetwork(dice, true).build();
    const Box box = random_box(dice, network->input_size(), 0.0);
    const LayeredSystem system = lower_structured(*network, box);
    if (!WindowBounder::suits(system)) continue;
    const Deadline deadline;
    WindowBounder bounder(system, box.lower, box.upper, {}, deadline);
    bounder.bound_layers();
    const RelaxedLayers& layers = bounder.layers();
    const WindowNetwork windows(system);
    const AffineForm rows = both_signs(system);
    const std::vector<std::int64_t> all = all_of(rows);
    const WindowPlan plan =
        plan_windows(windows, layers.count(), windows_read(windows, layers.count(), rows, all));
    WindowMemory memory;
    WindowRows batch(windows, layers, plan, rows, all, RowSides::both, memory);
    batch.run();
    const std::size_t half = all.size() / 2;
    for (std::size_t r = 0; r < half; ++r) {
      if (batch.lower()[r] > 0.0 || batch.upper()[r] < 0.0) continue;
      ++open;
      const double low = parallel_row(system, layers, rows, all[r], layers.count()).get_d();
      const double high =
          -parallel_row(system, layers, rows, all[half + r], layers.count()).get_d();
      const double size = 1e-9 * (1.0 + std::fabs(low) + std::fabs(high));
      ASSERT_GE(batch.lower()[r], low - size) << r;
      ASSERT_LE(batch.upper()[r], high + size) << r;
      // Of a row and its negative, one pass says what two say.
      ASSERT_NEAR(batch.lower()[r], -batch.upper()[half + r], size) << r;
    }
  }
  EXPECT_GT(open, 20);
}

/// Rows of a window have no coefficients outside of what the plan says; memory follows from it.
TEST(WindowPlan, NumbersAndRowsFollowFromShapes) {
  Dice dice(64);
  ConvolutionalTaste taste;
  taste.side = 16;
  taste.blocks = 3;
  const auto network = ConvolutionalNetwork(dice, taste).build();
  const Box box = random_box(dice, network->input_size(), 0.0);
  const LayeredSystem system = lower_structured(*network, box);
  const WindowNetwork windows(system);
  const int layer = 2;
  const SourceShape& shape = windows.shape(layer);
  ASSERT_EQ(shape.channels, 4);
  ASSERT_EQ(shape.area.size(), 2U);
  const Window corner{{0, 0}, {1, 1}}, all = whole_of(shape);
  const WindowPlan small = plan_windows(windows, layer, windows_read(windows, layer, corner)),
                   large = plan_windows(windows, layer, windows_read(windows, layer, all));
  EXPECT_LT(small.whole_work(), large.whole_work());
  EXPECT_LT(small.numbers, large.numbers);
  EXPECT_EQ(large.of[0], whole_of(windows.shape(kInputSource)));
  EXPECT_LT(small.of[0].positions(), large.of[0].positions());
  EXPECT_EQ(rows_at_once(large, 0, 64), kLanes);
  EXPECT_EQ(rows_at_once(large, std::int64_t{1} << 40, 64), 64);
  const std::int64_t bytes = 8 * large.numbers * 3 * kLanes;
  EXPECT_EQ(rows_at_once(large, bytes, 1 << 20), 3 * kLanes);
  EXPECT_GT(rows_at_once(small, bytes, 1 << 20), 3 * kLanes);
}

}  // namespace
}  // namespace clipbound::test
