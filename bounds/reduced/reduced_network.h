#pragma once
// The network as the search sees it: a triangular system over the neurons that are not yet decided.
//
// U neurons (in layers), S rows (of one clause), N inputs. On every point x of the set it was
// compiled for,
//   z_v = a_v x + c_v + sum over w in earlier layers of B_vw f_w(z_w) + e_v,   |e_v| <= radius_v (v
//   < U) y_s = the same with v = U + s: the row's left side minus its threshold; unsafe means y_s
//   <= 0 for all s.
// A ReLU is decided where z has one sign, an identity always, a smooth function never. No
// relaxation is involved: folding a decided neuron is exact but for rounding, which radius_v
// bounds. (shared/ALGORITHMS.md, section 10.)
#include <cstdint>
#include <memory>
#include <vector>

#include "bounds/relax/activation.h"

namespace clipbound::bounds {

struct ForwardProblem;  // bounds/forward/forward_bounder.h

struct ReducedNetwork {
  int inputs = 0;   ///< N
  int neurons = 0;  ///< U
  int rows = 0;     ///< S
  int stride =
      0;  ///< numbers per row of `coefficients`: U neurons, N inputs, one constant, padding
  std::vector<int> layer_begin;  ///< first neuron of each layer, then U: layers + 1 numbers
  std::vector<double>
      coefficients;            ///< [U + S, stride]: B | a | c; zero from the neuron's own layer on
  std::vector<double> radius;  ///< [U + S]
  std::vector<double>
      magnitude;  ///< [U + S] >= |a_v||x| + |c_v| + |B_v| |f(z)| on the set, each term apart
  std::vector<double>
      slack;  ///< [U + S] what using this row with multiplier 1 may cost: radius + rounding
  std::vector<double> source_max;  ///< [U + N] largest |f_w(z_w)|, then largest |x_i|, on the set
  std::vector<Activation> activation;  ///< [U] f_w
  std::vector<std::int32_t>
      origin;  ///< [U] index of the neuron in the network that this began with
  std::vector<std::uint8_t> strict;  ///< [S] refuted by y_s >= 0 already
  std::shared_ptr<const ForwardProblem>
      forward;         ///< not null: no neurons here, the lanes are bounded by forward planes
  double gamma = 0.0;  ///< bound of the relative rounding error of any sum taken over one row

  /// Room for reading eight columns from any column on.
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
  /// Computes magnitude and slack from coefficients, radius and source_max (docs/soundness.md,
  /// "Backward substitution").
  void finish();
};

/// What is known of each neuron on the set a reduced network is compiled for.
enum class Phase : std::uint8_t { unstable, active, inactive };
/// Of a neuron with z in [l, u].
inline Phase phase_of(const Activation& activation, double l, double u) {
  if (activation.curve == Curve::identity) return Phase::active;
  if (activation.curve != Curve::relu) return Phase::unstable;
  return l >= 0.0 ? Phase::active : (u <= 0.0 ? Phase::inactive : Phase::unstable);
}

/// Folds the decided neurons of `from`. phase [U]; upper [U] an upper bound of each z_v on the new
/// set (used of ReLUs); input_max [N] the largest |x_i| there. The set must lie in that of `from`.
std::shared_ptr<const ReducedNetwork> fold(const ReducedNetwork& from,
                                           const std::vector<Phase>& phase,
                                           const std::vector<double>& upper,
                                           const std::vector<double>& input_max);

}  // namespace clipbound::bounds
