#pragma once
// Idea: where neurons read mixtures of the inputs, bounds of single inputs say nothing of them. But
//   of some of them the others are sums, often of few: such equations are added, so that bounds
//   pass from neuron to neuron. Which ones they are is found by elimination, sparse rows first.
// Source: own (elimination of variables as integer programming's presolve does it).
// Guarantees: the coefficients are proposals; an equation's ends hold what they leave of the inputs,
//   and are rounded outward (S15).
#include "base/simplex.h"

namespace clipbound::bounds {

/// Rows  x_z - sum of coefficients * x_input = constant  (column z, a neuron's, comes first in its
/// row) among the first `count` of `rows`, over inputs [0, inputs): adds equations between the
/// neurons to `rows`, where few take part and each reads several inputs.
void add_neuron_combinations(base::LinearRows& rows, std::int64_t count, std::int32_t inputs,
                             const std::vector<double>& lower, const std::vector<double>& upper);

}  // namespace clipbound::bounds
