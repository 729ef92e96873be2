// Wrong proofs that a hostile reviewer found, kept: at each of these a counterexample replays.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"
#include "tests/support/thorough.h"

namespace clipbound::test {
namespace {

ValueId scalar(NetworkBuilder& b, float value) {
  return b.constant(Shape{}, std::vector<float>{value});
}
ValueId as_float(NetworkBuilder& b, ValueId x) {
  return b.add("Cast", {x}, {{"to", std::int64_t{1}}});
}
ValueId as_integer(NetworkBuilder& b, ValueId x) {
  return b.add("Cast", {x}, {{"to", std::int64_t{7}}});
}
/// Without an attack, which finds most of them by luck before a proof is tried.
std::string verdict(NetworkBuilder& b, ValueId y, const std::string& text) {
  static const double seconds = amount("seconds of each search", 1.0, 5.0);
  b.output(y);
  return std::string(name_of(solve_text(std::make_shared<const Network>(b.build()), text,
                                        {.attack = false, .seconds = seconds})
                                 .verdict));
}

/// At 0 the one comparison is true and the other is not.
TEST(FoundByReview, TwoComparisonsOfOneDifferenceAreTwoSteps) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 1});
  const ValueId y = b.add("Sub", {as_float(b, b.add("GreaterOrEqual", {x, scalar(b, 0.0F)})),
                                  as_float(b, b.add("Greater", {x, scalar(b, 0.0F)}))});
  const Property p{{-1.0}, {0.7}, 1, {{"(>= Y_0 0.5)"}}};
  EXPECT_NE(verdict(b, y, p.text()), "unsat");
}

/// 1 / 2 is 0 for integers.
TEST(FoundByReview, IntegersAreDividedTowardsZero) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 1});
  const ValueId two = b.constant(Tensor{{}, std::vector<std::int64_t>{2}});
  const ValueId half = as_float(b, b.add("Div", {as_integer(b, x), two}));
  const Property p{{1.2}, {5.7}, 1, {{"(<= Y_0 0.1)"}}};
  EXPECT_NE(verdict(b, b.add("Sqrt", {half}), p.text()), "unsat");
}

/// The judge accepts the rounding of the equation that the point's own clause names.
TEST(FoundByReview, ClausesThatDefineDifferentInputsByOneEquation) {
  const std::string head =
      "(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n"
      "(assert (>= X_0 9.0))\n(assert (<= X_0 9.01))\n"
      "(assert (>= X_1 0.0))\n(assert (<= X_1 0.000072))\n";
  const std::string one = "(and (= X_0 (+ (* 125 X_1) 9)) (>= Y_0 100.0))",
                    other = "(and (= X_1 (- (* 0.008 X_0) 0.072)) (>= Y_0 0.1503))";
  for (const std::string& both : {one + " " + other, other + " " + one}) {
    NetworkBuilder b;
    const ValueId x = b.input("x", {1, 2});
    const ValueId moved = b.add("Sub", {x, b.constant({2}, {9.0F, 0.0F})});
    const ValueId y = b.add("MatMul", {moved, b.constant({2, 1}, {-131072.0F, 16384000.0F})});
    EXPECT_NE(verdict(b, y, head + "(assert (or " + both + "))\n"), "unsat");
  }
}

/// Where the upper limit is the smaller one, Clip gives it.
TEST(FoundByReview, ClipWithAnUpperLimitBelowTheLowerOne) {
  for (const double most : {-1.0, 3.0}) {
    NetworkBuilder b;
    const ValueId x = b.input("x", {1, 2});
    const auto parts = b.add("Split", {x}, {{"axis", std::int64_t{1}}}, 2);
    const ValueId high =
        b.add("Reshape", {parts[1], b.constant(Tensor{{0}, std::vector<std::int64_t>{}})});
    const ValueId y = b.add("Reciprocal", {b.add("Clip", {parts[0], scalar(b, 1.0F), high})});
    const Property p{{0.0, -2.0}, {5.0, most}, 1, {{"(<= Y_0 -0.1)"}}};
    EXPECT_NE(verdict(b, y, p.text()), "unsat") << most;
  }
}

/// e^-150 is 0 in float32.
TEST(FoundByReview, WhatUnderflowsInFloat32IsZero) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 1});
  const Property p{{-150.5}, {-150.0}, 1, {{"(<= Y_0 0.0)"}}};
  EXPECT_NE(verdict(b, b.add("Exp", {x}), p.text()), "unsat");
}

/// e^88.8 is finite, but no float32.
TEST(FoundByReview, WhatOverflowsInFloat32IsInfinite) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 1});
  const ValueId off = b.add("Abs", {b.add("Sub", {x, scalar(b, 0.3F)})});
  const ValueId z = b.add("Sub", {scalar(b, 88.8F), b.add("Mul", {off, scalar(b, 1000000.0F)})});
  const ValueId y = as_float(b, b.add("IsInf", {b.add("Exp", {z})}));
  const Property p{{-1.0}, {1.1}, 1, {{"(>= Y_0 0.5)"}}};
  EXPECT_NE(verdict(b, y, p.text()), "unsat");
}

/// A network of one output, what is asked of it, and where.
struct Asked {
  std::string name;
  std::function<ValueId(NetworkBuilder&)> build;
  std::vector<double> lower, upper;
  std::string row;
};
void expect_not_unsat(const std::vector<Asked>& all, int opset = 18) {
  for (const Asked& asked : all) {
    NetworkBuilder b(opset);
    const ValueId y = asked.build(b);
    const Property p{asked.lower, asked.upper, 1, {{asked.row}}};
    EXPECT_NE(verdict(b, y, p.text()), "unsat") << asked.name;
  }
}
ValueId vector(NetworkBuilder& b, std::vector<float> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return b.constant(Shape{size}, std::move(values));
}
/// 1 where x + 3 > 2: for all x >= 0, but not for NaN.
ValueId is_number(NetworkBuilder& b, ValueId x) {
  const ValueId sum = b.add("Add", {b.add("Relu", {x}), scalar(b, 3.0F)});
  return as_float(b, b.add("Greater", {sum, scalar(b, 2.0F)}));
}
/// x, but `otherwise` next to (0.37, -0.63) alone.
ValueId but_there(NetworkBuilder& b, ValueId x, float otherwise) {
  const ValueId off = b.add("Sub", {x, vector(b, {0.3701171875F, -0.6298828125F})});
  const ValueId far = b.add("Greater", {b.add("Mul", {off, off}), scalar(b, 0x1p-24F)});
  return b.add("Where", {far, x, scalar(b, otherwise)});
}
std::vector<ValueId> split(NetworkBuilder& b, ValueId x) {
  return b.add("Split", {x}, {{"axis", std::int64_t{0}}}, 2);
}
ValueId sum_of(NetworkBuilder& b, ValueId x) {
  return b.add("ReduceSum", {x, b.integers({0})});
}

TEST(FoundByReview, NaNOfConstantsThatAreNotFinite) {
  const float infinity = std::numeric_limits<float>::infinity();
  expect_not_unsat({{"all is masked",
                     [&](NetworkBuilder& b) {
                       const ValueId x = but_there(b, b.input("x", {2}), -infinity);
                       return sum_of(b, as_float(b, b.add("IsNaN", {b.add("Softmax", {x})})));
                     },
                     {-1.0, -1.0},
                     {1.0, 1.0},
                     "(>= Y_0 0.5)"},
                    {"-infinity minus -infinity",
                     [&](NetworkBuilder& b) {
                       const auto parts = split(b, but_there(b, b.input("x", {2}), -infinity));
                       return is_number(b, b.add("Sub", {parts[0], parts[1]}));
                     },
                     {-1.0, -1.0},
                     {1.0, 1.0},
                     "(<= Y_0 0.5)"},
                    {"0 times infinity",
                     [&](NetworkBuilder& b) {
                       const ValueId x = but_there(b, b.input("x", {2}), infinity);
                       const ValueId zero = b.add("Mul", {x, vector(b, {0.0F, 0.0F})});
                       return sum_of(b, is_number(b, zero));
                     },
                     {-1.0, -1.0},
                     {1.0, 1.0},
                     "(<= Y_0 0.5)"},
                    {"NaN itself",
                     [&](NetworkBuilder& b) {
                       const ValueId x = but_there(b, b.input("x", {2}), std::nanf(""));
                       return sum_of(b, is_number(b, x));
                     },
                     {-1.0, -1.0},
                     {1.0, 1.0},
                     "(<= Y_0 0.5)"}});
}

TEST(FoundByReview, NaNOfPowersRemaindersAndDeviations) {
  const auto power = [](NetworkBuilder& b) {
    const auto parts = split(b, b.input("x", {2}));
    return b.add("Pow", {parts[0], parts[1]});
  };
  expect_not_unsat(
      {{"a negative base",
        [&](NetworkBuilder& b) { return is_number(b, power(b)); },
        {-1.0, 0.3},
        {1.0, 0.4},
        "(<= Y_0 0.5)"},
       {"Erf of NaN",
        [&](NetworkBuilder& b) { return b.add("Erf", {b.add("Relu", {power(b)})}); },
        {-1.0, 0.3},
        {1.0, 0.4},
        "(<= Y_0 -0.5)"},
       {"a remainder of a division by 0",
        [](NetworkBuilder& b) {
          const auto parts = split(b, b.input("x", {2}));
          return is_number(b, b.add("Mod", {parts[0], parts[1]}, {{"fmod", std::int64_t{1}}}));
        },
        {0.5, -0.2},
        {1.0, 0.7},
        "(<= Y_0 0.5)"},
       {"equal elements",
        [](NetworkBuilder& b) {
          const ValueId d = b.add("LayerNormalization",
                                  {b.input("x", {2}), vector(b, {1.0F, 1.0F})}, {{"epsilon", 0.0}});
          return is_number(b, split(b, d)[0]);
        },
        {0.1, 0.3},
        {1.3, 1.1},
        "(<= Y_0 0.5)"}});
}

/// As ONNX Runtime has it: the scale of nothing but zeros is 1.
TEST(FoundByReview, DynamicQuantizationOfZeros) {
  expect_not_unsat({{"scale",
                     [](NetworkBuilder& b) {
                       const auto parts =
                           b.add("DynamicQuantizeLinear", {b.input("x", {1})}, {}, 3);
                       return b.add("Reshape", {parts[1], b.integers({1})});
                     },
                     {-0.01},
                     {0.025},
                     "(>= Y_0 0.9)"}});
}

TEST(FoundByReview, CastsToNarrowerTypesRound) {
  const auto wide_input = [](NetworkBuilder& b) { return b.input("x", {1}, DataType::float64); };
  expect_not_unsat(
      {{"a constant",
        [&](NetworkBuilder& b) {
          const ValueId c = as_float(b, wide_input(b));
          return as_float(b, b.add("Less", {c, scalar(b, 0.1F)}));
        },
        {0.1},
        {0.1},
        "(<= Y_0 0.5)"},
       {"over an edge",
        [&](NetworkBuilder& b) { return b.add("Floor", {as_float(b, wide_input(b))}); },
        {0.5},
        {0.99999999999},
        "(>= Y_0 0.5)"}});
}

TEST(FoundByReview, WhatOverflowsOnTheWayIsNoNumberBehind) {
  expect_not_unsat(
      {{"infinity minus infinity",
        [](NetworkBuilder& b) {
          const ValueId e = b.add("Exp", {b.input("x", {1})});
          return is_number(b, b.add("Sub", {e, e}));
        },
        {0.0},
        {100.0},
        "(<= Y_0 0.5)"},
       {"of two",
        [](NetworkBuilder& b) {
          const auto parts = split(b, b.add("Exp", {b.input("x", {2})}));
          return is_number(b, b.add("Sub", {parts[0], parts[1]}));
        },
        {0.0, 0.0},
        {89.0, 88.8},
        "(<= Y_0 0.5)"},
       {"shares of exponentials",
        [](NetworkBuilder& b) {
          const ValueId e = b.add("Exp", {b.input("x", {2})});
          return sum_of(b, as_float(b, b.add("IsNaN", {b.add("Div", {e, sum_of(b, e)})})));
        },
        {0.0, 0.0},
        {100.0, 100.0},
        "(>= Y_0 0.5)"},
       {"1 / infinity",
        [](NetworkBuilder& b) {
          return b.add("Sign", {b.add("Reciprocal", {b.add("Exp", {b.input("x", {1})})})});
        },
        {0.0},
        {100.0},
        "(<= Y_0 0.5)"}});
}

TEST(FoundByReview, WhatUnderflowsOnTheWayIsZeroBehind) {
  const auto exponential = [](NetworkBuilder& b) { return b.add("Exp", {b.input("x", {1})}); };
  expect_not_unsat({{"products with constants",
                     [](NetworkBuilder& b) {
                       const ValueId once = b.add("Mul", {b.input("x", {1}), scalar(b, 1e-25F)});
                       return b.add("Mul", {once, scalar(b, 1e-25F)});
                     },
                     {1.0},
                     {2.0},
                     "(<= Y_0 0.0)"},
                    {"at a jump",
                     [&](NetworkBuilder& b) { return b.add("Sign", {exponential(b)}); },
                     {-200.0},
                     {-50.0},
                     "(<= Y_0 0.5)"},
                    {"before a large weight",
                     [&](NetworkBuilder& b) {
                       return b.add("Mul", {exponential(b), scalar(b, 1e30F)});
                     },
                     {-120.0},
                     {-90.0},
                     "(<= Y_0 0.0)"},
                    {"before a ReLU",
                     [&](NetworkBuilder& b) {
                       return b.add("Relu", {b.add("Mul", {exponential(b), scalar(b, 1e30F)})});
                     },
                     {-120.0},
                     {1.0},
                     "(<= Y_0 0.0)"},
                    {"a share",
                     [](NetworkBuilder& b) {
                       const ValueId share = b.add("Softmax", {b.input("x", {2})});
                       return sum_of(b, as_float(b, b.add("Greater", {share, scalar(b, 0.0F)})));
                     },
                     {-100.0, -100.0},
                     {100.0, 100.0},
                     "(<= Y_0 1.5)"},
                    {"a square",
                     [](NetworkBuilder& b) {
                       const ValueId x = b.input("x", {1});
                       return b.add("Sign", {b.add("Mul", {x, x})});
                     },
                     {1e-30},
                     {1e-20},
                     "(<= Y_0 0.5)"}});
}

/// What must not be lost by all that.
TEST(FoundByReview, OrdinaryMasksShapesAndSignsStayDecided) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<Asked> all = {
      {"a mask that leaves one element",
       [&](NetworkBuilder& b) {
         const ValueId x = b.input("x", {2});
         const ValueId mask = b.add("Greater", {x, vector(b, {0.0F, -5.0F})});
         const ValueId masked = b.add("Where", {mask, x, scalar(b, -infinity)});
         return split(b, b.add("Softmax", {masked}))[0];
       },
       {-1.0, -1.0},
       {1.0, 1.0},
       "(>= Y_0 1.01)"},
      {"LayerNormalization",
       [](NetworkBuilder& b) {
         const ValueId d =
             b.add("LayerNormalization", {b.input("x", {2}), vector(b, {1.0F, 1.0F})});
         return is_number(b, split(b, d)[0]);
       },
       {0.1, 0.3},
       {1.3, 1.1},
       "(<= Y_0 0.5)"},
      {"the sign of a sigmoid",
       [](NetworkBuilder& b) { return b.add("Sign", {b.add("Sigmoid", {b.input("x", {1})})}); },
       {-1.0},
       {1.0},
       "(<= Y_0 0.5)"},
      {"a comparison of ReLUs",
       [](NetworkBuilder& b) {
         const ValueId x = b.add("Relu", {b.input("x", {1})});
         return as_float(b,
                         b.add("Greater", {b.add("Add", {x, scalar(b, 1.0F)}), scalar(b, 0.5F)}));
       },
       {-1.0},
       {1.0},
       "(<= Y_0 0.5)"}};
  for (const Asked& asked : all) {
    NetworkBuilder b;
    const ValueId y = asked.build(b);
    const Property p{asked.lower, asked.upper, 1, {{asked.row}}};
    EXPECT_EQ(verdict(b, y, p.text()), "unsat") << asked.name;
  }
}

/// float32 sums of a network with float64 values: (1e8 - 1e8) + 1, but 1e8 + 1 is 1e8.
TEST(FoundByReview, Float32SumsOfAFloat64NetworkAreFloat32Sums) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 4});
  const ValueId m =
      b.add("MatMul", {x, b.constant({4, 1}, std::vector<float>{1.0F, 1e8F, 1.0F, -1e8F})});
  b.output(as_float(b, b.add("Cast", {m}, {{"to", std::int64_t{11}}})));
  const Property p{{1.0, 1.0, 1.0, 1.0}, {1.0, 1.0, 1.0, 1.0}, 1, {{"(>= Y_0 1.5)"}}};
  const SolveResult result = solve_text(std::make_shared<const Network>(b.build()), p.text(),
                                        {.attack = true, .seconds = 5.0});
  EXPECT_NE(name_of(result.verdict), std::string("sat"));
}

/// ONNX Runtime computes e^x in float32 and leaves the rounding to float16 out.
TEST(FoundByReview, Float16OnTheWayMayBeLeftOut) {
  NetworkBuilder b;
  const ValueId h = b.add("Cast", {b.input("x", {1})}, {{"to", std::int64_t{10}}});
  b.output(as_float(b, b.add("Exp", {h})));
  const Property p{{-30.0}, {-25.0}, 1, {{"(<= Y_0 0.0)"}}};
  const SolveResult result = solve_text(std::make_shared<const Network>(b.build()), p.text(),
                                        {.attack = true, .seconds = 5.0});
  EXPECT_NE(name_of(result.verdict), std::string("sat"));
}

/// Where the divisor overflows the quotient is 0, however small the part of the box is.
TEST(FoundByReview, AQuotientByWhatOverflowsMayBeZero) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  const ValueId large = b.add("Mul", {x, b.constant({1, 2}, {1e38F, 1e38F})});
  const ValueId top = b.add("Gather", {large, b.integers({0})}, {{"axis", std::int64_t{1}}});
  const ValueId bottom = b.add("Gather", {large, b.integers({1})}, {{"axis", std::int64_t{1}}});
  const Property p{{1.0, 3.0}, {2.0, 5.0}, 1, {{"(<= Y_0 0.15)"}}};
  EXPECT_NE(verdict(b, b.add("Div", {top, bottom}), p.text()), "unsat");
}

}  // namespace
}  // namespace clipbound::test
