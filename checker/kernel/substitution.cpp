// Idea: groups from the last to the first; each element's coefficient becomes one number and a
// radius before the element is replaced.
// Source: CROWN.
// Guarantees: see the header.
#include "checker/kernel/substitution.h"

#include <algorithm>
#include <limits>

#include "checker/kernel/arithmetic.h"

namespace clipcheck {

namespace {

/// The line's slope: the scope's, or CROWN's; on the other side the chord's.
double slope_of(const Group& group, double l, double u, bool below, float chosen) {
  if (l >= 0.0) return group.positive;
  if (u <= 0.0) return group.negative;
  const bool convex = group.negative <= group.positive;
  if (convex == below) {
    if (!std::isnan(chosen)) return static_cast<double>(chosen);
    return u > -l ? group.positive : group.negative;
  }
  return (group.positive * u - group.negative * l) / (u - l);
}

}  // namespace

template <class T>
Substitution<T>::Substitution(const System& system)
    : system_(system), negated_low_(system.size(), T(0)), high_(system.size(), T(0)) {}

template <class T>
void Substitution<T>::clear() {
  std::fill_n(negated_low_.begin(), top_, T(0));
  std::fill_n(high_.begin(), top_, T(0));
  top_ = 0;
  negated_constant_ = 0;
  overflowed_ = false;
}

template <class T>
void Substitution<T>::add(Index element, const T& negated_low, const T& high) {
  top_ = std::max(top_, element + 1);
  negated_low_[element] += negated_low;
  high_[element] += high;
}

template <class T>
void Substitution<T>::add(const Constraint<T>& constraint, double factor) {
  const T m = factor;
  for (const auto& term : constraint.terms)
    add(term.element, T(m * term.negated_low), T(m * term.high));
  negated_constant_ += T(m * constraint.negated_constant);
}

template <class T>
T Substitution<T>::take(Index e, const Bounds& bounds) {
  T& low = negated_low_[e];
  T& high = high_[e];
  const T m = (high - low) * T(0.5);
  const T above = high - m, below = m + low;
  const T radius = above > below ? above : below;
  low = 0;
  high = 0;
  if (!is_finite(m) || !is_finite(radius)) overflowed_ = true;
  if (radius != 0) {
    const double magnitude = bounds.magnitude(e);
    if (!is_finite(magnitude))
      overflowed_ = true;
    else
      negated_constant_ += T(radius * T(magnitude));
  }
  return m;
}

template <>
inline double Substitution<double>::bias_low(const Group& group, Index k, bool upper) const {
  return upper ? group.bias_high[k] : group.bias_low[k];
}
template <>
inline mpq_class Substitution<mpq_class>::bias_low(const Group& group, Index k, bool) const {
  return group.bias[k];
}

template <class T>
void Substitution<T>::substitute_affine(const Group& group, Index k, const T& m,
                                        const Bounds& bounds) {
  const T negated = -m;
  negated_constant_ += T(negated * bias_low(group, k, m < 0));
  const std::size_t begin = group.begin[k], count = group.begin[k + 1] - begin;
  if (count == 0) return;
  const double* values = group.values.data() + begin;
  const Index* elements = group.elements.data() + begin;
  if (group.run[k] != 0) {
    T* low = negated_low_.data() + elements[0];
    T* high = high_.data() + elements[0];
    for (std::size_t t = 0; t < count; ++t) {
      low[t] += T(negated * values[t]);
      high[t] += T(m * values[t]);
    }
  } else {
    for (std::size_t t = 0; t < count; ++t) {
      negated_low_[elements[t]] += T(negated * values[t]);
      high_[elements[t]] += T(m * values[t]);
    }
  }
  if (group.radii.empty()) return;
  const T size = m < 0 ? negated : m;
  for (std::size_t t = 0; t < count; ++t) {
    if (group.radii[begin + t] == 0.0) continue;
    const double magnitude = bounds.magnitude(elements[t]);
    if (!is_finite(magnitude) || !is_finite(group.radii[begin + t])) {
      overflowed_ = true;
      return;
    }
    negated_constant_ += T(T(size * T(group.radii[begin + t])) * T(magnitude));
  }
}

template <class T>
void Substitution<T>::substitute_neuron(const Group& group, Index k, const T& m,
                                        const Scope<T>& scope) {
  const Index z = group.pre[k];
  const double l = scope.bounds.lower[z], u = scope.bounds.upper[z];
  if (!is_finite(l) || !is_finite(u)) {
    overflowed_ = true;
    return;
  }
  const bool below = m > 0;
  const double s = slope_of(group, l, u, below, scope.slopes[group.first_neuron + k]);
  if (!is_finite(s)) {
    overflowed_ = true;
    return;
  }
  const T negated = -m;
  negated_low_[z] += T(negated * T(s));
  high_[z] += T(m * T(s));
  if (l >= 0.0 || u <= 0.0) return;  // f is the line
  // The offset t from its side, as its negative where it is a lower one: at l, 0 and u.
  T worst = 0;  // at 0
  for (const double x : {l, u}) {
    const T f = x < 0.0 ? group.negative : group.positive;
    const T at = below ? T(T(T(s) * T(x)) + T(T(-f) * T(x))) : T(T(f * T(x)) + T(T(-s) * T(x)));
    if (!is_finite(at)) overflowed_ = true;
    if (at > worst) worst = at;
  }
  negated_constant_ += T((below ? m : negated) * worst);
}

template <class T>
void Substitution<T>::substitute(const Scope<T>& scope) {
  const auto& groups = system_.groups();
  for (auto group = groups.rbegin(); group != groups.rend() && !overflowed_; ++group) {
    if (group->first >= top_) continue;  // what is replaced adds to earlier elements alone
    for (Index k = 0; k < group->count && !overflowed_; ++k) {
      const Index e = group->first + k;
      if (high_[e] == 0 && negated_low_[e] == 0) continue;
      const T m = take(e, scope.bounds);
      if (m == 0 || overflowed_) continue;
      if (group->kind == Group::Kind::neurons)
        substitute_neuron(*group, k, m, scope);
      else
        substitute_affine(*group, k, m, scope.bounds);
    }
  }
}

template <class T>
T Substitution<T>::minimum(const Scope<T>& scope) {
  for (Index i = 0; i < system_.inputs() && !overflowed_; ++i) {
    if (high_[i] == 0 && negated_low_[i] == 0) continue;
    const T m = take(i, scope.bounds);
    const double x = m < 0 ? scope.bounds.upper[i] : scope.bounds.lower[i];
    if (!is_finite(x)) overflowed_ = true;
    if (overflowed_) break;
    const T negated = -m;
    negated_constant_ += T(negated * T(x));
  }
  if (!is_finite(negated_constant_)) overflowed_ = true;
  const T result = -negated_constant_;
  return result;
}

template <class T>
Constraint<T> Substitution<T>::constraint(const Scope<T>& scope) {
  Constraint<T> result;
  for (Index i = 0; i < system_.inputs() && !overflowed_; ++i) {
    if (high_[i] == 0 && negated_low_[i] == 0) continue;
    const T m = take(i, scope.bounds);
    if (m != 0) result.terms.push_back({i, T(-m), m});
  }
  result.negated_constant = negated_constant_;
  if (!is_finite(negated_constant_)) overflowed_ = true;
  return result;
}

template class Substitution<double>;
template class Substitution<mpq_class>;

}  // namespace clipcheck
