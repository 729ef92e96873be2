#pragma once
// Idea: whole batches: bounds of many boxes in parallel, gradients of many points.
// Source: own; bounds are those of bounds.h.
// Guarantees: those of bounds.h for every box; gradients are float64 and prove nothing.
// Legend: B boxes or points, N = input_size() and M = output_size() of the network (or rows of a
// Bounder that has some); arrays row by row.
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "clipbound/bounds.h"
#include "clipbound/errors.h"
#include "clipbound/network.h"
#include "clipbound/solve.h"

namespace clipbound {

/// Settings of bounds_of_boxes().
struct BatchSettings {
  BoundSettings bounds = {};  ///< of each box; the time limit is that of the whole batch
  int threads = 0;            ///< 0: all that the process may use
  /// Boxes that are not reached when it stops have infinite bounds.
  std::optional<Stopper> stopper = {};
};

/// lower[b] <= Y(x) <= upper[b] for every real x of box b. An end is infinite where nothing is
/// known; none is NaN.
struct BatchBounds {
  BoundMethod method = BoundMethod::crown;  ///< by which they were computed
  std::size_t boxes = 0;                    ///< B
  std::size_t rows = 0;                     ///< M
  std::vector<double> lower;                ///< [B, M]
  std::vector<double> upper;                ///< [B, M]
  LinearBounds linear;                      ///< [B, M, N] and [B, M]; empty unless asked for
};

/// Bounds of B boxes ([B, N] each end), all inside the one that the bounder was prepared for.
/// Boxes are spread over threads; the bounds do not depend on how many there are, unless time runs
/// out. Throws InputError, naming the box, where sizes do not fit, lower > upper or a box leaves
/// the prepared one.
CLIPBOUND_API BatchBounds bounds_of_boxes(const Bounder& bounder, std::span<const double> lower,
                                          std::span<const double> upper,
                                          const BatchSettings& settings = {});
/// The same for boxes anywhere: the network is prepared once, for the hull of all of them.
/// Operators that have intervals alone are bounded on that hull, so boxes far apart may be bounded
/// tighter one by one. Throws as Bounder does, and InputError without a box.
CLIPBOUND_API BatchBounds bounds_of_boxes(const Network& network, std::span<const double> lower,
                                          std::span<const double> upper,
                                          const std::optional<OutputRows>& rows = {},
                                          const BatchSettings& settings = {});

/// Gradients of weights . Y at B points: x [B, N], weights [B, M] give [B, N], computed in float64.
/// Where an operator has a kink, the derivative of one side; 0 through steps (Sign, Floor, ...).
/// Throws InputError where sizes do not fit.
CLIPBOUND_API std::vector<double> gradients_of(const Network& network, std::span<const double> x,
                                               std::span<const double> weights);

}  // namespace clipbound
