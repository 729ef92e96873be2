// Unsafe sets between the values of steps: Sign, comparisons, masks, Jacobians written out. No
// value lies in the set, but around a jump every box has both values next to it; they are decided
// by value. And points at a jump itself, which no decision may lose.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/small_verdicts.h"

namespace clipbound::test {
namespace {

ValueId greater(NetworkBuilder& b, ValueId x, double threshold) {
  return as_float(b, b.add("Greater", {x, number(b, threshold)}));
}
ValueId dense(NetworkBuilder& b, ValueId x, Shape shape, std::vector<float> weights,
              std::vector<float> bias) {
  const std::int64_t columns = shape[1];
  return b.add("Gemm", {x, b.constant(std::move(shape), std::move(weights)),
                        b.constant({columns}, std::move(bias))});
}
ValueId sum(NetworkBuilder& b, ValueId x) {
  return b.add("ReduceSum", {x, b.integers({1})}, {{"keepdims", std::int64_t{1}}});
}

/// d/dx of W2 relu(W1 x + b1), one input and one output, as the chain rule writes it.
ValueId jacobian(NetworkBuilder& b, ValueId x) {
  const ValueId z = dense(b, x, {1, 3}, {1.0F, -2.0F, 1.0F}, {0.25F, 1.0F, -0.5F});
  const ValueId rows = b.add("Mul", {greater(b, z, 0.0), b.constant({1, 3}, {1.0F, -2.0F, 1.0F})});
  return b.add("MatMul", {rows, b.constant({3, 1}, {2.0F, 1.0F, -0.5F})});
}
/// Its values by enumeration: 1.0 x > -0.25 gives 2, x < 0.5 gives -2, x > 0.5 gives -0.5.
double jacobian_at(double x) {
  return (x > -0.25 ? 2.0 : 0.0) + (x < 0.5 ? -2.0 : 0.0) + (x > 0.5 ? -0.5 : 0.0);
}

/// Of two hidden layers: W3 M2 W2 M1 W1.
ValueId deep_jacobian(NetworkBuilder& b, ValueId x) {
  const ValueId w2 = b.constant({2, 2}, {1.0F, -1.0F, 1.0F, 1.0F});
  const ValueId z1 = dense(b, x, {1, 2}, {1.0F, -1.0F}, {0.5F, 0.5F});
  const ValueId h = b.add("Relu", {z1});
  const ValueId z2 = b.add("Add", {b.add("MatMul", {h, w2}), b.constant({2}, {-0.75F, 0.25F})});
  const ValueId first = b.add("Mul", {greater(b, z1, 0.0), b.constant({1, 2}, {1.0F, -1.0F})});
  const ValueId second = b.add("Mul", {greater(b, z2, 0.0), b.add("MatMul", {first, w2})});
  return b.add("MatMul", {second, b.constant({2, 1}, {1.0F, 2.0F})});
}

std::vector<SmallVerdict> gaps_of_one_input() {
  std::vector<SmallVerdict> list;
  const auto add = [&](const std::string& name, std::function<ValueId(NetworkBuilder&, ValueId)> f,
                       double l, double u, std::vector<std::vector<std::string>> clauses) {
    list.push_back({name,
                    [f](NetworkBuilder& b) {
                      b.output(f(b, b.input("x", {1, 1})));
                    },
                    {l},
                    {u},
                    std::move(clauses),
                    "unsat"});
  };
  const auto affine = [](NetworkBuilder& b, ValueId x, float a, float c) {
    return dense(b, x, {1, 1}, {a}, {c});
  };
  add("Sign(x)", [](NetworkBuilder& b, ValueId x) { return b.add("Sign", {x}); }, -1.0, 1.0,
      {y_between(0.2, 0.8)});
  add("Sign(3 x - 0.3)",
      [=](NetworkBuilder& b, ValueId x) { return b.add("Sign", {affine(b, x, 3.0F, -0.3F)}); },
      -1.0, 1.0, {y_between(-0.8, -0.2), y_between(0.2, 0.8)});
  add("Floor(2 x + 0.3)",
      [=](NetworkBuilder& b, ValueId x) { return b.add("Floor", {affine(b, x, 2.0F, 0.3F)}); },
      -2.0, 2.0, {y_between(0.1, 0.9)});
  add("Ceil(5 x)",
      [=](NetworkBuilder& b, ValueId x) { return b.add("Ceil", {affine(b, x, 5.0F, 0.0F)}); }, -1.0,
      1.0, {y_between(-2.9, -2.1), y_between(3.1, 3.9)});
  add("Round(3 x)",
      [=](NetworkBuilder& b, ValueId x) { return b.add("Round", {affine(b, x, 3.0F, 0.0F)}); },
      -1.0, 1.0, {y_between(0.3, 0.7)});
  add("int(4 x - 1)",
      [=](NetworkBuilder& b, ValueId x) {
        return as_float(b, as_integer(b, affine(b, x, 4.0F, -1.0F)));
      },
      -1.0, 1.0, {y_between(-1.8, -1.2), y_between(0.2, 0.8)});
  add("x > 0.3, as a number", [](NetworkBuilder& b, ValueId x) { return greater(b, x, 0.3); }, 0.0,
      1.0, {y_between(0.2, 0.8)});
  add("ThresholdedRelu", [](NetworkBuilder& b, ValueId x) { return b.add("ThresholdedRelu", {x}); },
      0.0, 2.0, {y_between(0.4, 0.6)});
  add("slope of LeakyRelu by Where",
      [](NetworkBuilder& b, ValueId x) {
        return b.add("Where",
                     {b.add("Greater", {x, number(b, 0.0)}), number(b, 1.0), number(b, 0.01)});
      },
      -1.0, 1.0, {y_between(0.1, 0.9)});
  add("Jacobian", jacobian, -1.0, 1.0, {y_between(-1.9, -0.6), y_between(0.1, 1.4)});
  add("Jacobian of two layers", deep_jacobian, -1.0, 1.0,
      {y_between(-0.9, -0.1), y_between(0.1, 0.9), y_between(2.1, 2.9)});
  return list;
}

std::vector<SmallVerdict> gaps_of_several_inputs() {
  std::vector<SmallVerdict> list;
  const auto add = [&](const std::string& name, std::function<ValueId(NetworkBuilder&, ValueId)> f,
                       std::size_t inputs, std::vector<std::vector<std::string>> clauses) {
    list.push_back({name,
                    [f, inputs](NetworkBuilder& b) {
                      b.output(f(b, b.input("x", {1, static_cast<std::int64_t>(inputs)})));
                    },
                    std::vector<double>(inputs, -1.0), std::vector<double>(inputs, 1.0),
                    std::move(clauses), "unsat"});
  };
  add("x0 > x1",
      [](NetworkBuilder& b, ValueId x) {
        return as_float(b, b.add("Greater", {part(b, x, 0, 1), part(b, x, 1, 2)}));
      },
      2, {y_between(0.2, 0.8)});
  add("x0 = x1",
      [](NetworkBuilder& b, ValueId x) {
        return as_float(b, b.add("Equal", {part(b, x, 0, 1), part(b, x, 1, 2)}));
      },
      2, {y_between(0.2, 0.8)});
  add("two masks",
      [](NetworkBuilder& b, ValueId x) {
        return b.add("Add", {greater(b, dense(b, x, {3, 1}, {1.0F, 1.0F, 0.0F}, {0.1F}), 0.0),
                             greater(b, part(b, x, 2, 3), 0.1)});
      },
      3, {y_between(0.3, 0.7), y_between(1.3, 1.7)});
  add("both, as logic",
      [](NetworkBuilder& b, ValueId x) {
        return as_float(b, b.add("And", {b.add("Greater", {part(b, x, 0, 1), number(b, 0.0)}),
                                         b.add("Less", {part(b, x, 1, 2), number(b, 0.25)})}));
      },
      2, {y_between(0.2, 0.8)});
  add("ArgMax",
      [](NetworkBuilder& b, ValueId x) {
        return as_float(b, b.add("ArgMax", {x}, {{"axis", std::int64_t{1}}}));
      },
      3, {y_between(0.2, 0.8), y_between(1.2, 1.8)});
  add("a mask times what it lets through",
      [](NetworkBuilder& b, ValueId x) {
        return b.add("Mul", {greater(b, part(b, x, 0, 1), 0.1),
                             b.add("Add", {part(b, x, 1, 2), number(b, 2.0)})});
      },
      2, {y_between(0.2, 0.8)});
  add("Sign behind ReLUs",
      [](NetworkBuilder& b, ValueId x) {
        const ValueId h = b.add(
            "Relu", {dense(b, x, {3, 2}, {1.0F, -1.0F, 0.5F, 1.0F, -0.5F, 0.5F}, {0.1F, 0.2F})});
        return b.add("Sign", {dense(b, h, {2, 1}, {1.0F, -1.0F}, {0.05F})});
      },
      3, {y_between(0.2, 0.8)});
  add("a count of five", [](NetworkBuilder& b, ValueId x) { return sum(b, greater(b, x, 0.1)); }, 5,
      {y_between(2.2, 2.8)});
  add("x > 0.25 of 45 inputs",
      [](NetworkBuilder& b, ValueId x) { return greater(b, sum(b, x), 0.25); }, 45,
      {y_between(0.2, 0.8)});
  return list;
}

TEST(StepValues, GapsBetweenThemAreProved) {
  std::vector<SmallVerdict> all = gaps_of_one_input();
  for (SmallVerdict& v : gaps_of_several_inputs()) all.push_back(std::move(v));
  EXPECT_EQ(all.size(), 20U);
  for (std::size_t k = 0; k < all.size(); ++k)
    expect_verdict(all[k],
                   {.threads = 1 + static_cast<int>(k % 2), .attack = true, .seconds = 240.0});
}

TEST(StepValues, ValuesInTheSetAreFound) {
  const auto one = [](const std::string& name, std::function<ValueId(NetworkBuilder&, ValueId)> f,
                      double l, double u, std::vector<std::string> rows,
                      std::function<bool(double, double)> holds) {
    expect_verdict({name,
                    [f](NetworkBuilder& b) {
                      b.output(f(b, b.input("x", {1, 1})));
                    },
                    {l},
                    {u},
                    {std::move(rows)},
                    "sat",
                    [holds](const std::vector<double>& x, const std::vector<double>& y) {
                      return holds(x[0], y[0]);
                    }},
                   {.threads = 2, .attack = true, .seconds = 240.0});
  };
  one(
      "Sign is 0 at 0 alone", [](NetworkBuilder& b, ValueId x) { return b.add("Sign", {x}); }, -1.0,
      1.0, y_between(-0.2, 0.2), [](double x, double y) { return x == 0.0 && y == 0.0; });
  one(
      "the first number above the jump",
      [](NetworkBuilder& b, ValueId x) { return greater(b, x, 0.5); }, 0.0,
      std::nextafter(0.5F, 1.0F), y_between(0.9, 1.1),
      [](double x, double y) { return x > 0.5 && y == 1.0; });
  one(
      "the jump itself belongs below",
      [](NetworkBuilder& b, ValueId x) { return greater(b, x, 0.5); }, 0.5, 1.0,
      y_between(-0.1, 0.1), [](double x, double y) { return x == 0.5 && y == 0.0; });
  one(
      "Floor reaches 1 at the end",
      [](NetworkBuilder& b, ValueId x) { return b.add("Floor", {x}); }, 0.25, 1.0,
      y_between(0.9, 1.1), [](double x, double y) { return x == 1.0 && y == 1.0; });
  one("a Jacobian's rare value", jacobian, -0.25, 0.5, y_between(-0.1, 0.1),
      [](double x, double y) { return jacobian_at(x) == y; });
  one(
      "Round of a half", [](NetworkBuilder& b, ValueId x) { return b.add("Round", {x}); }, 0.5, 1.5,
      y_between(-0.1, 0.1), [](double x, double y) { return x == 0.5 && y == 0.0; });
}

/// Whatever is decided, a point at or next to a jump keeps its value.
TEST(StepValues, PointsNextToJumpsSurvive) {
  std::vector<SmallVerdict> all = gaps_of_one_input();
  for (SmallVerdict& v : gaps_of_several_inputs()) all.push_back(std::move(v));
  Dice dice(1801);
  for (SmallVerdict& v : all) {
    const auto network = network_of(v);
    if (network->input_size() > 5) continue;
    Evaluator<double> evaluator(network);
    for (int trial = 0; trial < 6; ++trial) {
      std::vector<double> x(v.lower.size()), y(1), z(1);
      for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = static_cast<float>(0.05 * std::round(20.0 * dice.uniform(v.lower[i], v.upper[i])));
      for (int k = dice.whole(-2, 2); k != 0; k += k < 0 ? 1 : -1)
        x[0] = std::nextafter(static_cast<float>(x[0]), k < 0 ? -2.0F : 2.0F);
      evaluator.forward(x, y);
      SmallVerdict planted = v;
      planted.clauses = {y_between(y[0] - 1e-3, y[0] + 1e-3)};
      Property property{x, x, 1, planted.clauses};
      for (std::size_t i = 0; i < x.size(); ++i) {
        property.lower[i] -= dice.whole(0, 1) * 1e-3;
        property.upper[i] += dice.whole(0, 1) * 1e-3;
      }
      const SolveResult result = solve_text(
          network, property.text(), {.threads = 1, .attack = trial % 2 == 0, .seconds = 0.3});
      EXPECT_NE(name_of(result.verdict), "unsat") << v.name << " at " << decimal(x[0]);
    }
  }
}

}  // namespace
}  // namespace clipbound::test
