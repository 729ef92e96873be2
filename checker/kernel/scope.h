#pragma once
// Idea: what holds at every point of a scope: intervals of all elements, constraints C <= 0, and
// the slopes that the file has chosen (docs/certificate.md).
// Source: interval arithmetic.
// Guarantees: bounds only shrink, and only to what holds where the arguments hold.
#include <memory>
#include <utility>
#include <vector>

#include "checker/kernel/system.h"

namespace clipcheck {

/// C = sum of [-negated_low, high] * element - negated_constant or more. T: double or mpq_class.
template <class T>
struct Constraint {
  struct Term {
    Index element;
    T negated_low, high;
  };
  std::vector<Term> terms;
  T negated_constant = 0;
  bool strict = false;  ///< C < 0
};

struct Bounds {
  std::vector<double> lower, upper;  ///< [elements]

  double magnitude(Index e) const { return upper[e] > -lower[e] ? upper[e] : -lower[e]; }
  /// Cut; NaN cuts nothing.
  void cut_lower(Index e, double value) {
    if (value > lower[e]) lower[e] = value;
  }
  void cut_upper(Index e, double value) {
    if (value < upper[e]) upper[e] = value;
  }
  /// The interval of neuron k of the group from that of its pre-activation.
  void cut_neuron(const Group& group, Index k);
  /// Interval arithmetic over all elements.
  void propagate(const System& system);
};

template <class T>
struct Scope {
  Bounds bounds;
  std::vector<float> slopes;  ///< [neurons]; NaN: free
  std::vector<std::shared_ptr<const Constraint<T>>> constraints;
  bool empty = false;  ///< an interval is: there is no point
};

/// The scope of a clause's whole box.
template <class T>
Scope<T> root_scope(const System& system, const Clause& clause);

}  // namespace clipcheck
