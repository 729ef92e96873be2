#pragma once
// Idea: alpha-beta-CROWN for kLanes (row, subproblem) pairs at once: lower bounds of rows by
//   backward substitution over a SparseNetwork, and their gradients by the free parameters. Every
//   lane has a row, bounds, phases, slopes and multipliers of its own (AlphaBetaLanes); the weights
//   are loaded once for all lanes. SlopeOptimizer ascends.
// Source: CROWN: Zhang et al., NeurIPS 2018; alpha: Xu et al., "Fast and Complete", ICLR 2021;
//   beta: Wang et al., "Beta-CROWN", NeurIPS 2021, eq. 8. Ours differs: bounds are rigorous (all
//   roundings are charged), only the receptive field of the rows is visited, gradients are derived
//   by hand: the forward pass at the minimising corner.
// Guarantees: lower_bound() is below the row on the lane's subproblem, for any parameters (S6).
// Legend: N inputs, L live elements, U unstable ones, T parameters (SparseNetwork). Arrays of Vec
//   have one number per lane.
#include <optional>
#include <utility>
#include <vector>

#include "base/simd.h"
#include "bounds/alpha_beta/alpha_beta_lanes.h"
#include "bounds/alpha_beta/cone.h"
#include "bounds/alpha_beta/sparse_network.h"
#include "bounds/clip/ball_clipping.h"
#include "bounds/clip/single_halfspace.h"

namespace clipbound::bounds {

/// The row of each lane: sign * rows[which]. All share one cone, which must contain them.
struct LaneRows {
  const SparseNetworkRows* rows = nullptr;
  std::int64_t which[kLanes] = {};
  double sign[kLanes] = {};
};

class AlphaBetaBounder {
 public:
  /// Sizes memory for the network as it stands (call again after more layers); all lanes get the
  /// network's bounds.
  void attach(const SparseNetwork& network);

  /// What the lanes' subproblems are.
  AlphaBetaLanes lanes;
  /// Restricts a nonlinear neuron of a lane, which keeps the slope that it has in another bounder's
  /// last bound, as far as it can.
  void restrict_nonlinear_as_in(const AlphaBetaBounder& from, int from_lane, int lane, Unstable u,
                                double lower, double upper);

  /// Rigorous lower bound of each lane's row over the lane's subproblem; -infinity where there is
  /// none.
  Vec lower_bound(const Cone& cone, const LaneRows& rows);
  /// Operations of lower_bound() since the last call, about: what Deadline::work() counts.
  double take_work() { return std::exchange(work_, 0.0); }
  /// d(bound) / d(alpha_or_beta) into `gradient`, at the last lower_bound() of the same cone.
  void differentiate(const Cone& cone);
  std::vector<Vec> gradient;  ///< [T]

  /// The linear bound of a lane's last row as a half-space: where the row is <= 0, so is the linear
  /// bound. Nothing where there is no bound.
  std::optional<Halfspace> linear_bound(const Cone& cone, int lane) const;
  /// From now on only points in the half-space count, in all lanes; bounds hold for these.
  void clip_to(Halfspace halfspace);
  void clip_nothing() { clip_.clear(); }
  /// Clears what bounds on this cone left behind, before coefficients() of another cone are looked
  /// at. (Bounds do so by themselves.)
  void leave(const Cone& cone);

  // ---- for branching: the last bound's relaxation gaps ----
  /// BaBSR-like score: |coefficient| times the relaxation's largest gap. 0 where there is a phase.
  /// That of twins' difference is the loser's of them.
  double relaxation_gap(Live v, int lane) const;
  /// What of that is the difference's; 0 for a neuron without a twin, or that is not the loser.
  double difference_gap(Unstable u, int lane) const;
  /// The same at the minimising corner, after differentiate().
  double difference_gap_at_corner(Unstable u, int lane) const;
  /// The gap of a pair's difference; 0 where the last bound took nothing out of it.
  double gap_of_twins(std::int32_t pair, int lane) const;
  /// The ReLUs of the cone with the largest positive gaps, largest first, at most `count`.
  std::vector<Unstable> largest_gaps(const Cone& cone, int lane, std::size_t count) const;
  /// Adds weight * (the gap of each ReLU without a phase) to gaps [U].
  void add_gaps(const Cone& cone, int lane, double weight, std::vector<double>& gaps) const;

  // ---- for candidates: the network's values at the minimising corners ----
  /// Evaluates the network there (float64, not rigorous).
  void evaluate_corner(const Cone& cone);
  /// Value of a row at a lane's corner, after evaluate_corner() on a cone that contains the row.
  double row_value(const SparseNetworkRows& rows, std::int64_t row, int lane) const;
  /// The minimising corner of the last bound [N] (inputs outside the cone: centre).
  const std::vector<Vec>& corner() const { return corner_; }
  /// Coefficient of each element's activation in the last bound, [L]; zero outside the cone.
  const std::vector<Vec>& coefficients() const { return g_; }
  /// What each element's relaxation gives at the corner, after differentiate(), [L].
  const std::vector<Vec>& values() const { return h_; }

  const SparseNetwork& network() const { return lanes.network(); }

 private:
  void start(const Cone& cone, const LaneRows& rows);
  /// Least values of the lanes' linear bounds g x + offset_ on their subproblems' points, and the
  /// corners where they are attained.
  Vec minimum_on_boxes(const Cone& cone);
  Vec minimum_in_halfspace(const Cone& cone);
  Vec minimum_in_ball(const Cone& cone);
  /// Groups of a cone may depend on elements just outside it, which must hold 0: clears what
  /// another cone has left.
  void change_cone(const Cone& cone);
  /// Backward through one layer's activations: from their coefficients g to those p of
  /// pre-activations, offsets and errors.
  void relax(const Cone::Layer& layer);
  void relax_relus(const Cone::Layer& layer);
  void relax_nonlinear(const Cone::Layer& layer);
  void relax_square_pair(const SquarePair& pair, Live v);
  /// Takes the common part out of the coefficients of twins, the second ones in layer k.
  void take_differences(const Cone::Layer& layer);
  /// Adds what twins get from their differences to their multipliers, once they have their own.
  void add_differences(const Cone& cone, std::size_t k);
  void add_multiplier(Live v, Vec p);
  /// The forward pass: keeps pre-activations of twins before they become activations.
  void keep_twins(const Cone& cone, std::size_t k);
  void differentiate_twins(const Cone::Layer& layer);
  void relax_mccormick_products(const Cone::Layer& layer);
  void centre_simplex_rows(const Cone::Layer& layer);
  /// Forward: pre-activations of a layer from what the earlier ones left in h_.
  void add_up(const Cone::Layer& layer);
  void differentiate_relus(const Cone::Layer& layer);
  void differentiate_nonlinear(const Cone::Layer& layer);
  void differentiate_square_pair(const SquarePair& pair, Live v);
  void differentiate_mccormick_products(const Cone::Layer& layer);

  std::vector<Vec> g_, p_, h_;  // [L] coefficients of activations, of pre-activations; values
  std::vector<Vec> corner_;     // [N]
  std::vector<Live> written_;   // elements of p_ that need not be 0: those of the last cone
  std::uint64_t cone_ = 0;      // its serial number
  // Of the last bound: sum of multiplier * constant, of ReLUs' intercepts, of errors.
  Vec sum_{}, intercept_{}, error_{};
  Vec nonlinear_offset_{}, nonlinear_magnitude_{};  // offsets of nonlinear neurons; sum of sizes
  Vec offset_{};  // of the last linear bound: rigorous, all errors taken off
  SingleHalfspaceClipping clip_;
  std::uint64_t clipped_cone_ = 0;  // the cone that clip_ knows
  BallClipping ball_;
  std::uint64_t cone_in_ball_ = 0;  // the cone that ball_ knows
  double work_ = 0.0;
  /// Of twins in the last bound: the coefficient of their difference, the bound slope d + x_slope x
  /// + y_slope y + offset that stands for it, what that adds to their multipliers, and in the
  /// forward pass their pre-activations.
  struct TwinStep {
    Vec share{}, slope{}, x_slope{}, y_slope{}, offset{}, first_p{}, second_p{}, first_z{},
        second_z{};
    Vec bound() const {
      return slope * (second_z - first_z) + x_slope * first_z + y_slope * second_z + offset;
    }
  };
  /// The bound in use where low (from below), or not, for a parameter.
  static void choose_bound(const DifferenceLanes& fan, Mask low, Vec t, TwinStep& step);
  /// The derivative of a bound's value by the pair's parameter.
  Vec twins_gradient(const DifferenceLanes& fan, const TwinStep& step, Vec t) const;
  /// Of a pair, the neuron by which the last bound lost.
  Live loser_of(std::int32_t pair, int lane) const;
  std::vector<TwinStep> twins_;
};

}  // namespace clipbound::bounds
