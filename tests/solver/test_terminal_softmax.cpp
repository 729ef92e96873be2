// Softmaxes at the end of classifiers: left out of proofs where rows compare outputs with the
// largest, kept where small shares may underflow.
#include <gtest/gtest.h>

#include "specs/network/network_builder.h"
#include "specs/simplify/terminal_softmax.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"
#include "tests/support/random_network.h"

namespace clipbound::test {
namespace {

/// Random affine classifier of 3 inputs and 4 outputs through one ReLU layer, with a softmax or
/// without.
std::shared_ptr<const Network> classifier(std::uint64_t seed, bool softmax, float scale = 1.0F) {
  Dice dice(seed);
  NetworkBuilder b;
  const auto numbers = [&](std::size_t count, float size) {
    std::vector<float> w;
    for (std::size_t i = 0; i < count; ++i)
      w.push_back(size * static_cast<float>(dice.uniform(-1.0, 1.0)));
    return w;
  };
  const ValueId x = b.input("x", {1, 3});
  const ValueId h = b.add("Relu", {b.add("Gemm", {x, b.constant({3, 6}, numbers(18, 1.0F)),
                                                  b.constant({6}, numbers(6, 0.3F))})});
  const ValueId z = b.add(
      "Gemm", {h, b.constant({6, 4}, numbers(24, scale)), b.constant({4}, numbers(4, scale))});
  b.output(softmax ? b.add("Softmax", {z}) : z);
  return std::make_shared<const Network>(b.build());
}

Property all_rivals(int label, double reach) {
  Property p{std::vector<double>(3, -reach), std::vector<double>(3, reach), 4, {}};
  for (int i = 0; i < 4; ++i) {
    if (i != label)
      p.clauses.push_back({"(>= Y_" + std::to_string(i) + " Y_" + std::to_string(label) + ")"});
  }
  return p;
}

bool compares(const std::vector<std::vector<std::string>>& clauses) {
  const Property p{{0, 0, 0}, {1, 1, 1}, 4, clauses};
  return compares_with_largest(parse_vnnlib(p.text(), "t"));
}

TEST(TerminalSoftmax, WhichQueriesCompareWithTheLargest) {
  EXPECT_TRUE(compares(all_rivals(2, 1.0).clauses));
  EXPECT_TRUE(
      compares({{"(>= Y_1 Y_0)", "(>= Y_1 Y_2)", "(>= Y_1 Y_3)"}}));  // output 1 is the largest
  EXPECT_TRUE(compares({{"(> Y_1 Y_0)"}, {"(> Y_2 Y_0)"}, {"(<= Y_0 Y_3)"}}));
  EXPECT_FALSE(compares(
      {{"(>= Y_1 Y_0)"}, {"(>= Y_2 Y_0)"}}));  // output 3 may be the largest, and all others 0
  EXPECT_FALSE(compares(
      {{"(<= Y_1 Y_0)", "(<= Y_1 Y_2)", "(<= Y_1 Y_3)"}}));  // the smallest may be 0 with others
  EXPECT_FALSE(compares({{"(>= Y_1 Y_0)", "(>= Y_1 Y_2)", "(>= Y_1 Y_3)", "(<= Y_2 Y_3)"}}));
  EXPECT_FALSE(compares({{"(>= Y_1 Y_0)", "(>= Y_2 Y_0)"}, {"(>= Y_3 Y_0)"}}));
  EXPECT_FALSE(compares({{"(>= Y_1 0.5)"}}));
}

/// The same verdicts with and without; scores far apart saturate the softmax in float32.
TEST(TerminalSoftmax, ChangesNoVerdict) {
  int sat = 0, unsat = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    for (const float scale : {1.0F, 1000.0F}) {
      const Property p = all_rivals(static_cast<int>(seed % 4), seed % 3 == 0 ? 1.0 : 0.05);
      const Way way{.attack = true, .seconds = 60.0};
      const Verdict with = solve_text(classifier(seed, true, scale), p.text(), way).verdict,
                    without = solve_text(classifier(seed, false, scale), p.text(), way).verdict;
      EXPECT_EQ(name_of(with), name_of(without)) << seed << " " << scale;
      (with == Verdict::sat ? sat : unsat) += 1;
    }
  }
  EXPECT_GT(sat, 10);
  EXPECT_GT(unsat, 5);
}

/// Two shares that are 0 in float32 while the third is 1: they are equal in every replay, whatever
/// their scores.
TEST(TerminalSoftmax, SharesThatUnderflowStayCounterexamples) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 1});
  b.output(b.add("Softmax", {b.add("Gemm", {x, b.constant({1, 3}, {1.0F, 0.0F, 0.0F}),
                                            b.constant({3}, {0.0F, -500.0F, -400.0F})})}));
  const Property p{{0.0}, {1.0}, 3, {{"(>= Y_1 Y_2)"}}};
  EXPECT_EQ(name_of(solve_text(std::make_shared<const Network>(b.build()), p.text(),
                               {.attack = true, .seconds = 60.0})
                        .verdict),
            "sat");
}

}  // namespace
}  // namespace clipbound::test
