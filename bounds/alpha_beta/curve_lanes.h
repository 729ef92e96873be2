#pragma once
// Idea: the relaxations of nonlinear neurons in kLanes subproblems, for any parameters. f(z) with
//   coefficient g becomes p z + q <= g f(z), p = g s(alpha) + mu. The slope s is the free choice
//   that an unstable ReLU's is, alpha in [0, 1] (1/2: relax()'s). The multiplier mu of either sign
//   is that of a split's constraint z <= u (mu > 0) or z >= l (mu < 0), whose threshold needs no
//   term of its mine: q holds for any p on the lane's [l, u].
// Source: Shi et al., "Neural Network Verification with Branch-and-Bound for General
//   Nonlinearities" (GenBaB), TACAS 2025. Ours differs: q follows from p by a polyline
//   (bounds/alpha_beta/curve_envelope.h), so slopes are free, and splits have multipliers.
// Guarantees: p z + q <= g f(z) on [l, u] for any alpha and mu, up to what the callers charge (S6).
// Legend: C nonlinear neurons.
#include <array>
#include <cstdint>
#include <vector>

#include "base/simd.h"
#include "bounds/alpha_beta/curve_envelope.h"
#include "bounds/alpha_beta/sparse_network.h"

namespace clipbound::bounds {

inline constexpr double kAdamFirst = 0.9, kAdamSecond = 0.999;  ///< what its running means keep

class CurveLanes {
 public:
  void attach(const SparseNetwork& network);
  /// The network's envelopes in all lanes, no multipliers.
  void reset();
  /// Bounds of a neuron in one lane, which get an envelope of their own.
  void set_bounds(int lane, Nonlinear c, double lower, double upper);
  /// Lets a multiplier take part: the lane's subproblem restricts z.
  void set_multiplier(int lane, Nonlinear c, double multiplier);
  double multiplier(int lane, Nonlinear c) const;
  void copy_lane(const CurveLanes& from, int lane);

  /// p z + q <= g f(z) on the lanes' bounds [low, high], which the caller keeps.
  struct Relaxed {
    Vec p, q;
  };
  Relaxed relax(Nonlinear c, Vec g, Vec alpha, Vec low, Vec high);

  /// The same for the two squares of a product, whose coefficients are each other's opposites in
  /// all that matters (other ones cost tightness). q of the first is that of both.
  struct Squares {
    SquarePairTerms terms;  ///< p is not read
    Vec alpha[2];
  };
  std::array<Relaxed, 2> relax_square_pair(const SquarePair& pair, const Squares& squares);

  /// d(bound)/d(g) at the last relax(), given z at the corner: the activation that the lines stand
  /// for. The gradient by alpha goes to `gradient`, that by the multiplier stays here.
  Vec differentiate(Nonlinear c, Vec g, Vec z, Vec& gradient);

  /// The same for the two squares of a product.
  std::array<Vec, 2> differentiate_square_pair(const SquarePair& pair, Vec g_plus, Vec g_minus,
                                               Vec z_plus, Vec z_minus, Vec& gradient_plus,
                                               Vec& gradient_minus);

  // ---- the multipliers' optimiser (Adam); its steps are those of the slopes' ----
  void begin_ascent(Nonlinear c);
  void step(Nonlinear c, Vec rate, double first_share, double second_share);
  void keep(Nonlinear c, Mask better);
  void take_best(Nonlinear c);

  /// d(bound)/d(multiplier) after differentiate(), also where no multiplier takes part.
  Vec multiplier_gradient(Nonlinear c) const {
    return at(active_, c).z_at_corner - at(active_, c).z;
  }
  // ---- what a search wants to know of a neuron after relax(); [low, high] as there ----
  /// z at the corner, after differentiate().
  double z_at_corner(Nonlinear c, int lane) const { return at(active_, c).z_at_corner[lane]; }
  /// How far f may be from the line in use on [low, high], about.
  double gap(Nonlinear c, int lane, double low, double high) const;
  /// The same at one z.
  double gap_at(Nonlinear c, int lane, double z) const;
  double slope(Nonlinear c, int lane) const { return at(active_, c).slope[lane]; }
  /// The alpha whose slope is nearest to `slope`, for a coefficient of this sign.
  double alpha_for(Nonlinear c, int lane, double coefficient, double slope, double low,
                   double high) const;
  /// Slope of a neuron's middle line, about.
  double steepness(Nonlinear c) const;

 private:
  /// Where relax() found the polyline to decide, and how the slope depends on alpha.
  struct ActivePoint {
    Vec z, value, slope, rate, z_at_corner;
  };
  /// A neuron with other bounds, or a multiplier, in some lane.
  struct LaneEnvelope {
    PiecewiseLinearEnvelope<Vec> envelope;
    Vec multiplier, is_restricted;
    Vec first, second, best;  ///< of the multiplier's ascent
    bool finite = true;
  };
  /// The neuron's envelope by lanes; made where there is none.
  LaneEnvelope& lane_envelope(Nonlinear c);
  /// The same, or nullptr where the neuron is as in the network.
  const LaneEnvelope* find_lane_envelope(Nonlinear c) const {
    const std::int32_t i = at(lane_envelope_of_, c);
    return i < 0 ? nullptr : &at(lane_envelopes_, i);
  }
  LaneEnvelope* find_lane_envelope(Nonlinear c) {
    const std::int32_t i = at(lane_envelope_of_, c);
    return i < 0 ? nullptr : &at(lane_envelopes_, i);
  }
  static void set_lane(PiecewiseLinearEnvelope<Vec>& envelope, int lane,
                       const PiecewiseLinearEnvelope<double>& from);
  template <bool kFinite, typename Number>
  Relaxed by_envelope(const PiecewiseLinearEnvelope<Number>& envelope, Vec g, Vec alpha,
                      Vec multiplier, ActivePoint& active) const;
  Vec multipliers(Nonlinear c) const {
    const LaneEnvelope* found = find_lane_envelope(c);
    return found != nullptr ? found->multiplier : Vec{};
  }
  Relaxed square(Vec g, Vec alpha, Vec multiplier, Vec low, Vec high, ActivePoint& active) const;

  const SparseNetwork* network_ = nullptr;
  std::vector<ActivePoint> active_;             // [C]
  std::vector<char> finite_, square_;           // [C]
  std::vector<std::int32_t> lane_envelope_of_;  // [C] -1: as in the network
  std::vector<LaneEnvelope> lane_envelopes_;
  std::vector<Nonlinear> changed_;  // those with lane envelopes
};

}  // namespace clipbound::bounds
