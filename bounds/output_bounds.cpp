#include "bounds/output_bounds.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rounding.h"
#include "bounds/alpha_beta/intermediate_bounds.h"
#include "bounds/layered/linear_map.h"
#include "bounds/layered/structured_map.h"
#include "bounds/limits.h"

namespace clipbound::bounds {

namespace {

/// The slope that replaces neuron v of a layer in a row that is bounded from below. A proposal,
/// whatever it is: the offsets of the linear bounds are proved afterwards.
double slope_for(double coefficient, const IntervalVector& z, const std::vector<LinePair>& lines,
                 std::size_t v) {
  if (!lines.empty()) return coefficient < 0.0 ? lines[v].upper_slope : lines[v].lower_slope;
  const double l = z.lower[v], u = z.upper[v];
  if (u <= 0.0) return 0.0;
  if (l >= 0.0) return 1.0;
  if (coefficient >= 0.0) return u > -l ? 1.0 : 0.0;
  return std::isfinite(l) && std::isfinite(u) ? u / (u - l) : 0.0;
}

/// to[cols] += factors[rows] times the coefficients.
void add_product(const std::vector<double>& factors, const Coefficients& coefficients, double* to) {
  if (const StructuredMap* map = coefficients.structure())
    return map->add_transposed(factors.data(), 1, to);
  if (const SelectionMap* map = coefficients.selection())
    return map->add_transposed(factors.data(), 1, to);
  const SparseRows& rows = coefficients.written();
  for (std::size_t r = 0; r < factors.size(); ++r) {
    if (factors[r] == 0.0) continue;
    const auto index = rows.indices(static_cast<std::int64_t>(r));
    const auto value = rows.values(static_cast<std::int64_t>(r));
    for (std::size_t j = 0; j < index.size(); ++j) to[index[j]] += factors[r] * value[j];
  }
}

/// Slopes in the input of sign * form, [size, N]: what backward substitution would arrive at, in
/// plain float64.
std::vector<double> propose_slopes(const LayeredSystem& system, const CrownBounder::Bounds& bounds,
                                   const AffineForm& form, double sign) {
  const auto M = static_cast<std::size_t>(form.size()), N = system.lower.size();
  std::vector<double> slopes(M * N, 0.0);
  std::vector<std::vector<double>> at(system.layers.size());
  for (std::size_t k = 0; k < at.size(); ++k)
    at[k].assign(static_cast<std::size_t>(system.layers[k].size()), 0.0);
  for (std::size_t m = 0; m < M; ++m) {
    double* input = slopes.data() + m * N;
    for (auto& layer : at) std::fill(layer.begin(), layer.end(), 0.0);
    const auto spread = [&](const AffineForm& from, const std::vector<double>& factors) {
      for (const auto& [source, coefficients] : from.terms)
        add_product(factors, coefficients,
                    source == kInputSource ? input : at[static_cast<std::size_t>(source)].data());
    };
    std::vector<double> factors(M, 0.0);
    factors[m] = sign;
    spread(form, factors);
    for (std::size_t k = at.size(); k-- > 0;) {
      factors.assign(at[k].size(), 0.0);
      for (std::size_t v = 0; v < at[k].size(); ++v) {
        const double coefficient = at[k][v];
        if (coefficient != 0.0)
          factors[v] =
              coefficient * slope_for(coefficient, bounds.layers[k], bounds.relaxations[k], v);
      }
      spread(system.layers[k], factors);
    }
  }
  for (double& a : slopes) a = std::isfinite(a) ? sign * a : 0.0;
  return slopes;
}

/// outputs - A x as one affine form, its rounding in the radius.
AffineForm without_plane(const LayeredSystem& system, const std::vector<double>& A) {
  const std::size_t M = system.outputs.constant.size(), N = system.lower.size();
  const AffineForm input = AffineForm::of_source(kInputSource, static_cast<std::int64_t>(N), 0,
                                                 static_cast<std::int64_t>(N));
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::size_t m = 0; m < M; ++m) {
    terms.push_back({0, static_cast<std::int64_t>(m), 1.0});
    for (std::size_t i = 0; i < N; ++i) {
      if (A[m * N + i] != 0.0) terms.push_back({1, static_cast<std::int64_t>(i), -A[m * N + i]});
    }
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  return linear_map({&system.outputs, &input}, begin, terms, std::vector<double>(M, 0.0),
                    system.magnitudes);
}

/// Slopes are proposed, offsets are proved: a lower bound of Y - A x over the box is a b with Y >=
/// A x + b.
OutputLinearBounds prove_linear(const CrownBounder& bounder, const CrownBounder::Bounds& bounds,
                                const std::vector<std::int64_t>& all) {
  const LayeredSystem& system = bounder.system();
  const int layers = static_cast<int>(system.layers.size());
  OutputLinearBounds linear;
  linear.lower_A = propose_slopes(system, bounds, system.outputs, 1.0);
  linear.lower_b =
      bounder.lower_bounds(without_plane(system, linear.lower_A), all, 1.0, layers, bounds);
  linear.upper_A = propose_slopes(system, bounds, system.outputs, -1.0);
  linear.upper_b =
      bounder.lower_bounds(without_plane(system, linear.upper_A), all, -1.0, layers, bounds);
  for (double& b : linear.upper_b) b = -b;
  return linear;
}

/// Lets `bounds` know of better intervals z of its layers. What they were computed with before only
/// grows too large: sound.
void tighten(const LayeredSystem& system, const SparseNetwork& better_known,
             CrownBounder::Bounds& bounds) {
  for (std::size_t k = 0; k < bounds.layers.size(); ++k) {
    const IntervalVector& better = better_known.bounds_of(static_cast<int>(k));
    IntervalVector& z = bounds.layers[k];
    for (std::size_t v = 0; v < z.lower.size(); ++v) {
      z.lower[v] = std::max(z.lower[v], better.lower[v]);
      z.upper[v] = std::min(z.upper[v], better.upper[v]);
    }
    if (!bounds.relaxations[k].empty())
      bounds.relaxations[k] = relax_layer(system.activations[k], z);
    bounds.sources[static_cast<int>(k)] = activate(system.activations[k], z);
  }
}

/// Bounds of the outputs by alpha-CROWN, with optimised slopes or CROWN's; tightens `bounds` by
/// those of the layers on the way.
IntervalVector bound_by_alpha_crown(const SlopeSearch& slopes, std::vector<double> lower,
                                    std::vector<double> upper, const Deadline& deadline,
                                    CrownBounder::Bounds& bounds) {
  const LayeredSystem& system = *slopes.system;
  IntermediateBoundsBudget budget;
  budget.iterations = slopes.iterations;
  const auto network = bound_intermediate_layers(slopes.system, std::move(lower), std::move(upper),
                                                 nullptr, budget, deadline);
  tighten(system, *network, bounds);
  // Rows Y and -Y, exactly.
  const auto M = static_cast<std::size_t>(system.outputs.size());
  std::vector<std::int64_t> begin{0}, all;
  std::vector<WeightedTerm> terms;
  for (std::size_t r = 0; r < 2 * M; ++r) {
    terms.push_back({0, static_cast<std::int64_t>(r % M), r < M ? 1.0 : -1.0});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
    all.push_back(static_cast<std::int64_t>(r));
  }
  const AffineForm both = linear_map({&system.outputs}, begin, terms,
                                     std::vector<double>(2 * M, 0.0), system.magnitudes);
  SlopeSchedule schedule;
  schedule.iterations = slopes.iterations;
  schedule.enough = std::numeric_limits<double>::infinity();  // as tight as it gets
  const OptimizedRows rows =
      optimize_rows(*network, network->compile_rows(both, all), schedule, 1, deadline);
  IntervalVector result;
  result.lower.assign(rows.lower.begin(), rows.lower.begin() + static_cast<std::ptrdiff_t>(M));
  for (std::size_t m = 0; m < M; ++m) result.upper.push_back(-rows.lower[M + m]);
  return result;
}

/// Whether alpha-CROWN's bounds pay even with CROWN's slopes; it has products as squares alone.
bool alpha_crown_pays(const LayeredSystem& system, const std::vector<double>& lower,
                      const std::vector<double>& upper) {
  const bool has_products =
      std::any_of(system.activations.begin(), system.activations.end(),
                  [](const Activation& f) { return f.curve == Curve::product; });
  // CrownBounder leaves layers to intervals there that would take it too long (decision 14).
  return !has_products && varying_inputs(lower, upper).size() > kMostSplitInputs;
}

}  // namespace

OutputBounds bound_outputs_by_intervals(const LayeredSystem& system, std::vector<double> lower,
                                        std::vector<double> upper) {
  if (lower == system.lower && upper == system.upper) {  // what the lowering knows already
    IntervalVector range = enclose(system.outputs, system.sources);
    return {std::move(range.lower), std::move(range.upper), {}};
  }
  std::map<int, IntervalVector> sources;
  sources[kInputSource] = {std::move(lower), std::move(upper)};
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    IntervalVector z = enclose(system.layers[k], sources);
    cut_to_limits(system, k, sources, z);
    sources[static_cast<int>(k)] = activate(system.activations[k], z);
  }
  IntervalVector range = enclose(system.outputs, sources);
  return {std::move(range.lower), std::move(range.upper), {}};
}

OutputBounds bound_outputs(const CrownBounder& bounder, const SlopeSearch& slopes,
                           std::vector<double> lower, std::vector<double> upper, bool with_linear,
                           const Deadline& deadline) {
  const LayeredSystem& system = bounder.system();
  CrownBounder::Bounds bounds = bounder.bound_neurons(lower, upper, deadline);
  IntervalVector searched;
  if (slopes.iterations > 0 || alpha_crown_pays(system, lower, upper))
    searched = bound_by_alpha_crown(slopes, std::move(lower), std::move(upper), deadline, bounds);
  IntervalVector range = enclose(system.outputs, bounds.sources);
  OutputBounds result{std::move(range.lower), std::move(range.upper), {}};
  std::vector<std::int64_t> all(result.lower.size());
  for (std::size_t m = 0; m < all.size(); ++m) all[m] = static_cast<std::int64_t>(m);
  const int layers = static_cast<int>(system.layers.size());
  const std::vector<double> low = bounder.lower_bounds(system.outputs, all, 1.0, layers, bounds);
  const std::vector<double> high = bounder.lower_bounds(system.outputs, all, -1.0, layers, bounds);
  for (std::size_t m = 0; m < all.size(); ++m) {
    result.lower[m] = std::max(result.lower[m], low[m]);
    result.upper[m] = std::min(result.upper[m], -high[m]);
  }
  for (std::size_t m = 0; m < searched.lower.size(); ++m) {
    result.lower[m] = std::max(result.lower[m], searched.lower[m]);
    result.upper[m] = std::min(result.upper[m], searched.upper[m]);
  }
  if (with_linear) result.linear = prove_linear(bounder, bounds, all);
  return result;
}

}  // namespace clipbound::bounds
