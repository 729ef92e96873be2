#include "bounds/triangle/clause_constraints.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/triangle/neuron_combinations.h"

namespace clipbound::bounds {

namespace {

/// Of neurons that are stable, too: an end that is no number would count as the other one.
bool has_finite_neurons(const SparseNetwork& network) {
  for (int k = 0; k < network.layers(); ++k) {
    const IntervalVector& bounds = network.bounds_of(k);
    for (const Neuron neuron : network.layer(k).neurons) {
      if (!std::isfinite(at(bounds.lower, neuron)) || !std::isfinite(at(bounds.upper, neuron)))
        return false;
    }
  }
  return true;
}

}  // namespace

bool ClauseConstraints::suit(const SparseNetwork& network, std::int64_t most_entries) {
  if (!network.nonlinear.empty() || !network.products.empty()) return false;
  std::int64_t entries = 0;
  for (const AffineForm& layer : network.system().layers) {
    for (const auto& [source, coefficients] : layer.terms) entries += coefficients.entries();
  }
  const auto finite = [](const std::vector<double>& bounds) {
    return std::all_of(bounds.begin(), bounds.end(), [](double x) { return std::isfinite(x); });
  };
  return entries <= most_entries && finite(network.lower_x) && finite(network.upper_x) &&
         finite(network.lower) && finite(network.upper) && has_finite_neurons(network);
}

ClauseConstraints::ClauseConstraints(std::shared_ptr<const SparseNetwork> of,
                                     const ClauseRows& clause)
    : network(std::move(of)), lower(network->lower_x), upper(network->upper_x) {
  unstable.assign(lower.size(), -1);
  column_.assign(static_cast<std::size_t>(network->live_count()), -1);
  for (int i = 0; i < network->inputs(); ++i) at(column_, i) = i;
  for (int k = 0; k < network->layers(); ++k) add_layer(k);
  add_neuron_combinations(rows, rows.count(), network->inputs(), lower, upper);
  for (std::int64_t r = clause.first; r < clause.first + clause.count; ++r) {
    add_terms(*clause.rows, r, 1.0);
    rows.end(-base::kInfinity,
             base::add_up(-at(clause.rows->constant, r), at(clause.rows->slack, r)));
  }
}

void ClauseConstraints::add_column(double least, double most, std::int32_t neuron) {
  lower.push_back(least);
  upper.push_back(most);
  unstable.push_back(neuron);
}

void ClauseConstraints::add_layer(int k) {
  const SparseNetworkLayer& layer = network->layer(k);
  std::vector<std::int64_t> which;
  for (const Neuron neuron : layer.neurons) which.push_back(raw(neuron));
  const SparseNetworkRows from = network->compile_rows(at(network->system().layers, k), which);
  const IntervalVector& bounds = network->bounds_of(k);
  for (int i = 0; i < layer.count; ++i) {
    const auto neuron = static_cast<std::size_t>(which[static_cast<std::size_t>(i)]);
    const Unstable u = at(network->unstable_of, layer.first + i);
    const auto column = static_cast<std::int32_t>(columns());
    rows.add(column, 1.0);
    add_terms(from, i, -1.0);
    const double constant = at(from.constant, i), slack = at(from.slack, i);
    rows.end(base::add_down(constant, -slack), base::add_up(constant, slack));
    at(column_, layer.first + i) = column;
    if (!exists(u)) {
      add_column(bounds.lower[neuron], bounds.upper[neuron], -1);
      continue;
    }
    add_column(at(network->lower, u), at(network->upper, u), raw(u));
    add_column(0.0, std::max(at(network->upper, u), 0.0), raw(u));
    z.push_back(column);
    a.push_back(column + 1);
    at(column_, layer.first + i) = column + 1;
  }
}

void ClauseConstraints::add_terms(const SparseNetworkRows& from, std::int64_t r, double factor) {
  for (auto e = at(from.start, r); e < at(from.start, r + 1); ++e)
    rows.add(at(column_, at(from.index, e)), factor * at(from.value, e));
}

}  // namespace clipbound::bounds
