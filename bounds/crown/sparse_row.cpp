#include "bounds/crown/sparse_row.h"

#include <cmath>

#include "bounds/clip/ball_clipping.h"

namespace clipbound::bounds {

void SparseBackwardRow::clear(const LayeredSystem& system) {
  sums = {};
  pending_.clear();
  sources_.resize(system.layers.size() + 1);
  for (std::size_t k = 0; k < sources_.size(); ++k) {
    Source& source = sources_[k];
    if (source.value.empty()) {
      const std::size_t size =
          k == 0 ? system.lower.size() : static_cast<std::size_t>(system.layers[k - 1].size());
      source.value.assign(size, 0.0);
      source.marked.assign(size, 0);
    }
    for (const std::int32_t v : source.nonzero) {
      source.value[static_cast<std::size_t>(v)] = 0.0;
      source.marked[static_cast<std::size_t>(v)] = 0;
    }
    source.nonzero.clear();
  }
}

void SparseBackwardRow::begin(const LayeredSystem& system, const AffineForm& form, std::int64_t row,
                              double sign) {
  clear(system);
  sums.constant = sign * form.constant[static_cast<std::size_t>(row)];
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    const auto index = rows.indices(row);
    const auto value = rows.values(row);
    for (std::size_t j = 0; j < index.size(); ++j) add(source, index[j], sign * value[j]);
  }
}

void SparseBackwardRow::add_form(const RelaxedLayer& layer, std::int32_t neuron,
                                 double multiplier) {
  const auto v = static_cast<std::size_t>(neuron);
  sums.constant += multiplier * layer.form.constant[v];
  for (const auto& [source, coefficients] : layer.form.terms) {
    const SparseRows& rows = coefficients.written();
    const auto index = rows.indices(neuron);
    const auto value = rows.values(neuron);
    for (std::size_t j = 0; j < index.size(); ++j) add(source, index[j], multiplier * value[j]);
    work += static_cast<double>(index.size());
  }
}

void SparseBackwardRow::take_differences(int k, const RelaxedLayer& layer) {
  Source &here = sources_[static_cast<std::size_t>(k) + 1],
         &before = sources_[static_cast<std::size_t>(k)];
  for (const std::int32_t v : here.nonzero) {
    const auto twin = static_cast<std::int32_t>((*layer.twins.first)[static_cast<std::size_t>(v)]);
    if (twin < 0) continue;
    const DifferenceStep step = take_difference((*layer.twins.lines)[static_cast<std::size_t>(v)],
                                                before.value[static_cast<std::size_t>(twin)],
                                                here.value[static_cast<std::size_t>(v)]);
    sums.intercept += step.intercept;
    sums.intercept_magnitude += std::fabs(step.intercept);
    // Multipliers that are added up are charged one by one.
    const double slack = layer.slack[static_cast<std::size_t>(v)],
                 slack_of_first = (*layer.twins.slack)[static_cast<std::size_t>(twin)];
    for (const double m : {step.multiplier, step.second}) charge(m, slack);
    for (const double m : {step.multiplier, step.first}) charge(m, slack_of_first);
    if (step.multiplier + step.second != 0.0) extra_.emplace_back(v, step.multiplier + step.second);
    if (step.first - step.multiplier != 0.0)
      pending_.emplace_back(twin, step.first - step.multiplier);
  }
}

void SparseBackwardRow::substitute(int k, const RelaxedLayer& layer) {
  const Source& of = sources_[static_cast<std::size_t>(k) + 1];
  extra_.swap(pending_);
  pending_.clear();
  if (layer.twins.lines != nullptr) take_differences(k, layer);
  // It grows: nothing else adds to second factors.
  const std::size_t count = layer.has_products ? of.nonzero.size() : 0;
  for (std::size_t i = 0; i < count; ++i)
    add(k, of.nonzero[i] + 1, of.value[static_cast<std::size_t>(of.nonzero[i])]);
  for (const std::int32_t element : of.nonzero) {
    const auto v = static_cast<std::size_t>(element);
    const double coefficient = of.value[v];
    if (coefficient == 0.0) continue;
    const auto [m, q] = layer.replace(coefficient, v);
    sums.intercept += q;
    sums.intercept_magnitude += std::fabs(q);
    charge(m, layer.slack[v]);
    if (m != 0.0) add_form(layer, element, m);
  }
  for (const auto& [neuron, m] : extra_) add_form(layer, neuron, m);
}

double SparseBackwardRow::lower_bound(const std::vector<double>& lower,
                                      const std::vector<double>& upper, double gamma,
                                      const std::shared_ptr<const specs::InputBall>& ball) const {
  double least = sums.constant + sums.intercept;
  if (ball != nullptr)
    return sums.lower_bound(minimum_over(sources_[0].value, least, lower, upper, ball), gamma);
  for (const std::int32_t i : sources_[0].nonzero) {
    const auto k = static_cast<std::size_t>(i);
    const double a = sources_[0].value[k];
    least += a * (a < 0.0 ? upper[k] : lower[k]);
  }
  return sums.lower_bound(least, gamma);
}

}  // namespace clipbound::bounds
