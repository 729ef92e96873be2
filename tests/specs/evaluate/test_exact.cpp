// Running error bounds against exact rational arithmetic, and the three orders of summation by
// hand.
#include <gmpxx.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "specs/evaluate/evaluate.h"
#include "specs/network/enclosed.h"
#include "specs/network/network_builder.h"
#include "specs/network/summation.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// A fully connected network kept as plain arrays beside the Network built from it.
struct Layers {
  std::vector<std::vector<std::vector<float>>> weights;  // [layer][output][input]
  std::vector<std::vector<float>> biases;
  std::shared_ptr<const Network> network;
};

Layers random_layers(std::mt19937& generator, const std::vector<std::int64_t>& widths,
                     double exponent_spread) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> exponent(-exponent_spread, exponent_spread);
  const auto draw = [&] {
    return static_cast<float>(normal(generator) * std::exp2(exponent(generator)));
  };
  Layers layers;
  NetworkBuilder builder;
  ValueId value = builder.input("x", {1, widths[0]});
  for (std::size_t l = 1; l < widths.size(); ++l) {
    const auto in = static_cast<std::size_t>(widths[l - 1]),
               out = static_cast<std::size_t>(widths[l]);
    std::vector<std::vector<float>> w(out, std::vector<float>(in));
    std::vector<float> b(out), flat;
    for (auto& row : w)
      for (float& v : row) flat.push_back(v = draw());
    for (float& v : b) v = draw();
    value = builder.add("Gemm",
                        {value, builder.constant({widths[l], widths[l - 1]}, flat),
                         builder.constant({widths[l]}, b)},
                        {{"transB", std::int64_t{1}}});
    if (l + 1 < widths.size()) value = builder.add("Relu", {value});
    layers.weights.push_back(std::move(w));
    layers.biases.push_back(std::move(b));
  }
  builder.output(value);
  layers.network = std::make_shared<const Network>(builder.build());
  return layers;
}

std::vector<mpq_class> exact(const Layers& layers, const std::vector<double>& x) {
  std::vector<mpq_class> values(x.begin(), x.end());
  for (std::size_t l = 0; l < layers.weights.size(); ++l) {
    std::vector<mpq_class> next;
    for (std::size_t j = 0; j < layers.biases[l].size(); ++j) {
      mpq_class sum(static_cast<double>(layers.biases[l][j]));
      for (std::size_t i = 0; i < values.size(); ++i)
        sum += mpq_class(static_cast<double>(layers.weights[l][j][i])) * values[i];
      next.push_back(l + 1 < layers.weights.size() && sum < 0 ? mpq_class(0) : sum);
    }
    values = std::move(next);
  }
  return values;
}

void expect_enclosed(const mpq_class& truth, double value, double error) {
  ASSERT_TRUE(std::isfinite(value));
  if (std::isinf(error)) return;
  EXPECT_LE(abs(truth - mpq_class(value)), mpq_class(error))
      << truth.get_d() << " vs " << value << " +- " << error;
}

TEST(Enclosed, HoldsTheRationalValueOfRandomNetworks) {
  std::mt19937 generator(3);
  for (int round = 0; round < 60; ++round) {
    // Wide exponents bring cancellation and products that underflow in float64.
    const double spread = round % 3 == 0 ? 0.0 : round % 3 == 1 ? 20.0 : 120.0;
    const Layers layers = random_layers(generator, {4, 9, 8, 3}, spread);
    std::normal_distribution<double> normal;
    std::vector<double> x(4);
    for (double& v : x) v = normal(generator) * (round % 5 == 4 ? 1e-300 : 1.0);
    const auto truth = exact(layers, x);
    const auto got = evaluate_enclosed(*layers.network, x);
    for (std::size_t j = 0; j < truth.size(); ++j) {
      expect_enclosed(truth[j], got.value[j], got.error[j]);
      if (spread == 0.0) {
        EXPECT_LT(got.error[j], 1e-11);
      }
    }
  }
}

TEST(Enclosed, HoldsTheRationalValueOfEachOperation) {
  std::mt19937 generator(4);
  std::uniform_real_distribution<double> mantissa(-2.0, 2.0), exponent(-40.0, 40.0),
      far(-540.0, 500.0);
  for (int round = 0; round < 20000; ++round) {
    auto& spread = round % 2 == 0 ? exponent : far;
    const double a = std::ldexp(mantissa(generator), static_cast<int>(spread(generator)));
    const double b = std::ldexp(mantissa(generator), static_cast<int>(spread(generator)));
    const double ea = round % 3 == 0 ? 0.0 : std::fabs(a) * 0x1p-40,
                 eb = round % 3 == 0 ? 0.0 : std::fabs(b) * 0x1p-35;
    for (const double sign : {-1.0, 1.0}) {  // the exact numbers at the ends of their intervals
      const mpq_class x = mpq_class(a) + mpq_class(ea), y = mpq_class(b) + mpq_class(sign * eb);
      const Enclosed p(a, ea), q(b, eb);
      const Enclosed sum = p + q, difference = p - q, product = p * q, quotient = p / q;
      expect_enclosed(x + y, sum.value, sum.error);
      expect_enclosed(x - y, difference.value, difference.error);
      if (std::isfinite(product.value)) expect_enclosed(x * y, product.value, product.error);
      if (y != 0 && std::isfinite(quotient.value))
        expect_enclosed(x / y, quotient.value, quotient.error);
    }
  }
}

TEST(Enclosed, SaysInfinityWhereItKnowsNothing) {
  const double huge = 1e308;
  EXPECT_TRUE(std::isinf((Enclosed(huge) + Enclosed(huge)).error));
  EXPECT_TRUE(std::isinf((Enclosed(huge) * Enclosed(huge)).error));
  EXPECT_TRUE(std::isinf((Enclosed(1.0) / Enclosed(0.0)).error));
  EXPECT_TRUE(std::isinf((Enclosed(1.0) / Enclosed(1.0, 2.0)).error));
  EXPECT_TRUE(std::isinf((Enclosed(0.0) / Enclosed(0.0)).error));
}

TEST(Enclosed, EveryValueOfTheNetwork) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {2});
  const ValueId c = b.constant({2}, {0.5f, -3.0f});
  const ValueId s = b.add("Add", {x, c}), r = b.add("Relu", {s});
  b.output(b.add("Identity", {r}));
  const Network network = b.build();
  const std::vector<double> point{0.1, 1.0};
  const auto all = evaluate_all_enclosed(network, point);
  ASSERT_EQ(all.size(), network.values.size());
  EXPECT_EQ(all[index_of(x)].error, (std::vector<double>{0, 0}));
  EXPECT_EQ(all[index_of(c)].value, (std::vector<double>{0.5, -3.0}));
  EXPECT_EQ(all[index_of(c)].error, (std::vector<double>{0, 0}));
  EXPECT_EQ(all[index_of(s)].value, (std::vector<double>{0.6, -2.0}));
  EXPECT_EQ(all[index_of(r)].value, (std::vector<double>{0.6, 0.0}));
  EXPECT_EQ(all[index_of(r)].error[1], 0.0) << "certainly inactive";
}

TEST(Enclosed, ConstantSubgraphsMeanTheirFloat32Value) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1});
  const ValueId third = b.add("Div", {b.constant(Shape{}, {1.0f}), b.constant(Shape{}, {3.0f})});
  b.output(b.add("Mul", {x, third}));
  const auto got = evaluate_enclosed(b.build(), std::vector<double>{1.0});
  EXPECT_EQ(got.value[0], static_cast<double>(1.0f / 3.0f));
}

TEST(Replay, TakesTheThreeOrders) {
  // 2^24 + 1 + 1 + ...: each 1 is lost behind 2^24, kept before it.
  constexpr std::size_t n = 40;
  std::vector<float> w(n, 1.0f);
  w[0] = 0x1p24f;
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, n});
  b.output(b.add("MatMul", {x, b.constant({n, 1}, w)}));
  Evaluator<float> evaluator(std::make_shared<const Network>(b.build()));
  const std::vector<float> ones(n, 1.0f);
  std::vector<float> y(1);
  evaluator.replay(ones, SummationOrder::natural, y);
  EXPECT_EQ(y[0], 0x1p24f);
  evaluator.replay(ones, SummationOrder::reversed, y);
  EXPECT_EQ(y[0], 0x1p24f + 40.0f) << "39 ones, and the tie of 2^24 + 39 rounds to even";
  evaluator.replay(ones, SummationOrder::blocked, y);
  // Lane 0 loses its two ones; the other lanes hold 3 (1 to 7) and 2 (8 to 15). Pairwise, lane 0
  // becomes 2^24 + 2,
  // + 5 = 2^24 + 8 (a tie, to even), + 10, + 20.
  EXPECT_EQ(y[0], 0x1p24f + 38.0f);
}

TEST(Replay, RoundsProductsBeforeAdding) {
  // A fused multiply-add would keep the product's last bits: (1 + e)^2 - 1 - 2e = e^2 instead of 0.
  const float e = 0x1p-20f;
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  b.output(b.add("MatMul", {x, b.constant({2, 1}, {-(1.0f + 2.0f * e), 1.0f + e})}));
  Evaluator<float> evaluator(std::make_shared<const Network>(b.build()));
  std::vector<float> y(1);
  for (const auto order :
       {SummationOrder::natural, SummationOrder::reversed, SummationOrder::blocked}) {
    evaluator.replay(std::vector<float>{1.0f, 1.0f + e}, order, y);
    EXPECT_EQ(y[0], 0.0f);
  }
}

TEST(OrderedProduct, IntegersWrapAround) {
  const std::int64_t large[] = {INT64_MAX, INT64_MAX}, two[] = {2, 2};
  std::int64_t c = 0;
  ordered_product<std::int64_t>(1, 1, 2, {large, 2, 1}, {two, 1, 1}, &c, Sums::natural);
  EXPECT_EQ(c, -4);
}

}  // namespace
}  // namespace clipbound::test
