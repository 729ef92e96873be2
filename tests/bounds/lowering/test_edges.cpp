// Functions that end (Sqrt, Log, 1 / y, fractional powers), quotients that cannot be large, and
// products with steps: every bound is tried at points, corners among them, on boxes that touch,
// hold and leave the domain. What may be left out because its NaN reaches every clause is tried
// operator by operator.
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "bounds/crown/crown_bounder.h"
#include "bounds/layered/sharp_ends.h"
#include "bounds/lowering/lower_network.h"
#include "bounds/lowering/undefined_reach.h"
#include "bounds/self_check.h"
#include "specs/network/network_builder.h"
#include "specs/simplify/simplify.h"
#include "tests/support/lowered.h"

namespace clipbound::test {
namespace {

using Build = std::function<ValueId(NetworkBuilder&, ValueId)>;

std::shared_ptr<const Network> network_of(const Build& build, std::int64_t inputs) {
  NetworkBuilder b;
  b.output(build(b, b.input("x", {1, inputs})));
  return simplify(std::make_shared<const Network>(b.build())).network;
}
ValueId number(NetworkBuilder& b, float value) {
  return b.constant(Shape{}, std::vector<float>{value});
}
ValueId sum(NetworkBuilder& b, ValueId x) {
  return b.add("ReduceSum", {x, b.integers({1})}, {{"keepdims", std::int64_t{1}}});
}
ValueId mean(NetworkBuilder& b, ValueId x) {
  return b.add("ReduceMean", {x, b.integers({1})}, {{"keepdims", std::int64_t{1}}});
}
ValueId column(NetworkBuilder& b, ValueId x, std::int64_t i) {
  return b.add("Slice", {x, b.integers({i}), b.integers({i + 1}), b.integers({1})});
}

/// Networks of three inputs whose parts come to the edge of a domain.
std::vector<Build> with_edges() {
  return {
      [](auto& b, ValueId x) {
        return b.add("Sqrt", {sum(b, b.add("Mul", {x, x}))});
      },
      [](auto& b, ValueId x) { return b.add("Sqrt", {mean(b, b.add("Abs", {x}))}); },
      [](auto& b, ValueId x) { return b.add("Sqrt", {x}); },
      [](auto& b, ValueId x) { return b.add("Log", {b.add("Relu", {x})}); },
      [](auto& b, ValueId x) {
        return b.add("Pow", {b.add("Relu", {x}), number(b, 0.3F)});
      },
      [](auto& b, ValueId x) {
        return b.add("Pow", {x, number(b, 1.5F)});
      },
      [](auto& b, ValueId x) {
        const ValueId d = b.add("Sub", {x, mean(b, x)});
        const ValueId v = b.add("Add", {mean(b, b.add("Mul", {d, d})), number(b, 1e-12F)});
        return b.add("Div", {d, b.add("Sqrt", {v})});
      },
      [](auto& b, ValueId x) {
        return b.add("Div", {x, b.add("Sqrt", {sum(b, b.add("Mul", {x, x}))})});
      },
      [](auto& b, ValueId x) {
        return b.add("Div", {x, b.add("Abs", {x})});
      },
      [](auto& b, ValueId x) {
        const ValueId r = b.add("Relu", {x});
        return b.add("Div", {r, b.add("Add", {sum(b, r), number(b, 1e-6F)})});
      },
      [](auto& b, ValueId x) {
        const ValueId e = b.add("Exp", {b.add("Mul", {x, number(b, 30.0F)})});
        return b.add("Div", {e, sum(b, e)});
      },
      [](auto& b, ValueId x) {
        const ValueId e = b.add("Exp", {x});
        return b.add("Div", {e, b.add("Add", {e, number(b, 1.0F)})});
      },
      [](auto& b, ValueId x) {
        return b.add("Reciprocal", {b.add("Mul", {x, x})});
      },
  };
}

/// That end at 1 and -1.
std::vector<Build> with_ends() {
  return {
      [](auto& b, ValueId x) { return b.add("Asin", {x}); },
      [](auto& b, ValueId x) {
        return b.add("Acos", {b.add("Clip", {x, number(b, -1.0F), number(b, 0.5F)})});
      },
      [](auto& b, ValueId x) { return b.add("Asin", {b.add("Sin", {x})}); },
      [](auto& b, ValueId x) { return b.add("Atanh", {b.add("Tanh", {x})}); },
      [](auto& b, ValueId x) {
        return b.add("Acosh", {b.add("Add", {b.add("Abs", {x}), number(b, 1.0F)})});
      },
      [](auto& b, ValueId x) { return b.add("Acosh", {x}); },
  };
}

/// That jump.
std::vector<Build> with_jumps() {
  return {
      [](auto& b, ValueId x) {
        const ValueId p = column(b, x, 0), q = column(b, x, 1);
        return b.add("Where", {b.add("Less", {p, q}), p, q});
      },
      [](auto& b, ValueId x) {
        const ValueId p = column(b, x, 0), q = column(b, x, 1), r = column(b, x, 2);
        return b.add("Where", {b.add("Less", {p, q}), b.add("Mul", {q, r}), p});
      },
      [](auto& b, ValueId x) {
        const ValueId p = column(b, x, 0), q = column(b, x, 1), r = column(b, x, 2),
                      zero = number(b, 0.0F);
        const ValueId both =
            b.add("And", {b.add("Greater", {p, zero}), b.add("Greater", {q, zero})});
        return b.add("Where", {both, r, b.add("Neg", {r})});
      },
      [](auto& b, ValueId x) {
        const ValueId mask =
            b.add("Cast", {b.add("Greater", {x, number(b, 0.1F)})}, {{"to", std::int64_t{1}}});
        return b.add("Mul", {mask, b.add("Sub", {x, mean(b, x)})});
      },
      [](auto& b, ValueId x) {
        return b.add("Mul", {b.add("Sign", {x}), b.add("Add", {x, mean(b, x)})});
      },
  };
}

std::vector<Build> networks() {
  std::vector<Build> all = with_edges();
  for (Build& build : with_ends()) all.push_back(std::move(build));
  for (Build& build : with_jumps()) all.push_back(std::move(build));
  return all;
}

/// Sides at 0, across it, next to it and away from it, of all sizes.
void random_box(std::mt19937_64& random, std::vector<double>& lower, std::vector<double>& upper) {
  for (std::size_t i = 0; i < lower.size(); ++i) {
    const double size = std::ldexp(1.0, -static_cast<int>(random() % 20));
    const double share = static_cast<double>(random() % 9) / 8.0;
    switch (random() % 5) {
      case 0: lower[i] = 0.0, upper[i] = size; break;
      case 1: lower[i] = -size, upper[i] = 0.0; break;
      case 2: lower[i] = -size * share, upper[i] = size; break;
      case 3: lower[i] = share, upper[i] = share + size; break;
      default: lower[i] = upper[i] = share; break;
    }
  }
}

TEST(Edges, BoundsHoldAtPointsOfBoxesAboutTheDomain) {
  std::mt19937_64 random(1);
  int compared = 0;
  for (const Build& build : networks()) {
    const auto network = network_of(build, 3);
    for (int round = 0; round < 40; ++round) {
      std::vector<double> lower(3), upper(3);
      random_box(random, lower, upper);
      for (const ProductForm products :
           {ProductForm::squares, ProductForm::pairs, ProductForm::chosen}) {
        const auto system =
            std::make_shared<const LayeredSystem>(lower_network(*network, lower, upper, products));
        const CrownBounder bounder(system);
        SelfCheckSettings settings;
        settings.points = 12;
        settings.seed = static_cast<std::uint64_t>(round);
        const CrownBounder::Bounds bounds = bounder.bound_neurons(lower, upper, Deadline());
        ASSERT_FALSE(bounds.empty);
        compared += self_check(*network, *system, bounds, settings);
        // A part of the box, on the same lowering.
        std::vector<double> part(lower), end(upper);
        part[0] = end[0] = lower[0];
        end[1] = 0.5 * lower[1] + 0.5 * upper[1];
        compared +=
            self_check(*network, *system, bounder.bound_neurons(part, end, Deadline()), settings);
      }
    }
  }
  EXPECT_GT(compared, 10000);
}

IntervalVector outputs_on(const Build& build, double lower, double upper) {
  const auto network = network_of(build, 1);
  const LayeredSystem system =
      lower_network(*network, std::vector<double>{lower}, std::vector<double>{upper});
  return enclose(system.outputs, system.sources);
}

/// What a Clip or a Tanh cannot leave, inverse functions see: their bounds are their ranges.
TEST(Edges, InverseFunctionsOfWhatCannotLeaveTheirDomains) {
  const double half_pi = 1.5707963267948966;
  const IntervalVector arcs = outputs_on(
      [](auto& b, ValueId x) {
        return b.add("Asin", {b.add("Clip", {x, number(b, -1.0F), number(b, 1.0F)})});
      },
      -2.0, 2.0);
  EXPECT_NEAR(arcs.lower[0], -half_pi, 1e-12);
  EXPECT_NEAR(arcs.upper[0], half_pi, 1e-12);
  const IntervalVector angles =
      outputs_on([](auto& b, ValueId x) { return b.add("Acos", {b.add("Cos", {x})}); }, 0.0, 0.0);
  EXPECT_GE(angles.lower[0], -1e-12);
  EXPECT_NEAR(angles.upper[0], 0.0, 1e-6);
  const IntervalVector distances = outputs_on(
      [](auto& b, ValueId x) {
        return b.add("Acosh", {b.add("Add", {b.add("Mul", {x, x}), number(b, 1.0F)})});
      },
      -1.0, 1.0);
  EXPECT_NEAR(distances.lower[0], 0.0, 1e-6);
  EXPECT_NEAR(distances.upper[0], std::acosh(2.0), 0.5);
}

/// NaN is not at least itself: outside of the domain the comparison of equal numbers fails.
TEST(Edges, WhatLeavesADomainMayBecomeANumber) {
  for (const char* op : {"Asin", "Acos", "Acosh", "Atanh"}) {
    const IntervalVector y = outputs_on(
        [op](auto& b, ValueId x) {
          const ValueId f = b.add(op, {x});
          const ValueId holds = b.add("GreaterOrEqual", {b.add("Sub", {f, f}), number(b, 0.0F)});
          return b.add("Where", {holds, number(b, 1.0F), number(b, 5.0F)});
        },
        -2.0, 2.0);
    EXPECT_LE(y.lower[0], 1.0) << op;
    EXPECT_GE(y.upper[0], 5.0) << op;
  }
}

/// A clause Y_0 <= 1 and Y_0 >= -1, or the first alone.
std::vector<Clause> clauses(bool both, int output = 0) {
  Clause clause;
  std::vector<Rational> plus(static_cast<std::size_t>(output) + 1, 0), minus(plus);
  plus.back() = 1;
  minus.back() = -1;
  clause.rows.push_back(output_row(plus, 1));
  if (both) clause.rows.push_back(output_row(minus, 1));
  return {clause};
}

/// Whether NaN of Sqrt fails the clause behind `after`.
bool nan_fails(const Build& after, const std::vector<Clause>& of) {
  NetworkBuilder b;
  const ValueId root = b.add("Sqrt", {b.input("x", {1, 2})});
  b.output(after(b, root));
  const Network network = b.build();
  return UndefinedReach(network, of).fails(root, 0, kNaN);
}

TEST(Edges, NanIsFollowedThroughArithmeticAlone) {
  const auto through = [](const char* op) {
    return nan_fails([op](auto& b, ValueId x) { return b.add(op, {x}); }, clauses(false));
  };
  for (const char* op : {"Identity", "Neg", "Sqrt", "Reciprocal", "Flatten"})
    EXPECT_TRUE(through(op)) << op;
  for (const char* op : {"Relu", "Sign", "Exp", "Sigmoid", "Tanh", "Softmax", "Floor", "Abs"})
    EXPECT_FALSE(through(op)) << op;
  const auto with = [](const char* op, float c) {
    return nan_fails(
        [=](auto& b, ValueId x) {
          return b.add(op, {x, number(b, c)});
        },
        clauses(false));
  };
  for (const char* op : {"Add", "Sub", "Mul", "Div"}) EXPECT_TRUE(with(op, 2.0F)) << op;
  EXPECT_FALSE(with("Mul", 0.0F));
  for (const char* op : {"Max", "Min", "Pow"}) EXPECT_FALSE(with(op, 2.0F)) << op;
  const auto gemm = [](float w) {
    return nan_fails(
        [w](auto& b, ValueId x) {
          return b.add("MatMul", {x, b.constant({2, 1}, {w, 1.0F})});
        },
        clauses(false));
  };
  EXPECT_TRUE(gemm(-0.5F));
  EXPECT_FALSE(gemm(0.0F));
  EXPECT_FALSE(nan_fails(
      [](auto& b, ValueId x) {
        const ValueId zero = number(b, 0.0F);
        return b.add("Where", {b.add("Less", {x, zero}), x, zero});
      },
      clauses(false)));
  EXPECT_FALSE(nan_fails([](auto&, ValueId x) { return x; }, clauses(false, 1)));
  EXPECT_FALSE(nan_fails([](auto&, ValueId x) { return x; }, {Clause{}}));
}

TEST(Edges, AnInfinityFailsTheRowsThatItsSignAllows) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 1});
  const ValueId inverse = b.add("Reciprocal", {x});
  b.output(b.add("Mul", {inverse, b.constant({1}, {-2.0F})}));
  const Network network = b.build();
  // Y = -2 / x <= 1: minus infinity satisfies it.
  const UndefinedReach above(network, clauses(false)), both(network, clauses(true));
  EXPECT_TRUE(above.fails(inverse, 0, kMinusInfinity));
  EXPECT_FALSE(above.fails(inverse, 0, kPlusInfinity));
  EXPECT_TRUE(both.fails(inverse, 0, kMinusInfinity));
  EXPECT_TRUE(both.fails(inverse, 0, kPlusInfinity));
  EXPECT_FALSE(both.fails(inverse, 0, kPlusInfinity | kMinusInfinity));
}

TEST(Edges, SharpSumsAndProductsAreExactOrOutward) {
  std::mt19937_64 random(7);
  const auto any = [&] {
    return std::ldexp(static_cast<double>(random() >> 11) - 0x1p52,
                      static_cast<int>(random() % 80) - 90);
  };
  for (int i = 0; i < 20000; ++i) {
    const double a = any(), b = random() % 4 == 0 ? -a : any();
    const Rational sum = Rational(a) + Rational(b), product = Rational(a) * Rational(b);
    EXPECT_LE(Rational(sharp_sum_down(a, b)), sum);
    EXPECT_GE(Rational(sharp_sum_up(a, b)), sum);
    EXPECT_LE(Rational(sharp_product_down(a, b)), product);
    EXPECT_GE(Rational(sharp_product_up(a, b)), product);
    if (Rational(a + b) == sum) {
      EXPECT_EQ(sharp_sum_down(a, b), a + b);
    }
  }
  EXPECT_EQ(sharp_product_down(0.0, kInfinity), 0.0);
  EXPECT_LT(sharp_product_down(0x1p-600, -0x1p-600), 0.0);
}

}  // namespace
}  // namespace clipbound::test
