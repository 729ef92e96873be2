#pragma once
// Idea: The network as the input-split search bounds it: a triangular system over the neurons that
// are still unstable. Stable neurons are folded: active ones are substituted, inactive ones vanish.
// Source: own. (Lowering the cost of a subproblem by removing stable neurons is common; folding
// them with a proven rounding radius, again and again along a branch, is ours.)
// Guarantees: folding is exact but for rounding, which radius_v bounds; no relaxation is involved
// (S7).
// Legend: U neurons (in layers), S rows (of one clause), N inputs. On every point x of the set it
// was made for,
//   z_v = a_v x + c_v + sum over w in earlier layers of B_vw f_w(z_w) + e_v,  |e_v| <= radius_v
// for v < U, and y_s is the same with v = U + s: the row's left side minus its threshold; unsafe
// means y_s <= 0 for all s. A ReLU is stable where z has one sign, an identity always, a smooth
// function never.
#include <cstdint>
#include <memory>
#include <vector>

#include "bounds/batch_bounder.h"
#include "bounds/relax/activation.h"

namespace clipbound::bounds {

struct ReducedNetwork final : BatchProblem {
  /// Numbers per row of `coefficients`: U neurons, N inputs, one constant, padding.
  int stride = 0;
  std::vector<int> layer_begin;  ///< first neuron of each layer, then U: layers + 1 numbers
  /// [U + S, stride]: B | a | c; zero from the neuron's own layer on.
  std::vector<double> coefficients;
  std::vector<double> radius;  ///< [U + S]
  /// [U + S] >= |a_v||x| + |c_v| + |B_v| |f(z)| on the set, each term apart.
  std::vector<double> magnitude;
  /// [U + S] error of using this row with multiplier 1: radius + rounding.
  std::vector<double> slack;
  /// [U + N] largest |f_w(z_w)|, then largest |x_i|, on the set.
  std::vector<double> largest_source;
  std::vector<Activation> activation;  ///< [U] f_w
  /// [U] index of the neuron in the network that this began with.
  std::vector<std::int32_t> original_neuron;
  std::vector<std::uint8_t> strict;  ///< [S] refuted by y_s >= 0 already
  /// [U] or empty: of a neuron the later one of its layer that is its twin (LayeredSystem::twins),
  /// or -1.
  std::vector<std::int32_t> twin;
  double gamma = 0.0;  ///< bound of the relative rounding error of any sum taken over one row

  /// Room for loading eight columns from any column on.
  static int padded(int width) { return (width + 7 + 7) / 8 * 8; }
  int layers() const { return static_cast<int>(layer_begin.size()) - 1; }
  const double* row(int v) const {
    return coefficients.data() + static_cast<std::size_t>(v) * static_cast<std::size_t>(stride);
  }
  double* row(int v) {
    return coefficients.data() + static_cast<std::size_t>(v) * static_cast<std::size_t>(stride);
  }
  int first_input() const { return neurons; }
  int constant() const { return neurons + inputs; }
  /// Computes magnitude and slack from coefficients, radius and largest_source (S7).
  void finish();

  // ---- BatchProblem ----
  std::unique_ptr<BatchBounder> make_bounder(int most_halfspaces,
                                             std::unique_ptr<BatchBounder> previous) const override;
  double row_slack(int s) const override { return slack[static_cast<std::size_t>(neurons + s)]; }
  int find_phases(const BoxBatch& boxes, Mask lanes, std::vector<Phase>& phase) const override;
  std::shared_ptr<const BatchProblem> fold(const std::vector<Phase>& phase,
                                           const std::vector<double>& upper,
                                           const std::vector<double>& input_max) const override;
  bool contradicts(const BatchProblem& folded, const double* x,
                   const double* values) const override;
};

/// The phase of a neuron with z in [l, u].
inline Phase phase_of(const Activation& activation, double l, double u) {
  if (activation.curve == Curve::identity) return Phase::active;
  if (activation.curve != Curve::relu) return Phase::unstable;
  return l >= 0.0 ? Phase::active : (u <= 0.0 ? Phase::inactive : Phase::unstable);
}

/// Folds the stable neurons of `from`. phase [U]; upper [U] an upper bound of each z_v on the new
/// set (used of ReLUs); input_max [N] the largest |x_i| there. The set must lie in that of `from`.
std::shared_ptr<const ReducedNetwork> fold_neurons(const ReducedNetwork& from,
                                                   const std::vector<Phase>& phase,
                                                   const std::vector<double>& upper,
                                                   const std::vector<double>& input_max);

}  // namespace clipbound::bounds
