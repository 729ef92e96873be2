#pragma once
// Idea: ascent on the free parameters of kLanes bounds at once: slopes (alpha), multipliers (beta),
//   and those of nonlinear neurons and products, by Adam, projected to where they are allowed.
// Source: Xu et al., "Fast and Complete", ICLR 2021 (alpha); Wang et al., "Beta-CROWN", NeurIPS
//   2021 (beta); Kingma and Ba, "Adam", ICLR 2015. Ours differs: every lane keeps its own best
//   parameters, multipliers step in units of their neuron's largest coefficient so far, a batch
//   ends once all its bounds are good enough.
// Guarantees: any parameters that it may choose are sound (S6); the best bound is not below the
//   first.
#include <vector>

#include "bounds/alpha_beta/alpha_beta_bounder.h"

namespace clipbound::bounds {

/// How an ascent goes on.
struct SlopeSchedule {
  int iterations = 20;
  double slope_rate = 0.1;       ///< of Adam, on slopes
  double multiplier_rate = 0.1;  ///< of Adam, on multipliers, times the neuron's coefficient
  double decay = 0.98;           ///< of both rates, per iteration
  double enough = 0.0;           ///< a lane whose bound lies above needs no further steps
};

/// Memory of one ascent; serves any bounders over one network, one after the other.
class SlopeOptimizer {
 public:
  /// Sizes memory for the network as it stands.
  void attach(const SparseNetwork& network);
  /// Best bounds over the ascent, each lane's own; the lanes' parameters end at the best.
  Vec maximize(AlphaBetaBounder& bounder, const Cone& cone, const LaneRows& rows,
               const SlopeSchedule& schedule);

 private:
  void begin(AlphaBetaBounder& bounder, const Cone& cone);
  void step(AlphaBetaBounder& bounder, const Cone& cone, const SlopeSchedule& schedule,
            int iteration, double decay);
  void keep_better(AlphaBetaBounder& bounder, const Cone& cone, Mask better);
  void take_best(AlphaBetaBounder& bounder, const Cone& cone) const;

  std::vector<Vec> first_, second_, best_;  // [T] Adam's means of gradients and squares; parameters
  std::vector<Vec> scale_;                  // [U] largest |coefficient| so far
};

}  // namespace clipbound::bounds
