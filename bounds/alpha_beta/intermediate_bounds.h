#pragma once
// Root bounds by lane sweeps: alpha-CROWN layer by layer, kLanes neurons of a layer at once, each
// with slopes of its own.
//
// Xu et al., "Fast and Complete" (ICLR 2021) optimise all slopes jointly through all intermediate
// bounds; here each layer is brought to its best before the next begins, which is no looser (later
// bounds see the best of earlier ones) and needs no gradients through intermediate bounds.
#include <memory>
#include <vector>

#include "base/deadline.h"
#include "bounds/alpha_beta/alpha_beta_bounder.h"
#include "bounds/alpha_beta/sparse_network.h"

namespace clipbound::bounds {

struct IntermediateBoundsBudget {
  int iterations = 0;     ///< of the slopes of every bound; 0: CROWN's slopes
  double seconds = 1e30;  ///< once they are over, the layers to come get interval bounds and
                          ///< CROWN's slopes as far as `crown_seconds` go
  double crown_seconds = 1e30;
  int split_rounds = 0;  ///< batches of subproblems that every neuron's own small branch-and-bound
                         ///< may take; 0: none
  /// Where the widest interval of a layer is larger than this part of its largest end, all its
  /// neurons are substituted, also those that are decided: the intervals of later layers begin from
  /// narrow ones again. For boxes of next to no width.
  double refresh_width = 1e30;
  /// Parts of an operator (the squares of a product, the exponentials of a softmax) mostly have
  /// good intervals already, from the bounded operands: substitution for all of a layer may take so
  /// many multiplications of kLanes numbers, or there is none; squares of products become joined
  /// products then.
  double helper_work = 1e8;
  bool only_steps = false;  ///< the other layers keep what is `known`
  int threads = 1;
  const std::vector<double>* importance =
      nullptr;  ///< [U] of `known`: its neurons' own branch-and-bounds run in this order
};

/// Bounds of all layers on [lower, upper]; no rows enter them. `known` (may be nullptr): bounds
/// that hold there already. Neurons that are not needed keep interval bounds.
std::unique_ptr<SparseNetwork> bound_by_sweeps(std::shared_ptr<const LayeredSystem> system,
                                               std::vector<double> lower, std::vector<double> upper,
                                               const SparseNetwork* known,
                                               const IntermediateBoundsBudget& budget,
                                               const Deadline& deadline, NeededNeurons needed = {});

/// Lower bounds of rows over all layers, with the free parameters that gave them.
struct IntermediateBounds {
  std::vector<double> lower;              ///< [rows]
  std::vector<std::vector<float>> theta;  ///< [rows, T]
  std::vector<double> cost;  ///< [U] what the neuron's relaxation costs the rows that are not above
                             ///< 0, as shares of what they lack
};
IntermediateBounds bound_rows_by_sweeps(const SparseNetwork& network, const SparseNetworkRows& rows,
                                        const SlopeOptimizer& optimizer, int threads,
                                        const Deadline& deadline);

}  // namespace clipbound::bounds
