#pragma once
// A network on its way to the bounds: lowered, bounded and reduced on a box, with the truth at points beside it.
#include <memory>

#include "bounds/lane_bounder.h"
#include "bounds/layered_system.h"
#include "bounds/root_bounds.h"
#include "specs/enclosed.h"
#include "specs/evaluate.h"
#include "specs/number.h"
#include "specs/simplify.h"
#include "tests/support/exact.h"

namespace clipbound::test {

/// sum of coefficients_j Y_j <= threshold.
inline Row output_row(const std::vector<Rational>& coefficients, const Rational& threshold, bool strict = false) {
  Row row;
  for (std::size_t j = 0; j < coefficients.size(); ++j) {
    if (coefficients[j] == 0) continue;
    row.terms.push_back({Term::Of::output, static_cast<std::int32_t>(j), make_number(coefficients[j])});
  }
  row.threshold = make_number(threshold);
  row.strict = strict;
  return row;
}

inline Enclosed enclosed(const Number& number) {
  return {number.lower, next_up(number.upper - number.lower)};
}

/// False where `bound` (a lower one) excludes every value that the truth may have. NaN excludes nothing.
inline bool allows_lower(double bound, Enclosed truth) {
  return !(bound > add_up(truth.value, truth.error));
}
inline bool allows_upper(double bound, Enclosed truth) {
  return !(bound < add_down(truth.value, -truth.error));
}

/// What the network is at one point: inputs, all neurons in the order of the layers, and the rows.
struct Truth {
  std::vector<double> x;
  std::vector<Enclosed> neurons, rows;
};

class Lowered {
 public:
  Lowered(std::shared_ptr<const Network> network, std::vector<double> lower_edges, std::vector<double> upper_edges,
          Clause clause_of_rows)
      : simplified(simplify(std::move(network)).network),
        clause(std::move(clause_of_rows)),
        lower(std::move(lower_edges)),
        upper(std::move(upper_edges)),
        system(std::make_shared<const LayeredSystem>(lower_network(*simplified, lower, upper))),
        bounder(system),
        rows(lower_rows(*system, clause)),
        bounds(bounder.bound_neurons(lower, upper, Deadline())),
        kept(varying_inputs(lower, upper)) {
    std::vector<std::uint8_t> strict;
    for (const Row& row : clause.rows) strict.push_back(row.strict ? 1 : 0);
    reduced = bounder.reduce(bounds, rows, strict, kept);
    for (const IntervalVector& layer : bounds.layers) {
      neuron_lower.insert(neuron_lower.end(), layer.lower.begin(), layer.lower.end());
      neuron_upper.insert(neuron_upper.end(), layer.upper.begin(), layer.upper.end());
    }
  }

  std::vector<double> row_bounds() const {
    std::vector<std::int64_t> all(clause.rows.size());
    for (std::size_t s = 0; s < all.size(); ++s) all[s] = static_cast<std::int64_t>(s);
    return bounder.lower_bounds(rows, all, 1.0, static_cast<int>(system->layers.size()), bounds);
  }

  Truth truth(std::vector<double> x) const {
    Truth result;
    const std::vector<EnclosedOutputs> all = evaluate_all_enclosed(*simplified, x);
    for (const ValueId value : system->layer_values) {
      const EnclosedOutputs& z = all[index_of(value)];
      for (std::size_t i = 0; i < z.value.size(); ++i) result.neurons.emplace_back(z.value[i], z.error[i]);
    }
    std::vector<Enclosed> y;
    for (const ValueId value : simplified->outputs) {
      const EnclosedOutputs& part = all[index_of(value)];
      for (std::size_t i = 0; i < part.value.size(); ++i) y.emplace_back(part.value[i], part.error[i]);
    }
    for (const Row& row : clause.rows) {
      Enclosed sum = -enclosed(row.threshold);
      for (const Term& term : row.terms) {
        const auto i = static_cast<std::size_t>(term.index);
        sum += enclosed(term.coefficient) * (term.of == Term::Of::output ? y[i] : Enclosed(x[i]));
      }
      result.rows.push_back(sum);
    }
    result.x = std::move(x);
    return result;
  }

  /// A bounder of the reduced network with every lane on the whole box and without constraints that say anything.
  /// It looks at this object's reduced network.
  LaneBounder lanes(int constraints = 0) const&& = delete;
  LaneBounder lanes(int constraints = 0) const& {
    LaneBounder b;
    b.attach(*reduced, constraints);
    for (std::size_t k = 0; k < kept.size(); ++k) {
      b.lower_x[k] = broadcast(lower[static_cast<std::size_t>(kept[k])]);
      b.upper_x[k] = broadcast(upper[static_cast<std::size_t>(kept[k])]);
    }
    for (std::size_t v = 0; v < reduced->origin.size(); ++v) {
      b.lower_z[v] = broadcast(neuron_lower[static_cast<std::size_t>(reduced->origin[v])]);
      b.upper_z[v] = broadcast(neuron_upper[static_cast<std::size_t>(reduced->origin[v])]);
    }
    b.constraints = constraints;
    return b;
  }

  std::shared_ptr<const Network> simplified;
  Clause clause;
  std::vector<double> lower, upper;
  std::shared_ptr<const LayeredSystem> system;
  RootBounder bounder;
  AffineForm rows;
  RootBounder::Bounds bounds;
  std::vector<int> kept;
  std::shared_ptr<const ReducedNetwork> reduced;
  std::vector<double> neuron_lower, neuron_upper;  ///< of all neurons, at the root
};

/// What row v of a reduced network says at a true point, without its radius.
inline Enclosed reduced_value(const ReducedNetwork& network, int v, const Truth& truth, const std::vector<int>& kept) {
  const double* row = network.row(v);
  Enclosed sum(row[network.constant()]);
  for (std::size_t k = 0; k < kept.size(); ++k) {
    sum += Enclosed(row[network.first_input() + static_cast<int>(k)]) * Enclosed(truth.x[static_cast<std::size_t>(kept[k])]);
  }
  for (int w = 0; w < network.neurons; ++w) {
    const Enclosed z = truth.neurons[static_cast<std::size_t>(network.origin[static_cast<std::size_t>(w)])];
    if (row[w] != 0.0) sum += Enclosed(row[w]) * Enclosed(std::fmax(z.value, 0.0), z.error);
  }
  return sum;
}

}  // namespace clipbound::test
