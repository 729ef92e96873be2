// Where ONNX Runtime and the standard differ, and where runtimes round in other places: what the
// orders of summation make of it, and that the judge asks for all of them. Numbers of the runtime
// are those that ONNX Runtime 1.22 gave.
#include <gtest/gtest.h>

#include <cmath>

#include "specs/evaluate/counterexample.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/network_builder.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Ints = std::vector<std::int64_t>;
using Floats = std::vector<float>;

Floats replayed(const Network& network, const Floats& x, SummationOrder order) {
  Evaluator<float> evaluator(std::make_shared<const Network>(network));
  Floats y(static_cast<std::size_t>(network.output_size()));
  evaluator.replay(x, order, y);
  return y;
}
Floats fast(const Network& network, const Floats& x) {
  Evaluator<float> evaluator(std::make_shared<const Network>(network));
  Floats y(static_cast<std::size_t>(network.output_size()));
  evaluator.forward(x, y);
  return y;
}

/// An average pool of ones that counts pads: y is taps inside over the divisor.
Network counting_pool(int opset, const Shape& image, const Ints& kernel, const Ints& pads) {
  NetworkBuilder b(opset);
  Shape shape{1, 1};
  shape.insert(shape.end(), image.begin(), image.end());
  b.output(
      b.add("AveragePool", {b.input("x", shape)},
            {{"kernel_shape", kernel}, {"pads", pads}, {"count_include_pad", std::int64_t{1}}}));
  return b.build();
}

TEST(RuntimeDifferences, PoolsThatCountPads) {
  struct Case {
    Shape image;
    Ints kernel, pads;
    Floats standard, runtime;
  };
  constexpr float third = 1.0F / 3.0F, two = 2.0F / 3.0F, four = 4.0F / 9.0F, ninth = 2.0F / 9.0F;
  const std::vector<Case> cases = {
      {{2, 2}, {3, 3}, {1, 0, 2, 1}, {four, four, ninth}, {four, two, two}},
      {{2, 2}, {3, 3}, {0, 1, 2, 0}, {four, ninth}, {four, third}},
      {{3, 1}, {3, 1}, {1, 0, 1, 0}, {two, 1, two}, {two, 1, 1}},
      {{2, 3, 1},
       {1, 3, 1},
       {0, 1, 0, 0, 1, 0},
       {two, 1, two, two, 1, two},
       {two, 1, 1, two, 1, 1}},
  };
  for (const Case& c : cases) {
    const Network network = counting_pool(19, c.image, c.kernel, c.pads);
    const Floats ones(static_cast<std::size_t>(network.input_size()), 1.0F);
    EXPECT_EQ(fast(network, ones), c.standard);
    EXPECT_EQ(replayed(network, ones, SummationOrder::natural), c.standard);
    EXPECT_EQ(replayed(network, ones, SummationOrder::reversed), c.standard);
    EXPECT_EQ(replayed(network, ones, SummationOrder::blocked), c.runtime);
    ASSERT_EQ(network.notes.size(), 1U);
    EXPECT_NE(network.notes[0].find("AveragePool"), std::string::npos);
    EXPECT_NE(network.notes[0].find("ONNX Runtime"), std::string::npos);
    const Network before = counting_pool(18, c.image, c.kernel, c.pads);
    EXPECT_TRUE(before.notes.empty());
    EXPECT_EQ(replayed(before, ones, SummationOrder::blocked), c.standard);
  }
}

TEST(RuntimeDifferences, PadsThatAreEqualMakeNone) {
  const Network network = counting_pool(19, {3, 3}, {3, 3}, {1, 1, 1, 1});
  EXPECT_TRUE(network.notes.empty());
  const Floats ones(9, 1.0F);
  EXPECT_EQ(replayed(network, ones, SummationOrder::blocked), fast(network, ones));
}

std::string declarations(const Network& network) {
  std::string text;
  for (std::int64_t i = 0; i < network.input_size(); ++i) {
    const std::string x = "X_" + std::to_string(i);
    text += "(declare-const " + x + " Real)(assert (<= " + x + " 9))(assert (>= " + x + " -9))";
  }
  for (std::int64_t j = 0; j < network.output_size(); ++j)
    text += "(declare-const Y_" + std::to_string(j) + " Real)";
  return text;
}
Judgement judged(const Network& network, const Floats& x, const std::string& row) {
  const Query query = parse_vnnlib(declarations(network) + "(assert " + row + ")", "test.vnnlib");
  return judge(network, query, std::vector<double>(x.begin(), x.end()));
}

TEST(RuntimeDifferences, ACounterexampleIsOneEitherWay) {
  const Network network = counting_pool(19, {3, 1}, {3, 1}, {1, 0, 1, 0});
  const Floats ones(3, 1.0F);  // Y_2 is 2/3, or 1
  EXPECT_FALSE(judged(network, ones, "(<= Y_2 0.7)").holds);
  EXPECT_FALSE(judged(network, ones, "(>= Y_2 0.9)").holds);
  EXPECT_TRUE(judged(network, ones, "(>= Y_2 0.5)").holds);
}

TEST(RuntimeDifferences, AutomaticPadsWithDilationsAreTheStandards) {
  for (const std::string mode : {"SAME_UPPER", "SAME_LOWER"}) {
    NetworkBuilder b(13);
    b.output(b.add("MaxPool", {b.input("x", {1, 1, 7})},
                   {{"kernel_shape", Ints{3}}, {"dilations", Ints{2}}, {"auto_pad", mode}}));
    const Network network = b.build();
    EXPECT_EQ(network.output_size(), 7);
    ASSERT_EQ(network.notes.size(), 1U);
    EXPECT_NE(network.notes[0].find("another shape"), std::string::npos) << network.notes[0];
    EXPECT_EQ(fast(network, {1, 2, 3, 4, 5, 6, 7}), (Floats{3, 4, 5, 6, 7, 6, 7}));
  }
}

TEST(RuntimeDifferences, NegativePadsOfOneEndAlone) {
  NetworkBuilder b(13);
  b.output(b.add(
      "Pad", {b.input("x", {1, 3}), b.integers({0, -1, 0, 2}), b.constant(Shape{}, Floats{9.0F})}));
  EXPECT_EQ(fast(b.build(), {1, 2, 3}), (Floats{2, 3, 9, 9}));
}

/// Rounded by itself, whatever the compiler would fuse.
float product(float a, float b) {
  volatile float result = a * b;
  return result;
}

/// y = alpha a w + c in three roundings' places.
TEST(RuntimeDifferences, GemmScalesBeforeAfterAndInOneRounding) {
  const float w = 0.3F, c = -0.02F, alpha = 0.7F;
  NetworkBuilder b(13);
  b.output(b.add("Gemm",
                 {b.input("x", {1, 1}), b.constant({1, 1}, Floats{w}), b.constant({1}, Floats{c})},
                 {{"alpha", static_cast<double>(alpha)}}));
  const Network network = b.build();
  int all_differ = 0;
  for (int k = 1; k <= 200; ++k) {
    const Floats x{0.01F * static_cast<float>(k)};
    const float xw = product(x[0], w), after = product(xw, alpha) + c,
                before = product(x[0], product(w, alpha)) + c, fused = std::fma(xw, alpha, c);
    EXPECT_EQ(replayed(network, x, SummationOrder::natural)[0], after);
    EXPECT_EQ(replayed(network, x, SummationOrder::reversed)[0], before);
    EXPECT_EQ(replayed(network, x, SummationOrder::blocked)[0], fused);
    all_differ += after != fused && before != fused ? 1 : 0;
  }
  EXPECT_GT(all_differ, 0) << "the fused one lies outside the other two";
}

Network normalisation(std::int64_t length, float epsilon) {
  NetworkBuilder b(17);
  b.output(b.add("LayerNormalization",
                 {b.input("x", {1, length}),
                  b.constant({length}, Floats(static_cast<std::size_t>(length), 1.0F))},
                 {{"epsilon", static_cast<double>(epsilon)}}));
  return b.build();
}

TEST(RuntimeDifferences, NoiseOfEqualInputsDecidesNothing) {
  // The mean of nine thirds is an ulp off; the runtime gives 0.00024413, two passes 0.0298.
  const Network thirds = normalisation(9, 1e-12F);
  const Floats x(9, 1.0F / 3.0F);
  EXPECT_FLOAT_EQ(replayed(thirds, x, SummationOrder::natural)[0], 0.00024413245F);
  EXPECT_NEAR(replayed(thirds, x, SummationOrder::reversed)[0], 0.0298, 1e-3);
  EXPECT_FALSE(judged(thirds, x, "(>= Y_0 0.01)").holds);
  // Of eight tenths the runtime gives NaN.
  const Judgement tenths = judged(normalisation(8, 1e-12F), Floats(8, 0.1F), "(<= Y_0 0)");
  EXPECT_FALSE(tenths.holds);
  EXPECT_NE(tenths.why_not.find("finite"), std::string::npos) << tenths.why_not;
  // Inputs that differ give what they should, in every order.
  const Floats apart{-1, 0, 1, 2};
  for (const auto order :
       {SummationOrder::natural, SummationOrder::reversed, SummationOrder::blocked}) {
    const Floats y = replayed(normalisation(4, 1e-5F), apart, order);
    for (std::size_t i = 0; i < 4; ++i)
      EXPECT_NEAR(y[i], (apart[i] - 0.5) / std::sqrt(1.25 + 1e-5), 1e-6);
  }
}

}  // namespace
}  // namespace clipbound::test
