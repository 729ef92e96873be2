// Wrong proofs that a hostile reviewer found, kept: at each of these a counterexample replays.
#include <gtest/gtest.h>

#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"

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
  b.output(y);
  return std::string(name_of(solve_text(std::make_shared<const Network>(b.build()), text,
                                        {.attack = false, .seconds = 5.0})
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

}  // namespace
}  // namespace clipbound::test
