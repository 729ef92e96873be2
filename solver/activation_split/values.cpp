#include "solver/activation_split/values.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/hash.h"

namespace clipbound::solver {

namespace {

constexpr double kEverywhere = std::numeric_limits<double>::infinity();

/// The neuron of the system's layer that an unstable element is.
Neuron neuron_of(const SparseNetwork& network, Unstable u) {
  const SparseNetworkLayer& layer = network.layer(at(network.layer_of, u));
  return at(layer.neurons, raw(at(network.live_of, u)) - layer.first);
}

/// -1 where the neuron is stable, or no row needs it.
Unstable unstable_of(const SparseNetwork& network, const Decision& decision) {
  if (decision.layer >= static_cast<std::uint32_t>(network.layers())) return Unstable{-1};
  const SparseNetworkLayer& layer = network.layer(static_cast<int>(decision.layer));
  const auto found = std::find_if(layer.neurons.begin(), layer.neurons.end(), [&](Neuron neuron) {
    return static_cast<std::uint64_t>(raw(neuron)) == std::uint64_t{decision.neuron};
  });
  if (found == layer.neurons.end()) return Unstable{-1};
  const auto live = static_cast<std::int32_t>(layer.first + (found - layer.neurons.begin()));
  return at(network.unstable_of, Live{live});
}

void hash_form(Hash& hash, const AffineForm& form) {
  hash.number(form.size());
  for (const double constant : form.constant) hash.number(constant);
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    hash.number(source);
    for (std::int64_t i = 0; i < form.size(); ++i) {
      hash.number(rows.indices(i).size());
      for (const std::int32_t column : rows.indices(i)) hash.number(column);
      for (const double coefficient : rows.values(i)) hash.number(coefficient);
    }
  }
}

}  // namespace

Decision decision_on(const SparseNetwork& network, Unstable u, double lower, double upper) {
  return {static_cast<std::uint32_t>(at(network.layer_of, u)),
          static_cast<std::uint32_t>(raw(neuron_of(network, u))), lower, upper};
}

std::uint64_t fingerprint_of(const LayeredSystem& system) {
  Hash hash;
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    hash.bytes(name_of(system.activations[k].curve));
    hash.number(system.activations[k].parameter);
    hash_form(hash, system.layers[k]);
  }
  return hash.value() | 1U;
}

ActivationSubproblem root_of(const ActivationProblem& problem, std::size_t clause, Share share) {
  const ActivationClause& c = problem.clauses[clause];
  ActivationSubproblem root;
  root.clause = static_cast<std::int32_t>(clause);
  root.share = std::move(share);
  root.row = c.first_row;
  for (std::int64_t r = c.first_row; r < c.first_row + c.rows; ++r) {
    if (problem.root.lower[static_cast<std::size_t>(r)] >
        problem.root.lower[static_cast<std::size_t>(root.row)])
      root.row = r;
  }
  root.bound = problem.root.lower[static_cast<std::size_t>(root.row)];
  root.alpha_or_beta = std::make_shared<const std::vector<float>>(
      problem.root.alpha_or_beta[static_cast<std::size_t>(root.row)]);
  return root;
}

Subproblem value_of(const ActivationProblem& problem, const ActivationSubproblem& subproblem) {
  const SparseNetwork& network = *problem.network;
  Subproblem value;
  value.share = Share::restored(subproblem.share.depth());
  value.bound = subproblem.bound;
  for (const ReluSplit& split : subproblem.relus) {
    const bool active = split.phase == ReluPhase::active;
    value.decisions.push_back(decision_on(network, split.neuron, active ? 0.0 : -kEverywhere,
                                          active ? kEverywhere : 0.0));
  }
  if (subproblem.box != nullptr) {
    for (std::size_t i = 0; i < network.lower_x.size(); ++i) {
      const double lower = subproblem.box->lower[i], upper = subproblem.box->upper[i];
      if (lower > network.lower_x[i] || upper < network.upper_x[i])
        value.box.push_back({static_cast<std::uint32_t>(i), lower, upper});
    }
  }
  for (const NonlinearSplit& split : subproblem.nonlinear)
    value.decisions.push_back(decision_on(network, split.neuron, split.lower, split.upper));
  return value;
}

void copy_open(const ActivationProblem& problem, const ActivationTask& task,
               std::vector<ClauseState>& states) {
  for (const ActivationSubproblem& subproblem : task)
    states[static_cast<std::size_t>(subproblem.clause)].open.push_back(
        value_of(problem, subproblem));
}

ActivationSubproblem restored(const ActivationProblem& problem, std::size_t clause,
                              const Subproblem& value) {
  const SparseNetwork& network = *problem.network;
  ActivationSubproblem subproblem = root_of(problem, clause, Share::restored(value.share.depth()));
  auto parameters = std::make_shared<std::vector<float>>(*subproblem.alpha_or_beta);
  parameters->resize(static_cast<std::size_t>(network.parameters()), 0.0F);
  if (!value.box.empty()) {
    auto box = std::make_shared<InputBox>(InputBox{network.lower_x, network.upper_x});
    for (const InputRange& range : value.box) {
      if (range.input >= box->lower.size()) continue;
      at(box->lower, range.input) = std::max(at(box->lower, range.input), range.lower);
      at(box->upper, range.input) = std::min(at(box->upper, range.input), range.upper);
    }
    subproblem.box = std::move(box);
  }
  for (const Decision& decision : value.decisions) {
    const Unstable u = unstable_of(network, decision);
    if (!exists(u)) continue;
    if (exists(network.nonlinear_of_unstable(u))) {
      if (!std::isfinite(decision.lower) || !std::isfinite(decision.upper)) continue;
      subproblem.nonlinear.push_back({u, 0.0F, decision.lower, decision.upper});
    } else if (decision.lower >= 0.0 || decision.upper <= 0.0) {
      subproblem.relus.push_back(
          {u, decision.lower >= 0.0 ? ReluPhase::active : ReluPhase::inactive});
      at(*parameters, u) = 0.0F;  // a multiplier now
    }
    ++subproblem.depth;
  }
  subproblem.alpha_or_beta = std::move(parameters);
  subproblem.before = subproblem.bound;
  return subproblem;
}

}  // namespace clipbound::solver
