// NeuronFolder and ReducedNetwork on a network that can be followed by hand:
//   z0 = x + 2 (active on [-1, 1]), z1 = -x - 3 (inactive), z2 = x - relu(z0) / 2 + 1 / 4
//   (unstable), row: relu(z2) - 4 relu(z1) + relu(z0) + 1.
// Folded: z2 = x / 2 - 3 / 4, row = relu(z2) + x + 3.
#include <gtest/gtest.h>

#include "bounds/reduced/fold_neurons.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

std::shared_ptr<const ReducedNetwork> folded_by_hand() {
  const std::vector<Activation> relus(3, Activation{Curve::relu});
  NeuronFolder folder({Phase::active, Phase::inactive, Phase::unstable}, {0, 0, 1}, relus,
                      {3.0, 0.0, 1.0}, {InputColumn{.column = 0}}, {1.0}, 1);
  EXPECT_TRUE(folder.begin(0, 0.0, 3.0));
  folder.add_input(0, 1.0);
  folder.add_constant(2.0);
  folder.end();
  EXPECT_FALSE(folder.begin(1, 0.0, 4.0)) << "inactive rows are not needed";
  EXPECT_TRUE(folder.begin(2, 0.0, 2.75));
  folder.add_neuron(0, -0.5);
  folder.add_input(0, 1.0);
  folder.add_constant(0.25);
  folder.end();
  EXPECT_TRUE(folder.begin(3, 0.0, 9.0));
  folder.add_neuron(0, 1.0);
  folder.add_neuron(1, -4.0);
  folder.add_neuron(2, 1.0);
  folder.add_constant(1.0);
  folder.end();
  return folder.finish({10, 11, 12}, {0});
}

TEST(NeuronFolder, ActiveNeuronsAreSubstitutedAndInactiveOnesVanish) {
  const auto net = folded_by_hand();
  ASSERT_EQ(net->neurons, 1);
  ASSERT_EQ(net->rows, 1);
  EXPECT_EQ(net->original_neuron, std::vector<std::int32_t>{12});
  EXPECT_EQ(net->layer_begin, (std::vector<int>{0, 1}));
  const double* z2 = net->row(0);
  EXPECT_EQ(z2[0], 0.0);
  EXPECT_EQ(z2[net->first_input()], 0.5);
  EXPECT_EQ(z2[net->constant()], -0.75);
  const double* row = net->row(1);
  EXPECT_EQ(row[0], 1.0);
  EXPECT_EQ(row[net->first_input()], 1.0);
  EXPECT_EQ(row[net->constant()], 3.0);
  // These numbers are exact; the radius charges the roundings that there might have been.
  EXPECT_GT(net->radius[0], 0.0);
  EXPECT_LT(net->radius[1], 1e-13);
}

TEST(NeuronFolder, ConstantInputsGoIntoConstantAndRadius) {
  NeuronFolder folder({}, {}, {}, {}, {InputColumn{.column = -1, .centre = 3.0, .half = 0.125}}, {},
                      1);
  ASSERT_TRUE(folder.begin(0, 0.0, 6.25));
  folder.add_input(0, 2.0);
  folder.end();
  const auto net = folder.finish({}, {0});
  EXPECT_EQ(net->inputs, 0);
  EXPECT_EQ(net->row(0)[net->constant()], 6.0);
  EXPECT_GE(net->radius[0], 0.25);
  EXPECT_LT(net->radius[0], 0.25 + 1e-13);
}

TEST(ReducedNetwork, PhasesHoldInAllLanesThatCount) {
  const auto net = folded_by_hand();
  BoxBatch boxes;
  boxes.resize(1, 1, 0);
  std::vector<Phase> phase;
  boxes.lower_z[0] = broadcast(0.5);
  boxes.upper_z[0] = broadcast(1.0);
  EXPECT_EQ(net->find_phases(boxes, ~Mask{}, phase), 0);
  EXPECT_EQ(phase, std::vector<Phase>{Phase::active});
  boxes.lower_z[0][0] = -1.0;
  EXPECT_EQ(net->find_phases(boxes, ~Mask{}, phase), 1);
  EXPECT_EQ(phase, std::vector<Phase>{Phase::unstable});
  Mask others = ~Mask{};
  others[0] = 0;
  EXPECT_EQ(net->find_phases(boxes, others, phase), 0) << "lane 0 does not count";
}

TEST(ReducedNetwork, ContradictsFoldsOutsideTheirSet) {
  const auto net = folded_by_hand();  // z2 = x / 2 - 3 / 4 < 0 on [-1, 1]
  const auto folded = net->fold({Phase::inactive}, {0.0}, {1.0});
  ASSERT_NE(folded, nullptr);
  EXPECT_EQ(folded->neurons, 0);
  const auto row_of_fold = [&](double x) { return x + 3.0; };
  const double inside = 0.5, outside = 2.0;  // relu(z2) = 0 and 1 / 4
  double value = row_of_fold(inside);
  EXPECT_FALSE(net->contradicts(*folded, &inside, &value));
  value = row_of_fold(outside);
  EXPECT_TRUE(net->contradicts(*folded, &outside, &value));
  EXPECT_GT(folded->row_slack(0), 0.0);
}

TEST(ReducedNetwork, BoundsAndValues) {
  const auto net = folded_by_hand();
  const auto bounder = net->make_bounder(0, nullptr);
  Vec x = broadcast(1.0), value;
  bounder->evaluate(&x, &value);
  EXPECT_EQ(value[0], 4.0);
  BoxBatch boxes;
  RowBounds rows;
  boxes.resize(1, 1, 0);
  rows.resize(1, 1);
  boxes.lower_x[0] = broadcast(-1.0);
  boxes.upper_x[0] = broadcast(1.0);
  boxes.lower_z[0] = broadcast(-10.0);
  boxes.upper_z[0] = broadcast(10.0);
  bounder->bound(boxes, {}, rows);
  for (int lane = 0; lane < kLanes; ++lane) {
    EXPECT_LE(boxes.lower_z[0][lane], -1.25);
    EXPECT_GE(boxes.upper_z[0][lane], -0.25);
    EXPECT_NEAR(boxes.upper_z[0][lane], -0.25, 1e-12);
    EXPECT_LE(rows.lower[0][lane], 2.0);
    EXPECT_NEAR(rows.lower[0][lane], 2.0, 1e-12);
  }
  EXPECT_TRUE(all(rows.refuted));
}

}  // namespace
}  // namespace clipbound::test
