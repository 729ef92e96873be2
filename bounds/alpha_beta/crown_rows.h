#pragma once
// Idea: CROWN for many rows at once, on the network's own box: what AlphaBetaBounder gives with
//   CROWN's slopes, without anything that lanes would have of their own. Relaxations are a few
//   numbers per neuron, read once for kRows rows, and so are the weights; nothing is kept for a
//   gradient (decision 64).
// Source: Zhang et al., "CROWN", NeurIPS 2018; many rows in one backward pass: auto_LiRPA, Xu et
//   al., NeurIPS 2020. Ours differs: rows share their receptive field.
// Guarantees: the bounds lie below the rows on the network's box (S5).
// Legend: L live elements. A Wide has one number per row.
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "bounds/alpha_beta/cone.h"
#include "bounds/alpha_beta/grouped_matrix.h"
#include "bounds/alpha_beta/private_layers.h"
#include "bounds/alpha_beta/sparse_network.h"
#include "bounds/clip/ball_clipping.h"

namespace clipbound::bounds {

class CrownRows {
 public:
  static constexpr std::size_t kRows = std::size_t{Wide::kVecs} * kLanes;

  /// Whether the network is small enough for kRows coefficients of each element, and has nothing
  /// that this pass does not know: differences of twins.
  static bool suits(const SparseNetwork& network);
  /// Call again after more layers of the same network, of which the private ones are known.
  void attach(const SparseNetwork& network, const PrivateLayers& private_layers);

  /// Rigorous lower bounds of sign * rows[which[k]] into lower[k], at most kRows; -infinity where
  /// there is none. The cone must contain the rows; it stays where it is, and the rows with it,
  /// until another one comes.
  void lower_bounds(const Cone& cone, const SparseNetworkRows& rows,
                    std::span<const std::int64_t> which, double sign, double* lower);
  /// Operations since the last call, about: what Deadline::work() counts.
  double take_work() { return std::exchange(work_, 0.0); }

 private:
  /// What of a cone's layer is to be done.
  struct Step {
    std::vector<const Cone::Part*> into;
    std::vector<const PrivateLayer*> read;  ///< private layers that this one reads
    bool is_private = false;
  };
  void change_cone(const Cone& cone, const SparseNetworkRows& rows);
  /// Private layers that the rows do not read themselves become part of their readers' steps.
  void plan(const Cone& cone, const SparseNetworkRows& rows);
  void start(const Cone& cone, const SparseNetworkRows& rows, std::span<const std::int64_t> which,
             double sign);
  /// Backward through one layer's activations, as AlphaBetaBounder::relax.
  void relax(const Cone::Layer& layer);
  void relax_relus(const Cone::Layer& layer);
  void centre_simplex_rows(const Cone::Layer& layer);
  /// From the coefficient of a curve's activation to that of its z.
  Wide relax_curve(Live v, const Wide& coefficient);
  void relax_square_pair(const SquarePair& pair);
  void relax_product(Live v, const Wide& coefficient);
  /// Through the private elements that an element reads, to what these read.
  void pass_through(const PrivateLayer& layer, Live v);
  /// Adds the least values of the rows' coefficients of the inputs to their bounds.
  void add_minimum(const Cone& cone, Wide& bound);
  /// p of an element, and what its row's constant and slack add.
  void pass_on(Live v, int k, Vec p);

  const SparseNetwork* network_ = nullptr;
  const PrivateLayers* private_layers_ = nullptr;
  std::vector<Step> steps_;        // of the last cone's layers
  std::vector<char> has_no_step_;  // [L] elements of private layers, there
  std::vector<const Cone::Part*> into_inputs_;
  std::vector<Wide> g_;        // [L] coefficients of activations; once relaxed, of pre-activations
  std::vector<Live> written_;  // elements of g_ that need not be 0: those of the last cone
  std::uint64_t cone_ = 0;     // its serial number
  // Sum of multiplier * constant, of relaxations' offsets, of their sizes, of errors.
  Wide sum_, offset_, magnitude_, error_;
  BallClipping ball_;
  double work_ = 0.0;
};

}  // namespace clipbound::bounds
