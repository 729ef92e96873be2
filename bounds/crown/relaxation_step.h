#pragma once
// Idea: the step of backward substitution: the coefficient of an activation becomes a multiplier of
//   its pre-activation and an intercept.
// Source: CROWN (Zhang et al., NeurIPS 2018), eq. 4. Ours differs: the intercept follows from the
//   multiplier as rounded, so that the multiplier is a free choice.
// Guarantees: coefficient * f(z) >= multiplier * z + intercept on [l, u] (S5). The same step stands
//   in relu_rows.cpp, ReducedBounder, AlphaBetaBounder::relax_relus and ForwardBounder.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/rounding.h"
#include "base/simd.h"
#include "bounds/layered/enclose.h"
#include "bounds/relax/activation.h"
#include "bounds/relax/difference.h"

namespace clipbound::bounds {

/// coefficient * f(z) >= multiplier * z + intercept for all z in [l, u].
struct RelaxationStep {
  double multiplier, intercept;
};

/// A coefficient that overflowed has lost its sign, perhaps: the row is lost, and must not become
/// 0.
inline constexpr RelaxationStep kLostRow{std::numeric_limits<double>::quiet_NaN(),
                                         std::numeric_limits<double>::quiet_NaN()};

inline RelaxationStep replace_relu(double coefficient, double l, double u) {
  if (u <= 0.0) return {0.0, 0.0};
  if (!(std::fabs(coefficient) < kOverflow)) return kLostRow;
  if (l >= 0.0) return {coefficient, 0.0};
  if (!(coefficient < 0.0)) return {u > -l ? coefficient : 0.0, 0.0};
  // Without a finite lower end the upper line is the constant u (which may be infinite: then the
  // row is lost).
  if (!std::isfinite(l) || !std::isfinite(u)) return {0.0, coefficient * u};
  const double m = coefficient * (u / (u - l));
  // From m as rounded: see ReducedBounder::substitute.
  return {m, std::min(0.0, std::min(-m * l, (coefficient - m) * u))};
}

/// The rounding of the multiplier is charged with the neuron's slack, that of the intercept with
/// the intercepts' sum.
inline RelaxationStep replace_by_lines(double coefficient, const LinePair& lines) {
  if (!(std::fabs(coefficient) < kOverflow)) return kLostRow;
  return coefficient < 0.0
             ? RelaxationStep{coefficient * lines.upper_slope, coefficient * lines.upper_offset}
             : RelaxationStep{coefficient * lines.lower_slope, coefficient * lines.lower_offset};
}

/// What is known of a layer's neurons and the twins that they have in the layer before.
struct RelaxedTwins {
  const std::vector<std::int64_t>* first = nullptr;     ///< [neurons] in the layer before, or -1
  const std::vector<DifferenceLines>* lines = nullptr;  ///< nullptr where none has any
  const std::vector<double>* slack = nullptr;           ///< of the forms of the layer before
};

/// What is known of a layer's neurons.
struct RelaxedLayer {
  const AffineForm& form;
  const IntervalVector& z;                   ///< pre-activations
  const std::vector<LinePair>& relaxations;  ///< empty: ReLUs
  /// Slack of every neuron's form; infinite where z is unbounded.
  const std::vector<double>& slack;
  bool has_products = false;  ///< second factors take the coefficients of the first ones
  RelaxedTwins twins = {};

  RelaxationStep replace(double coefficient, std::size_t v) const {
    return relaxations.empty() ? replace_relu(coefficient, z.lower[v], z.upper[v])
                               : replace_by_lines(coefficient, relaxations[v]);
  }
};

/// What a row has gathered on its way down, apart from its coefficients.
struct RowSums {
  double constant = 0.0;             ///< sum of multiplier * the neuron's constant
  double intercept = 0.0;            ///< sum of q
  double intercept_magnitude = 0.0;  ///< sum of |q|
  double error = 0.0;                ///< sum of |multiplier| * the neuron's slack

  RowSums& operator+=(const RowSums& other) {
    constant += other.constant;
    intercept += other.intercept;
    intercept_magnitude += other.intercept_magnitude;
    error += other.error;
    return *this;
  }
  /// What roundings and radii take from the row's bound.
  double loss(double gamma) const {
    return (error + 4.0 * gamma * intercept_magnitude) * (1.0 + 4.0 * gamma);
  }
  /// The row's lower bound, given the least value of its coefficients over the box added to
  /// constant and intercept; an overflow, or NaN, proves nothing.
  double lower_bound(double least, double gamma) const {
    const double bound = next_down(least - loss(gamma));
    return std::fabs(bound) < kOverflow ? bound : -std::numeric_limits<double>::infinity();
  }
};

}  // namespace clipbound::bounds
