// Strict rows that fail only by touching: proved where the function touches the threshold, found
// where it passes it by one step of float32.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"

namespace clipbound::test {
namespace {

using Build = std::function<void(NetworkBuilder&, ValueId)>;

std::shared_ptr<const Network> network_of(std::int64_t inputs, const Build& build) {
  NetworkBuilder b;
  build(b, b.input("x", {1, inputs}));
  return std::make_shared<const Network>(b.build());
}

ValueId gemm(NetworkBuilder& b, ValueId x, std::int64_t out, std::vector<float> weights,
             std::vector<float> bias) {
  const auto in = static_cast<std::int64_t>(weights.size()) / out;
  return b.add("Gemm",
               {x, b.constant({out, in}, std::move(weights)), b.constant({out}, std::move(bias))},
               {{"transB", std::int64_t{1}}});
}

/// One kind of touching: clauses that nothing satisfies, and clauses one step farther that
/// something does.
struct Touching {
  const char* name;
  std::int64_t inputs;
  Build build;
  double lower, upper;
  int outputs;
  std::vector<std::vector<std::string>> touched, passed;
};

std::string verdict_of(const Touching& t, const std::vector<std::vector<std::string>>& clauses) {
  const auto n = static_cast<std::size_t>(t.inputs);
  const Property p{std::vector<double>(n, t.lower), std::vector<double>(n, t.upper), t.outputs,
                   clauses};
  // Milliseconds do; so many seconds are there for machines that others load.
  const Way way{"complete", "auto", 1, true, 250.0};
  return name_of(solve_text(network_of(t.inputs, t.build), p.text(), way).verdict);
}

void expect(const Touching& t) {
  EXPECT_EQ(verdict_of(t, t.touched), "unsat") << t.name;
  if (t.passed.empty()) return;
  EXPECT_EQ(verdict_of(t, t.passed), "sat") << t.name;
}

std::string above(int j, float t) {
  return "(> Y_" + std::to_string(j) + " " + decimal(static_cast<double>(t)) + ")";
}
std::string below(int j, float t) {
  return "(< Y_" + std::to_string(j) + " " + decimal(static_cast<double>(t)) + ")";
}
float up(float x) {
  return std::nextafter(x, HUGE_VALF);
}
float down(float x) {
  return std::nextafter(x, -HUGE_VALF);
}

TEST(Touching, RangesThatAreExactByConstruction) {
  const auto one = [](const char* op) {
    return [op](NetworkBuilder& b, ValueId x) {
      b.output(b.add(op, {gemm(b, x, 2, {1, 0.5F, -0.25F, 1}, {0, 0})}));
    };
  };
  expect({"Relu < 0", 2, one("Relu"), -1, 1, 2, {{below(0, 0)}}, {{below(0, up(0))}}});
  expect({"Abs < 0", 2, one("Abs"), -1, 1, 2, {{below(1, 0)}}, {{"(<= Y_1 0)"}}});
  expect({"Tanh > 1", 2, one("Tanh"), -100, 100, 2, {{above(0, 1)}}, {{above(0, down(1))}}});
  expect({"Tanh < -1", 2, one("Tanh"), -100, 100, 2, {{below(0, -1)}}, {{below(0, up(-1))}}});
  expect({"Sigmoid > 1", 2, one("Sigmoid"), -100, 100, 2, {{above(0, 1)}}, {{above(0, down(1))}}});
  expect({"Sigmoid < 0", 2, one("Sigmoid"), -200, 200, 2, {{below(1, 0)}}, {}});
  expect({"Exp < 0", 2, one("Exp"), -1, 1, 2, {{below(0, 0)}}, {}});
  expect({"Softmax > 1", 2, one("Softmax"), -9, 9, 2, {{above(0, 1)}}, {{above(0, 0.875F)}}});
  expect({"Softmax < 0", 2, one("Softmax"), -9, 9, 2, {{below(1, 0)}}, {}});
  // (Of a sum of both, float32 makes more than 1 now and then.)
  expect({"Softmax <= 0", 2, one("Softmax"), -9, 9, 2, {{"(<= Y_1 0)"}}, {{above(1, 0.5F)}}});
}

TEST(Touching, ClipsAndTheirEnds) {
  const auto clip = [](float low, float high, float bias) {
    return [=](NetworkBuilder& b, ValueId x) {
      const ValueId z = gemm(b, x, 2, {1, 0, 0.5F, 1}, {bias, 0});
      b.output(b.add("Clip", {z, b.constant(Shape{}, {low}), b.constant(Shape{}, {high})}));
    };
  };
  expect({"Clip 0 1",
          2,
          clip(0, 1, 0),
          -1,
          1,
          2,
          {{above(0, 1)}, {below(0, 0)}},
          {{above(0, down(1))}}});
  expect({"wide box",
          2,
          clip(0, 1, 0.3F),
          -8,
          8,
          2,
          {{above(1, 1)}, {below(1, 0)}},
          {{below(1, up(0))}}});
  expect({"odd ends",
          2,
          clip(-0.7F, 0.3F, 0.1F),
          -2,
          2,
          2,
          {{above(0, 0.3F)}, {below(0, -0.7F)}},
          {{above(0, down(0.3F))}, {below(0, -0.7F)}}});
}

TEST(Touching, ConstantsAndEqualOutputs) {
  expect({"constant",
          1,
          [](NetworkBuilder& b, ValueId x) {
            b.output(gemm(b, x, 2, {0, 0}, {0.1F, 0.7F}));
          },
          -1,
          1,
          2,
          {{above(0, 0.1F)}, {below(1, 0.7F)}},
          {{above(0, down(0.1F))}}});
  expect({"identity",
          1,
          [](NetworkBuilder& b, ValueId x) { b.output(b.add("Identity", {x})); },
          -1,
          1,
          1,
          {{"(> Y_0 X_0)"}, {"(< Y_0 X_0)"}},
          {{"(>= Y_0 X_0)"}}});
  const Build twice = [](NetworkBuilder& b, ValueId x) {
    const ValueId h = b.add(
        "Relu", {gemm(b, x, 3, {0.3F, -0.7F, 0.1F, 0.9F, -0.2F, 0.4F}, {0.1F, -0.3F, 0.05F})});
    b.output(gemm(b, h, 2, {0.3F, 0.1F, -0.7F, 0.3F, 0.1F, -0.7F}, {0.1F, 0.1F}));
  };
  expect({"equal outputs", 2, twice, -1, 1, 2, {{"(distinct Y_0 Y_1)"}}, {{"(= Y_0 Y_1)"}}});
  const Build copies = [](NetworkBuilder& b, ValueId x) {
    const ValueId h =
        b.add("Tanh", {gemm(b, x, 4, {0.3F, 0.7F, 0.1F, -0.9F, 0.3F, 0.7F, 0.1F, -0.9F},
                            {0.1F, 0.2F, 0.1F, 0.2F})});
    b.output(gemm(b, h, 2, {0.3F, 0.1F, 0, 0, 0, 0, 0.3F, 0.1F}, {0.1F, 0.1F}));
  };
  expect({"equal copies",
          2,
          copies,
          -1,
          1,
          2,
          {{"(> Y_0 Y_1)"}, {"(< Y_0 Y_1)"}},
          {{"(>= Y_0 Y_1)"}}});
  expect({"nearly equal",
          1,
          [](NetworkBuilder& b, ValueId x) {
            b.output(gemm(b, x, 2, {1, up(1)}, {0, 0}));
          },
          0,
          1,
          2,
          {{"(> Y_0 Y_1)"}},
          {{"(< Y_0 Y_1)"}}});
}

TEST(Touching, MaximaMinimaAndOffsets) {
  const Build largest = [](NetworkBuilder& b, ValueId x) {
    const ValueId m = b.add("ReduceMax", {x, b.integers({1})}, {{"keepdims", std::int64_t{1}}});
    b.output(b.add("Concat", {x, m}, {{"axis", std::int64_t{1}}}));
  };
  expect({"maximum", 3, largest, -1, 1, 4, {{"(> Y_0 Y_3)"}, {"(> Y_2 Y_3)"}}, {{"(>= Y_1 Y_3)"}}});
  const Build shifted = [](NetworkBuilder& b, ValueId x) {
    b.output(
        gemm(b, b.add("Relu", {gemm(b, x, 2, {1, 0.3F, 0.7F, -1}, {0.1F, 0})}), 1, {1, 2}, {0.3F}));
  };
  expect({"offset", 2, shifted, -1, 1, 1, {{below(0, 0.3F)}}, {{below(0, up(0.3F))}}});
  const Build leaky = [](NetworkBuilder& b, ValueId x) {
    const ValueId y = b.add("LeakyRelu", {x}, {{"alpha", 0.25}});
    b.output(b.add("Sub", {y, x}));  // 0.75 relu(-x)
  };
  expect({"LeakyRelu below the identity", 1, leaky, -1, 1, 1, {{below(0, 0)}}, {{"(<= Y_0 0)"}}});
}

TEST(Touching, RowsThatContradictEachOther) {
  const Build difference = [](NetworkBuilder& b, ValueId x) {
    const ValueId r = b.add("Relu", {gemm(b, x, 2, {1, 0.5F, -0.3F, 1}, {0.1F, -0.2F})});
    const ValueId y0 = b.add("Gather", {r, b.integers({0})}, {{"axis", std::int64_t{1}}}),
                  y1 = b.add("Gather", {r, b.integers({1})}, {{"axis", std::int64_t{1}}});
    b.output(b.add("Concat", {r, b.add("Sub", {y1, y0})}, {{"axis", std::int64_t{1}}}));
  };
  expect({"if then else",
          2,
          difference,
          -1,
          1,
          3,
          {{"(< Y_0 Y_1)", "(<= Y_2 0)"}, {"(>= Y_0 Y_1)", "(> Y_2 0)"}},
          {{"(<= Y_0 Y_1)", "(<= Y_2 0)"}}});
}

TEST(Touching, AnEndWhereNothingCanBeTold) {
  // (x - 1)^2 written out is 0 at 1 alone: bounds stay open around it by rounding, and the search
  // ends nevertheless. (As float32 computes it, it may be negative there.)
  const Build square = [](NetworkBuilder& b, ValueId x) {
    const ValueId s = b.add("Mul", {x, x});
    const ValueId m = b.add("Mul", {x, b.constant({1, 1}, {-2.0F})});
    b.output(b.add("Add", {b.add("Add", {s, m}), b.constant({1, 1}, {1.0F})}));
  };
  const Property p{{0}, {2}, 1, {{"(< Y_0 -1e-30)"}}};
  const SolveResult result =
      solve_text(network_of(1, square), p.text(), {"complete", "auto", 1, false, 250.0});
  EXPECT_NE(result.verdict, Verdict::timeout) << result.reason;
}

}  // namespace
}  // namespace clipbound::test
