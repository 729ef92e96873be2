#pragma once
// Idea: the ball that the points of a query lie in, beside their clause's box: what robustness in l1
// or l2 asks about.
// Source: own.
// Guarantees: the ball is the set below exactly, its numbers taken as rationals; what
// certainly_holds() says is rigorous (S16). Whoever leaves the ball out speaks of more points.
// Legend: n inputs.
//
//   l2: sum_i ((x_i - centre_i) / scale_i)^2 <= radius^2;   l1: sum_i |x_i - centre_i| / scale_i
//   <= radius
#include <cstdint>
#include <span>
#include <vector>

namespace clipbound::specs {

struct InputBall {
  enum class Norm : std::uint8_t { l1, l2 };
  Norm norm = Norm::l2;
  std::vector<double> centre;  ///< [n]
  std::vector<double> scale;   ///< [n] positive: how far one unit of radius reaches
  double radius = 0.0;         ///< not negative

  /// Not below x's distance from the centre, in units of the radius. x: [n]; infinity where it
  /// overflows.
  double distance_up(std::span<const double> x) const;
  /// True where x [n] lies in the ball for certain: of its edge not all points do.
  bool certainly_holds(std::span<const double> x) const { return distance_up(x) <= radius; }
  /// How far x may go from the centre along its own direction, as a share of where it is: 1 inside,
  /// else a little less than what leads to the edge.
  double share_inside(std::span<const double> x) const;
  /// Moves x straight towards the centre by that share; rounded, so that it may still lie outside.
  void pull_inside(std::span<double> x) const;
};

}  // namespace clipbound::specs
