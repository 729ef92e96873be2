// Products and quotients of variables, against ranges known in closed form: bounds must contain
// them, and not be far from them.
#include <gtest/gtest.h>

#include <cmath>

#include "bounds/lowering/lower_network.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"

namespace clipbound::test {
namespace {

struct Ends {
  double lower, upper;
  double width() const { return upper - lower; }
};

/// CROWN bounds of the first output of a network on a box.
Ends output_bounds(const Network& network, const std::vector<double>& lower,
                   const std::vector<double>& upper, ProductForm products) {
  const auto simplified = simplify(std::make_shared<const Network>(network)).network;
  const auto system =
      std::make_shared<const LayeredSystem>(lower_network(*simplified, lower, upper, products));
  const CrownBounder bounder(system);
  const CrownBounder::Bounds bounds = bounder.bound_neurons(lower, upper, Deadline());
  const int layers = static_cast<int>(system->layers.size());
  return {bounder.lower_bounds(system->outputs, {0}, 1.0, layers, bounds)[0],
          -bounder.lower_bounds(system->outputs, {0}, -1.0, layers, bounds)[0]};
}

class Products : public testing::TestWithParam<ProductForm> {};

void expect_close(const Ends& bounds, const Ends& truth, double factor) {
  EXPECT_LE(bounds.lower, truth.lower);
  EXPECT_GE(bounds.upper, truth.upper);
  EXPECT_LE(bounds.width(), factor * truth.width())
      << "[" << bounds.lower << ", " << bounds.upper << "] for [" << truth.lower << ", "
      << truth.upper << "]";
}

/// x_0^3 / sum x_j^3, as pensieve's networks end: it grows in x_0 and falls in all others, so two
/// corners decide. The parts are of sizes 1e8 and 1e-8, and move by ten times as much as their
/// quotient does.
TEST_P(Products, ShareOfASum) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 4});
  const ValueId cubes = b.add("Pow", {x, b.constant({1}, {3.0F})});
  const ValueId sum = b.add("ReduceSum", {cubes, b.integers({1})}, {{"keepdims", std::int64_t{1}}});
  b.output(b.add("Div", {cubes, sum}));
  const Network network = b.build();
  const std::vector<double> centre = {190.0, 280.0, 250.0, 310.0};
  for (const double share : {0.001, 0.01, 0.05}) {
    SCOPED_TRACE(share);
    std::vector<double> lower, upper;
    for (const double c : centre) {
      lower.push_back(c * (1.0 - share));
      upper.push_back(c * (1.0 + share));
    }
    const auto share_of = [](double own, const std::vector<double>& others) {
      double sum_of = own * own * own;
      for (std::size_t j = 1; j < others.size(); ++j) sum_of += others[j] * others[j] * others[j];
      return own * own * own / sum_of;
    };
    expect_close(output_bounds(network, lower, upper, GetParam()),
                 {share_of(lower[0], upper), share_of(upper[0], lower)}, 1.0 + 8.0 * share + 1e-6);
  }
}

/// (c a) / b where a and b have nothing to do with each other.
TEST_P(Products, QuotientOfStrangers) {
  NetworkBuilder b;
  const ValueId a = b.input("a", {1, 1});
  const ValueId d = b.input("d", {1, 1});
  b.output(b.add("Div", {a, d}));
  const Network network = b.build();
  expect_close(output_bounds(network, {-1.0, 2.0}, {3.0, 2.5}, GetParam()), {-0.5, 1.5}, 1.6);
  expect_close(output_bounds(network, {1000.0, -2.5}, {1001.0, -2.0}, GetParam()), {-500.5, -400.0},
               1.6);
  // A divisor that may be 0 says nothing, and does not crash.
  const Ends nothing = output_bounds(network, {1.0, -1.0}, {2.0, 1.0}, GetParam());
  EXPECT_EQ(nothing.lower, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(nothing.upper, std::numeric_limits<double>::infinity());
}

/// x y for operands of any sizes: McCormick's planes, on average, leave a quarter of the product of
/// the widths.
TEST_P(Products, OperandsOfAllSizes) {
  for (const double scale : {1.0, 1e4, 1e9, 1e-7, 1e15}) {
    SCOPED_TRACE(scale);
    NetworkBuilder b;
    const ValueId x = b.input("x", {1, 1});
    const ValueId y = b.input("y", {1, 1});
    const float up = static_cast<float>(scale), down = static_cast<float>(1.0 / scale);
    b.output(b.add("Mul", {b.add("Mul", {x, b.constant({1}, {up})}),
                           b.add("Mul", {y, b.constant({1}, {down})})}));
    const Network network = b.build();
    const double factor = static_cast<double>(up) * static_cast<double>(down);
    expect_close(output_bounds(network, {1.0, 2.0}, {2.0, 3.0}, GetParam()),
                 {2.0 * factor, 6.0 * factor}, 1.3);
    expect_close(output_bounds(network, {-1.0, -1.0}, {1.0, 1.0}, GetParam()), {-factor, factor},
                 2.1);
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Products, testing::Values(ProductForm::squares, ProductForm::pairs),
                         [](const auto& one) {
                           return one.param == ProductForm::squares ? "Squares" : "Pairs";
                         });

}  // namespace
}  // namespace clipbound::test
