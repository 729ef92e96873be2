// Overflow, underflow, NaN and degenerate queries: what is not a number proves nothing, and nothing
// crashes.
#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "bounds/lowering/lower_network.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

constexpr double kMax = std::numeric_limits<double>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tensor tensor64(Shape shape, std::vector<double> values) {
  return {std::move(shape), std::move(values)};
}

/// y = last * relu(first x) in float64.
std::shared_ptr<const Network> one_neuron(const std::vector<double>& first, double last) {
  NetworkBuilder b;
  const auto n = static_cast<std::int64_t>(first.size());
  const ValueId x = b.input("x", {1, n}, DataType::float64);
  const ValueId z = b.add("MatMul", {x, b.constant(tensor64({n, 1}, first))});
  b.output(b.add("MatMul", {b.add("Relu", {z}), b.constant(tensor64({1, 1}, {last}))}));
  return std::make_shared<const Network>(b.build());
}

Clause at_most(const Rational& threshold, bool strict = false) {
  Clause clause;
  clause.rows.push_back(output_row({1}, threshold, strict));
  return clause;
}

/// The clause's row has a point with y - threshold = `least` (or less) in the box: nothing may
/// exclude it.
void expect_not_refuted(const Lowered& lowered, const Rational& least) {
  const double root = lowered.row_bounds().at(0);
  EXPECT_TRUE(!(root > -kInfinity) || Rational(root) <= least) << "root bound " << root;
  for (const bool neurons : {false, true}) {
    Batch lanes = lowered.lanes(1);
    Clipping settings;
    settings.complete = neurons;
    lanes.bound(settings);
    EXPECT_FALSE(any(lanes.refuted)) << "row bound " << lanes.lower[0][0];
  }
}

TEST(Overflow, NeuronWithNanBoundsIsNotInactive) {
  // z = -D x0 - D x1 + D x2 + D x3 + x4 is x4 at (1, 1, 1, 1, x4), but its interval's upper end
  // overflows downwards on the way and becomes -inf + inf. y = -relu(z) is -1 at x4 = 1.
  const Lowered lowered(one_neuron({-1.5e308, -1.5e308, 1.5e308, 1.5e308, 1.0}, -1.0),
                        {1, 1, 1, 1, 0}, {1, 1, 1, 1, 2}, at_most(Rational(-1, 2)));
  expect_not_refuted(lowered, Rational(-3, 2));
  const IntervalVector& z = lowered.bounds.layers[0];
  EXPECT_FALSE(z.upper[0] < 2.0) << "upper end " << z.upper[0];
}

TEST(Overflow, NanActivationsDoNotVanishFromIntervals) {
  // The same neuron, doubled by a second layer whose interval is taken from the first one's.
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 5}, DataType::float64);
  const ValueId z = b.add(
      "MatMul", {x, b.constant(tensor64({5, 1}, {-1.5e308, -1.5e308, 1.5e308, 1.5e308, 1.0}))});
  const ValueId z2 = b.add("MatMul", {b.add("Relu", {z}), b.constant(tensor64({1, 1}, {2.0}))});
  b.output(b.add("MatMul", {b.add("Relu", {z2}), b.constant(tensor64({1, 1}, {-1.0}))}));
  const Lowered lowered(std::make_shared<const Network>(b.build()), {1, 1, 1, 1, 0},
                        {1, 1, 1, 1, 2}, at_most(-1));
  EXPECT_FALSE(lowered.system->intervals[1].upper[0] < 4.0)
      << lowered.system->intervals[1].upper[0];
  EXPECT_FALSE(lowered.bounds.layers[1].upper[0] < 4.0) << lowered.bounds.layers[1].upper[0];
  expect_not_refuted(lowered, Rational(-3));
}

TEST(Overflow, UnboundedBelowIsNotZero) {
  // z = DBL_MAX x on [-1, 1/2]: outward rounding takes the lower end to -inf, the chord's slope to
  // 0 and its intercept to NaN. y = -relu(z) is -DBL_MAX / 2 at x = 1/2.
  const Lowered lowered(one_neuron({kMax}, -1.0), {-1}, {0.5}, at_most(Rational(-1e300)));
  expect_not_refuted(lowered, Rational(-kMax) / 2 + Rational(1e300));
}

TEST(Overflow, UnboundedAboveIsNotZero) {
  const Lowered lowered(one_neuron({kMax}, -1.0), {-0.5}, {1}, at_most(Rational(-1e300)));
  expect_not_refuted(lowered, Rational(-kMax) + Rational(1e300));
  const Lowered both(one_neuron({kMax, kMax}, -1.0), {-1, -1}, {1, 1}, at_most(Rational(-1e300)));
  expect_not_refuted(both, Rational(-kMax) * 2 + Rational(1e300));
}

TEST(Overflow, CoefficientsThatOverflowAreNotZero) {
  // r = relu(1e-300 x), h = relu(1e200 r) twice, y = 1e200 h - 1.5e200 h = -0.5e400 r: the
  // substituted coefficient of r is inf - inf, though y reaches -0.5e100 and every value on the way
  // is finite. With x in [-2, 1] r's lower slope is 0.
  for (const double second : {-1.5e200, 1.5e200}) {
    for (const double first : {1e200, -2e200}) {
      NetworkBuilder b;
      const ValueId x = b.input("x", {1, 1}, DataType::float64);
      const ValueId r =
          b.add("Relu", {b.add("MatMul", {x, b.constant(tensor64({1, 1}, {1e-300}))})});
      const ValueId h =
          b.add("Relu", {b.add("MatMul", {r, b.constant(tensor64({1, 2}, {1e200, 1e200}))})});
      b.output(b.add("MatMul", {h, b.constant(tensor64({2, 1}, {first, second}))}));
      const Rational least = Rational(1e-300) * Rational(1e200) *
                             std::min(Rational(0), Rational(Rational(first) + Rational(second)));
      const Lowered lowered(std::make_shared<const Network>(b.build()), {-2}, {1}, at_most(least));
      expect_not_refuted(lowered, 0);
    }
  }
}

TEST(Overflow, BoxesAsWideAsTheNumbers) {
  const Lowered lowered(one_neuron({1.0, -1.0}, -1.0), {-kMax, -kMax}, {kMax, kMax}, at_most(-1));
  expect_not_refuted(lowered, Rational(-kMax) * 2 + 1);
  const Lowered wide(one_neuron({1e38, -1e38}, -1.0), {-1e30, -1e30}, {1e30, 1e30}, at_most(-1));
  expect_not_refuted(wide, Rational(-1e38) * Rational(1e30) * 2 + 1);
}

TEST(Overflow, UnderflowedCoefficientsOfLargeInputs) {
  // Times an input of 2^100 the coefficient is 1.5 * 2^-976.
  const Rational reached = Rational(0x1p-960) * Rational(0x1.8p-116) * Rational(0x1p100);
  Clause clause;
  clause.rows.push_back(output_row({-1}, -reached));
  const Lowered lowered(underflowing_chain().build(), {0x1p99}, {0x1p100}, clause);
  expect_not_refuted(lowered, 0);
}

TEST(Overflow, ScalesFromTinyToHuge) {
  Dice dice(31);
  int finite = 0, boxes = 0;
  for (int trial = 0; trial < 400; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    TinyNetwork net = random_tiny(dice, {dice.whole(1, 2), 2, 2, 2, 2, 2, 2, 1}, trial % 2 == 0);
    for (auto& layer : net.weights) {
      const int exponent = dice.whole(-100, 100);
      for (float& w : layer) w = std::ldexp(w, exponent);
    }
    const double reach = std::ldexp(1.0, dice.whole(-100, 100));
    const std::vector<double> lower(static_cast<std::size_t>(net.sizes[0]), -reach),
        upper(static_cast<std::size_t>(net.sizes[0]), reach);
    PatternSearch search(net, {1});
    const Rational minimum = search.minimum(rationals(lower), rationals(upper)).first;
    const Lowered lowered(net.build(), lower, upper, at_most(minimum));
    expect_not_refuted(lowered, 0);
    finite += std::isfinite(lowered.row_bounds()[0]) ? 1 : 0;
    ++boxes;
  }
  std::printf("%d of %d row bounds are finite\n", finite, boxes);
}

TEST(NotFinite, WeightsAreAnInputError) {
  for (const float bad :
       {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
        std::numeric_limits<float>::quiet_NaN()}) {
    for (const int where : {0, 1, 2, 3, 4, 5}) {
      NetworkBuilder b;
      ValueId v = b.input("x", {1, 2});
      const auto weight = [&](int here) { return where == here ? bad : 1.0F; };
      v = b.add("Gemm",
                {v, b.constant({2, 2}, {1, weight(0), 1, 1}), b.constant({2}, {1, weight(1)})});
      v = b.add("MatMul", {v, b.constant({2, 2}, {1, 1, 1, weight(2)})});
      v = b.add("Add", {v, b.constant({2}, {weight(3), 0})});
      v = b.add("Sub", {b.constant({2}, {weight(4), 0}), v});
      v = b.add("Mul", {v, b.constant({2}, {2, weight(5)})});
      b.output(b.add("Relu", {v}));
      const Network network = b.build();
      const std::vector<double> lower{-1, -1}, upper{1, 1};
      EXPECT_THROW(lower_network(network, lower, upper), InputError)
          << "constant " << where << " is " << bad;
    }
  }
}

TEST(Degenerate, AllInputsFixed) {
  const Lowered lowered(one_neuron({3.0, -1.0}, 1.0), {1, 2}, {1, 2}, at_most(1));
  EXPECT_TRUE(lowered.kept.empty());
  EXPECT_EQ(lowered.reduced->inputs, 0);
  EXPECT_EQ(lowered.reduced->neurons, 0);
  expect_not_refuted(lowered, 0);
  const Lowered refuted(one_neuron({3.0, -1.0}, 1.0), {1, 2}, {1, 2},
                        at_most(Rational(1) - Rational(1e-9)));
  Batch lanes = refuted.lanes();
  lanes.bound({});
  EXPECT_TRUE(all(lanes.refuted));
}

TEST(Degenerate, FixedInputsKeepTheirWidthInTheRadius) {
  // x0 in [1, 1 + 2^-24] counts as fixed; its width must not be lost: z = 2^24 (x0 - x1) reaches 1.
  const Lowered lowered(one_neuron({0x1p24, -0x1p24}, -1.0), {1, 1}, {1 + 0x1p-24, 1}, at_most(-1));
  EXPECT_TRUE(lowered.kept.empty());
  expect_not_refuted(lowered, 0);
}

TEST(Degenerate, StrictRows) {
  // y = relu(x) on [-1, 1]: y <= 0 has counterexamples, y < -t has none for t > 0.
  const auto network = one_neuron({1.0}, 1.0);
  expect_not_refuted(Lowered(network, {-1}, {1}, at_most(0)), 0);
  for (const bool strict : {false, true}) {
    const Lowered lowered(network, {-1}, {1}, at_most(Rational(-1e-9), strict));
    Batch lanes = lowered.lanes();
    lanes.bound({});
    EXPECT_TRUE(all(lanes.refuted));
  }
  // A network without neurons whose row bound is exactly 0: only the strict row is refuted.
  for (const bool strict : {false, true}) {
    ReducedNetwork net;
    net.rows = 1;
    net.stride = ReducedNetwork::padded(1);
    net.layer_begin = {0};
    net.coefficients.assign(static_cast<std::size_t>(net.stride), 0.0);
    net.radius = {0.0};
    net.strict = {static_cast<std::uint8_t>(strict)};
    net.finish();
    net.slack = {0.0};
    Batch lanes;
    lanes.attach(net, 0);
    lanes.bound({});
    EXPECT_EQ(lanes.lower[0][0], 0.0);
    EXPECT_EQ(any(lanes.refuted), strict);
    EXPECT_EQ(all(lanes.refuted), strict);
  }
}

TEST(Degenerate, RowsOverInputsOnlyAndNoRows) {
  Clause clause;
  clause.rows.push_back(
      {{{Term::Of::input, 1, make_number(1)}}, make_number(Rational(1, 2)), false, false});
  expect_not_refuted(Lowered(one_neuron({1, 1}, 1), {0, 0.5}, {1, 1}, clause), 0);
  clause.rows[0].threshold = make_number(Rational(1, 2) - Rational(1e-9));
  const Lowered below(one_neuron({1, 1}, 1), {0, 0.5}, {1, 1}, clause);
  Batch lanes = below.lanes();
  lanes.bound({});
  EXPECT_TRUE(all(lanes.refuted));
  const Lowered no_rows(one_neuron({1, 1}, 1), {0, 0.5}, {1, 1}, Clause{});
  EXPECT_TRUE(no_rows.row_bounds().empty());
  Batch none = no_rows.lanes();
  none.bound({});
  EXPECT_FALSE(any(none.refuted));
}

TEST(Degenerate, DecimalThresholdsAndCoefficients) {
  // y = x on [0.1's float64, 1]: 3 y <= 3 * 0.1f64 holds at the lower end exactly, though neither
  // side is one float64.
  const double tenth = 0.1;
  Clause clause;
  const Rational third(1, 3);
  clause.rows.push_back(output_row({third}, third * Rational(tenth)));
  expect_not_refuted(Lowered(one_neuron({1}, 1), {tenth}, {1}, clause), 0);
}

}  // namespace
}  // namespace clipbound::test
