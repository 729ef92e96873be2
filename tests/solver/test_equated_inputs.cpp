// Inputs that equations give from others: what copies of a network have in common cancels, and
// counterexamples come back in all inputs and satisfy the equations.
#include <gtest/gtest.h>

#include <cmath>

#include "specs/network/network_builder.h"
#include "specs/query/definition.h"
#include "specs/simplify/equated_inputs.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"
#include "tests/support/random_network.h"

namespace clipbound::test {
namespace {

constexpr int kCopyInputs = 3, kHidden = 4;

/// Y_0 is a random network of ReLUs of X_0 ... X_2, Y_1 the same of X_3 ... X_5; `joined`: as one
/// Gemm with zeros in between, else as two networks.
std::shared_ptr<const Network> two_copies(std::uint64_t seed, bool joined,
                                          DataType type = DataType::float32) {
  Dice dice(seed);
  std::vector<double> w(kHidden * kCopyInputs), c(kHidden), v(kHidden);
  for (auto* list : {&w, &c, &v})
    for (double& x : *list) x = static_cast<float>(dice.uniform(-1.0, 1.0));
  NetworkBuilder b;
  const auto constant = [&](Shape shape, const std::vector<double>& values) {
    if (type == DataType::float64) return b.constant(Tensor{std::move(shape), values});
    return b.constant(std::move(shape), std::vector<float>(values.begin(), values.end()));
  };
  const ValueId x = b.input("x", {1, 2 * kCopyInputs}, type);
  const auto copy = [&](const std::vector<std::int64_t>& which) {
    const ValueId part = b.add("Gather", {x, b.integers(which)}, {{"axis", std::int64_t{1}}});
    const ValueId z =
        b.add("Gemm", {part, constant({kHidden, kCopyInputs}, w), constant({kHidden}, c)},
              {{"transB", std::int64_t{1}}});
    return b.add("MatMul", {b.add("Relu", {z}), constant({kHidden, 1}, v)});
  };
  if (!joined) {
    b.output(copy({0, 1, 2}));
    b.output(copy({3, 4, 5}));
  } else {
    std::vector<double> first(2 * kHidden * 2 * kCopyInputs), second(2 * kHidden * 2), both(c);
    both.insert(both.end(), c.begin(), c.end());
    for (std::size_t half = 0; half < 2; ++half) {
      for (std::size_t h = 0; h < kHidden; ++h) {
        for (std::size_t i = 0; i < kCopyInputs; ++i)
          first[(half * kHidden + h) * 2 * kCopyInputs + half * kCopyInputs + i] =
              w[h * kCopyInputs + i];
        second[(half * kHidden + h) * 2 + half] = v[h];
      }
    }
    const ValueId z = b.add(
        "Gemm", {x, constant({2 * kHidden, 2 * kCopyInputs}, first), constant({2 * kHidden}, both)},
        {{"transB", std::int64_t{1}}});
    b.output(b.add("MatMul", {b.add("Relu", {z}), constant({2 * kHidden, 2}, second)}));
  }
  return std::make_shared<const Network>(b.build());
}

std::string text_of(const std::vector<std::string>& asserts, int inputs = 2 * kCopyInputs) {
  std::string s;
  for (int i = 0; i < inputs; ++i) s += "(declare-const X_" + std::to_string(i) + " Real)\n";
  s += "(declare-const Y_0 Real)\n(declare-const Y_1 Real)\n";
  for (int i = 0; i < inputs; ++i) {
    const std::string x = "X_" + std::to_string(i);
    s += "(assert (>= " + x + " -1))(assert (<= " + x + " 1))\n";
  }
  for (const std::string& a : asserts) s += "(assert " + a + ")\n";
  return s;
}

SolveResult solved(const std::shared_ptr<const Network>& network,
                   const std::vector<std::string>& asserts) {
  return solve_text(network, text_of(asserts), {"complete", "auto", 1, true, 30.0});
}

const std::vector<std::string> kEqual = {"(= X_0 X_3)", "(= X_1 X_4)", "(= X_2 X_5)"};
std::vector<std::string> equal_and(const std::string& more) {
  std::vector<std::string> all = kEqual;
  all.push_back(more);
  return all;
}

TEST(EquatedInputs, CopiesOfEqualInputsAreEqual) {
  for (const bool joined : {false, true}) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const auto network = two_copies(seed, joined);
      for (const char* row : {"(> Y_0 Y_1)", "(>= (- Y_0 Y_1) 0.01)", "(distinct Y_0 Y_1)"})
        EXPECT_EQ(solved(network, equal_and(row)).verdict, Verdict::unsat) << joined << seed << row;
      const SolveResult result = solved(network, equal_and("(>= Y_0 Y_1)"));
      ASSERT_EQ(result.verdict, Verdict::sat);
      for (std::size_t i = 0; i < kCopyInputs; ++i)
        EXPECT_EQ(result.input[i], result.input[i + kCopyInputs]);
    }
  }
}

TEST(EquatedInputs, OneInputLeftFree) {
  // Y_0 - Y_1 has no sign where X_0 and X_3 differ.
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const SolveResult result =
        solved(two_copies(seed, true), {"(= X_1 X_4)", "(= X_5 X_2)", "(> (- Y_0 Y_1) 0.01)"});
    ASSERT_EQ(result.verdict, Verdict::sat) << seed;
    EXPECT_EQ(result.input[1], result.input[4]);
    EXPECT_EQ(result.input[2], result.input[5]);
    EXPECT_NE(result.input[0], result.input[3]);
  }
}

TEST(EquatedInputs, ChainsCirclesAndPairsOfInequalities) {
  const auto network = two_copies(4, true);
  const std::string above = "(> Y_0 Y_1)";
  EXPECT_EQ(solved(network, {"(= X_0 X_1)", "(= X_1 X_2)", "(= X_2 X_3)", "(= X_3 X_4)",
                             "(= X_4 X_5)", above})
                .verdict,
            Verdict::unsat);
  EXPECT_EQ(solved(network, {"(= X_0 X_3)", "(= X_3 X_0)", "(= X_1 X_4)", "(= X_2 X_5)",
                             "(= X_5 X_2)", above})
                .verdict,
            Verdict::unsat);
  EXPECT_EQ(solved(network, {"(<= X_0 X_3)", "(>= X_0 X_3)", "(<= (- X_1 X_4) 0)",
                             "(>= (- X_1 X_4) 0)", "(= X_2 X_5)", above})
                .verdict,
            Verdict::unsat);
  EXPECT_EQ(
      solved(network, {"(= X_0 (+ X_3 0.5))", "(= X_3 (+ X_0 0.5))", "(>= Y_0 -100)"}).verdict,
      Verdict::unsat)
      << "x = x + 1";
}

TEST(EquatedInputs, InputsHeldCloseToEachOther) {
  // The slope in one input is at most 4 (weights and outputs of four neurons are at most 1).
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const auto network = two_copies(seed, true);
    const std::vector<std::string> close = {"(= X_1 X_4)", "(= X_2 X_5)", "(<= (- X_0 X_3) 0.0005)",
                                            "(<= (- X_3 X_0) 0.0005)"};
    const auto verdict = [&](const std::string& row) {
      std::vector<std::string> asserts = close;
      asserts.push_back(row);
      return solved(network, asserts).verdict;
    };
    EXPECT_EQ(verdict("(>= (- Y_0 Y_1) 0.0021)"), Verdict::unsat) << seed;
    EXPECT_EQ(verdict("(>= (- Y_0 Y_1) 0)"), Verdict::sat) << seed;
  }
}

TEST(EquatedInputs, BoxesThatMeetInNothing) {
  const auto network = two_copies(5, true);
  EXPECT_EQ(solved(network, {"(<= X_0 0.25)", "(>= X_3 0.5)", "(= X_0 X_3)"}).verdict,
            Verdict::unsat);
  EXPECT_EQ(solved(network, {"(<= X_0 0.25)", "(>= X_3 0.25)", "(= X_0 X_3)"}).verdict,
            Verdict::sat);
}

TEST(EquatedInputs, FactorsAndOffsets) {
  const auto network = two_copies(6, true);
  struct Case {
    std::string equation;
    float factor, offset;
  };
  // X_0 = factor X_3 + offset, as float32 computes it.
  const std::vector<Case> cases = {{"(= X_0 (+ X_3 0.1))", 1, 0.1F},
                                   {"(= (- X_3 0.3) X_0)", 1, -0.3F},
                                   {"(= X_0 (* 0.5 X_3))", 0.5F, 0},
                                   {"(= X_0 (- X_3))", -1, 0},
                                   {"(= X_0 (+ (* 0.7 X_3) 0.1))", 0.7F, 0.1F}};
  for (const Case& c : cases) {
    const SolveResult result = solved(
        network, {c.equation, "(= X_1 X_4)", "(= X_2 X_5)", "(or (>= Y_0 Y_1) (<= Y_0 Y_1))"});
    ASSERT_EQ(result.verdict, Verdict::sat) << c.equation;
    const volatile float product = c.factor * static_cast<float>(result.input[3]);
    EXPECT_EQ(static_cast<float>(result.input[0]), product + c.offset) << c.equation;
  }
}

/// y = x_0 - factor x_1, with a fixed one.
std::shared_ptr<const Network> difference(float factor) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  b.output(b.add("MatMul", {x, b.constant({2, 2}, {1, 0, -factor, 1})}));
  return std::make_shared<const Network>(b.build());
}

TEST(EquatedInputs, RoundingsBelongToTheProof) {
  // With x_0 = x_1 + 0.1 as float32 computes it, x_0 - x_1 exceeds 0.1 by up to some 1e-8
  // somewhere: no proof may claim less, and one past the rounding must succeed.
  const auto verdict = [](const std::string& row) {
    return solve_text(difference(1), text_of({"(= X_0 (+ X_1 0.1))", row}, 2),
                      {"complete", "auto", 1, true, 20.0})
        .verdict;
  };
  EXPECT_NE(verdict("(> Y_0 0.1)"), Verdict::unsat);
  EXPECT_NE(verdict("(< Y_0 0.1)"), Verdict::unsat);
  EXPECT_EQ(verdict("(> Y_0 0.100001)"), Verdict::unsat);
  EXPECT_EQ(verdict("(< Y_0 0.099999)"), Verdict::unsat);
  EXPECT_EQ(verdict("(> X_0 1)"), Verdict::unsat);
  EXPECT_EQ(verdict("(>= X_0 1)"), Verdict::sat);
}

TEST(EquatedInputs, EquationsOfSomeClausesStayRows) {
  const auto network = two_copies(7, true);
  const SolveResult result = solved(
      network, {"(or (and (= X_0 X_3) (>= Y_0 50)) (and (= X_1 (+ X_4 0.1)) (<= Y_0 -50)))"});
  EXPECT_EQ(result.verdict, Verdict::unsat);
}

TEST(EquatedInputs, Float64) {
  const auto network = two_copies(8, true, DataType::float64);
  EXPECT_EQ(solved(network, equal_and("(> Y_0 Y_1)")).verdict, Verdict::unsat);
  const SolveResult result =
      solved(network, {"(= X_0 (+ X_3 0.1))", "(= X_1 X_4)", "(= X_2 X_5)", "(>= Y_0 -50)"});
  ASSERT_EQ(result.verdict, Verdict::sat);
  EXPECT_EQ(result.input[0], result.input[3] + 0.1);
}

TEST(EquatedInputs, NoCounterexampleIsLost) {
  // Points that satisfy the equations as computed are points of the substituted query.
  Dice dice(11);
  const auto network = two_copies(9, true);
  const Query query = parse_vnnlib(text_of({"(= X_0 (+ (* 0.3 X_3) 0.1))", "(= X_1 (- 0.2 X_4))",
                                            "(= X_2 (* 0.9 X_0))", "(>= Y_0 -50)"}),
                                   "test");
  const auto equated = equate_inputs(network, query);
  ASSERT_TRUE(equated.has_value());
  EXPECT_EQ(equated->definitions.size(), 3U);
  const Box& box = *equated->query.clauses.front().box;
  int inside = 0;
  for (int k = 0; k < 2000; ++k) {
    std::vector<double> x(6);
    for (double& value : x) value = static_cast<float>(dice.endpoint(-1.0, 1.0));
    complete_inputs(equated->definitions, DataType::float32, x);
    if (!inside_box(query.clauses.front(), DataType::float32, x)) continue;
    ++inside;
    EXPECT_TRUE(rows_hold(query.clauses.front(), x, std::vector<double>{0.0, 0.0}));
    for (const std::size_t root : {3U, 4U, 5U}) {
      const Ends ends = box[root].proof_in(DataType::float32);
      EXPECT_LE(ends.lower, x[root]);
      EXPECT_GE(ends.upper, x[root]);
    }
    // What a defined input's value differs from its affine part lies in its deviation's interval.
    const Ends deviation = box[0].proof_in(DataType::float32);
    EXPECT_LE(deviation.upper - deviation.lower, 1e-6);
  }
  EXPECT_GT(inside, 100);
}

}  // namespace
}  // namespace clipbound::test
