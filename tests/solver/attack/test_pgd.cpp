// The attack: planted counterexamples that random points do not meet, points on the grid of the
// box, the same points for the same seed, and no `sat` that the judge would refuse.
#include <gtest/gtest.h>

#include <cmath>

#include "solver/attack/pgd.h"
#include "specs/network/network_builder.h"
#include "tests/solver/attack/funnel.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"

namespace clipbound::test {
namespace {

/// y = -sum_i sign(x_i - t_i), which has no slope anywhere.
std::shared_ptr<const Network> staircase(const Floats& thresholds) {
  const auto n = static_cast<std::int64_t>(thresholds.size());
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, n});
  const ValueId steps = b.add("Sign", {b.add("Sub", {x, b.constant({1, n}, thresholds)})});
  b.output(b.add("MatMul", {steps, b.constant({n, 1}, Floats(thresholds.size(), -1.0F))}));
  return std::make_shared<const Network>(b.build());
}

Floats random_floats(Dice& dice, int count, double low, double high) {
  Floats values;
  for (int i = 0; i < count; ++i) values.push_back(static_cast<float>(dice.uniform(low, high)));
  return values;
}

/// One query under attack.
struct Attacked {
  Attacked(std::shared_ptr<const Network> f, const Property& property, std::uint64_t seed = 1)
      : network(std::move(f)),
        query(parse_vnnlib(property.text(), "test.vnnlib")),
        judge(network, query),
        pgd(network, query, all_clauses(), seed) {}
  std::vector<std::size_t> all_clauses() const {
    std::vector<std::size_t> all;
    for (std::size_t k = 0; k < query.clauses.size(); ++k) all.push_back(k);
    return all;
  }
  bool run(double seconds, int threads = 1) {
    return pgd.run_on(threads, seconds, deadline, judge, statistics);
  }
  void expect_a_counterexample() {
    ASSERT_TRUE(run(20.0));
    const Judgement judgement = specs::judge(*network, query, judge.input());
    EXPECT_TRUE(judgement.holds) << judgement.why_not;
  }

  std::shared_ptr<const Network> network;
  const Query query;
  CandidateJudge judge;
  PgdAttack pgd;
  Deadline deadline;
  Statistics statistics;
};

/// How many of `count` uniform points of the unit box are counterexamples.
int hits_at_random(const Network& network, const Query& query, int count) {
  Dice dice(77);
  int hits = 0;
  for (int k = 0; k < count; ++k) {
    const Floats x = random_floats(dice, static_cast<int>(query.input_size), 0.0, 1.0);
    hits += judge(network, query, std::vector<double>(x.begin(), x.end())).holds ? 1 : 0;
  }
  return hits;
}

TEST(Attack, FindsTheBottomOfAFunnel) {
  Dice dice(5);
  for (int trial = 0; trial < 5; ++trial) {
    Attacked a(funnel(random_floats(dice, 12, 0.1, 0.9)), unit_box(12, {{y_at_most(0, 0.02)}}));
    EXPECT_EQ(hits_at_random(*a.network, a.query, 500), 0);
    a.expect_a_counterexample();
  }
}

TEST(Attack, ClimbsAStaircase) {
  Dice dice(6);
  for (int trial = 0; trial < 5; ++trial) {
    Attacked a(staircase(random_floats(dice, 40, 0.05, 0.95)),
               unit_box(40, {{y_at_most(0, -40.0)}}));
    EXPECT_EQ(hits_at_random(*a.network, a.query, 500), 0);
    a.expect_a_counterexample();
  }
}

TEST(Attack, FindsACellWithoutSlopesAroundIt) {
  // y = 1 everywhere but in a cell of side 0.02: sum of two hats, each 0 outside |x_i - c_i| <
  // 0.01, cut below 1.
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  const ValueId away = b.add("Abs", {b.add("Sub", {x, b.constant({1, 2}, {0.3172F, 0.7391F})})});
  const ValueId outside =
      b.add("Relu", {b.add("Sign", {b.add("Sub", {away, b.constant({1, 2}, {0.01F, 0.01F})})})});
  b.output(b.add("MatMul", {outside, b.constant({2, 1}, {1.0F, 1.0F})}));
  Attacked a(std::make_shared<const Network>(b.build()), unit_box(2, {{y_at_most(0, 0.5)}}));
  a.expect_a_counterexample();
}

TEST(Attack, SeesThroughASaturatedSoftmax) {
  // Logits 1000 (0.9 - x_0) + small and 0: the softmax is 0 and 1 in float32 nearly everywhere,
  // without slope.
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 20});
  Floats weights(40, 0.0F);
  for (std::size_t i = 0; i < 20; ++i) weights[2 * i] = -1000.0F;
  const ValueId logits =
      b.add("Gemm", {x, b.constant({20, 2}, weights), b.constant({2}, {700.0F, 0.0F})});
  b.output(b.add("Softmax", {logits}));
  const std::shared_ptr<const Network> network = std::make_shared<const Network>(b.build());
  // In the corner x = 0.7 and more all is well; the counterexample is where sum x_i < 0.7.
  Attacked a(network, unit_box(20, {{"(>= Y_0 Y_1)", "(>= Y_0 Y_1)"}}, 2));
  EXPECT_EQ(hits_at_random(*a.network, a.query, 500), 0);
  EXPECT_NE(attack_network(network, a.query).network->outputs, network->outputs);
  a.expect_a_counterexample();
  // A threshold on one of them asks for its value, so it stays.
  EXPECT_EQ(
      attack_network(network, parse_vnnlib(unit_box(20, {{y_at_least(0, 0.5)}}, 2).text(), "t"))
          .network->outputs,
      network->outputs);
}

TEST(Attack, FindsTheOneViolatedClauseOfMany) {
  // 60 bands around outputs, one of which can be met; and boxes of their own.
  Dice dice(8);
  const Floats centre = random_floats(dice, 8, 0.2, 0.8);
  std::vector<std::vector<std::string>> clauses;
  for (int k = 0; k < 60; ++k) {
    const double t = k == 41 ? 0.01 : -0.01 * (k + 1);
    clauses.push_back({y_at_most(0, t), "(<= X_" + std::to_string(k % 8) + " 0.95)"});
  }
  Attacked a(funnel(centre), unit_box(8, clauses));
  a.expect_a_counterexample();
  Attacked band(funnel(centre), unit_box(8, {{y_at_most(0, 1.0001), y_at_least(0, 1.0)}}));
  band.expect_a_counterexample();
}

TEST(Attack, FollowsRowsOnInputs) {
  // x_0 + ... + x_9 >= 9.99 and the network's y <= its threshold: only the rows' own slopes lead to
  // the corner.
  Property p = unit_box(10, {{y_at_most(0, 9.0)}});
  std::string text = p.text(), sum;
  for (int i = 0; i < 10; ++i) sum += " X_" + std::to_string(i);
  text += "(assert (>= (+" + sum + ") 9.99))\n";
  const Query query = parse_vnnlib(text, "test.vnnlib");
  const auto network = funnel(Floats(10, 0.5F));
  CandidateJudge judge(network, query);
  PgdAttack pgd(network, query, {0}, 1);
  Statistics statistics;
  EXPECT_TRUE(pgd.run(20.0, Deadline(), judge, statistics));
}

TEST(Attack, NeverSaysWhatTheJudgeRefuses) {
  // 0 is the least value; asked for less than it, however little, there is nothing to find.
  Attacked a(funnel({0.25F, 0.5F, 0.75F}), unit_box(3, {{y_at_most(0, -1e-30)}}));
  EXPECT_FALSE(a.run(0.1));
  // NaN satisfies no row: sqrt(x - 2) on [0, 1].
  NetworkBuilder b;
  b.output(b.add("Sqrt", {b.add("Sub", {b.input("x", {1, 2}), b.constant({1, 2}, {2.0F, 2.0F})})}));
  Attacked undefined(std::make_shared<const Network>(b.build()),
                     unit_box(2, {{y_at_most(0, 1.0)}}, 2));
  EXPECT_FALSE(undefined.run(0.05));
  EXPECT_EQ(undefined.judge.replayed(), 0U);
}

TEST(Attack, SamePointsForTheSameSeed) {
  Dice dice(9);
  const Floats centre = random_floats(dice, 12, 0.1, 0.9);
  std::vector<std::vector<double>> found;
  for (const double slice : {20.0, 1e-5, 1e-4}) {
    Attacked a(funnel(centre), unit_box(12, {{y_at_most(0, 0.02)}}), 3);
    while (!a.run(slice)) continue;
    found.push_back(a.judge.input());
  }
  EXPECT_EQ(found[0], found[1]);
  EXPECT_EQ(found[0], found[2]);
}

TEST(Attack, SeveralThreadsFindItToo) {
  Dice dice(10);
  Attacked a(funnel(random_floats(dice, 12, 0.1, 0.9)), unit_box(12, {{y_at_most(0, 0.02)}}));
  EXPECT_TRUE(a.run(20.0, 4));
  EXPECT_TRUE(specs::judge(*a.network, a.query, a.judge.input()).holds);
  EXPECT_GT(a.statistics.attack_points, 0U);
}

TEST(Attack, EndsWithItsDeadline) {
  const Property never = unit_box(3, {{y_at_most(0, -1.0)}});
  Attacked a(funnel({0.25F, 0.5F, 0.75F}), never);
  a.deadline = Deadline(Deadline::Clock::now(), 0.05, 0.0);
  EXPECT_FALSE(a.run(HUGE_VAL, 2));
  EXPECT_EQ(a.deadline.reason(), StopReason::time);
  Attacked late(funnel({0.25F, 0.5F, 0.75F}), never);
  late.deadline.interrupt();
  EXPECT_FALSE(late.run(HUGE_VAL));
  EXPECT_EQ(late.statistics.attack_points, 0U);
  Attacked done(funnel({0.25F, 0.5F, 0.75F}), never);
  done.pgd.focus({});
  EXPECT_FALSE(done.run(HUGE_VAL));
}

TEST(Attack, StepsHaveASurrogateOnlyWhereItIsAskedFor) {
  NetworkBuilder b;
  b.output(b.add("Floor", {b.add("Sign", {b.input("x", {1, 4})})}));
  Evaluator<float> evaluator(std::make_shared<const Network>(b.build()));
  const Floats x = {1.0F, -1.0F, 7.0F, 0.5F, 2.0F, -2.0F, 14.0F, 1.0F}, ones(8, 1.0F);
  Floats y(8), g(8);
  evaluator.forward(x, y);
  evaluator.backward(ones, g);
  EXPECT_EQ(g, Floats(8, 0.0F));
  evaluator.backward(ones, g, 0.5);
  // The hat of a point is as wide as half its root mean square, (1 + 1 + 49 + 1/4) / 4; the second
  // point is twice the first.
  const double width = 0.5 * std::sqrt(51.25 / 4.0);
  for (std::size_t i = 0; i < 8; ++i) {
    const double w = i < 4 ? width : 2.0 * width;
    EXPECT_NEAR(g[i], std::max(0.0, 1.0 - std::fabs(static_cast<double>(x[i])) / w) / w, 1e-6) << i;
  }
  // The arguments of a sign of signs are two-valued: all pass.
  const Floats signs = {1.1F, -0.9F, 1.1F, -0.9F};
  y.resize(4), g.resize(4);
  evaluator.forward(signs, y);
  evaluator.backward(Floats(4, 1.0F), g, 0.5);
  for (const float slope : g) EXPECT_NEAR(slope, 1.0 / std::sqrt(1.01), 1e-5);
}

/// y = relu(1 - sum_i |x_i - c_i| / r), of ReLUs: 0 but for a cell so small that few points ever
/// meet it.
std::shared_ptr<const Network> needle(const Floats& centre, float radius) {
  const auto n = static_cast<std::int64_t>(centre.size());
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, n}), c = b.constant({1, n}, centre);
  const ValueId distance =
      b.add("Add", {b.add("Relu", {b.add("Sub", {x, c})}), b.add("Relu", {b.add("Sub", {c, x})})});
  const ValueId sum =
      b.add("MatMul", {distance, b.constant({n, 1}, Floats(centre.size(), 1.0F / radius))});
  b.output(b.add("Relu", {b.add("Sub", {b.constant({1, 1}, {1.0F}), sum})}));
  return std::make_shared<const Network>(b.build());
}

TEST(Attack, WhereItIsBlindTheSearchFindsTheNeedle) {
  Dice dice(12);
  for (int trial = 0; trial < 6; ++trial) {
    const int inputs = 2 + trial % 3;
    const Floats centre = random_floats(dice, inputs, 0.1, 0.9);
    const auto network = needle(centre, 1e-4F);
    const Property property = unit_box(inputs, {{y_at_least(0, 0.5)}});
    const Query query = parse_vnnlib(property.text(), "test.vnnlib");
    EXPECT_TRUE(judge(*network, query, std::vector<double>(centre.begin(), centre.end())).holds);
    EXPECT_EQ(hits_at_random(*network, query, 500), 0);
    Way way;
    way.attack = true;
    way.seconds = 20.0;
    EXPECT_EQ(solve_text(network, property.text(), way).verdict, Verdict::sat) << trial;
  }
}

TEST(Attack, IsSolvesOwnWayToACounterexample) {
  Dice dice(11);
  const auto network = staircase(
      random_floats(dice, 30, 0.05, 0.95));  // Sign may have no bounds: the attack is all there is
  Way way;
  way.attack = true;
  way.seconds = 20.0;
  EXPECT_EQ(solve_text(network, unit_box(30, {{y_at_most(0, -30.0)}}).text(), way).verdict,
            Verdict::sat);
}

}  // namespace
}  // namespace clipbound::test
