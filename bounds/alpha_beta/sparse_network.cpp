#include "bounds/alpha_beta/sparse_network.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "bounds/layered/structured_map.h"

namespace clipbound::bounds {

bool is_constant(const Activation& activation, double l, double u) {
  if (activation.curve == Curve::relu) return u <= 0.0;
  if (!has_jumps(activation.curve)) return false;
  const Range range = range_of(activation, l, u);
  return range.lower == range.upper;
}

NeededNeurons needed_neurons(const LayeredSystem& system,
                             const std::vector<const AffineForm*>& rows,
                             const SparseNetwork* known) {
  NeededNeurons needed;
  for (const AffineForm& layer : system.layers)
    needed.emplace_back(static_cast<std::size_t>(layer.size()), 0);
  const auto mark = [&](const AffineForm& form, std::size_t element) {
    for (const auto& [source, coefficients] : form.terms) {
      if (source == kInputSource || coefficients.structure() != nullptr) continue;
      const SparseRows& matrix = coefficients.written();
      for (const std::int32_t c : matrix.indices(static_cast<std::int64_t>(element)))
        at(at(needed, source), c) = 1;
    }
  };
  const auto mark_structured = [&](const AffineForm& form, const std::vector<char>& elements) {
    for (const auto& [source, coefficients] : form.terms) {
      if (source != kInputSource && coefficients.structure() != nullptr)
        coefficients.structure()->mark_read(elements, at(needed, source));
    }
  };
  for (const AffineForm* form : rows) {
    for (std::int64_t i = 0; i < form->size(); ++i) mark(*form, static_cast<std::size_t>(i));
    mark_structured(*form, std::vector<char>(form->constant.size(), 1));
  }
  for (std::size_t k = system.layers.size(); k-- > 0;) {
    std::vector<char> varies(needed[k].size(), 0);
    for (std::size_t v = 0; v < needed[k].size(); ++v) {
      if (needed[k][v] == 0) continue;
      const bool constant =
          known != nullptr &&
          is_constant(system.activations[k], known->bounds_of(static_cast<int>(k)).lower[v],
                      known->bounds_of(static_cast<int>(k)).upper[v]);
      if (constant) continue;
      varies[v] = 1;
      mark(system.layers[k], v);
    }
    mark_structured(system.layers[k], varies);
  }
  return needed;
}

double SparseNetwork::slack_for(double radius, double magnitude) const {
  return (radius + 4.0 * gamma_ * magnitude) * (1.0 + 4.0 * gamma_) + 0x1p-1020 * largest_source_;
}

double SparseNetwork::constant_part(const SparseRows& rows, std::int64_t element,
                                    int source) const {
  if (source == kInputSource || at(constant_of_neuron_, source).empty()) return 0.0;
  const auto index = rows.indices(element);
  const auto value = rows.values(element);
  const std::vector<Live>& live = at(live_of_neuron_, source);
  double sum = 0.0;
  for (std::size_t j = 0; j < index.size(); ++j) {
    if (at(live, index[j]) == kConstant)
      sum += value[j] * at(at(constant_of_neuron_, source), index[j]);
  }
  return sum;
}

double SparseNetwork::constant_of(const AffineForm& form, std::int64_t element) const {
  double sum = at(form.constant, element);
  for (const auto& [source, coefficients] : form.terms)
    sum += constant_part(coefficients.written(), element, source);
  return sum;
}

void SparseNetwork::append(const SparseRows& rows, std::int64_t element, int source,
                           SparseNetworkRows& to) const {
  const auto index = rows.indices(element);
  const auto value = rows.values(element);
  for (std::size_t j = 0; j < index.size(); ++j) {
    const Live live = live_of_neuron(source, index[j]);
    CLIPBOUND_CHECK(live != kNotNeeded);
    if (live == kConstant || value[j] == 0.0) continue;
    const std::int32_t product = at(product_of, live);
    to.index.push_back(live);
    to.value.push_back(product < 0 ? value[j] : value[j] * at(products, product).weight);
  }
}

SparseNetworkRows SparseNetwork::compile_rows(const AffineForm& form,
                                              const std::vector<std::int64_t>& which) const {
  SparseNetworkRows rows;
  rows.layer = layers();
  for (const std::int64_t i : which) {
    for (const auto& [source, coefficients] : form.terms)
      append(coefficients.written(), i, source, rows);
    rows.start.push_back(static_cast<std::int64_t>(rows.index.size()));
    rows.constant.push_back(constant_of(form, i));
    rows.slack.push_back(slack_for(at(form.radius, i), magnitude_of_terms(form, i, sources_) +
                                                           magnitude_of_products(form, i)));
  }
  return rows;
}

Live SparseNetwork::first_dependency(const AffineForm& form, std::int64_t element) const {
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& matrix = coefficients.written();
    for (const std::int32_t c : matrix.indices(element)) {
      const Live live = live_of_neuron(source, c);
      if (exists(live)) return live;
    }
  }
  return Live{-1};
}

double SparseNetwork::magnitude_of_products(const AffineForm& form, std::int64_t element) const {
  double magnitude = 0.0;
  for (const int k : product_layers_) {
    const auto found = form.terms.find(k);
    if (found == form.terms.end()) continue;
    const SparseRows& matrix = found->second.written();
    const auto index = matrix.indices(element);
    const auto value = matrix.values(element);
    for (std::size_t j = 0; j < index.size(); ++j) {
      const Live live = at(at(live_of_neuron_, k), index[j]);
      const std::int32_t number = exists(live) ? at(product_of, live) : -1;
      if (number < 0) continue;
      const McCormickProduct& product = at(products, number);
      magnitude += std::fabs(value[j] * product.weight) * product.magnitude;
    }
  }
  return magnitude;
}

}  // namespace clipbound::bounds
