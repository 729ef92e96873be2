// Degenerate queries through solve(): overflow, fixed inputs, empty clauses, equalities, rows over
// inputs.
#include <gtest/gtest.h>

#include <limits>

#include "specs/evaluate/counterexample.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

std::string verdict(const std::shared_ptr<const Network>& network, const Property& p,
                    double seconds = 0.1) {
  std::string all;
  for (const std::string& clipping : words_of("clipping")) {
    for (const bool attack : {false, true}) {
      const std::string v =
          name_of(solve_text(network, p.text(), {clipping, "auto", 2, attack, seconds}).verdict);
      if (all.find(v) == std::string::npos) all += (all.empty() ? "" : "/") + v;
    }
  }
  return all;
}

std::shared_ptr<const Network> one_neuron64(const std::vector<double>& first, double last) {
  NetworkBuilder b;
  const auto n = static_cast<std::int64_t>(first.size());
  const ValueId x = b.input("x", {1, n}, DataType::float64);
  const ValueId z = b.add("MatMul", {x, b.constant(Tensor{{n, 1}, first})});
  b.output(
      b.add("MatMul", {b.add("Relu", {z}), b.constant(Tensor{{1, 1}, std::vector<double>{last}})}));
  return std::make_shared<const Network>(b.build());
}

TEST(DegenerateQueries, OverflowIsNeverUnsat) {
  // y = -relu(z) with z = x4 at (1, 1, 1, 1, x4): -1 is reached, though intervals and float64
  // overflow on the way.
  const auto network = one_neuron64({-1.5e308, -1.5e308, 1.5e308, 1.5e308, 1.0}, -1.0);
  EXPECT_EQ(
      verdict(network, {{1, 1, 1, 1, 0}, {1, 1, 1, 1, 2}, 1, {{"(<= Y_0 -0.5)"}}}).find("unsat"),
      std::string::npos);
  EXPECT_EQ(verdict(network, {{1, 1, 1, 1, 0}, {1.5, 1.5, 1.5, 1.5, 2}, 1, {{"(<= Y_0 -0.5)"}}})
                .find("unsat"),
            std::string::npos);
  const auto steep = one_neuron64({std::numeric_limits<double>::max()}, -1.0);
  EXPECT_EQ(verdict(steep, {{-1}, {0.5}, 1, {{"(<= Y_0 -1e300)"}}}).find("unsat"),
            std::string::npos)
      << "-DBL_MAX / 2 is reached";
}

TEST(DegenerateQueries, OverflowingCoefficientsAreNeverUnsat) {
  // y = 1e200 h - 1.5e200 h, h = relu(1e200 relu(1e-300 x)): -0.5e100 at x = 1, all values finite,
  // the coefficient inf
  // - inf.
  NetworkBuilder b;
  const auto one = [](double w) { return Tensor{{1, 1}, std::vector<double>{w}}; };
  const ValueId x = b.input("x", {1, 1}, DataType::float64);
  const ValueId r = b.add("Relu", {b.add("MatMul", {x, b.constant(one(1e-300))})});
  const ValueId h =
      b.add("Relu",
            {b.add("MatMul", {r, b.constant(Tensor{{1, 2}, std::vector<double>{1e200, 1e200}})})});
  b.output(b.add("MatMul", {h, b.constant(Tensor{{2, 1}, std::vector<double>{1e200, -1.5e200}})}));
  const auto network = std::make_shared<const Network>(b.build());
  EXPECT_EQ(verdict(network, {{-2}, {1}, 1, {{"(<= Y_0 -1e99)"}}}).find("unsat"),
            std::string::npos);
}

TEST(DegenerateQueries, FloatWeightsThatMultiplyPastFloat64) {
  // Eight weights of 2^127: 2^1016 x, and -2^10 times that is past float64. True in real
  // arithmetic: y = -2^1026 relu(x).
  TinyNetwork net;
  net.sizes.assign(11, 1);
  net.weights.assign(10, {0x1p127F});
  net.weights[8] = {0x1p10F};
  net.weights[9] = {-1.0F};
  net.biases.assign(10, {0.0F});
  EXPECT_EQ(verdict(net.build(), {{-1}, {1}, 1, {{"(<= Y_0 -5)"}}}).find("unsat"),
            std::string::npos);
}

TEST(DegenerateQueries, UnderflowIsNeverUnsat) {
  EXPECT_EQ(
      verdict(underflowing_chain().build(), {{0x1p99}, {0x1p100}, 1, {{y_at_least(0, 0x1p-980)}}})
          .find("unsat"),
      std::string::npos);
}

TEST(DegenerateQueries, AllInputsFixed) {
  TinyNetwork net{
      {2, 2, 1}, {{1, 1, 1, -1}, {1, 1}}, {{0, 0}, {0}}};  // relu(x0 + x1) + relu(x0 - x1)
  const std::vector<double> x{1.0, 0.5};
  EXPECT_EQ(verdict(net.build(), {x, x, 1, {{"(<= Y_0 2)"}}}), "sat");
  EXPECT_EQ(verdict(net.build(), {x, x, 1, {{"(= Y_0 2)"}}}), "sat");
  EXPECT_EQ(verdict(net.build(), {x, x, 1, {{"(<= Y_0 1.999)"}}}), "unsat");
  EXPECT_EQ(verdict(net.build(), {x, x, 1, {{"(>= Y_0 2.001)"}}}), "unsat");
}

TEST(DegenerateQueries, OneInputFixed) {
  TinyNetwork net{{2, 2, 1}, {{1, 1, 1, -1}, {1, 1}}, {{0, 0}, {0}}};
  EXPECT_EQ(verdict(net.build(), {{1.0, -0.5}, {1.0, 0.5}, 1, {{"(<= Y_0 2)"}}}), "sat");
  EXPECT_EQ(verdict(net.build(), {{1.0, -0.5}, {1.0, 0.5}, 1, {{"(<= Y_0 1.999)"}}}), "unsat");
  EXPECT_EQ(verdict(net.build(), {{1.0, -1.5}, {1.0, 0.5}, 1, {{"(>= Y_0 2.499)"}}}), "sat");
  EXPECT_EQ(verdict(net.build(), {{1.0, -1.5}, {1.0, 0.5}, 1, {{"(>= Y_0 2.501)"}}}), "unsat");
}

TEST(DegenerateQueries, DecimalsWithoutAFloat) {
  // x = 0.1 holds for float32(0.1) > 0.1 by the rules of `sat`; the proof box must hold it too.
  TinyNetwork net{{1, 1, 1}, {{1}, {1}}, {{0}, {0}}};
  const std::string head = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (= X_0 0.1))";
  for (const bool attack : {false, true}) {
    const Way way{"complete", "auto", 1, attack, 1.0};
    EXPECT_EQ(name_of(solve_text(net.build(), head + "(assert (>= Y_0 0.1))", way).verdict), "sat");
    EXPECT_NE(name_of(solve_text(net.build(), head + "(assert (>= Y_0 0.100000001))", way).verdict),
              "unsat");
    EXPECT_EQ(name_of(solve_text(net.build(), head + "(assert (>= Y_0 0.100000003))", way).verdict),
              "unsat");
    EXPECT_NE(name_of(solve_text(net.build(), head + "(assert (<= Y_0 0.1))", way).verdict),
              "unsat");
  }
}

/// y = x.
std::shared_ptr<const Network> identity(DataType type) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 1}, type);
  b.output(b.add(
      "Mul", {x, b.constant(type == DataType::float64 ? Tensor{{}, std::vector<double>{1.0}}
                                                      : Tensor{{}, std::vector<float>{1.0F}})}));
  return std::make_shared<const Network>(b.build());
}

/// Rows and the verdict at y = x, x in [lower, upper] (decimals), with and without the attack.
std::string verdict_of_identity(DataType type, const std::string& lower, const std::string& upper,
                                const std::string& row) {
  const std::string text = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (>= X_0 " +
                           lower + "))(assert (<= X_0 " + upper + "))(assert " + row + ")";
  std::string all;
  for (const bool attack : {false, true}) {
    const SolveResult result =
        solve_text(identity(type), text, {"complete", "auto", 1, attack, 20.0});
    const std::string verdict = name_of(result.verdict);
    if (all.find(verdict) == std::string::npos) all += (all.empty() ? "" : "/") + verdict;
    if (result.verdict != Verdict::sat) continue;
    const Query query = parse_vnnlib(text, "test.vnnlib");
    EXPECT_TRUE(inside_box(query.clauses.at(0), type, result.input));
    EXPECT_EQ(result.output, result.input);
  }
  return all;
}

TEST(DegenerateQueries, BoxesAreRoundedToTheTypeOfTheInputs) {
  // float32(0.3) = 0.300000012 lies above 0.3 by more than float64 would ever round.
  for (const auto& [lower, row] :
       {std::pair("0.3", "(> Y_0 0.30000000001)"), std::pair("0", "(> Y_0 0.30000000001)"),
        std::pair("0", "(>= Y_0 0.300000001)")}) {
    EXPECT_EQ(verdict_of_identity(DataType::float64, lower, "0.3", row), "unsat") << lower << row;
  }
  // (On [0, 0.3] candidates of float32 keep below the decimal, where float32 has numbers.)
  EXPECT_EQ(verdict_of_identity(DataType::float32, "0.3", "0.3", "(> Y_0 0.30000000001)"), "sat");
  // float64(0.3) lies below 0.3, float64(0.1) above 0.1: both count as inside.
  EXPECT_EQ(verdict_of_identity(DataType::float64, "0.3", "0.3", "(<= Y_0 0.3)"), "sat");
  EXPECT_EQ(verdict_of_identity(DataType::float64, "0.1", "0.1", "(> Y_0 0.1)"), "sat");
  EXPECT_EQ(verdict_of_identity(DataType::float64, "-0.3", "-0.3", "(< Y_0 -0.30000000001)"),
            "unsat");
  // Where inputs are wider than float32's: points that float32 does not have.
  EXPECT_EQ(verdict_of_identity(DataType::float64, "0.30000000001", "0.30000000002",
                                "(>= Y_0 0.30000000001)"),
            "sat");
  EXPECT_EQ(verdict_of_identity(DataType::float64, "1e300", "1e300", "(>= Y_0 0)"), "sat");
}

TEST(DegenerateQueries, ABoxMayBeEmptyForOneTypeOfInputsAlone) {
  for (const char* row : {"(>= Y_0 0)", "(<= Y_0 0)"}) {
    EXPECT_EQ(verdict_of_identity(DataType::float64, "0.30000000001", "0.3", row), "unsat");
  }
  EXPECT_EQ(verdict_of_identity(DataType::float32, "0.30000000001", "0.3", "(>= Y_0 0)"), "sat");
  EXPECT_EQ(verdict_of_identity(DataType::float32, "0.30000000001", "0.3", "(<= Y_0 0)"), "unsat");
  // One clause of two: the other is searched, and both are left closed.
  const Query query = parse_vnnlib(
      "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (or (and (>= X_0 0.30000000001) (<= "
      "X_0 0.3) (>= Y_0 0)) (and (>= X_0 0) (<= X_0 1) (>= Y_0 1.5))))",
      "test.vnnlib");
  ASSERT_EQ(query.clauses.size(), 2U);
  SearchState left;
  SolveContext context;
  context.left = &left;
  const SolveResult result = solve(identity(DataType::float64), query, Options{}, context);
  EXPECT_EQ(name_of(result.verdict), "unsat");
  ASSERT_EQ(left.clauses.size(), 2U);
  for (const ClauseState& clause : left.clauses) EXPECT_TRUE(clause.closed.is_one());
}

TEST(DegenerateQueries, ClausesWithoutRowsAndRowsOverInputs) {
  TinyNetwork net{{1, 1, 1}, {{1}, {1}}, {{0}, {0}}};
  const std::string head =
      "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (>= X_0 -1))(assert (<= X_0 1))";
  for (const bool attack : {false, true}) {
    const Way way{"complete", "auto", 1, attack, 1.0};
    EXPECT_EQ(name_of(solve_text(net.build(), head, way).verdict), "sat");
    EXPECT_EQ(name_of(solve_text(net.build(), head + "(assert (<= (* 2 X_0) -3))", way).verdict),
              "unsat");
    EXPECT_EQ(name_of(solve_text(net.build(), head + "(assert (<= (* 2 X_0) -1))", way).verdict),
              "sat");
    EXPECT_EQ(
        name_of(solve_text(net.build(), head + "(assert (<= (+ Y_0 X_0) -0.5))", way).verdict),
        "sat");
    EXPECT_EQ(
        name_of(solve_text(net.build(), head + "(assert (<= (- Y_0 X_0) -0.5))", way).verdict),
        "unsat");
    EXPECT_EQ(name_of(solve_text(net.build(),
                                 head + "(assert (> (- Y_0 X_0) 0.5))(assert (>= Y_0 0.1))", way)
                          .verdict),
              "unsat");
  }
}

TEST(DegenerateQueries, HugeBoxes) {
  TinyNetwork net{{2, 2, 1}, {{1, -1, -1, 1}, {1, 1}}, {{0, 0}, {1}}};  // |x0 - x1| + 1
  const Property p{{-1e30, -1e30}, {1e30, 1e30}, 1, {{"(<= Y_0 0.5)"}}};
  EXPECT_NE(verdict(net.build(), p), "sat");
  const Property q{{-1e30, -1e30}, {1e30, 1e30}, 1, {{"(<= Y_0 1)"}}};
  EXPECT_EQ(verdict(net.build(), q).find("unsat"), std::string::npos);
}

}  // namespace
}  // namespace clipbound::test
