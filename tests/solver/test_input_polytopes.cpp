// Input sets that are polytopes: a counterexample on an edge of one survives every clip and split,
// an empty set is refuted by the box's own arithmetic, and the attack finds points in thin ones.
#include <gtest/gtest.h>

#include "solver/attack/pgd.h"
#include "specs/simplify/input_rows.h"
#include "tests/support/properties.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

/// sum of a_i X_i as VNN-LIB.
std::string sum_of(const std::vector<double>& a) {
  std::string text = "(+";
  for (std::size_t i = 0; i < a.size(); ++i)
    text += " (* " + decimal(a[i]) + " X_" + std::to_string(i) + ")";
  return text + ")";
}
std::string at_most(const std::vector<double>& a, double t) {
  return "(<= " + sum_of(a) + " " + decimal(t) + ")";
}

double eighths(Dice& dice, double low, double high) {
  return std::round(8.0 * dice.uniform(low, high)) / 8.0;
}

/// A point, rows that hold there with equality, and what the network computes there at most.
struct Planted {
  std::shared_ptr<const Network> network;
  Property property;
  std::vector<double> point;
};

Planted planted(Dice& dice, int inputs, int rows) {
  Planted p;
  p.network = random_tiny(dice, {inputs, 4, 3, 1}, true).build();
  p.property.lower.assign(static_cast<std::size_t>(inputs), -1.0);
  p.property.upper.assign(static_cast<std::size_t>(inputs), 1.0);
  for (int i = 0; i < inputs; ++i) p.point.push_back(eighths(dice, -1.0, 1.0));
  std::vector<std::string> clause;
  for (int r = 0; r < rows; ++r) {
    std::vector<double> a;
    double t = 0.0;  // exactly: numbers of few digits
    for (int i = 0; i < inputs; ++i) {
      a.push_back(eighths(dice, -2.0, 2.0));
      t += a.back() * p.point[static_cast<std::size_t>(i)];
    }
    clause.push_back(at_most(a, t));
  }
  const std::vector<float> x(p.point.begin(), p.point.end());
  std::vector<float> y(1);
  Evaluator<float> evaluator(p.network);
  double most = -std::numeric_limits<double>::infinity();
  for (const auto order :
       {SummationOrder::natural, SummationOrder::reversed, SummationOrder::blocked}) {
    evaluator.replay(x, order, y);
    most = std::max(most, static_cast<double>(y[0]));
  }
  clause.push_back(y_at_most(0, most));
  p.property.clauses = {clause};
  return p;
}

TEST(InputPolytopes, CounterexamplesOnTheirEdgesSurvive) {
  Dice dice(1);
  for (int round = 0; round < 40; ++round) {
    const Planted p = planted(dice, 2 + round % 3, 1 + round % 4);
    SCOPED_TRACE(p.property.text());
    const Query query = parse_vnnlib(p.property.text(), "q");
    ASSERT_TRUE(judge(*p.network, query, p.point).holds);
    if (const auto narrowed = specs::narrow_boxes(query, DataType::float32)) {
      EXPECT_TRUE(inside_box(narrowed->clauses[0], DataType::float32, p.point));
    }
    for (const bool attack : {false, true}) {
      const SolveResult result =
          solve_text(p.network, p.property.text(), {"complete", "auto", 1, attack, 1.0});
      EXPECT_NE(result.verdict, Verdict::unsat) << result.reason;
    }
  }
}

/// Opposite rows a hair apart, and rows that contradict each other three at a time.
TEST(InputPolytopes, EmptyOnesAreRefuted) {
  Dice dice(2);
  for (int round = 0; round < 20; ++round) {
    Planted p = planted(dice, 3, 1);
    std::vector<double> a = {1.0, 1.0, 0.0}, b = {0.0, -1.0, 1.0}, c = {-1.0, 0.0, -1.0};
    // x0 + x1 <= t, x2 - x1 <= 0, x0 + x2 >= t + 2^-10.
    const double t = eighths(dice, -0.5, 0.5);
    p.property.clauses = {
        {at_most(a, t), at_most(b, 0.0), at_most(c, -t - 0x1p-10), y_at_least(0, -1e6)}};
    const SolveResult result =
        solve_text(p.network, p.property.text(), {"complete", "auto", 1, false, 20.0});
    EXPECT_EQ(result.verdict, Verdict::unsat) << result.reason;
  }
}

/// A slice of the box of 1/1000 of its width, across all inputs: points are projected into it.
TEST(InputPolytopes, TheAttackFindsThinOnes) {
  constexpr int kInputs = 12;
  Dice dice(3);
  TinyNetwork net = random_tiny(dice, {kInputs, 8, 1}, false);
  const auto network = net.build();
  Property property;
  property.lower.assign(kInputs, -1.0);
  property.upper.assign(kInputs, 1.0);
  std::vector<double> up(kInputs, 1.0), down(kInputs, -1.0);
  up[0] = 0.5;
  down[0] = -0.5;
  property.clauses = {{at_most(up, 2.002), at_most(down, -2.0), y_at_least(0, -1e6)}};
  const Query query = parse_vnnlib(property.text(), "q");
  CandidateJudge judge(network, query);
  PgdAttack attack(network, query, {0}, 1);
  Statistics statistics;
  EXPECT_TRUE(attack.run(20.0, Deadline(), judge, statistics));
  ASSERT_TRUE(judge.found());
  EXPECT_TRUE(specs::judge(*network, query, judge.input()).holds);
}

}  // namespace
}  // namespace clipbound::test
