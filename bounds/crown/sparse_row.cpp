#include "bounds/crown/sparse_row.h"

#include <cmath>

namespace clipbound::bounds {

void SparseBackwardRow::clear(const LayeredSystem& system) {
  sums = {};
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

void SparseBackwardRow::substitute(int k, const RelaxedLayer& layer) {
  const Source& of = sources_[static_cast<std::size_t>(k) + 1];
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
    if (m == 0.0) continue;
    sums.constant += m * layer.form.constant[v];
    sums.error += std::fabs(m) * layer.slack[v];
    for (const auto& [source, coefficients] : layer.form.terms) {
      const SparseRows& rows = coefficients.written();
      const auto index = rows.indices(element);
      const auto value = rows.values(element);
      for (std::size_t j = 0; j < index.size(); ++j) add(source, index[j], m * value[j]);
      work += static_cast<double>(index.size());
    }
  }
}

double SparseBackwardRow::lower_bound(const std::vector<double>& lower,
                                      const std::vector<double>& upper, double gamma) const {
  double least = sums.constant + sums.intercept;
  for (const std::int32_t i : sources_[0].nonzero) {
    const auto k = static_cast<std::size_t>(i);
    const double a = sources_[0].value[k];
    least += a * (a < 0.0 ? upper[k] : lower[k]);
  }
  return sums.lower_bound(least, gamma);
}

}  // namespace clipbound::bounds
