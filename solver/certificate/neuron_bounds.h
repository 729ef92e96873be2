#pragma once
// Idea: bounds of all neurons on a box, with the records that prove them: CROWN's, which the checker
// finds by itself, or alpha-CROWN's, with the slopes of each bound.
// Source: CROWN (Zhang et al., NeurIPS 2018), alpha-CROWN (Xu et al., ICLR 2021): the engines of
// bounds/alpha_beta; docs/certificate.md, records I, a and b.
// Guarantees: none that a verdict depends on. The bounds are those that the records prove, less
// what is far above roundings.
#include <memory>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "bounds/alpha_beta/sparse_network.h"
#include "solver/certificate/relu_network.h"
#include "solver/certificate/scope_slopes.h"

namespace clipbound::solver {

/// What is proved at the root of a clause's tree.
struct ProvedBounds {
  std::shared_ptr<const bounds::SparseNetwork> network;
  std::string records;
  ScopeSlopes slopes;  ///< after the records
};

/// A clause's box, and the neurons that its rows depend on.
struct NeuronBoundsTask {
  const FileLayers& layers;
  std::vector<double> lower, upper;
  bounds::NeededNeurons needed;
  int threads;
  const base::Deadline& deadline;
};

ProvedBounds prove_crown_bounds(const NeuronBoundsTask& task);
/// Better ones; `known` says which neurons are easy. Incomplete where the deadline expires.
ProvedBounds prove_alpha_bounds(const NeuronBoundsTask& task, const bounds::SparseNetwork& known);

}  // namespace clipbound::solver
