// Refining a subproblem of two copies of a network: a planted counterexample has its phases, and
// stays inside of everything that is found of neurons and of their differences.
#include <gtest/gtest.h>

#include "bounds/alpha_beta/twin_rows.h"
#include "solver/activation_split/refinement.h"
#include "tests/bounds/alpha_beta/bounded_network.h"
#include "tests/support/floors.h"
#include "tests/support/twin_networks.h"

namespace clipbound::test {
namespace {

/// The row g - f + shift of a random pair, shifted so that it is below 0 at a planted point.
struct PlantedPair {
  explicit PlantedPair(Dice& dice) : of(lowered(dice)), truth(of.random_truth(dice)) {
    problem.network = std::shared_ptr<const SparseNetwork>(std::move(of.network));
    const SparseNetwork& net = *problem.network;
    const Enclosed value = truth.rows[0];
    problem.rows = of.rows;
    problem.rows.constant[0] -= value.value + 2.0 * value.error + 1e-9;
    problem.strict.assign(2, 0);
    problem.first_unstable.assign(1, 0);
    std::int32_t u = 0;
    for (int k = 0; k < net.layers(); ++k) {
      std::vector<std::int64_t> which;
      for (; u < net.unstable_count() && at(net.layer_of, u) == k; ++u)
        which.push_back(
            raw(at(net.layer(k).neurons, raw(at(net.live_of, u)) - net.layer(k).first)));
      problem.neurons.push_back(net.compile_rows(at(net.system().layers, k), which));
      problem.neurons.back().layer = k;
      problem.first_unstable.push_back(u);
      problem.differences.push_back(difference_rows(net, k));
    }
    root.alpha_or_beta = std::make_shared<const std::vector<float>>(
        static_cast<std::size_t>(net.parameters()), 0.5F);
    for (int i = 0; i < net.unstable_count(); ++i) {
      const Enclosed z = at_point(Unstable{i});
      if (dice.chance(0.2) && std::fabs(z.value) > z.error)
        root.relus.push_back(
            {Unstable{i}, z.value > 0.0 ? ReluPhase::active : ReluPhase::inactive});
    }
  }
  static BoundedNetwork lowered(Dice& dice) {
    const TwinNetworks twins = TwinNetworks::random(dice, {2, 6, 5, 6, 1}, false, 0.05);
    Clause clause;
    clause.rows.push_back(output_row({-1, 1}, 0));
    clause.rows.push_back(output_row({1, -1}, 0));
    return BoundedNetwork(std::make_unique<Lowered>(
        twins.build(), std::vector<double>(2, -1.0), std::vector<double>(2, 1.0), clause,
        ProductForm::squares, LoweringOptions{.differences = true}));
  }
  Enclosed at_point(Unstable u) const { return truth.neurons[of.neuron(*problem.network, u)]; }

  BoundedNetwork of;
  Truth truth;
  ActivationProblem problem;
  ActivationSubproblem root;
};

TEST(RefinedDifferences, HoldAPlantedCounterexample) {
  Dice dice(67);
  int neurons = 0, differences = 0;
  for (int trial = 0; trial < 200; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    PlantedPair planted(dice);
    const SparseNetwork& net = *planted.problem.network;
    SubproblemLanes lanes(planted.problem);
    const Deadline deadline;
    RefinementModel model;
    Refinement refinement(lanes, model, deadline, true);
    ActivationSubproblem subproblem = child_of(planted.root, Share::whole());
    for (int round = 0; round < 3; ++round) {  // later ones begin with what earlier ones found
      std::vector<ActivationSubproblem> batch;
      batch.push_back(child_of(subproblem, Share::whole()));
      lanes.load(batch);
      subproblem.bound = lanes.bounder.lower_bound(lanes.cone, lanes.rows)[0];
      lanes.bounder.differentiate(lanes.cone);
      ASSERT_LE(subproblem.bound, 0.0) << "the planted point is there";
      ASSERT_TRUE(refinement.refine(subproblem, 0)) << "the planted point is there";
      for (const RefinedBounds& b : *subproblem.refined) {
        const Enclosed z = planted.at_point(b.neuron);
        ASSERT_TRUE(allows_lower(b.lower, z) && allows_upper(b.upper, z));
        ++neurons;
      }
      for (const RefinedDifference& b : *subproblem.refined_differences) {
        const Unstable x = at(net.unstable_of, at(net.twins, b.pair).first);
        const Enclosed of_x = planted.at_point(x), of_y = planted.at_point(net.twin(x));
        const double error = of_x.error + of_y.error + 1e-12;
        ASSERT_LE(b.d.lower, of_y.value - of_x.value + error);
        ASSERT_GE(b.d.upper, of_y.value - of_x.value - error);
        ++differences;
      }
    }
  }
  EXPECT_GT(neurons, 200);
  EXPECT_GT(differences, 200);
}

}  // namespace
}  // namespace clipbound::test
