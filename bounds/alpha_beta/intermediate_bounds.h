#pragma once
// Idea: intermediate bounds (those of all neurons) by alpha-CROWN, layer by layer, kLanes neurons
//   of a layer at once, each with slopes of its own; then, where rounds are given, by a small
//   branch-and-bound for each neuron (bounds/alpha_beta/neuron_bab.h).
// Source: Xu et al., "Fast and Complete", ICLR 2021, who optimise all slopes jointly through all
//   intermediate bounds. Ours differs: each layer is brought to its best before the next begins,
//   which is no looser (later bounds see the best of earlier ones) and needs no gradients through
//   intermediate bounds.
// Guarantees: the bounds hold on the box, no rows enter them (S6).
// Legend: U unstable elements, T parameters (SparseNetwork).
#include <memory>
#include <vector>

#include "base/deadline.h"
#include "bounds/alpha_beta/input_lines.h"
#include "bounds/alpha_beta/slope_optimizer.h"
#include "bounds/alpha_beta/sparse_network.h"

namespace clipbound::bounds {

struct IntermediateBoundsBudget {
  int iterations = 0;  ///< of the slopes of every bound; 0: CROWN's slopes
  /// Once they are over, the layers to come get CROWN's slopes as far as `crown_seconds` go, then
  /// interval bounds.
  double seconds = 1e30;
  double crown_seconds = 1e30;
  /// Batches of subproblems that every neuron's own branch-and-bound may take; 0: none.
  int bab_rounds = 0;
  /// Where the widest interval of a layer is larger than this part of its largest end, its stable
  /// neurons are bounded too: the intervals of later layers begin from narrow ones again. For boxes
  /// of next to no width.
  double stable_too_width = 1e30;
  /// Parts of an operator (the squares of a product, the exponentials of a softmax) mostly have
  /// good intervals already, from the bounded operands: substitution for all of a layer may take so
  /// many multiplications of kLanes numbers, or there is none; squares of products become McCormick
  /// products then.
  double helper_work = 1e8;
  /// Receives the lines of the neurons that are bounded; nullptr: nobody asks.
  LinesOfLayers* lines = nullptr;
  bool only_steps = false;  ///< the other layers keep what is `known`
  int threads = 1;
  /// [U] of `known` or nullptr: its neurons' own branch-and-bounds run in this order, largest
  /// first.
  const std::vector<double>* importance = nullptr;
};

/// Bounds of all layers on [lower, upper]. `known` (may be nullptr): bounds that hold there
/// already. Neurons that are not needed keep interval bounds.
std::unique_ptr<const SparseNetwork> bound_intermediate_layers(
    std::shared_ptr<const LayeredSystem> system, std::vector<double> lower,
    std::vector<double> upper, const SparseNetwork* known, const IntermediateBoundsBudget& budget,
    const Deadline& deadline, NeededNeurons needed = {});

/// Lower bounds of rows over all layers, with the free parameters that gave them.
struct OptimizedRows {
  std::vector<double> lower;                      ///< [rows]
  std::vector<std::vector<float>> alpha_or_beta;  ///< [rows, T]
  /// [U] relaxation gaps of the rows that are not above 0, as shares of what they lack of it.
  std::vector<double> gaps;
};
OptimizedRows optimize_rows(const SparseNetwork& network, const SparseNetworkRows& rows,
                            const SlopeSchedule& schedule, int threads, const Deadline& deadline);

}  // namespace clipbound::bounds
