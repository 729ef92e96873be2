#pragma once
// Idea: what a network will cost, forecast from shapes alone.
// Source: own; counts what bounds/lowering does, operator by operator.
// Guarantees: an estimate: no bound on memory.
#include "specs/network/network.h"

namespace clipbound::solver {

struct NetworkCost {
  double multiplications = 0.0;  ///< of one evaluation
  /// Of its LayeredSystem and the matrices that CrownBounder makes of it.
  double lowered_bytes = 0.0;
  /// Of one thread of the search: a reduced network, its bounder, a batch of rows.
  double search_bytes = 0.0;
};

/// Forecasts the cost of a (simplified) network. Matrices are counted by the coefficients per row
/// that composing affine operators leaves at most, so sparse weights make the forecast too high,
/// never too low.
NetworkCost estimate_cost(const Network& network);

}  // namespace clipbound::solver
