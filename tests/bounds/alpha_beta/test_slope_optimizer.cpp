// SlopeOptimizer on y = relu(x) - x / 2 for x in [-1, 1]: CROWN's slope 0 bounds it by -1/2, the
// best slope 1/2 by 0.
#include "bounds/alpha_beta/slope_optimizer.h"

#include <gtest/gtest.h>

#include "bounds/alpha_beta/sparse_network_builder.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"

namespace clipbound::test {
namespace {

class SlopeOptimizerTest : public testing::Test {
 protected:
  SlopeOptimizerTest() {
    NetworkBuilder b;
    const ValueId x = b.input("x", {1, 1});
    b.output(b.add("Sub", {b.add("Relu", {x}), b.add("Mul", {x, b.constant({1}, {0.5F})})}));
    system = std::make_shared<const LayeredSystem>(
        lower_network(Network(b.build()), std::vector<double>{-1.0}, std::vector<double>{1.0}));
    SparseNetworkBuilder builder(system, {-1.0}, {1.0});
    builder.add_layer(builder.enclose_next());
    network = builder.finish();
    compiled = network->compile_rows(system->outputs, {0});
    ConeFinder(*network).find(compiled, {0}, cone);
    rows.rows = &compiled;
    std::fill(rows.sign, rows.sign + kLanes, 1.0);
    bounder.attach(*network);
    optimizer.attach(*network);
  }
  std::shared_ptr<const LayeredSystem> system;
  std::unique_ptr<const SparseNetwork> network;
  SparseNetworkRows compiled;
  Cone cone;
  LaneRows rows;
  AlphaBetaBounder bounder;
  SlopeOptimizer optimizer;
};

TEST_F(SlopeOptimizerTest, FindsTheBestSlopeAndLeavesTheLanesThere) {
  SlopeSchedule schedule;
  schedule.iterations = 0;
  EXPECT_NEAR(optimizer.maximize(bounder, cone, rows, schedule)[0], -0.5, 1e-9);
  schedule.iterations = 100;
  schedule.enough = 1e30;
  const Vec best = optimizer.maximize(bounder, cone, rows, schedule);
  EXPECT_GT(best[0], -0.05);
  EXPECT_LE(best[0], 0.0);
  EXPECT_NEAR(at(bounder.lanes.alpha_or_beta, 0)[0], 0.5, 0.05);
  EXPECT_EQ(bounder.lower_bound(cone, rows)[0], best[0]);
}

TEST_F(SlopeOptimizerTest, StopsWhereAllLanesAreGoodEnough) {
  SlopeSchedule schedule;
  schedule.enough = -0.6;
  EXPECT_NEAR(optimizer.maximize(bounder, cone, rows, schedule)[0], -0.5, 1e-9);
  EXPECT_EQ(at(bounder.lanes.alpha_or_beta, 0)[0], 0.0) << "no step was taken";
}

TEST_F(SlopeOptimizerTest, MultipliersOfPhasesStayNonnegative) {
  for (int lane = 0; lane < kLanes; ++lane)
    bounder.lanes.set_phase(lane, Unstable{0},
                            lane % 2 == 0 ? ReluPhase::active : ReluPhase::inactive);
  SlopeSchedule schedule;
  schedule.enough = 1e30;
  schedule.iterations = 200;
  const Vec best = optimizer.maximize(bounder, cone, rows, schedule);
  for (int lane = 0; lane < kLanes; ++lane) {
    EXPECT_GE(at(bounder.lanes.alpha_or_beta, 0)[lane], 0.0);
    EXPECT_GT(best[lane], -0.1) << "both halves have minimum 0";
    EXPECT_LE(best[lane], 0.0);
  }
}

}  // namespace
}  // namespace clipbound::test
