#pragma once
// Curved neurons of a lane sweep: their lines for any parameters, in all lanes at once.
//
// A neuron f(z) with coefficient g becomes p z + q <= g f(z), p = g s(theta) + mu. The slope s is
// the free choice of an undecided ReLU, theta in [0, 1] (1/2: relax()'s). The multiplier mu of
// either sign is that of a split's constraint z <= u (mu > 0) or z >= l (mu < 0), whose threshold
// needs no term of its own: q holds for any p on the lane's [l, u]. See
// bounds/alpha_beta/curve_envelope.h and docs/soundness.md.
//
// Legend: C curved neurons.
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
  /// The network's hulls in all lanes, no multipliers.
  void reset();
  /// Bounds of a neuron in one lane: a hull of its own.
  void set_bounds(int lane, std::int32_t c, double lower, double upper);
  /// Lets a multiplier take part: the lane's subproblem restricts z.
  void restrain(int lane, std::int32_t c, double multiplier);
  double multiplier(int lane, std::int32_t c) const;
  void copy_lane(const CurveLanes& from, int lane);

  /// p z + q <= g f(z) on the lanes' bounds [low, high], which the caller keeps.
  struct Relaxed {
    Vec p, q;
  };
  Relaxed relax(std::int32_t c, Vec g, Vec theta, Vec low, Vec high);

  /// The same for the two squares of a product, whose coefficients are each other's opposites in
  /// all that matters (other ones cost tightness). q of the first is that of both.
  struct Squares {
    Vec g[2], theta[2], low[2], high[2];
  };
  std::array<Relaxed, 2> relax_pair(const SquarePair& pair, const Squares& squares);

  /// d(bound)/d(g) at the last relax(), given z at the corner: the activation that the lines stand
  /// for. The gradient by theta goes to `gradient`, that by the multiplier stays here.
  Vec differentiate(std::int32_t c, Vec g, Vec z, Vec& gradient);

  /// The same for the two squares of a product.
  std::array<Vec, 2> differentiate_pair(const SquarePair& pair, Vec g_plus, Vec g_minus, Vec z_plus,
                                        Vec z_minus, Vec& gradient_plus, Vec& gradient_minus);

  // ---- the multipliers' optimiser (Adam); its steps are those of the slopes' ----
  void begin_ascent(std::int32_t c);
  void step(std::int32_t c, Vec rate, double first_share, double second_share);
  void keep(std::int32_t c, Mask better);
  void take_best(std::int32_t c);

  /// d(bound)/d(multiplier) after differentiate(), also where no multiplier takes part.
  Vec multiplier_gradient(std::int32_t c) const {
    return touch_[static_cast<std::size_t>(c)].at - touch_[static_cast<std::size_t>(c)].z;
  }
  // ---- what a search wants to know of a neuron after relax(); [low, high] as there ----
  /// z at the corner, after differentiate().
  double z_at_corner(std::int32_t c, int lane) const {
    return touch_[static_cast<std::size_t>(c)].at[lane];
  }
  /// How far f may be from the line in use on [low, high], about.
  double gap(std::int32_t c, int lane, double low, double high) const;
  /// The same at one z.
  double gap_at(std::int32_t c, int lane, double z) const;
  double slope(std::int32_t c, int lane) const {
    return touch_[static_cast<std::size_t>(c)].slope[lane];
  }
  /// The theta whose slope is nearest to `slope`, for a coefficient that is negative or not.
  double theta_for(std::int32_t c, int lane, bool negative, double slope, double low,
                   double high) const;
  /// Slope of a neuron's middle line, about.
  double steepness(std::int32_t c) const;

 private:
  /// Where relax() found the chain to decide, and how the slope depends on theta.
  struct Touch {
    Vec z, value, slope, rate, at;
  };
  /// A neuron with other bounds, or a multiplier, in some lane.
  struct Own {
    PiecewiseLinearEnvelope<Vec> hull;
    Vec multiplier, first, second, best, restrained;
    bool finite = true;
  };
  Own& own(std::int32_t c);
  static void set_lane(PiecewiseLinearEnvelope<Vec>& hull, int lane,
                       const PiecewiseLinearEnvelope<double>& from);
  template <bool kFinite, typename Number>
  Relaxed by_chains(const PiecewiseLinearEnvelope<Number>& hull, Vec g, Vec theta, Vec multiplier,
                    Touch& touch) const;
  struct Least {
    Vec q, z;
  };
  static Least least_of_square(Vec g, Vec p, Vec l, Vec h);
  Vec multipliers(std::int32_t c) const {
    const std::int32_t own = own_of_[static_cast<std::size_t>(c)];
    return own < 0 ? Vec{} : own_[static_cast<std::size_t>(own)].multiplier;
  }
  Relaxed square(Vec g, Vec theta, Vec multiplier, Vec low, Vec high, Touch& touch) const;

  const SparseNetwork* network_ = nullptr;
  std::vector<Touch> touch_;           // [C]
  std::vector<char> finite_, square_;  // [C]
  std::vector<std::int32_t> own_of_;   // [C] -1: as in the network
  std::vector<Own> own_;
  std::vector<std::int32_t> owned_;  // which
};

}  // namespace clipbound::bounds
