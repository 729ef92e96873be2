#pragma once
// Idea: the lower bound of one row by a small branch-and-bound on ReLUs, all of it here: better
//   intermediate bounds at the root, which every later bound and every subproblem gains from.
// Source: branch-and-bound with alpha and beta: Wang et al., "Beta-CROWN", NeurIPS 2021; splits by
//   the largest relaxation gap, as BaBSR (Bunel et al., JMLR 2020). Ours differs: it is run for one
//   inner neuron at a time; others refine these by mixed integer programs (Tjeng et al., ICLR
//   2019).
// Guarantees: the bound holds on the network's box: the leaves cover it (S10), each bound is S6's.
#include <cstdint>
#include <vector>

#include "base/deadline.h"
#include "bounds/alpha_beta/alpha_beta_bounder.h"
#include "bounds/alpha_beta/slope_optimizer.h"

namespace clipbound::bounds {

class NeuronBab {
 public:
  /// `cone` is that of the row alone; `bounder` is left with other bounds and parameters than it
  /// came with.
  NeuronBab(AlphaBetaBounder& bounder, SlopeOptimizer& optimizer, const Cone& cone,
            const SparseNetworkRows& rows, std::int64_t row, const Deadline& deadline);

  /// Lower bound of sign * row over the network's box, from at most `rounds` batches of kLanes
  /// subproblems; stops once it is above 0.
  double lower_bound(double sign, int rounds);

 private:
  struct Split {
    Unstable neuron;
    ReluPhase phase;
  };
  /// A part of the box: the bound is valid where the splits hold. The leaves together cover the
  /// box.
  struct Leaf {
    std::vector<Split> splits;
    std::vector<float> alpha_or_beta;  ///< of the cone's parameters
    double bound = 0.0;
    Unstable next{-1};  ///< the neuron to split; -1: nothing is left to split
  };
  std::vector<Leaf> first_leaves();
  void load(int lane, const Leaf& leaf);
  void bound_lanes(std::vector<Leaf*>& lanes);

  AlphaBetaBounder& bounder_;
  SlopeOptimizer& optimizer_;
  const Cone& cone_;
  const Deadline& deadline_;
  LaneRows row_;
  const std::vector<std::int32_t> parameters_;
};

}  // namespace clipbound::bounds
