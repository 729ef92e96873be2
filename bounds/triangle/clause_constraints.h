#pragma once
// Idea: a clause on a box as linear constraints over columns, with the ReLUs between them: what
//   phases, sums of constraints and the propagation of bounds speak of.
// Source: own; the encoding of Ehlers, "Formal Verification of Piece-Wise Linear Feed-Forward Neural
//   Networks", ATVA 2017.
// Guarantees: every counterexample in the box fulfils all of them, in real arithmetic (S15).
// Legend: L live elements, U unstable neurons of the sparse network. z_v = constant_v + sum of terms
//   + e_v, |e_v| <= slack_v, is the row of a live neuron v, and a_v its activation. Columns:
//   inputs, then per live neuron z_v and, where it is unstable, a_v behind it.
#include <cstdint>
#include <memory>
#include <vector>

#include "base/simplex.h"
#include "bounds/alpha_beta/alpha_beta_lanes.h"
#include "bounds/alpha_beta/sparse_network.h"

namespace clipbound::bounds {

/// A ReLU and its phase.
struct DecidedPhase {
  Unstable neuron;
  ReluPhase phase;
};

/// Rows of a clause: [first, first + count) of some rows.
struct ClauseRows {
  const SparseNetworkRows* rows = nullptr;
  std::int64_t first = 0, count = 0;
};

struct ClauseConstraints {
  /// Whether they say all of the network: its unstable neurons are ReLUs, nothing is multiplied,
  /// bounds are finite, and its layers have at most so many entries.
  static bool suit(const SparseNetwork& network, std::int64_t most_entries);
  ClauseConstraints(std::shared_ptr<const SparseNetwork> network, const ClauseRows& clause);

  std::size_t columns() const { return lower.size(); }
  std::int32_t neurons() const { return static_cast<std::int32_t>(z.size()); }

  std::shared_ptr<const SparseNetwork> network;
  base::LinearRows rows;               ///< z_v less its terms, equations between
                                       ///< neurons, the clause's
  std::vector<double> lower, upper;    ///< [columns] whatever the phases
  std::vector<std::int32_t> z, a;      ///< [U] columns
  std::vector<std::int32_t> unstable;  ///< [columns] the neuron whose z or a it is, or -1

 private:
  void add_layer(int k);
  void add_column(double least, double most, std::int32_t neuron);
  void add_terms(const SparseNetworkRows& from, std::int64_t r, double factor);

  std::vector<std::int32_t> column_;  // [L] of what rows read: an input, a stable z_v, a_v
};

}  // namespace clipbound::bounds
