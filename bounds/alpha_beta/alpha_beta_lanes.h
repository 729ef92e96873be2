#pragma once
// Idea: what kLanes subproblems say about the neurons of a SparseNetwork, and the free parameters
//   of their bounds. A ReLU is unstable, with a slope (alpha), or has a phase, with a multiplier
//   (beta) of the phase's constraint: one number per neuron and lane.
// Source: alpha: Xu et al., "Fast and Complete", ICLR 2021; beta: Wang et al., "Beta-CROWN",
//   NeurIPS 2021. Ours differs: subproblems also narrow the bounds of single neurons, and restrict
//   nonlinear neurons to parts of their ranges (bounds/alpha_beta/curve_lanes.h).
// Guarantees: bounds are sound for any slopes in [0, 1] and any multipliers >= 0 (S6).
// Legend: U unstable elements, T parameters (SparseNetwork). Arrays of Vec have
//   one number per lane.
#include <vector>

#include "base/simd.h"
#include "bounds/alpha_beta/cone.h"
#include "bounds/alpha_beta/curve_lanes.h"
#include "bounds/alpha_beta/sparse_network.h"

namespace clipbound::bounds {

/// The side of 0 to which a subproblem restricts a ReLU: z <= 0, or z >= 0.
enum class ReluPhase : std::uint8_t { inactive, active };

/// What lanes know of the difference d of two twins, and its bounds there (DifferenceFan).
struct DifferenceLanes {
  struct Bound {
    Vec slope{}, tilt{}, offset{};
  };
  Vec lower{}, upper{};  ///< of d
  Vec gap{};             ///< DifferenceLines::gap
  Bound below[3], above[3];
};

class AlphaBetaLanes {
 public:
  void attach(const SparseNetwork& network);
  /// Back to the network's bounds in all lanes, CROWN's slopes.
  void reset();
  /// CROWN's slopes for the unstable elements of a cone, from the lanes' bounds; multipliers 0.
  void reset_parameters(const Cone& cone);
  void set_bounds(int lane, Unstable u, double lower, double upper);
  /// The same of the difference of a pair of twins, the second one's z less the first one's. Phases
  /// that are set afterwards gain from it.
  void set_difference(int lane, std::int32_t pair, const Range& d);
  /// The subproblem holds only points of the network's box in [lower, upper] [N].
  void set_box(int lane, const std::vector<double>& lower, const std::vector<double>& upper);
  /// The subproblem holds only points with z >= 0, or with z <= 0. A twin of the neuron is on the
  /// same side of 0, but for their difference: its bounds become narrower, its slope CROWN's (S14).
  void set_phase(int lane, Unstable u, ReluPhase phase);
  /// CROWN's slope for a neuron's twin, or multiplier 0; nothing where there is no twin.
  void start_twin(int lane, Unstable u);
  /// Restricts a nonlinear neuron in one lane: the subproblem holds only points with z in [lower,
  /// upper]. A multiplier of either sign belongs to that: 0 says nothing of it.
  void restrict_nonlinear(int lane, Unstable u, double lower, double upper, double multiplier);
  double multiplier(int lane, Unstable u) const;
  /// All lanes become copies of one lane of another object over the same network.
  void copy_lane(const AlphaBetaLanes& from, int lane);

  const SparseNetwork& network() const { return *network_; }
  Nonlinear nonlinear_of(Unstable u) const { return network_->nonlinear_of_unstable(u); }
  bool is_nonlinear(Unstable u) const { return exists(nonlinear_of(u)); }
  bool has_phase(int lane, Unstable u) const { return at(beta_sign, u)[lane] != 0.0; }
  Vec lower_of(Unstable u) const { return at(low, u); }
  Vec upper_of(Unstable u) const { return at(high, u); }
  double lower_of(int lane, Unstable u) const { return at(low, u)[lane]; }
  double upper_of(int lane, Unstable u) const { return at(high, u)[lane]; }

  /// Free parameters, [T]: of an unstable ReLU the lower slope in [0, 1], of one with a phase the
  /// multiplier >= 0, of a nonlinear neuron its slope in its own measure (1/2: CROWN's). Those of
  /// McCormick products, t in [0, 1], stand behind those of the unstable elements, and behind these
  /// those of twins: t in [0, 1] says which of the bounds of their difference is taken, from the
  /// one that is tight where both are inactive (0) over the line in d alone (1/2) to the one that
  /// is tight where both are active (1).
  std::vector<Vec> alpha_or_beta;
  /// [U] slope for negative coefficients: the chord's; 1 or 0 where there is a phase.
  std::vector<Vec> upper_slope;
  std::vector<Vec> beta_sign;         ///< [U] of the multiplier: 0 no phase, -1 active, +1 inactive
  std::vector<Vec> low, high;         ///< [U] bounds of z; 0 where there is a phase
  std::vector<Vec> lower_x, upper_x;  ///< [N] the part of the box that a subproblem is
  CurveLanes curves;                  ///< of nonlinear neurons
  std::vector<DifferenceLanes> differences;  ///< [pairs of twins]

 private:
  void narrow_twin(int lane, Unstable u, ReluPhase phase);
  /// Bounds of z in a lane, those of the network where there is a phase.
  Range range_in(int lane, Unstable u) const;

  const SparseNetwork* network_ = nullptr;
};

}  // namespace clipbound::bounds
