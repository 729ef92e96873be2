#pragma once
// Lower bounds of kLanes (row, subproblem) pairs at once, by backward substitution over a
// SparseNetwork, and their gradients.
//
// Every lane has its own row, neuron bounds, decided neurons, slopes and multipliers; the weights
// are read once for all lanes. Sound for ANY slopes in [0, 1] and multipliers >= 0
// (docs/soundness.md, "Lane sweeps"), so they may be optimised freely. Curved neurons are sound for
// any parameters at all (bounds/alpha_beta/curve_lanes.h).
//
// Legend: N inputs, P places, U slots of unstable and curved neurons, T parameters: U, and one per
// joined product (bounds/alpha_beta/sparse_network.h). Arrays of Vec have one number per lane.
#include <optional>
#include <vector>

#include "base/simd.h"
#include "bounds/alpha_beta/curve_lanes.h"
#include "bounds/alpha_beta/sparse_network.h"
#include "bounds/clip/single_halfspace.h"

namespace clipbound::bounds {

/// How a lane's optimisation goes on.
struct SlopeOptimizer {
  int iterations = 20;
  double slope_rate = 0.1;       ///< of Adam, on slopes
  double multiplier_rate = 0.1;  ///< of Adam, on multipliers, times the neuron's coefficient
  double decay = 0.98;           ///< of both rates, per iteration
  double enough = 0.0;           ///< a lane whose bound lies above needs no further steps
  bool extrapolate =
      false;  ///< stop early where no open lane can reach `enough` at its present pace
};

class AlphaBetaBounder {
 public:
  /// Sizes memory for the network as it stands (call again after add_layer); all lanes get the
  /// network's bounds.
  void attach(const SparseNetwork& network);

  // ---- what the lanes' subproblems are; U numbers each ----
  /// Back to the network's bounds in all lanes, CROWN's slopes.
  void reset();
  /// CROWN's slopes for the undecided neurons of a cone, from the lanes' bounds; multipliers 0.
  void reset_theta(const Cone& cone);
  void set_bounds(int lane, int slot, double lower, double upper);
  /// Restricts a curved neuron in one lane: the subproblem holds only points with z in [lower,
  /// upper]. A multiplier of either sign belongs to that: 0 says nothing of it.
  void restrict_curved(int lane, int slot, double lower, double upper, double multiplier);
  double multiplier(int lane, int slot) const;
  /// Restricts a curved neuron as above and lets it keep the slope that it has in another sweep's
  /// last bound, as far as it can.
  void restrict_curved_as_in(const AlphaBetaBounder& from, int from_lane, int lane, int slot,
                             double lower, double upper);
  /// Decides a ReLU in one lane: the subproblem holds only points with z >= 0 (z <= 0).
  void decide(int lane, int slot, bool active);
  /// The undecided ReLUs of the cone whose relaxation costs a lane's last bound most, costliest
  /// first, at most `count`.
  std::vector<std::int32_t> costliest(const Cone& cone, int lane, std::size_t count) const;
  /// What an undecided neuron's relaxation costs the lane's last bound at most; 0 for decided ones.
  double cost_of(std::int32_t place, int lane) const;
  /// Adds weight * (what each undecided ReLU's relaxation costs the lane's last bound) to costs
  /// [U].
  void add_costs(const Cone& cone, int lane, double weight, std::vector<double>& costs) const;
  /// All lanes become copies of one lane of another sweep over the same network.
  void copy_lane(const AlphaBetaBounder& from, int lane);
  /// Free parameter: an undecided ReLU's lower slope in [0, 1], or a decided one's multiplier >= 0.
  /// A curved neuron's slope in its own measure, 1/2 being CROWN's. A joined product's t in [0, 1]
  /// stands behind the slots. [T]
  std::vector<Vec> theta;

  /// Rows of the lanes: sign * rows[which]. All share one cone, which must contain them.
  struct Target {
    const SparseNetworkRows* rows = nullptr;
    std::int64_t which[kLanes] = {};
    double sign[kLanes] = {};
  };
  /// Rigorous lower bound of each lane's row over the lane's subproblem; -infinity where there is
  /// none.
  Vec lower_bound(const Cone& cone, const Target& target);
  /// d(bound)/d(theta) into `gradient`, at the last lower_bound() of the same cone.
  void differentiate(const Cone& cone);
  /// Best bounds over some steps of ascent. theta ends at each lane's best.
  Vec maximize(const Cone& cone, const Target& target, const SlopeOptimizer& optimizer);

  /// The plane of a lane's last bound as a half-space: where the row is <= 0, so is the plane.
  /// Nothing where there is no bound.
  std::optional<Halfspace> plane(const Cone& cone, int lane) const;
  /// From now on only points in the half-space count, in all lanes; bounds hold for these.
  void clip_to(Halfspace halfspace) {
    clip_.set(std::move(halfspace), network_->lower_x, network_->upper_x);
    clipped_cone_ = 0;
  }
  void clip_nothing() { clip_.clear(); }

  /// Clears what bounds on this cone left behind, for whoever reads coefficients() of another cone
  /// next. (Bounds do so by themselves.)
  void leave(const Cone& cone);

  /// Evaluates the network at the minimising corners (float64, not rigorous): for candidates.
  void evaluate_corner(const Cone& cone);
  /// Value of a row at a lane's corner, after evaluate_corner() on a cone that contains the row.
  double row_value(const SparseNetworkRows& rows, std::int64_t row, int lane) const;
  /// The minimising corner of the last bound [N] (inputs outside the cone: centre).
  const std::vector<Vec>& corner() const { return corner_; }
  /// Coefficient of each neuron's activation in the last bound, [P]; zero outside the cone.
  const std::vector<Vec>& coefficients() const { return g_; }
  const SparseNetwork& network() const { return *network_; }
  bool curved(int slot) const { return curve_of(slot) >= 0; }
  bool decided(int lane, int slot) const {
    return sigma_[static_cast<std::size_t>(slot)][lane] != 0.0;
  }
  const CurveLanes& curved_lanes() const { return curves_; }
  Vec lower_of(int slot) const { return low_[static_cast<std::size_t>(slot)]; }
  Vec upper_of(int slot) const { return high_[static_cast<std::size_t>(slot)]; }
  double lower_of(int lane, int slot) const { return low_[static_cast<std::size_t>(slot)][lane]; }
  double upper_of(int lane, int slot) const { return high_[static_cast<std::size_t>(slot)][lane]; }

  /// The neuron's pre-activation at the corner minus the relaxation's root: what differentiate()
  /// found, [P].
  const std::vector<Vec>& values() const { return h_; }

  std::vector<Vec> gradient;  ///< [T]
  std::uint64_t sweeps = 0;   ///< substitutions so far

 private:
  std::int32_t curve_of(int slot) const {
    return network_
        ->curve_of[static_cast<std::size_t>(network_->place_of[static_cast<std::size_t>(slot)])];
  }
  void start(const Cone& cone, const Target& target);
  /// Groups of a cone read places just outside it, which must say 0: clears what another cone has
  /// left.
  void change_cone(const Cone& cone);
  void relax(const Cone::Layer& layer);
  /// Forward: pre-activations of a layer from what the earlier ones left in h_.
  void add_up(const Cone::Layer& layer);
  void centre_unit_sums(const Cone::Layer& layer);
  void relax_curved(const Cone::Layer& layer);
  void relax_product(const SquarePair& pair, std::int32_t place);
  void differentiate_product(const SquarePair& pair, std::int32_t place);
  void relax_joined(const Cone::Layer& layer);
  void differentiate_joined(const Cone::Layer& layer);
  /// Calls visit(parameter, place) for all of a cone.
  template <typename Visit>
  void for_parameters(const Cone& cone, const Visit& visit) const;
  void step(const Cone& cone, const SlopeOptimizer& optimizer, int iteration, double decay);

  const SparseNetwork* network_ = nullptr;
  // Relaxation per slot: slope for negative coefficients (the chord; 1 or 0 where decided), the
  // sign of the multiplier (0 undecided, -1 active, +1 inactive), the bounds (0 where decided).
  std::vector<Vec> outer_, sigma_, low_, high_;
  std::vector<Vec> g_, p_, h_;  // [P] coefficients of activations, of pre-activations; values
  std::vector<Vec> first_, second_, best_theta_;  // [T] of the optimiser
  std::vector<Vec> scale_;                        // [U]
  std::vector<Vec> corner_;                       // [N]
  std::vector<std::int32_t> written_;  // places of p_ that need not be 0: those of the last cone
  std::uint64_t cone_ = 0;             // its serial number
  Vec sum_{}, intercept_{}, error_{};
  Vec offset_{};  // of the plane of the last bound: rigorous, all errors taken off
  SingleHalfspaceClipping clip_;
  std::uint64_t clipped_cone_ = 0;  // the cone that clip_ knows
  CurveLanes curves_;
  Vec curved_{}, curved_size_{};  // offsets of curved neurons, and their sizes
};

}  // namespace clipbound::bounds
