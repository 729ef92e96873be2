#pragma once
// Random networks bounded by alpha-CROWN, with the truth at points beside them.
#include "bounds/alpha_beta/alpha_beta_bounder.h"
#include "bounds/alpha_beta/intermediate_bounds.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/random_network.h"

namespace clipbound::test {

/// A random network with two rows, lowered, and its SparseNetwork.
struct BoundedNetwork {
  BoundedNetwork(Dice& dice, const NetworkTaste& taste, double radius, int iterations = 0,
                 int bab_rounds = 0) {
    RandomNetwork maker(dice, taste);
    const auto built = maker.build();
    std::vector<double> lower, upper;
    for (const float c : maker.centre()) {
      const double centre = static_cast<double>(c) + dice.normal() * 0.3;
      lower.push_back(centre - radius * dice.uniform(0.2, 1.0));
      upper.push_back(centre + radius * dice.uniform(0.2, 1.0));
    }
    Clause clause;
    clause.rows.push_back(output_row({Rational(1), Rational(-1)}, Rational(1, 10)));
    clause.rows.push_back(output_row({Rational(-2), Rational(1, 2)}, Rational(-3)));
    lowered = std::make_unique<Lowered>(built, lower, upper, clause);
    bound(iterations, bab_rounds);
  }
  /// Of what is lowered already, with two rows.
  explicit BoundedNetwork(std::unique_ptr<Lowered> of, int iterations = 0)
      : lowered(std::move(of)) {
    bound(iterations, 0);
  }
  void bound(int iterations, int bab_rounds) {
    IntermediateBoundsBudget budget;
    budget.iterations = iterations;
    budget.bab_rounds = bab_rounds;
    budget.threads = 2;
    budget.lines = &lines;
    network = bound_intermediate_layers(lowered->system, lowered->lower, lowered->upper, nullptr,
                                        budget, Deadline());
    rows = network->compile_rows(lowered->rows, {0, 1});
    int first = 0;
    for (int k = 0; k < network->layers(); ++k) {
      first_of.push_back(first);
      first += static_cast<int>(lowered->system->layers[static_cast<std::size_t>(k)].size());
    }
  }
  /// The neuron of the whole network (in layer order) of an unstable element.
  std::size_t neuron(Unstable u) const { return neuron(*network, u); }
  /// The same where somebody else holds the network.
  std::size_t neuron(const SparseNetwork& of, Unstable u) const {
    const int k = at(of.layer_of, u);
    const SparseNetworkLayer& layer = of.layer(k);
    return static_cast<std::size_t>(at(first_of, k) +
                                    raw(at(layer.neurons, raw(at(of.live_of, u)) - layer.first)));
  }
  Truth random_truth(Dice& dice) const {
    std::vector<double> x;
    for (std::size_t i = 0; i < lowered->lower.size(); ++i) {
      const double t =
          dice.chance(0.5) ? static_cast<double>(dice.whole(0, 1)) : dice.uniform(0.0, 1.0);
      x.push_back(std::clamp(lowered->lower[i] + t * (lowered->upper[i] - lowered->lower[i]),
                             lowered->lower[i], lowered->upper[i]));
    }
    return lowered->truth(std::move(x));
  }
  LaneRows target() const {
    LaneRows result;
    result.rows = &rows;
    for (int lane = 0; lane < kLanes; ++lane) {
      result.which[lane] = lane % 2;
      result.sign[lane] = lane % 4 < 2 ? 1.0 : -1.0;
    }
    return result;
  }
  Cone cone() const {
    Cone result;
    ConeFinder(*network).find(rows, {0, 1}, result);
    return result;
  }

  std::unique_ptr<Lowered> lowered;
  std::unique_ptr<const SparseNetwork> network;
  LinesOfLayers lines;
  SparseNetworkRows rows;
  std::vector<int> first_of;
};

/// An ascent with an optimiser of its own.
inline Vec maximize(AlphaBetaBounder& bounder, const Cone& cone, const LaneRows& rows,
                    const SlopeSchedule& schedule) {
  SlopeOptimizer optimizer;
  optimizer.attach(bounder.network());
  return optimizer.maximize(bounder, cone, rows, schedule);
}

inline NetworkTaste random_taste(Dice& dice) {
  NetworkTaste taste;
  taste.inputs = dice.whole(1, 6);
  taste.layers = dice.whole(1, 4);
  taste.width = dice.whole(2, 12);
  taste.structured = dice.chance(0.7);
  taste.scale = dice.uniform(0.6, 1.6);
  return taste;
}

}  // namespace clipbound::test
