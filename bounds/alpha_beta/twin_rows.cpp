#include "bounds/alpha_beta/twin_rows.h"

#include <numeric>

#include "bounds/layered/linear_map.h"

namespace clipbound::bounds {

AffineForm difference_form(const LayeredSystem& system, int layer,
                           const std::vector<std::int64_t>& first,
                           const std::vector<std::int64_t>& second) {
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::size_t i = 0; i < first.size(); ++i) {
    terms.push_back({0, second[i], 1.0});
    terms.push_back({1, first[i], -1.0});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  return linear_map({&at(system.layers, layer), &at(system.layers, layer - 1)}, begin, terms,
                    std::vector<double>(first.size(), 0.0), system.magnitudes);
}

SparseNetworkRows difference_rows(const SparseNetwork& network, int layer) {
  std::vector<std::int64_t> first, second;
  const auto neuron = [&](int k, Live v) {
    const SparseNetworkLayer& here = network.layer(k);
    return std::int64_t{raw(at(here.neurons, raw(v) - here.first))};
  };
  for (int i = at(network.first_twins, layer); i < at(network.first_twins, layer + 1); ++i) {
    first.push_back(neuron(layer - 1, at(network.twins, i).first));
    second.push_back(neuron(layer, at(network.twins, i).second));
  }
  SparseNetworkRows rows;
  if (!first.empty()) {
    std::vector<std::int64_t> all(first.size());
    std::iota(all.begin(), all.end(), 0);
    rows = network.compile_rows(difference_form(network.system(), layer, first, second), all);
  }
  rows.layer = layer;
  return rows;
}

}  // namespace clipbound::bounds
