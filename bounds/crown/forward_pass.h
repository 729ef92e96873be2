#pragma once
// Idea: forward linear bounds: two linear functions of the input per value, carried layer by layer.
//   N + 1 numbers per neuron and side, so they are cheap where inputs are few; backward
//   substitution is tighter, because it sees signs only after cancellation.
// Source: forward mode of LiRPA: Xu et al., "Automatic Perturbation Analysis", NeurIPS 2020. Ours
//   differs: each bound carries what roundings may have lost.
// Guarantees: lower_i(x) - error_i <= z_i(x) <= upper_i(x) + error_i for every x of the box (S8).
// Legend: N columns (inputs that vary); a linear bound is A x + b.
#include <map>
#include <vector>

#include "bounds/layered/enclose.h"
#include "bounds/relax/activation.h"

namespace clipbound::bounds {

/// Linear bounds of a vector of values, [size, N + 1] row-major (A | b), and what their rounding
/// may lose.
struct LinearBounds {
  std::vector<double> lower, upper;
  std::vector<double> error;      ///< [size]
  std::vector<double> magnitude;  ///< [size] >= |A||x| + |b| of either side, each term apart
};

/// The box on which forward bounds are taken: N columns (inputs that vary), the other inputs as
/// intervals.
struct ForwardBox {
  std::vector<int> columns;          ///< input number of each of the N columns
  std::vector<double> lower, upper;  ///< [N]
  double largest = 1.0;              ///< of all inputs' magnitudes
};

/// Bounds of the network's input itself: columns exactly, other inputs by their interval.
LinearBounds forward_input(const ForwardBox& box, const std::vector<double>& lower,
                           const std::vector<double>& upper);
/// Bounds of an affine form from those of its sources.
LinearBounds forward_affine(const AffineForm& form, const ForwardBox& box,
                            const std::map<int, LinearBounds>& sources);
/// Interval of every element on the box; rigorous.
IntervalVector concretize(const LinearBounds& bounds, const ForwardBox& box);
/// Bounds of relu(z), given z's linear bounds and interval.
LinearBounds forward_relu(const LinearBounds& z, const IntervalVector& interval,
                          const ForwardBox& box);
/// Bounds of f(z), given z's linear bounds and lines below and above f on z's interval.
LinearBounds forward_nonlinear(const LinearBounds& z, const std::vector<LinePair>& relaxed,
                               const ForwardBox& box);
/// The same for a layer of products.
LinearBounds forward_products(const LinearBounds& z, const std::vector<LinePair>& relaxed,
                              const ForwardBox& box);

}  // namespace clipbound::bounds
