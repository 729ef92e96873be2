#pragma once
// Idea: the open clauses on one box, as the activation split's root and its workers see them.
// Source: own.
// Guarantees: a row is excluded only where its lower bound says so, strictly or not as it is (S11).
#include <cstdint>
#include <memory>
#include <vector>

#include "bounds/alpha_beta/intermediate_bounds.h"
#include "bounds/alpha_beta/sparse_network.h"
#include "specs/query/query.h"

namespace clipbound::solver {

/// Rows of one clause among those of an ActivationProblem.
struct ActivationClause {
  const Clause* clause = nullptr;
  std::int64_t first_row = 0, rows = 0;
};

/// Open clauses on one box. The network's bounds are shared by them: no rows entered.
struct ActivationProblem {
  std::shared_ptr<const SparseNetwork> network;
  std::shared_ptr<const InputLines> lines;  ///< of the network; nullptr: boxes are not halved
  SparseNetworkRows rows;
  std::vector<std::uint8_t> strict;  ///< [rows]
  std::vector<ActivationClause> clauses;
  OptimizedRows root;                          ///< of all rows
  std::vector<SparseNetworkRows> neurons;      ///< per layer: the rows of its unstable neurons, for
                                               ///< bounding them again in subproblems
  std::vector<std::int32_t> first_unstable;    ///< [layers + 1]
  std::vector<SparseNetworkRows> differences;  ///< per layer: those of its second twins
  bool refuted(std::int64_t row, double lower) const {
    return strict[static_cast<std::size_t>(row)] != 0 ? lower >= 0.0 : lower > 0.0;
  }
};

}  // namespace clipbound::solver
