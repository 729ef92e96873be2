#pragma once
// Idea: the layers of a network of ReLUs as backward passes by windows relax them, one box. Slopes
//   are chosen so that one pass bounds a row from both sides: the lower line of an unstable ReLU is
//   parallel to its chord, so both sides have the same coefficients.
// Source: parallel lines: Singh et al., "Fast and Effective Robustness Certification", NeurIPS 2018;
//   one pass for both sides: own.
// Guarantees: S5; a slope is a free choice in [0, 1].
// Legend: V neurons of a layer.
#include <vector>

#include "bounds/layered/layered_system.h"

namespace clipbound::bounds {

/// One neuron, and the constant of its form.
struct NeuronLines {
  double slope, low, high, constant, slack;
  bool is_unstable() const { return low != 0.0 || high != 0.0; }
  bool is_inactive() const { return slope == 0.0 && !is_unstable(); }
  /// The lower line's slope of CROWN.
  float convex() const { return slope > 0.0 && (!is_unstable() || high > -low) ? 1.0F : 0.0F; }
};

/// One layer. slope 1, no ends: active, or an identity. slope 0, no ends: inactive.
struct RelaxedNeurons {
  std::vector<double> slope;      ///< [V] of the chord
  std::vector<double> low, high;  ///< [V] ends of unstable ReLUs, 0 elsewhere
  std::vector<double> slack;      ///< [V] of the forms; infinite where z is unbounded

  NeuronLines lines(std::size_t v, double constant) const {
    return {slope[v], low[v], high[v], constant, slack[v]};
  }
};

class RelaxedLayers {
 public:
  /// ReLUs and identities alone.
  static bool suits(const LayeredSystem& system);

  RelaxedLayers(const LayeredSystem& system, std::vector<double> lower, std::vector<double> upper);

  /// Intervals of the next layer from what is known of those before; `magnitudes` of its terms.
  IntervalVector enclose_next(std::vector<double>& magnitudes);
  void add(IntervalVector z, std::vector<double> magnitudes);

  int count() const { return static_cast<int>(neurons_.size()); }
  const LayeredSystem& system() const { return system_; }
  const RelaxedNeurons& neurons(int layer) const {
    return neurons_[static_cast<std::size_t>(layer)];
  }
  const IntervalVector& z(int layer) const { return z_[static_cast<std::size_t>(layer)]; }
  /// Of the input and of the activations so far.
  const SourceIntervals& sources() const { return sources_; }
  bool is_relu(int layer) const {
    return system_.activations[static_cast<std::size_t>(layer)].curve == Curve::relu;
  }
  /// No point of the box is a counterexample.
  bool is_empty() const { return is_empty_; }
  /// What a form loses by its radius and by roundings, whose terms are of this size.
  double slack_for(double radius, double magnitude) const;
  /// Relative error of the sums of a pass (S5, "By windows").
  double gamma() const { return gamma_; }

 private:
  const LayeredSystem& system_;
  std::vector<RelaxedNeurons> neurons_;
  std::vector<IntervalVector> z_;
  SourceIntervals sources_;
  double gamma_, largest_source_ = 1.0;
  bool is_empty_ = false;
};

}  // namespace clipbound::bounds
