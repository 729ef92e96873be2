// Functions that end (Sqrt, Log, fractional powers, 1 / y), and quotients written out: properties
// that hold are proved, planted counterexamples are found, and what NaN may hide is never proved.
// The answers are closed forms; those at the edges are ONNX Runtime's.
#include <gtest/gtest.h>

#include <functional>

#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"

namespace clipbound::test {
namespace {

struct EdgeProblem {
  std::string name;
  std::function<ValueId(NetworkBuilder&, ValueId)> build;
  std::vector<double> lower, upper;
  std::vector<std::string> rows;
  std::string verdict;  ///< "!unsat": anything else
  int outputs = 1;
};

ValueId number(NetworkBuilder& b, float value) {
  return b.constant(Shape{}, std::vector<float>{value});
}
ValueId sum(NetworkBuilder& b, ValueId x) {
  return b.add("ReduceSum", {x, b.integers({1})}, {{"keepdims", std::int64_t{1}}});
}
ValueId mean(NetworkBuilder& b, ValueId x) {
  return b.add("ReduceMean", {x, b.integers({1})}, {{"keepdims", std::int64_t{1}}});
}
ValueId norm(NetworkBuilder& b, ValueId x) {
  return b.add("Sqrt", {sum(b, b.add("Mul", {x, x}))});
}
ValueId power(NetworkBuilder& b, ValueId x, float n) {
  return b.add("Pow", {x, number(b, n)});
}
ValueId shares_of(NetworkBuilder& b, ValueId x, float scale) {
  const ValueId e = b.add("Exp", {b.add("Mul", {x, number(b, scale)})});
  return b.add("Div", {e, sum(b, e)});
}
ValueId apply(NetworkBuilder& b, const char* op, ValueId x) {
  return b.add(op, {x});
}

std::vector<EdgeProblem> inside_the_domain() {
  return {
      {"distance",
       [](auto& b, ValueId x) {
         return norm(b, b.add("Sub", {x, number(b, 1.0F)}));
       },
       {-1, -1, -1},
       {1, 1, 1},
       {"(>= Y_0 3.47)"},
       "unsat"},
      {"distance found",
       [](auto& b, ValueId x) {
         return norm(b, b.add("Sub", {x, number(b, 1.0F)}));
       },
       {-1, -1, -1},
       {1, 1, 1},
       {"(>= Y_0 3.46)"},
       "sat"},
      {"root of a mean of sizes",
       [](auto& b, ValueId x) { return apply(b, "Sqrt", mean(b, apply(b, "Abs", x))); },
       {-1, -1},
       {1, 1},
       {"(>= Y_0 1.01)"},
       "unsat"},
      {"root of 1 - x",
       [](auto& b, ValueId x) {
         return apply(b, "Sqrt", b.add("Sub", {number(b, 1.0F), x}));
       },
       {-3},
       {1},
       {"(>= Y_0 2.01)"},
       "unsat"},
      {"deviation",
       [](auto& b, ValueId x) {
         const ValueId d = b.add("Sub", {x, mean(b, x)});
         return apply(b, "Sqrt", mean(b, power(b, d, 2.0F)));
       },
       {-1, -1},
       {1, 1},
       {"(>= Y_0 1.05)"},
       "unsat"},
  };
}

std::vector<EdgeProblem> powers_and_logarithms() {
  return {
      {"cube root",
       [](auto& b, ValueId x) { return power(b, apply(b, "Relu", x), 1.0F / 3.0F); },
       {-1},
       {8},
       {"(>= Y_0 2.01)"},
       "unsat"},
      {"power 1.5",
       [](auto& b, ValueId x) { return power(b, apply(b, "Abs", x), 1.5F); },
       {-4},
       {4},
       {"(>= Y_0 8.01)"},
       "unsat"},
      {"log of a part",
       [](auto& b, ValueId x) { return apply(b, "Log", apply(b, "Relu", x)); },
       {-1},
       {2},
       {"(>= Y_0 0.7)"},
       "unsat"},
      {"log found",
       [](auto& b, ValueId x) { return apply(b, "Log", apply(b, "Relu", x)); },
       {-1},
       {2},
       {"(>= Y_0 0.69)"},
       "sat"},
      {"inverse of a square",
       [](auto& b, ValueId x) {
         return apply(b, "Reciprocal",
                      b.add("Add", {sum(b, b.add("Mul", {x, x})), number(b, 1e-18F)}));
       },
       {-3, -3},
       {3, 3},
       {"(<= Y_0 0.05)"},
       "unsat"},
  };
}

std::vector<EdgeProblem> quotients() {
  return {
      {"softmax of 40",
       [](auto& b, ValueId x) { return shares_of(b, x, 40.0F); },
       {-1, -1, -1},
       {1, 1, 1},
       {"(>= Y_1 1.01)"},
       "unsat",
       3},
      {"softmax of 40 found",
       [](auto& b, ValueId x) { return shares_of(b, x, 40.0F); },
       {-1, -1, -1},
       {1, 1, 1},
       {"(>= Y_1 0.99)"},
       "sat",
       3},
      {"softmax, largest subtracted",
       [](auto& b, ValueId x) {
         const ValueId most =
             b.add("ReduceMax", {x, b.integers({1})}, {{"keepdims", std::int64_t{1}}});
         return shares_of(b, b.add("Sub", {x, most}), 1.0F);
       },
       {-30, -30, -30},
       {30, 30, 30},
       {"(>= Y_0 1.01)"},
       "unsat",
       3},
      {"sigmoid",
       [](auto& b, ValueId x) {
         const ValueId e = apply(b, "Exp", x);
         return b.add("Div", {e, b.add("Add", {e, number(b, 1.0F)})});
       },
       {-60},
       {60},
       {"(>= Y_0 1.001)"},
       "unsat"},
  };
}

std::vector<EdgeProblem> bounded_quotients() {
  return {
      {"log-softmax",
       [](auto& b, ValueId x) {
         return b.add("Sub", {x, apply(b, "Log", sum(b, apply(b, "Exp", x)))});
       },
       {-12, -12},
       {12, 12},
       {"(>= Y_1 0.5)"},
       "unsat",
       2},
      {"unit vector",
       [](auto& b, ValueId x) {
         return b.add("Div", {x, norm(b, x)});
       },
       {-1, -1},
       {1, 1},
       {"(<= Y_1 -1.1)"},
       "unsat",
       2},
      {"x by its size",
       [](auto& b, ValueId x) {
         return b.add("Div", {x, apply(b, "Abs", x)});
       },
       {-1},
       {1},
       {"(>= Y_0 1.25)"},
       "unsat"},
      {"x by its size found",
       [](auto& b, ValueId x) {
         return b.add("Div", {x, apply(b, "Abs", x)});
       },
       {-1},
       {1},
       {"(>= Y_0 0.75)"},
       "sat"},
      {"parts of a sum",
       [](auto& b, ValueId x) {
         const ValueId r = apply(b, "Relu", x);
         return b.add("Div", {r, sum(b, r)});
       },
       {-1, -1},
       {1, 1},
       {"(>= Y_0 1.1)"},
       "unsat",
       2},
  };
}

std::vector<EdgeProblem> at_the_edge() {
  const auto root = [](auto& b, ValueId x) { return apply(b, "Sqrt", x); };
  const auto inverse = [](auto& b, ValueId x) { return apply(b, "Reciprocal", x); };
  const auto log = [](auto& b, ValueId x) { return apply(b, "Log", x); };
  const auto hidden = [](auto& b, ValueId x) {
    const ValueId zero = number(b, 0.0F), one = number(b, 1.0F);
    return b.add("Where", {b.add("Less", {apply(b, "Sqrt", x), zero}), one, zero});
  };
  const auto not_below = [](auto& b, ValueId x) {
    const ValueId zero = number(b, 0.0F), one = number(b, 1.0F);
    const ValueId twice = apply(b, "Sqrt", apply(b, "Sqrt", x));
    return b.add("Where", {b.add("GreaterOrEqual", {twice, zero}), one, zero});
  };
  const auto two = [](auto& b, ValueId x) {
    const ValueId y = b.add("Mul", {x, number(b, 2.0F)});
    return b.add("Concat", {apply(b, "Sqrt", x), y}, {{"axis", std::int64_t{1}}});
  };
  return {
      {"root of any number", root, {-1}, {1}, {"(>= Y_0 1.1)"}, "unsat"},
      {"root of negative numbers alone", root, {-2}, {-1}, {"(<= Y_0 0.5)"}, "unsat"},
      {"root found", root, {-1}, {1}, {"(>= Y_0 0.9)"}, "sat"},
      {"gap of 1 / x", inverse, {-1}, {1}, {"(>= Y_0 -0.9)", "(<= Y_0 0.9)"}, "unsat"},
      {"gap of 1 / (3 x + 0.75)",
       [](auto& b, ValueId x) {
         return apply(b, "Reciprocal",
                      b.add("Add", {b.add("Mul", {x, number(b, 3.0F)}), number(b, 0.75F)}));
       },
       {-0.5},
       {0},
       {"(>= Y_0 -1.2)", "(<= Y_0 1.2)"},
       "unsat"},
      {"1 / x found", inverse, {-1}, {1}, {"(>= Y_0 100)"}, "sat"},
      // ONNX Runtime: 1 / -0 is -infinity, and -0 is in the box.
      {"1 / 0 is a value", inverse, {0}, {1}, {"(<= Y_0 -5)"}, "!unsat"},
      {"log 0 is a value", log, {0}, {1}, {"(<= Y_0 -200)"}, "!unsat"},
      // ONNX Runtime: NaN < 0 is false, so Y_0 = 0 at x = -1, where Sqrt is NaN.
      {"NaN behind Where", hidden, {-1}, {-0.5}, {"(<= Y_0 0.5)"}, "!unsat"},
      {"NaN >= 0 is false", not_below, {-1}, {-0.5}, {"(<= Y_0 0.5)"}, "!unsat"},
      {"NaN behind Relu",
       [](auto& b, ValueId x) { return apply(b, "Relu", apply(b, "Sqrt", x)); },
       {-1},
       {-0.5},
       {"(<= Y_0 0.5)"},
       "!sat"},
      {"NaN of another output", two, {-1}, {-0.5}, {"(<= Y_1 -1)"}, "!unsat", 2},
      {"a row that reads NaN, too", two, {-1}, {-0.5}, {"(<= Y_1 -1)", "(>= Y_0 -9)"}, "unsat", 2},
  };
}

void check(const EdgeProblem& problem) {
  NetworkBuilder b;
  const auto size = static_cast<std::int64_t>(problem.lower.size());
  b.output(problem.build(b, b.input("x", {1, size})));
  Property property;
  property.lower = problem.lower;
  property.upper = problem.upper;
  property.outputs = problem.outputs;
  property.clauses = {problem.rows};
  Way way;
  way.attack = true;
  way.seconds = problem.verdict[0] == '!' ? 1.0 : 60.0;
  const SolveResult result =
      solve_text(std::make_shared<const Network>(b.build()), property.text(), way);
  if (problem.verdict[0] == '!') {
    EXPECT_NE("!" + name_of(result.verdict), problem.verdict) << problem.name;
  } else {
    EXPECT_EQ(name_of(result.verdict), problem.verdict) << problem.name << ": " << result.reason;
  }
}

TEST(DomainEdges, InsideTheDomain) {
  for (const EdgeProblem& problem : inside_the_domain()) check(problem);
}
TEST(DomainEdges, PowersAndLogarithms) {
  for (const EdgeProblem& problem : powers_and_logarithms()) check(problem);
}
TEST(DomainEdges, Quotients) {
  for (const EdgeProblem& problem : quotients()) check(problem);
}
TEST(DomainEdges, BoundedQuotients) {
  for (const EdgeProblem& problem : bounded_quotients()) check(problem);
}
TEST(DomainEdges, AtTheEdge) {
  for (const EdgeProblem& problem : at_the_edge()) check(problem);
}

}  // namespace
}  // namespace clipbound::test
