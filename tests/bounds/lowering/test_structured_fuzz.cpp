// Random networks around convolutions of every geometry: one to three axes, strides, dilations,
// pads that differ from side to side, groups, transposed ones with output padding, sums of branches
// that read one source, lists, slices, transposes, pools, products. All convolutions stay
// convolutions. Intervals, forward bounds, CROWN and linear bounds of the outputs hold at points
// that like corners, and no rows were written for any of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "bounds/layered/structured_map.h"
#include "bounds/layered/weighted_sum.h"
#include "bounds/output_bounds.h"
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

bool is_unwritten(const AffineForm& form) {
  return std::all_of(form.terms.begin(), form.terms.end(), [](const auto& term) {
    const StructuredMap* map = term.second.structure();
    return map == nullptr || !map->is_written();
  });
}
void expect_unwritten(const LayeredSystem& system) {
  for (std::size_t k = 0; k < system.layers.size(); ++k)
    ASSERT_TRUE(is_unwritten(system.layers[k])) << "layer " << k;
}

/// Forward linear bounds of all layers and the outputs, from the intervals that they give.
IntervalVector bound_forward(const LayeredSystem& system, const Box& box) {
  ForwardBox forward;
  forward.columns = varying_inputs(box.lower, box.upper);
  for (const int i : forward.columns) {
    forward.lower.push_back(box.lower[static_cast<std::size_t>(i)]);
    forward.upper.push_back(box.upper[static_cast<std::size_t>(i)]);
  }
  for (std::size_t i = 0; i < box.lower.size(); ++i)
    forward.largest = std::max({forward.largest, std::fabs(box.lower[i]), std::fabs(box.upper[i])});
  SourceIntervals sources{{kInputSource, {box.lower, box.upper}}};
  std::map<int, LinearBounds> linear;
  linear.emplace(kInputSource, forward_input(forward, box.lower, box.upper));
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    const LinearBounds z = forward_affine(system.layers[k], forward, linear);
    IntervalVector range = enclose(system.layers[k], sources);
    const IntervalVector own = concretize(z, forward);
    for (std::size_t v = 0; v < range.lower.size(); ++v) {
      range.lower[v] = std::max(range.lower[v], own.lower[v]);
      range.upper[v] = std::min(range.upper[v], own.upper[v]);
    }
    const Activation& f = system.activations[k];
    const auto layer = static_cast<int>(k);
    for (const double v : range.lower)
      forward.largest =
          std::isfinite(v) ? std::max(forward.largest, std::fabs(v)) : forward.largest;
    linear[layer] = f.curve == Curve::relu ? forward_relu(z, range, forward)
                    : f.curve == Curve::product
                        ? forward_products(z, relax_layer(f, range), forward)
                        : forward_nonlinear(z, relax_layer(f, range), forward);
    sources[layer] = activate(f, range);
  }
  return concretize(forward_affine(system.outputs, forward, linear), forward);
}

template <typename Real>
void expect_inside(const char* name, const std::vector<double>& lower,
                   const std::vector<double>& upper, const std::vector<Real>& y) {
  ASSERT_EQ(lower.size(), y.size());
  for (std::size_t m = 0; m < y.size(); ++m) {
    ASSERT_TRUE(allows_lower(lower[m], y[m])) << name << ", output " << m;
    ASSERT_TRUE(allows_upper(upper[m], y[m])) << name << ", output " << m;
  }
}

template <typename Real>
void expect_plane(const OutputLinearBounds& linear, const std::vector<double>& x,
                  const std::vector<Real>& y) {
  for (std::size_t m = 0; m < y.size(); ++m) {
    Real low = -y[m], high = -y[m];
    for (std::size_t i = 0; i < x.size(); ++i) {
      low = low + Real(linear.lower_A[m * x.size() + i]) * Real(x[i]);
      high = high + Real(linear.upper_A[m * x.size() + i]) * Real(x[i]);
    }
    if (std::isfinite(linear.lower_b[m])) {
      ASSERT_TRUE(allows_upper(0.0, low + Real(linear.lower_b[m]))) << m;
    }
    if (std::isfinite(linear.upper_b[m])) {
      ASSERT_TRUE(allows_lower(0.0, high + Real(linear.upper_b[m]))) << m;
    }
  }
}

struct AllBounds {
  OutputBounds intervals, crown, late;
  IntervalVector forward;
};
AllBounds bound_all(const std::shared_ptr<const LayeredSystem>& system, const Box& box) {
  const CrownBounder bounder(system);
  const SlopeSearch slopes{system, 0};
  const Deadline passed(Deadline::Clock::now(), 0.0, 0.0);
  AllBounds all{bound_outputs_by_intervals(*system, box.lower, box.upper),
                bound_outputs(bounder, slopes, box.lower, box.upper, true, Deadline()),
                bound_outputs(bounder, slopes, box.lower, box.upper, false, passed),
                bound_forward(*system, box)};
  return all;
}

template <typename Real>
void expect_all(const AllBounds& all, const std::vector<double>& x, const std::vector<Real>& y) {
  ASSERT_NO_FATAL_FAILURE(expect_inside("intervals", all.intervals.lower, all.intervals.upper, y));
  ASSERT_NO_FATAL_FAILURE(expect_inside("CROWN", all.crown.lower, all.crown.upper, y));
  ASSERT_NO_FATAL_FAILURE(
      expect_inside("CROWN after the deadline", all.late.lower, all.late.upper, y));
  ASSERT_NO_FATAL_FAILURE(expect_inside("forward", all.forward.lower, all.forward.upper, y));
  ASSERT_NO_FATAL_FAILURE(expect_plane(all.crown.linear, x, y));
}

bool alpha_crown_writes(const Box& box) {
  return varying_inputs(box.lower, box.upper).size() > kMostSplitInputs;
}

TEST(StructuredFuzz, BoundsHoldAtPointsAndNoRowsAreWritten) {
  Dice dice(41);
  int structured = 0, unwritten = 0;
  for (int trial = 0; trial < 250; ++trial) {
    SCOPED_TRACE(trial);
    const auto network = FuzzedNetwork(dice, false).build();
    const Box box = random_box(dice, network->input_size(), dice.chance(0.5) ? 0.9 : 0.3);
    const auto system = std::make_shared<const LayeredSystem>(
        lower_network(*network, box.lower, box.upper, ProductForm::squares, all_structured()));
    structured += std::any_of(system->layers.begin(), system->layers.end(),
                              [](const AffineForm& form) { return has_structure(form); })
                      ? 1
                      : 0;
    ASSERT_NO_FATAL_FAILURE(expect_unwritten(*system));
    const AllBounds all = bound_all(system, box);
    if (!alpha_crown_writes(box)) {
      ASSERT_NO_FATAL_FAILURE(expect_unwritten(*system));
      ++unwritten;
    }
    for (int point = 0; point < 12; ++point) {
      const std::vector<double> x = point_in(dice, box);
      const EnclosedOutputs truth = evaluate_enclosed(*network, x);
      std::vector<Enclosed> y;
      for (std::size_t m = 0; m < truth.value.size(); ++m)
        y.emplace_back(truth.value[m], truth.error[m]);
      ASSERT_NO_FATAL_FAILURE(expect_all(all, x, y));
    }
  }
  EXPECT_GT(structured, 200);
  EXPECT_GT(unwritten, 100);
}

/// The same in rationals, where no rounding of ours can hide. Boxes are a few units of the last
/// place wide, so that bounds are nothing but what was charged for roundings.
TEST(StructuredFuzz, BoundsOfTinyBoxesHoldExactly) {
  Dice dice(42);
  for (int trial = 0; trial < 80; ++trial) {
    SCOPED_TRACE(trial);
    const auto network = FuzzedNetwork(dice, true).build();
    Box box = random_box(dice, network->input_size(), 0.4);
    for (std::size_t i = 0; i < box.lower.size(); ++i) {
      if (box.lower[i] == box.upper[i] || dice.chance(0.3)) continue;
      box.upper[i] = box.lower[i];
      for (int k = dice.whole(1, 3); k > 0; --k) box.upper[i] = next_up(box.upper[i]);
    }
    const auto system = std::make_shared<const LayeredSystem>(
        lower_network(*network, box.lower, box.upper, ProductForm::squares, all_structured()));
    const AllBounds all = bound_all(system, box);
    for (int point = 0; point < 2; ++point) {
      const std::vector<double> x = point_in(dice, box);
      ExactEvaluation exact(*network, x);
      ASSERT_NO_FATAL_FAILURE(expect_all(all, x, exact[network->outputs[0]]));
    }
  }
}

/// Fixed pixels are constants of the first convolution. Those whose products underflow leave no
/// exact 0 behind.
TEST(StructuredFuzz, ConstantsAreWithinTheirRadii) {
  Dice dice(43);
  for (int trial = 0; trial < 150; ++trial) {
    SCOPED_TRACE(trial);
    NetworkBuilder b;
    const bool transposed = dice.chance(0.5);
    const ValueId x = b.input("x", {1, 2, 4, 4});
    std::vector<float> w(2 * 3 * 9), bias(3);
    const auto weight = [&] {
      return dice.chance(0.2)   ? 0.0F
             : dice.chance(0.3) ? static_cast<float>(std::ldexp(dice.normal(), -140))
                                : static_cast<float>(dice.normal());
    };
    for (float& v : w) v = weight();
    for (float& v : bias) v = weight();
    b.output(b.add(transposed ? "ConvTranspose" : "Conv",
                   {x, b.constant(transposed ? Shape{2, 3, 3, 3} : Shape{3, 2, 3, 3}, w),
                    b.constant({3}, bias)},
                   {{"pads", Shape{1, 0, 2, 1}}}));
    const Network network = b.build();
    Box box;
    for (int i = 0; i < 32; ++i) {
      const double a = dice.chance(0.3)   ? std::ldexp(dice.normal(), dice.whole(-1074, -1000))
                       : dice.chance(0.4) ? 0.0
                                          : dice.normal();
      box.lower.push_back(a);
      box.upper.push_back(dice.chance(0.1) ? a + 1.0 : a);
    }
    const LayeredSystem system =
        lower_network(network, box.lower, box.upper, ProductForm::squares, all_structured());
    // An identity stands before the outputs, but where nothing varies.
    const AffineForm& form = system.layers.empty() ? system.outputs : system.layers[0];
    const std::vector<double> at = point_in(dice, box);
    ExactEvaluation exact(network, at);
    const Rationals& y = exact[network.outputs[0]];
    for (std::int64_t i = 0; i < form.size(); ++i) {
      const auto e = static_cast<std::size_t>(i);
      Rational gap = y[e] - Rational(form.constant[e]);
      for (const auto& [source, coefficients] : form.terms) {
        for (std::size_t j = 0; j < coefficients.indices(i).size(); ++j)
          gap -= Rational(coefficients.values(i)[j]) *
                 Rational(at[static_cast<std::size_t>(coefficients.indices(i)[j])]);
      }
      ASSERT_FALSE(exceeds(gap, form.radius[e])) << i;
    }
  }
}

}  // namespace
}  // namespace clipbound::test
