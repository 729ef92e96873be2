// Products of one variable: 1 - tanh^2 and its like are one layer on the same pre-activations, and
// enclose the truth.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "bounds/layered/layered_system.h"
#include "bounds/lowering/lower_network.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/enclosed.h"
#include "specs/network/network_builder.h"
#include "specs/simplify/simplify.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// Two functions' outputs in two variables go through `product`, which takes the function's values
/// and a builder.
template <class F>
Network network_of(const char* function, const F& product) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  const ValueId z = b.add("Gemm", {x, b.constant({2, 3}, {0.5F, -1.0F, 0.3F, 0.7F, 0.2F, -0.9F}),
                                   b.constant({3}, {0.1F, -0.2F, 0.0F})});
  b.output(product(b, b.add(function, {z})));
  return b.build();
}
LayeredSystem lowered(const Network& network, double half) {
  const std::vector<double> lower = {-half, 0.2 - half}, upper = {half, 0.2 + half};
  return lower_network(*simplify(std::make_shared<const Network>(network)).network, lower, upper);
}
std::size_t count(const LayeredSystem& system, Curve curve) {
  return static_cast<std::size_t>(
      std::count(system.activations.begin(), system.activations.end(), Activation{curve}));
}

/// The output of the system's planes at points is what it is of the network: interval bounds of a
/// tiny box contain the network's value.
void expect_true(const Network& network) {
  std::mt19937_64 random(4);
  const auto shared = std::make_shared<const Network>(network);
  for (int trial = 0; trial < 200; ++trial) {
    const double size = std::pow(10.0, std::uniform_real_distribution<double>(-9.0, 0.7)(random));
    std::vector<double> x, lower, upper;
    for (int i = 0; i < 2; ++i) {
      x.push_back(std::uniform_real_distribution<double>(-4.0, 4.0)(random));
      lower.push_back(x.back() - size * std::uniform_real_distribution<double>(0.0, 1.0)(random));
      upper.push_back(x.back() + size);
    }
    const LayeredSystem system = lower_network(*simplify(shared).network, lower, upper);
    const IntervalVector y = enclose(system.outputs, system.sources);
    const EnclosedOutputs truth = evaluate_enclosed(network, x);
    for (std::size_t j = 0; j < truth.value.size(); ++j) {
      ASSERT_LE(y.lower[j], truth.value[j] + truth.error[j]);
      ASSERT_GE(y.upper[j], truth.value[j] - truth.error[j]);
      ASSERT_LE(y.upper[j] - y.lower[j], 40.0 * size + 1e-12) << "size " << size;
    }
  }
}

TEST(OneVariable, SlopeOfTanh) {
  const Network network = network_of("Tanh", [](NetworkBuilder& b, ValueId t) {
    return b.add("Sub", {b.constant({1}, {1.0F}), b.add("Pow", {t, b.constant({1}, {2.0F})})});
  });
  const LayeredSystem system = lowered(network, 1.0);
  EXPECT_EQ(count(system, Curve::tanh_slope), 1U);
  EXPECT_EQ(count(system, Curve::square), 0U);
  ASSERT_EQ(system.outputs.terms.size(), 1U) << "the slope alone, not tanh";
  for (const double c : system.outputs.constant) EXPECT_EQ(c, 0.0);
  EXPECT_LT(*std::max_element(system.outputs.radius.begin(), system.outputs.radius.end()), 1e-14);
  expect_true(network);
}

TEST(OneVariable, SlopeOfSigmoid) {
  const Network network = network_of("Sigmoid", [](NetworkBuilder& b, ValueId t) {
    return b.add("Mul", {t, b.add("Sub", {b.constant({1}, {1.0F}), t})});
  });
  const LayeredSystem system = lowered(network, 1.0);
  EXPECT_EQ(count(system, Curve::tanh_slope), 1U);
  EXPECT_EQ(count(system, Curve::square), 0U);
  EXPECT_EQ(system.outputs.terms.size(), 1U) << "sigma - sigma^2: what is linear cancels";
  expect_true(network);
}

TEST(OneVariable, AnyCoefficients) {
  for (const char* function : {"Tanh", "Sigmoid", "Sin", "Cos"}) {
    SCOPED_TRACE(function);
    const Network network = network_of(function, [](NetworkBuilder& b, ValueId t) {
      const ValueId a = b.add("Add", {b.add("Mul", {t, b.constant({3}, {0.3F, -2.0F, 1.0F})}),
                                      b.constant({3}, {0.7F, 0.0F, -5.0F})});
      const ValueId c = b.add("Sub", {b.constant({3}, {0.1F, 1.0F, 3.0F}),
                                      b.add("Mul", {t, b.constant({3}, {1.7F, 1.0F, -0.2F})})});
      return b.add("Mul", {a, c});
    });
    EXPECT_EQ(lowered(network, 1.0).layers.size(), 2U);
    expect_true(network);
  }
}

/// Different neurons, or functions without such a formula, stay what they were.
TEST(OneVariable, OthersStayProducts) {
  const Network reversed = network_of("Tanh", [](NetworkBuilder& b, ValueId t) {
    return b.add("Mul",
                 {t, b.add("Gather", {t, b.integers({2, 1, 0})}, {{"axis", std::int64_t{1}}})});
  });
  const LayeredSystem system = lowered(reversed, 1.0);
  EXPECT_EQ(count(system, Curve::tanh_slope), 1U) << "the middle one times itself";
  EXPECT_EQ(count(system, Curve::square), 2U);
  expect_true(reversed);
  const Network other = network_of("Exp", [](NetworkBuilder& b, ValueId t) {
    return b.add("Mul", {t, t});
  });
  EXPECT_EQ(count(lowered(other, 0.5), Curve::square), 1U);
}

}  // namespace
}  // namespace clipbound::test
