#pragma once
// Idea: the one justification of docs/certificate.md: a form over elements is bounded from below by
// a form over inputs, by backward substitution, at every point of a scope.
// Source: CROWN (Zhang et al., NeurIPS 2018) with free slopes (Xu et al., ICLR 2021).
// Guarantees: the result is a lower bound in exact real arithmetic, whatever the slopes are.
// Legend: n elements; a coefficient is an interval [-negated_low, high].
#include <vector>

#include "checker/kernel/scope.h"

namespace clipcheck {

/// Bounds one form after the other. T: double (needs round_upward()) or mpq_class.
template <class T>
class Substitution {
 public:
  explicit Substitution(const System& system);

  /// Begins with the form 0.
  void clear();
  void add(Index element, const T& negated_low, const T& high);
  /// Adds factor * C <= 0; factor >= 0.
  void add(const Constraint<T>& constraint, double factor);
  /// Replaces everything but inputs.
  void substitute(const Scope<T>& scope);
  /// After substitute(): the least value of the form over the box, rounded down; -infinity where
  /// numbers overflow. The form is 0 then.
  T minimum(const Scope<T>& scope);
  /// After substitute(): the form <= 0 as a constraint over inputs. The form is 0 then.
  Constraint<T> constraint(const Scope<T>& scope);
  /// Some number has overflowed: nothing is known.
  bool overflowed() const { return overflowed_; }

 private:
  /// The middle of e's coefficient, which becomes 0; its radius goes into the constant.
  T take(Index e, const Bounds& bounds);
  void substitute_affine(const Group& group, Index k, const T& m, const Bounds& bounds);
  void substitute_neuron(const Group& group, Index k, const T& m, const Scope<T>& scope);
  T bias_low(const Group& group, Index k, bool upper) const;

  const System& system_;
  std::vector<T> negated_low_, high_;  // [n]
  T negated_constant_ = 0;             // the constant is at least -negated_constant_
  Index top_ = 0;                      // elements from here on have the coefficient 0
  bool overflowed_ = false;
};

}  // namespace clipcheck
