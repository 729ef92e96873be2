// SparseNetworkBuilder on y = relu(x - y) + 2 relu(x + y + 3) + 4 relu(x + y - 3), x, y in [-1, 1]:
// the first neuron is unstable, the second active, the third inactive. CROWN's bound is 2.
#include "bounds/alpha_beta/sparse_network_builder.h"

#include <gtest/gtest.h>

#include "bounds/alpha_beta/alpha_beta_bounder.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"

namespace clipbound::test {
namespace {

std::shared_ptr<const LayeredSystem> three_neurons() {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  const ValueId z = b.add("Gemm", {x, b.constant({2, 3}, {1.0F, 1.0F, 1.0F, -1.0F, 1.0F, 1.0F}),
                                   b.constant({3}, {0.0F, 3.0F, -3.0F})});
  b.output(b.add("MatMul", {b.add("Relu", {z}), b.constant({3, 1}, {1.0F, 2.0F, 4.0F})}));
  return std::make_shared<const LayeredSystem>(lower_network(
      Network(b.build()), std::vector<double>{-1.0, -1.0}, std::vector<double>{1.0, 1.0}));
}

TEST(SparseNetworkBuilder, InactiveNeuronsAreGoneAndActiveOnesPassThrough) {
  const auto system = three_neurons();
  ASSERT_EQ(system->layers.size(), 1U);
  SparseNetworkBuilder builder(system, {-1.0, -1.0}, {1.0, 1.0});
  const IntervalVector z = builder.enclose_next();
  EXPECT_NEAR(z.lower[0], -2.0, 1e-12);
  EXPECT_NEAR(z.upper[1], 5.0, 1e-12);
  builder.add_layer(z);
  EXPECT_EQ(builder.network().layers(), 1);
  const auto network = builder.finish();
  EXPECT_EQ(network->live_count(), 2 + 1 + 2) << "inputs, the spare element, two neurons";
  EXPECT_EQ(network->unstable_count(), 1);
  EXPECT_EQ(network->parameters(), 1);
  EXPECT_EQ(network->layer(0).neurons, (std::vector<Neuron>{Neuron{0}, Neuron{1}}));
  const SparseNetworkRows rows = network->compile_rows(system->outputs, {0});
  EXPECT_EQ(rows.index, (std::vector<Live>{Live{3}, Live{4}}));
  EXPECT_EQ(rows.value, (std::vector<double>{1.0, 2.0}));

  AlphaBetaBounder bounder;
  bounder.attach(*network);
  Cone cone;
  ConeFinder(*network).find(rows, {0}, cone);
  LaneRows of;
  of.rows = &rows;
  std::fill(of.sign, of.sign + kLanes, 1.0);
  const Vec bound = bounder.lower_bound(cone, of);
  EXPECT_LE(bound[0], 2.0);
  EXPECT_NEAR(bound[0], 2.0, 1e-9);
}

TEST(SparseNetworkBuilder, NeuronsThatAreNotNeededHaveNoElement) {
  const auto system = three_neurons();
  SparseNetworkBuilder builder(system, {-1.0, -1.0}, {1.0, 1.0}, {{0, 1, 0}});
  builder.add_layer(builder.enclose_next());
  EXPECT_EQ(builder.network().layer(0).neurons, std::vector<Neuron>{Neuron{1}});
  EXPECT_ANY_THROW(builder.network().compile_rows(system->outputs, {0}));
}

}  // namespace
}  // namespace clipbound::test
