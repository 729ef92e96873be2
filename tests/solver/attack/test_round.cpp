// Rounds of every kind: their points stay where the judge accepts them.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "solver/attack/round.h"
#include "tests/solver/attack/funnel.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(AttackRound, PointsStayOnTheGridOfTheBox) {
  // A box whose decimals are no float32 numbers, with a fixed coordinate and a wide one.
  const Property property{{0.1, 0.3, -7e8}, {0.7, 0.3, 1.0 / 3.0}, 1, {{y_at_most(0, -1.0)}}};
  const Query query = parse_vnnlib(property.text(), "test.vnnlib");
  const auto network = funnel({0.4F, 0.3F, 0.0F});
  CandidateJudge judge(network, query);
  const AttackTarget target(query, {0}, judge);
  EXPECT_EQ(target.varying(), (std::vector<std::size_t>{0, 2}));
  Evaluator<float> evaluator(network);
  AttackMemory memory;
  std::mt19937_64 random(4);
  Statistics statistics;
  const AttackScene scene{evaluator, target, memory, judge, random, statistics, 1, 5};
  for (int kind = 0; kind < 30; ++kind) {
    const DescentPlan plan{.steps = 6,
                           .momentum = kind % 2 == 0 ? 0.5F : 0.0F,
                           .sign = kind % 4 < 2,
                           .targeted = true,
                           .diversify = kind % 3,
                           .surrogate = 1.0};
    const auto round = kind % 3 == 0   ? descent_round(scene, plan)
                       : kind % 3 == 1 ? local_round(scene, 6)
                                       : cover_round(scene, 6);
    do {
      memory.best_loss =
          HUGE_VALF;  // so that the best of the next evaluation is kept, whatever it is
    } while (round->advance());
    const std::vector<double> point(memory.best_point.begin(), memory.best_point.end());
    EXPECT_EQ(point, judge.snap(query.clauses[0], point));
    EXPECT_TRUE(inside_box(query.clauses[0], DataType::float32, point));
    ++memory.rounds;
  }
}

}  // namespace
}  // namespace clipbound::test
