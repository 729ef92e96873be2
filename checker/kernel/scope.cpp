// Idea: interval arithmetic, rounded upward; lower ends as negatives.
// Source: interval arithmetic.
// Guarantees: see the header. Needs round_upward().
#include "checker/kernel/scope.h"

#include <limits>

#include "checker/kernel/arithmetic.h"

namespace clipcheck {

void Bounds::cut_neuron(const Group& group, Index k) {
  const double l = lower[group.pre[k]], u = upper[group.pre[k]];
  const Index y = group.first + k;
  if (!(l <= u)) return;
  // f's largest and smallest values on [l, u] are at its ends or at 0.
  double high = -std::numeric_limits<double>::infinity(), negated_low = high;
  const auto take = [&](double slope, double z) {
    high = std::max(high, slope * z);
    negated_low = std::max(negated_low, (-slope) * z);
  };
  take(l <= 0.0 ? group.negative : group.positive, l);
  take(u <= 0.0 ? group.negative : group.positive, u);
  if (l < 0.0 && u > 0.0) take(0.0, 0.0);
  cut_upper(y, high);
  cut_lower(y, -negated_low);
}

void Bounds::propagate(const System& system) {
  for (const Group& group : system.groups()) {
    if (group.kind == Group::Kind::neurons) {
      for (Index k = 0; k < group.count; ++k) cut_neuron(group, k);
      continue;
    }
    for (Index k = 0; k < group.count; ++k) {
      double high = group.bias_high[k], negated_low = -group.bias_low[k];
      for (std::size_t t = group.begin[k]; t < group.begin[k + 1]; ++t) {
        const Index e = group.elements[t];
        const double c = group.values[t];
        high += c * (c >= 0.0 ? upper[e] : lower[e]);
        negated_low += (-c) * (c >= 0.0 ? lower[e] : upper[e]);
        if (group.radii.empty() || group.radii[t] == 0.0) continue;
        const double slack = group.radii[t] * magnitude(e);
        high += slack;
        negated_low += slack;
      }
      cut_upper(group.first + k, high);
      cut_lower(group.first + k, -negated_low);
    }
  }
}

namespace {

template <class T>
T high_end(const mpq_class& x) {
  if constexpr (std::is_same_v<T, double>)
    return up(x);
  else
    return x;
}

template <class T>
Constraint<T> constraint_of(const Row& row) {
  Constraint<T> result;
  for (const Row::Term& term : row.terms)
    result.terms.push_back(
        {term.element, high_end<T>(mpq_class(-term.coefficient)), high_end<T>(term.coefficient)});
  result.negated_constant = high_end<T>(row.threshold);
  result.strict = row.strict;
  return result;
}

}  // namespace

template <class T>
Scope<T> root_scope(const System& system, const Clause& clause) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Scope<T> scope;
  scope.bounds.lower.assign(system.size(), -kInfinity);
  scope.bounds.upper.assign(system.size(), kInfinity);
  for (Index i = 0; i < system.inputs(); ++i) {
    scope.bounds.cut_lower(i, clause.lower[i]);
    scope.bounds.cut_upper(i, clause.upper[i]);
  }
  scope.bounds.propagate(system);
  scope.slopes.assign(system.neurons(), std::numeric_limits<float>::quiet_NaN());
  for (const Row& row : clause.rows)
    scope.constraints.push_back(std::make_shared<Constraint<T>>(constraint_of<T>(row)));
  return scope;
}

template Scope<double> root_scope<double>(const System&, const Clause&);
template Scope<mpq_class> root_scope<mpq_class>(const System&, const Clause&);

}  // namespace clipcheck
