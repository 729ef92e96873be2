// Where, masks and products with a step or a sign: relations to the inputs and between the branches
// are proved, planted counterexamples are found. The answers are closed forms. Once by the input
// split, once by the activation split, whose products are others.
#include <gtest/gtest.h>

#include <functional>

#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"

namespace clipbound::test {
namespace {

/// Of the inputs 0 and 1 as columns and a number 0.
struct Parts {
  NetworkBuilder& b;
  ValueId p, q, zero;
  ValueId number(float value) const { return b.constant(Shape{}, std::vector<float>{value}); }
  ValueId mask(const char* comparison, ValueId x, ValueId y) const {
    return b.add("Cast", {b.add(comparison, {x, y})}, {{"to", std::int64_t{1}}});
  }
  ValueId where(const char* comparison, ValueId x, ValueId y, ValueId yes, ValueId no) const {
    return b.add("Where", {b.add(comparison, {x, y}), yes, no});
  }
};

struct JumpProblem {
  std::string name;
  std::function<ValueId(const Parts&)> build;
  std::string row, verdict;
};

std::vector<JumpProblem> problems() {
  const auto least = [](const Parts& n) { return n.where("Less", n.p, n.q, n.p, n.q); };
  const auto most = [](const Parts& n) { return n.where("LessOrEqual", n.p, n.q, n.q, n.p); };
  const auto leaky = [](const Parts& n) {
    return n.where("Greater", n.p, n.zero, n.p, n.b.add("Mul", {n.p, n.number(0.25F)}));
  };
  const auto relu = [](const Parts& n) {
    return n.b.add("Mul", {n.p, n.mask("Greater", n.p, n.zero)});
  };
  const auto size = [](const Parts& n) { return n.b.add("Mul", {n.b.add("Sign", {n.p}), n.p}); };
  const auto masked = [](const Parts& n) {
    return n.b.add("Mul", {n.q, n.mask("Greater", n.p, n.zero)});
  };
  const auto either = [](const Parts& n) {
    return n.where("Greater", n.p, n.number(0.3F), n.q, n.b.add("Neg", {n.q}));
  };
  const auto both = [](const Parts& n) {
    const ValueId c =
        n.b.add("And", {n.b.add("Greater", {n.p, n.zero}), n.b.add("Greater", {n.q, n.zero})});
    return n.b.add("Where", {c, n.b.add("Mul", {n.p, n.number(0.5F)}), n.q});
  };
  const auto unless = [](const Parts& n) {
    const ValueId c = n.b.add("Not", {n.b.add("Less", {n.p, n.q})});
    return n.b.add("Where", {c, n.q, n.p});
  };
  const auto mixed = [](const Parts& n) {
    const ValueId c = n.mask("Less", n.p, n.q), rest = n.b.add("Sub", {n.number(1.0F), c});
    return n.b.add("Add", {n.b.add("Mul", {c, n.p}), n.b.add("Mul", {rest, n.q})});
  };
  return {
      {"min is below p", least, "(>= Y_0 (+ X_0 0.1))", "unsat"},
      {"min is below q", least, "(>= Y_0 (+ X_1 0.001))", "unsat"},
      {"min found", least, "(>= Y_0 0.99)", "sat"},
      {"max is above p", most, "(<= Y_0 (- X_0 0.1))", "unsat"},
      {"max found", most, "(<= Y_0 -0.99)", "sat"},
      {"leaky relu is above p", leaky, "(<= Y_0 (- X_0 0.01))", "unsat"},
      {"leaky relu is above p / 4", leaky, "(<= Y_0 (- (* 0.25 X_0) 0.01))", "unsat"},
      {"leaky relu found", leaky, "(<= Y_0 -0.24)", "sat"},
      {"relu by its mask", relu, "(<= Y_0 -0.01)", "unsat"},
      {"relu by its mask, above p", relu, "(<= Y_0 (- X_0 0.01))", "unsat"},
      {"relu by its mask found", relu, "(>= Y_0 0.99)", "sat"},
      {"size by its sign", size, "(<= Y_0 -0.01)", "unsat"},
      {"size by its sign, above -p", size, "(<= Y_0 (- (* -1 X_0) 0.01))", "unsat"},
      {"a masked number", masked, "(>= Y_0 1.01)", "unsat"},
      {"a masked number found", masked, "(<= Y_0 -0.99)", "sat"},
      {"one of two branches", either, "(>= Y_0 1.01)", "unsat"},
      {"one of two branches found", either, "(>= Y_0 (+ X_1 1.9))", "sat"},
      {"two conditions", both, "(>= Y_0 1.01)", "unsat"},
      {"two conditions found", both, "(<= Y_0 -0.99)", "sat"},
      {"a condition denied", unless, "(>= Y_0 (+ X_0 0.1))", "unsat"},
      {"a convex combination", mixed, "(>= Y_0 (+ X_1 0.1))", "unsat"},
      {"a convex combination found", mixed, "(<= Y_0 -0.99)", "sat"},
  };
}

SolveResult solve_problem(const JumpProblem& problem, const std::string& split) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  const auto column = [&](std::int64_t i) {
    return b.add("Slice", {x, b.integers({i}), b.integers({i + 1}), b.integers({1})});
  };
  b.output(
      problem.build(Parts{b, column(0), column(1), b.constant(Shape{}, std::vector<float>{0.0F})}));
  Property property;
  property.lower = {-1, -1};
  property.upper = {1, 1};
  property.clauses = {{problem.row}};
  Way way;
  way.attack = true;
  way.seconds = 60.0;
  way.split = split;
  return solve_text(std::make_shared<const Network>(b.build()), property.text(), way);
}

TEST(WhereAndMasks, AreDecided) {
  for (const JumpProblem& problem : problems()) {
    const SolveResult result = solve_problem(problem, "auto");
    EXPECT_EQ(name_of(result.verdict), problem.verdict) << problem.name << ": " << result.reason;
  }
}

TEST(WhereAndMasks, ProductsOfTheActivationSplitLoseNothing) {
  for (const JumpProblem& problem : problems()) {
    if (problem.verdict != "sat") continue;
    const SolveResult result = solve_problem(problem, "neurons");
    EXPECT_EQ(name_of(result.verdict), "sat") << problem.name << ": " << result.reason;
  }
}

}  // namespace
}  // namespace clipbound::test
