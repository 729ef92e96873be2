#pragma once
// Idea: what everything that goes forward through a problem's layers sets up first: which input
// each column is, how many elements each source has, which rows are multiplied together.
// Source: own.
// Guarantees: gamma covers two roundings per element of all sources, and 32 more (S8).
// Legend: n inputs of the network; source 0 is the input, source k + 1 layer k.
#include <cstddef>
#include <vector>

#include "bounds/forward/forward_problem.h"
#include "bounds/forward/row_blocks.h"

namespace clipbound::bounds {

struct ForwardLayout {
  explicit ForwardLayout(const ForwardProblem& problem);

  std::vector<int> column_of;                 ///< [n] -1 where the input does not vary
  std::vector<std::size_t> sizes;             ///< of the sources
  std::vector<std::vector<RowBlock>> blocks;  ///< of the layers, and of the clause's rows
  double gamma = 0.0;                         ///< for sums over the whole network
};

}  // namespace clipbound::bounds
