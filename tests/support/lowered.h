#pragma once
// A network on its way to the bounds: lowered, bounded and reduced on a box, with the truth at
// points beside it.
#include <memory>

#include "bounds/crown/crown_bounder.h"
#include "bounds/layered/clause_rows.h"
#include "bounds/layered/layered_system.h"
#include "bounds/lowering/lower_network.h"
#include "bounds/reduced/reduce.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/enclosed.h"
#include "specs/query/number.h"
#include "specs/simplify/simplify.h"
#include "tests/support/batch.h"
#include "tests/support/exact_evaluation.h"
#include "tests/support/floors.h"

namespace clipbound::test {

/// sum of coefficients_j Y_j <= threshold.
inline Row output_row(const std::vector<Rational>& coefficients, const Rational& threshold,
                      bool strict = false) {
  Row row;
  for (std::size_t j = 0; j < coefficients.size(); ++j) {
    if (coefficients[j] == 0) continue;
    row.terms.push_back(
        {Term::Of::output, static_cast<std::int32_t>(j), make_number(coefficients[j])});
  }
  row.threshold = make_number(threshold);
  row.strict = strict;
  return row;
}

/// The tests below are templates over how the truth is known: as Enclosed (fast, any size) or as
/// Rational (exactly).
template <typename Real>
Real number_as(const Number& number) {
  if constexpr (std::is_same_v<Real, Rational>)
    return number.exact;
  else
    return {number.lower, next_up(number.upper - number.lower)};
}
inline Enclosed relu(Enclosed z) {
  return {std::fmax(z.value, 0.0), z.error};
}
inline Rational relu(const Rational& z) {
  return z > 0 ? z : Rational(0);
}
/// True where |gap| surely is larger than `radius`. NaN and infinity allow everything.
inline bool exceeds(Enclosed gap, double radius) {
  return add_down(std::fabs(gap.value), -gap.error) > radius;
}
inline bool exceeds(const Rational& gap, double radius) {
  return std::isfinite(radius) && abs(gap) > Rational(radius);
}
inline bool surely_negative(Enclosed x) {
  return add_up(x.value, x.error) < 0.0;
}
inline bool surely_negative(const Rational& x) {
  return x < 0;
}
inline double rough(Enclosed x) {
  return x.value;
}
inline double rough(const Rational& x) {
  return x.get_d();
}

/// False where `bound` (a lower one) excludes every value that the truth may have. NaN excludes
/// nothing.
inline bool allows_lower(double bound, Enclosed truth) {
  return !(bound > add_up(truth.value, truth.error));
}
inline bool allows_upper(double bound, Enclosed truth) {
  return !(bound < add_down(truth.value, -truth.error));
}

inline bool allows_lower(double bound, const Rational& truth) {
  return !std::isfinite(bound) ? !(bound > 0.0) : Rational(bound) <= truth;
}
inline bool allows_upper(double bound, const Rational& truth) {
  return !std::isfinite(bound) ? !(bound < 0.0) : Rational(bound) >= truth;
}

/// What the network is at one point: inputs, all neurons in the order of the layers, and the rows.
template <typename Real>
struct TruthOf {
  std::vector<double> x;
  std::vector<Real> neurons, rows;
};
using Truth = TruthOf<Enclosed>;

class Lowered {
 public:
  Lowered(std::shared_ptr<const Network> network, std::vector<double> lower_edges,
          std::vector<double> upper_edges, Clause clause_of_rows,
          ProductForm products = ProductForm::squares, const LoweringOptions& options = {})
      : simplified(simplify(std::move(network)).network),
        clause(std::move(clause_of_rows)),
        lower(std::move(lower_edges)),
        upper(std::move(upper_edges)),
        system(std::make_shared<const LayeredSystem>(
            lower_network(*simplified, lower, upper, products, options))),
        bounder(system),
        rows(lower_rows(*system, clause)),
        bounds(bounder.bound_neurons(lower, upper, Deadline())),
        kept(varying_inputs(lower, upper)) {
    std::vector<std::uint8_t> strict;
    for (const Row& row : clause.rows) strict.push_back(row.strict ? 1 : 0);
    reduced = reduce(bounder, bounds, rows, strict, kept);
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

  /// The elements of its value that layer k holds.
  std::vector<std::int64_t> elements_of(std::size_t k) const {
    std::vector<std::int64_t> elements = system->layer_elements[k];
    for (std::int64_t e = 0; system->layer_elements[k].empty() && e < system->layers[k].size(); ++e)
      elements.push_back(e);
    return elements;
  }
  Truth truth(std::vector<double> x) const { return truth_as<Enclosed>(std::move(x)); }

  template <typename Real>
  TruthOf<Real> truth_as(std::vector<double> x) const {
    TruthOf<Real> result;
    std::vector<Real> y;
    if constexpr (std::is_same_v<Real, Rational>) {
      ExactEvaluation all(*simplified, x);
      for (std::size_t k = 0; k < system->layers.size(); ++k) {
        const auto& values = all[system->layer_values[k]];
        for (const std::int64_t e : elements_of(k))
          result.neurons.push_back(values[static_cast<std::size_t>(e)]);
      }
      for (const ValueId value : simplified->outputs)
        y.insert(y.end(), all[value].begin(), all[value].end());
    } else {
      const std::vector<EnclosedOutputs> all = evaluate_all_enclosed(*simplified, x);
      const auto append = [&](const EnclosedOutputs& part, std::vector<Enclosed>& to) {
        for (std::size_t i = 0; i < part.value.size(); ++i)
          to.emplace_back(part.value[i], part.error[i]);
      };
      for (std::size_t k = 0; k < system->layers.size(); ++k) {
        const ValueId value = system->layer_values[k];
        if (value != kNoValue) {
          const EnclosedOutputs& whole = all[index_of(value)];
          for (const std::int64_t e : elements_of(k)) {
            result.neurons.emplace_back(whole.value[static_cast<std::size_t>(e)],
                                        whole.error[static_cast<std::size_t>(e)]);
          }
        } else {  // a helper that is no value of the network: nothing is known of it
          result.neurons.resize(
              result.neurons.size() + static_cast<std::size_t>(system->layers[k].size()),
              Enclosed(0.0, std::numeric_limits<double>::infinity()));
        }
      }
      for (const ValueId value : simplified->outputs) append(all[index_of(value)], y);
    }
    for (const Row& row : clause.rows) {
      Real sum = -number_as<Real>(row.threshold);
      for (const Term& term : row.terms) {
        const auto i = static_cast<std::size_t>(term.index);
        sum +=
            number_as<Real>(term.coefficient) * (term.of == Term::Of::output ? y[i] : Real(x[i]));
      }
      result.rows.push_back(sum);
    }
    result.x = std::move(x);
    return result;
  }

  /// A bounder of the reduced network with every lane on the whole box and without constraints that
  /// say anything. It looks at this object's reduced network.
  Batch lanes(int constraints = 0) const&& = delete;
  Batch lanes(int constraints = 0) const& {
    Batch b;
    b.attach(*reduced, constraints);
    for (std::size_t k = 0; k < kept.size(); ++k) {
      b.lower_x[k] = broadcast(lower[static_cast<std::size_t>(kept[k])]);
      b.upper_x[k] = broadcast(upper[static_cast<std::size_t>(kept[k])]);
    }
    for (std::size_t v = 0; v < reduced->original_neuron.size(); ++v) {
      b.lower_z[v] = broadcast(neuron_lower[static_cast<std::size_t>(reduced->original_neuron[v])]);
      b.upper_z[v] = broadcast(neuron_upper[static_cast<std::size_t>(reduced->original_neuron[v])]);
    }
    b.halfspace_count = constraints;
    return b;
  }

  std::shared_ptr<const Network> simplified;
  Clause clause;
  std::vector<double> lower, upper;
  std::shared_ptr<const LayeredSystem> system;
  CrownBounder bounder;
  AffineForm rows;
  CrownBounder::Bounds bounds;
  std::vector<int> kept;
  std::shared_ptr<const ReducedNetwork> reduced;
  std::vector<double> neuron_lower, neuron_upper;  ///< of all neurons, at the root
};

/// What row v of a reduced network says at a true point, without its radius.
template <typename Real>
Real reduced_value(const ReducedNetwork& network, int v, const TruthOf<Real>& truth,
                   const std::vector<int>& kept) {
  const double* row = network.row(v);
  Real sum(row[network.constant()]);
  for (std::size_t k = 0; k < kept.size(); ++k) {
    sum += Real(row[network.first_input() + static_cast<int>(k)]) *
           Real(truth.x[static_cast<std::size_t>(kept[k])]);
  }
  for (int w = 0; w < network.neurons; ++w) {
    if (row[w] != 0.0)
      sum += Real(row[w]) * relu(truth.neurons[static_cast<std::size_t>(
                                network.original_neuron[static_cast<std::size_t>(w)])]);
  }
  return sum;
}

}  // namespace clipbound::test
