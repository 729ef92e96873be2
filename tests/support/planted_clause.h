#pragma once
// A clause of some rows on a tiny network, with points that fulfil all of them: what no proof about
// phases may exclude.
#include <memory>

#include "bounds/alpha_beta/intermediate_bounds.h"
#include "bounds/triangle/clause_constraints.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {

/// Y_j <= t_j for some outputs j, in the order of the thresholds.
inline Clause clause_of(const std::vector<std::pair<std::size_t, Rational>>& thresholds,
                        std::size_t outputs) {
  Clause clause;
  for (const auto& [j, t] : thresholds) {
    std::vector<Rational> coefficients(outputs, Rational(0));
    coefficients[j] = 1;
    clause.rows.push_back(output_row(coefficients, t));
  }
  return clause;
}

inline Rationals exact_outputs(const TinyNetwork& net, const std::vector<double>& x) {
  Rationals values = rationals(x);
  for (std::size_t k = 0; k < net.weights.size(); ++k) {
    Rationals next;
    for (std::size_t o = 0; o < net.biases[k].size(); ++o) {
      Rational sum(static_cast<double>(net.biases[k][o]));
      for (std::size_t i = 0; i < values.size(); ++i)
        sum += Rational(static_cast<double>(net.weights[k][o * values.size() + i])) * values[i];
      next.push_back(k + 1 < net.weights.size() ? relu(sum) : sum);
    }
    values = std::move(next);
  }
  return values;
}

/// A clause on a box as the search over phases sees it.
struct BoundedClause {
  BoundedClause(const TinyNetwork& net, const std::vector<double>& lower,
                const std::vector<double>& upper, Clause clause, int iterations = 0)
      : lowered(net.build(), lower, upper, std::move(clause)) {
    IntermediateBoundsBudget budget;
    budget.iterations = iterations;
    network = bound_intermediate_layers(lowered.system, lower, upper, nullptr, budget, Deadline());
    std::vector<std::int64_t> all;
    for (std::int64_t r = 0; r < lowered.rows.size(); ++r) all.push_back(r);
    rows = network->compile_rows(lowered.rows, all);
  }
  ClauseRows clause_rows() const { return {&rows, 0, rows.count()}; }
  std::shared_ptr<const ClauseConstraints> constraints() const {
    return std::make_shared<const ClauseConstraints>(network, clause_rows());
  }
  /// The exact z of every unstable neuron at a point.
  Rationals z_at(const std::vector<double>& x) const {
    const TruthOf<Rational> truth = lowered.truth_as<Rational>(x);
    std::vector<std::size_t> first{0};
    for (const AffineForm& layer : lowered.system->layers)
      first.push_back(first.back() + static_cast<std::size_t>(layer.size()));
    Rationals z;
    for (int u = 0; u < network->unstable_count(); ++u) {
      const int k = at(network->layer_of, u);
      const SparseNetworkLayer& layer = network->layer(k);
      const auto v = raw(at(layer.neurons, raw(at(network->live_of, u)) - layer.first));
      z.push_back(truth.neurons[at(first, k) + static_cast<std::size_t>(v)]);
    }
    return z;
  }

  Lowered lowered;
  std::shared_ptr<const SparseNetwork> network;
  SparseNetworkRows rows;
};

/// Whether a point with these z has the phase: where z = 0 it has both.
inline bool has_phase(const Rationals& z, DecidedPhase phase) {
  const Rational& mine = z[static_cast<std::size_t>(raw(phase.neuron))];
  return phase.phase == ReluPhase::active ? mine >= 0 : mine <= 0;
}
inline bool has_all(const Rationals& z, const std::vector<DecidedPhase>& phases) {
  return std::all_of(phases.begin(), phases.end(),
                     [&](const DecidedPhase& phase) { return has_phase(z, phase); });
}

/// Points of a box, most of them at its ends or where kinks may meet, and a clause that one of them
/// only just fulfils; those which fulfil it, by their z.
struct PlantedClause {
  PlantedClause(Dice& dice, std::vector<int> sizes, int points = 60)
      : net(random_tiny(dice, std::move(sizes), dice.chance(0.6))) {
    for (int i = 0; i < net.sizes.front(); ++i) {
      lower.push_back(-1.0 + 0.25 * dice.whole(0, 3));
      upper.push_back(lower.back() + 0.5 * dice.whole(1, 4));
    }
    std::vector<std::vector<double>> sample;
    for (int k = 0; k < points; ++k) {
      std::vector<double> x;
      for (std::size_t i = 0; i < lower.size(); ++i) {
        const double on_grid = std::clamp(0.125 * dice.whole(-8, 16), lower[i], upper[i]);
        x.push_back(dice.chance(0.5) ? on_grid : dice.endpoint(lower[i], upper[i]));
      }
      sample.push_back(std::move(x));
    }
    // The one with the least sum of outputs leaves few others.
    std::vector<Rationals> y;
    Rational least;
    std::size_t best = 0;
    for (std::size_t k = 0; k < sample.size(); ++k) {
      y.push_back(exact_outputs(net, sample[k]));
      Rational sum = 0;
      for (const Rational& value : y.back()) sum += value;
      if (k == 0 || sum < least) {
        least = sum;
        best = k;
      }
    }
    std::vector<std::pair<std::size_t, Rational>> thresholds;
    for (std::size_t j = 0; j < y[best].size(); ++j) thresholds.emplace_back(j, y[best][j]);
    bounded = std::make_unique<BoundedClause>(
        net, lower, upper, clause_of(thresholds, y[best].size()), dice.chance(0.5) ? 10 : 0);
    for (std::size_t k = 0; k < sample.size(); ++k) {
      bool fulfils = true;
      for (std::size_t j = 0; j < y[k].size(); ++j) fulfils = fulfils && y[k][j] <= y[best][j];
      if (fulfils) planted.push_back(bounded->z_at(sample[k]));
    }
  }

  TinyNetwork net;
  std::vector<double> lower, upper;
  std::unique_ptr<BoundedClause> bounded;
  std::vector<Rationals> planted;
};

}  // namespace clipbound::test
