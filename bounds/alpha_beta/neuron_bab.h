#pragma once
// One row's lower bound by a small branch-and-bound on neurons, all of it here: for bounds of inner
// neurons at the root, which every later bound and every subproblem profits from (others refine
// them by mixed integer programs).
#include <cstdint>
#include <vector>

#include "base/deadline.h"
#include "bounds/alpha_beta/alpha_beta_bounder.h"

namespace clipbound::bounds {

class NeuronBab {
 public:
  /// `cone` is that of the row alone; `sweep` is left with other bounds and parameters than it came
  /// with.
  NeuronBab(AlphaBetaBounder& sweep, const Cone& cone, const SparseNetworkRows& rows,
            std::int64_t row, const Deadline& deadline);

  /// Lower bound of sign * row over the network's box, from at most `rounds` batches of kLanes
  /// subproblems; stops once it is above 0.
  double lower_bound(double sign, int rounds);

 private:
  /// A part of the box: the bound is valid where the splits hold. The leaves together cover the
  /// box.
  struct Leaf {
    std::vector<std::int32_t> splits;  ///< 2 * slot + (1 where active)
    std::vector<float> theta;          ///< of the cone's parameters
    double bound = 0.0;
    std::int32_t next = -1;  ///< slot to split; -1: nothing is left to split
  };
  void load(int lane, const Leaf& leaf);
  void bound_lanes(std::vector<Leaf*>& lanes);

  AlphaBetaBounder& sweep_;
  const Cone& cone_;
  const Deadline& deadline_;
  AlphaBetaBounder::Target target_;
  std::vector<std::int32_t> parameters_;
};

}  // namespace clipbound::bounds
