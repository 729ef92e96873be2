// Operators that are enclosed by intervals alone: their bounds become better on parts of the box,
// so that boxes are halved, or the integers in them decided. And forms of such operators that have
// linear bounds: exponents and limits that vary, indices that are known.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/small_verdicts.h"

namespace clipbound::test {
namespace {

using Rows = std::vector<std::string>;
using Points = std::vector<double>;
using Holds = std::function<bool(const Points&, const Points&)>;

ValueId flat(NetworkBuilder& b, ValueId x) {
  return b.add("Reshape", {x, b.integers({-1})});
}
ValueId scalar(NetworkBuilder& b, ValueId x) {
  return b.add("Squeeze", {x, b.integers({0, 1})});
}

class Variants {
 public:
  /// Inputs are [1, n].
  void add(const std::string& name, std::function<ValueId(NetworkBuilder&, ValueId)> f,
           Points lower, Points upper, std::vector<Rows> clauses, const char* expected,
           Holds holds = {}) {
    const auto n = static_cast<std::int64_t>(lower.size());
    list.push_back({name,
                    [f, n](NetworkBuilder& b) {
                      b.output(f(b, b.input("x", {1, n})));
                    },
                    std::move(lower), std::move(upper), std::move(clauses), expected,
                    std::move(holds)});
  }
  std::vector<SmallVerdict> list;
};

ValueId power(NetworkBuilder& b, ValueId x) {
  return b.add("Pow", {part(b, x, 0, 1), part(b, x, 1, 2)});
}

void add_powers(Variants& v) {
  v.add("x^y below its largest", power, {1.0, 0.5}, {2.0, 2.0}, {{y_at_least(0, 4.05)}}, "unsat");
  v.add("x^y reaches it", power, {1.0, 0.5}, {2.0, 2.0}, {{y_at_least(0, 3.9)}}, "sat",
        [](const Points& x, const Points&) { return std::pow(x[0], x[1]) > 3.8; });
  v.add("x^y is positive", power, {1.0, 0.5}, {2.0, 2.0}, {{y_at_most(0, 0.0)}}, "unsat");
  v.add("x^y - x from 0 on", power, {0.0, 1.0}, {2.0, 2.0}, {{"(>= Y_0 (+ X_0 2.1))"}}, "unsat");
  v.add("x^y from 0 on is not negative", power, {0.0, 1.0}, {2.0, 2.0}, {{y_at_most(0, -0.01)}},
        "unsat");
  v.add("x^y - x from 0 on, found", power, {0.0, 1.0}, {2.0, 2.0}, {{"(>= Y_0 (+ X_0 1.8))"}},
        "sat", [](const Points& x, const Points& y) { return y[0] >= x[0] + 1.79; });
  v.add(
      "two powers",
      [](NetworkBuilder& b, ValueId x) {
        return b.add("Add", {power(b, x), power(b, part(b, x, 2, 4))});
      },
      {0.0, 1.0, 0.0, 1.0}, {1.5, 2.0, 1.5, 2.0}, {{y_at_least(0, 4.6)}}, "unsat");
  v.add(
      "the exponent is computed",
      [](NetworkBuilder& b, ValueId x) {
        return b.add("Pow", {part(b, x, 0, 1), b.add("Exp", {part(b, x, 1, 2)})});
      },
      {1.0, -1.0}, {2.0, 0.5}, {{y_at_least(0, 3.2)}}, "unsat");
  v.add(
      "one exponent per element",
      [](NetworkBuilder& b, ValueId x) {
        const ValueId p = b.add("Pow", {x, b.constant({3}, {2.0F, 3.0F, 0.5F})});
        return b.add("ReduceSum", {p, b.integers({1})}, {{"keepdims", std::int64_t{1}}});
      },
      {-1.0, -1.0, 1.0}, {1.0, 1.0, 4.0}, {{y_at_least(0, 4.1)}, {y_at_most(0, -0.1)}}, "unsat");
}

void add_limits(Variants& v) {
  const auto clipped = [](NetworkBuilder& b, ValueId x) {
    return b.add("Clip",
                 {part(b, x, 0, 1), scalar(b, part(b, x, 1, 2)), scalar(b, part(b, x, 2, 3))});
  };
  const Points low{-1.0, -1.0, -1.0}, high{1.0, 1.0, 1.0};
  v.add("never above the upper limit", clipped, low, high, {{"(>= Y_0 (+ X_2 0.01))"}}, "unsat");
  v.add("not below the lower one where they are in order", clipped, low, high,
        {{"(<= X_1 X_2)", "(<= Y_0 (- X_1 0.01))"}}, "unsat");
  v.add("below it where they are not", clipped, low, high, {{"(<= Y_0 (- X_1 0.5))"}}, "sat",
        [](const Points& x, const Points& y) { return x[2] < x[1] && y[0] <= x[1] - 0.49; });
  v.add(
      "slopes of PRelu that vary",
      [](NetworkBuilder& b, ValueId x) {
        return b.add("PRelu", {part(b, x, 0, 1), part(b, x, 1, 2)});
      },
      {-1.0, -1.0}, {1.0, 1.0}, {{"(>= Y_0 (+ X_0 2.1))"}}, "unsat");
}

/// Four zeros, one of them replaced by the second input, at a place that the first one says.
ValueId put(NetworkBuilder& b, ValueId x, ValueId place) {
  return b.add("ScatterND",
               {b.constant({4}, {0.0F, 0.0F, 0.0F, 0.0F}),
                b.add("Reshape", {place, b.integers({1, 1})}), flat(b, part(b, x, 1, 2))});
}
ValueId quarter(NetworkBuilder& b, ValueId x) {
  const ValueId scaled = b.add("Mul", {part(b, x, 0, 1), number(b, 3.6)});
  return as_integer(b, b.add("Abs", {scaled}));
}
ValueId weighted(NetworkBuilder& b, ValueId x) {
  return b.add("MatMul", {b.add("Reshape", {x, b.integers({1, 4})}),
                          b.constant({4, 1}, {1.0F, 2.0F, -1.0F, 0.5F})});
}

void add_places(Variants& v) {
  v.add(
      "scattered at a constant place",
      [](NetworkBuilder& b, ValueId x) {
        return b.add("ScatterND",
                     {b.constant({3}, {0.0F, 0.0F, 0.0F}),
                      b.constant(Tensor{{2, 1}, std::vector<std::int64_t>{0, 2}}), flat(b, x)});
      },
      {-1.0, -1.0}, {1.0, 1.0}, {{"(>= Y_2 (+ X_1 0.01))"}, {"(>= Y_0 (+ X_0 0.01))"}}, "unsat");
  const auto scattered = [](NetworkBuilder& b, ValueId x) {
    return weighted(b, put(b, x, quarter(b, x)));
  };
  // The weights of the places are 1, 2, -1, 0.5.
  v.add("scattered at a computed place", scattered, {-1.0, 0.5}, {1.0, 1.0},
        {{"(>= Y_0 (+ X_1 1.01))"}}, "unsat");
  v.add("scattered there, found", scattered, {-1.0, 0.5}, {1.0, 1.0}, {{"(>= Y_0 (+ X_1 0.7))"}},
        "sat", [](const Points& x, const Points& y) { return y[0] >= x[1] + 0.69; });
  v.add(
      "scattered at the largest",
      [](NetworkBuilder& b, ValueId x) {
        const ValueId place = b.add("ArgMax", {part(b, x, 1, 3)}, {{"axis", std::int64_t{1}}});
        return weighted(b, put(b, x, place));
      },
      {-1.0, 0.5, 0.6}, {1.0, 1.0, 0.9}, {{"(>= Y_0 (+ X_1 X_1 0.01))"}}, "unsat");
  const auto gathered = [](NetworkBuilder& b, ValueId x) {
    const ValueId table =
        b.add("Mul", {b.constant({1, 4}, {1.0F, 2.0F, -1.0F, 0.5F}), part(b, x, 1, 2)});
    return b.add("Reshape",
                 {b.add("Gather", {table, flat(b, quarter(b, x))}, {{"axis", std::int64_t{1}}}),
                  b.integers({1, 1})});
  };
  v.add("gathered at a computed place", gathered, {-1.0, 0.5}, {1.0, 1.0},
        {{"(>= Y_0 (+ X_1 X_1 0.01))"}, {"(<= Y_0 (- (* -1.0 X_1) 0.01))"}}, "unsat");
  v.add("gathered there, found", gathered, {-1.0, 0.5}, {1.0, 1.0}, {{"(<= Y_0 -0.9)"}}, "sat",
        [](const Points& x, const Points& y) { return y[0] <= -0.9 && x[1] >= 0.9; });
  v.add(
      "a slice at a computed place",
      [](NetworkBuilder& b, ValueId x) {
        const ValueId start = b.add(
            "Cast", {b.add("Mul", {b.add("Abs", {flat(b, part(b, x, 0, 1))}), number(b, 1.9)})},
            {{"to", std::int64_t{7}}});
        const ValueId list =
            flat(b, b.add("Mul", {b.constant({1, 3}, {1.0F, 2.0F, -1.0F}), part(b, x, 1, 2)}));
        const ValueId end = b.add("Add", {start, b.integers({1})});
        return b.add("Slice", {list, start, end, b.integers({0})});
      },
      {-1.0, 0.5}, {1.0, 1.0}, {{"(>= Y_0 (+ X_1 X_1 0.01))"}}, "unsat");
}

TEST(IntervalParts, AreSplitUntilTheyTell) {
  Variants v;
  add_powers(v);
  add_limits(v);
  add_places(v);
  EXPECT_GE(v.list.size(), 20U);
  for (std::size_t k = 0; k < v.list.size(); ++k)
    expect_verdict(v.list[k],
                   {.threads = 1 + static_cast<int>(k % 2), .attack = true, .seconds = 240.0});
}

/// A value that some point has is never refuted, whatever is halved and decided around it.
TEST(IntervalParts, ValuesOfPointsSurvive) {
  Variants v;
  add_powers(v);
  add_limits(v);
  add_places(v);
  Dice dice(1802);
  for (const SmallVerdict& variant : v.list) {
    const auto network = network_of(variant);
    Evaluator<double> evaluator(network);
    for (int trial = 0; trial < 4; ++trial) {
      Points x(variant.lower.size()), y(static_cast<std::size_t>(network->output_size()));
      for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = static_cast<float>(dice.endpoint(variant.lower[i], variant.upper[i]));
      evaluator.forward(x, y);
      Property property{variant.lower, variant.upper, static_cast<int>(y.size()), {Rows()}};
      for (int j = 0; j < property.outputs; ++j) {
        property.clauses[0].push_back(y_at_least(j, y[static_cast<std::size_t>(j)] - 1e-4));
        property.clauses[0].push_back(y_at_most(j, y[static_cast<std::size_t>(j)] + 1e-4));
      }
      const SolveResult result = solve_text(
          network, property.text(), {.threads = 1, .attack = trial % 2 == 0, .seconds = 0.3});
      EXPECT_NE(name_of(result.verdict), "unsat") << variant.name << " at " << decimal(x[0]);
    }
  }
}

}  // namespace
}  // namespace clipbound::test
