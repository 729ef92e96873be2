// Tries to break the activation split: attacked neuron bounds, and thresholds at values that are
// reached, which nobody may refute.
#include <gtest/gtest.h>

#include "base/eigen.h"
#include "bounds/alpha_beta/alpha_beta_bounder.h"
#include "bounds/alpha_beta/intermediate_bounds.h"
#include "bounds/lowering/lower_network.h"
#include "specs/evaluate/evaluate.h"
#include "tests/support/convolutional_network.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/properties.h"
#include "tests/support/random_network.h"

namespace clipbound::test {
namespace {

/// Where sum of weights * outputs is small: sign descent with a shrinking step from some starts.
std::vector<double> descend(Dice& dice, const std::shared_ptr<const Network>& network,
                            const std::vector<double>& lower, const std::vector<double>& upper,
                            const std::vector<double>& weights, int starts, int steps) {
  Evaluator<double> evaluator(network);
  std::vector<double> best, y(weights.size()), slope(lower.size());
  double least = HUGE_VAL;
  for (int start = 0; start < starts; ++start) {
    std::vector<double> x;
    for (std::size_t i = 0; i < lower.size(); ++i)
      x.push_back(dice.chance(0.5) ? dice.endpoint(lower[i], upper[i])
                                   : dice.uniform(lower[i], upper[i]));
    double share = 0.5;
    for (int step = 0; step < steps; ++step, share *= 0.95) {
      evaluator.forward(x, y);
      const double value = vector_view(weights).dot(vector_view(y));
      if (value < least) {
        least = value;
        best = x;
      }
      evaluator.backward(weights, slope);
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (slope[i] != 0.0)
          x[i] = std::clamp(x[i] - std::copysign(share, slope[i]) * (upper[i] - lower[i]), lower[i],
                            upper[i]);
      }
    }
  }
  return best;
}

/// A network on a box with a threshold that y_0 - y_1 reaches, about as low as it gets.
struct Reached {
  std::shared_ptr<const Network> network;
  Property property;
};

Reached reach(Dice& dice, bool convolutional, double radius) {
  Reached r;
  if (convolutional) {
    r.network = ConvolutionalNetwork(dice, {.side = dice.whole(5, 7),
                                            .channels = dice.whole(2, 4),
                                            .blocks = dice.whole(1, 2)})
                    .build();
  } else {
    r.network = random_network(
        dice, {.inputs = 44, .layers = dice.whole(2, 4), .width = dice.whole(6, 12), .scale = 1.5});
  }
  for (std::int64_t i = 0; i < r.network->input_size(); ++i) {
    const auto centre = static_cast<float>(dice.normal());
    r.property.lower.push_back(static_cast<double>(centre) - radius);
    r.property.upper.push_back(static_cast<double>(centre) + radius);
  }
  const std::vector<double> x =
      descend(dice, r.network, r.property.lower, r.property.upper, {1.0, -1.0}, 20, 80);
  const EnclosedOutputs y = evaluate_enclosed(*r.network, x);
  const double value = y.value[0] - y.value[1], error = y.error[0] + y.error[1];
  r.property.outputs = 2;
  r.property.clauses = {{"(<= (- Y_0 Y_1) " + decimal(value + 2.0 * error + 1e-12) + ")"}};
  return r;
}

TEST(ReachedThresholds, AreNeverRefuted) {
  // Time limits end most of the searches somewhere in the middle; none of them may have lost the
  // point by then.
  Dice dice(91);
  std::uint64_t splits = 0;
  for (int trial = 0; trial < 16; ++trial) {
    Reached r = reach(dice, trial % 3 != 2, dice.uniform(0.05, 0.4));
    if (trial % 4 == 1) {
      r.property.clauses[0].push_back(
          "(>= (+ Y_0 Y_1) -1e4)");  // a second row, which the point satisfies as well
      r.property.clauses.insert(r.property.clauses.begin(),
                                {{"(< Y_0 -1e4)"}});  // another clause, refuted at once
    }
    const double seconds = trial % 5 == 4 ? 0.05 : 0.5;
    const SolveResult result = solve_text(r.network, r.property.text(),
                                          {"complete", "auto", 1 + trial % 2, false, seconds});
    EXPECT_NE(name_of(result.verdict), "unsat") << "trial " << trial;
    splits += result.statistics.splits;
  }
  EXPECT_GT(splits, 10U);
}

TEST(AttackedNeuronBounds, Hold) {
  // As the solver's root makes them: CROWN, then slopes and every neuron's own branch-and-bound on
  // top.
  Dice dice(92);
  for (int trial = 0; trial < 4; ++trial) {
    const auto network =
        simplify(ConvolutionalNetwork(dice, {.side = 6, .channels = 3, .blocks = 2}).build())
            .network;
    std::vector<double> lower, upper;
    for (std::int64_t i = 0; i < network->input_size(); ++i) {
      lower.push_back(dice.normal());
      upper.push_back(lower.back() + dice.uniform(0.1, 0.5));
    }
    const auto system =
        std::make_shared<const LayeredSystem>(lower_network(*network, lower, upper));
    IntermediateBoundsBudget budget;
    const auto known = bound_intermediate_layers(system, lower, upper, nullptr, budget, Deadline());
    budget.iterations = 10;
    budget.bab_rounds = 4;
    budget.threads = 2;
    const auto bounded =
        bound_intermediate_layers(system, lower, upper, known.get(), budget, Deadline());
    for (int k = 1; k < bounded->layers(); ++k) {
      auto part = std::make_shared<Network>(*network);
      part->outputs = {system->layer_values[static_cast<std::size_t>(k)]};
      ASSERT_NE(part->outputs[0], kNoValue);
      const IntervalVector& z = bounded->bounds_of(k);
      for (int attack = 0; attack < 6; ++attack) {
        const auto v =
            static_cast<std::size_t>(dice.whole(0, static_cast<int>(z.lower.size()) - 1));
        std::vector<double> weights(z.lower.size(), 0.0);
        weights[v] = attack % 2 == 0 ? 1.0 : -1.0;
        const EnclosedOutputs y =
            evaluate_enclosed(*part, descend(dice, part, lower, upper, weights, 4, 40));
        EXPECT_TRUE(allows_lower(z.lower[v], Enclosed(y.value[v], y.error[v])))
            << "layer " << k << " neuron " << v;
        EXPECT_TRUE(allows_upper(z.upper[v], Enclosed(y.value[v], y.error[v])))
            << "layer " << k << " neuron " << v;
      }
    }
  }
}

TEST(AlphaBetaBounder, ANarrowConeAfterAWideOneThatWasLeft) {
  // A group of the narrow cone depends on elements beside it, which must hold 0.
  Dice dice(93);
  const auto network =
      simplify(ConvolutionalNetwork(dice, {.side = 6, .channels = 3, .blocks = 1}).build()).network;
  const std::vector<double> lower(static_cast<std::size_t>(network->input_size()), -0.3),
      upper(lower.size(), 0.3);
  const auto system = std::make_shared<const LayeredSystem>(lower_network(*network, lower, upper));
  const auto bounded = bound_intermediate_layers(system, lower, upper, nullptr, {}, Deadline());
  ConeFinder finder(*bounded);
  Cone wide, narrow;
  const SparseNetworkRows outputs = bounded->compile_rows(system->outputs, {0, 1});
  finder.find(outputs, {0, 1}, wide);
  SparseNetworkRows neurons = bounded->compile_rows(system->layers[1], {0});
  neurons.layer = 1;
  finder.find(neurons, {0}, narrow);
  LaneRows of_outputs, of_neurons;
  of_outputs.rows = &outputs;
  of_neurons.rows = &neurons;
  std::fill(of_outputs.sign, of_outputs.sign + kLanes, 1.0);
  std::fill(of_neurons.sign, of_neurons.sign + kLanes, 1.0);
  AlphaBetaBounder fresh, used;
  fresh.attach(*bounded);
  used.attach(*bounded);
  used.lower_bound(wide, of_outputs);
  used.leave(wide);
  EXPECT_EQ(used.lower_bound(narrow, of_neurons)[0], fresh.lower_bound(narrow, of_neurons)[0]);
}

}  // namespace
}  // namespace clipbound::test
