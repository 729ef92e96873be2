#pragma once
// Idea: the inputs around a point: a box, for l1 and l2 with a ball of what the network reads, and
// the query that asks for another label there.
// Source: own.
// Guarantees: box and ball of the query hold every input of the network that a point of the ball
// gives, whatever rounding did to the normalisation (S16).
// Legend: N inputs. x: points as users have them, z = (x - mean) / std: what the network reads.
#include <cstddef>
#include <span>
#include <vector>

#include "clipbound/query.h"
#include "clipbound/robustness.h"
#include "specs/query/input_ball.h"

namespace clipbound {

class Ball {
 public:
  /// Throws InputError where point, label or settings do not fit the network.
  Ball(const Network& network, std::span<const double> x, std::size_t label,
       const RobustnessSettings& settings);

  /// What the network reads at the centre, rounded to nearest.
  const std::vector<double>& centre() const { return centre_; }
  /// Between which numbers what the network reads of x itself lies: (x - mean) / std, outward.
  void enclose_centre(std::vector<double>& lower, std::vector<double>& upper) const;
  /// How far the x that gives a network's input is from the centre, rounded up.
  double distance(std::span<const double> z) const;
  /// Whether the x that gives a network's input is within the limits of x for certain, or x itself.
  bool is_within_limits(std::span<const double> z) const;
  /// The x that gives a network's input, rounded.
  std::vector<double> as_given(std::span<const double> z) const;
  /// Is there another label within the radius, or outside it by as much as roundings may be?
  Query query(double radius) const;
  /// The point of the ball at which a linear form is largest, the form being given in z; moved into
  /// the limits, which takes it no further from the centre.
  std::vector<double> furthest(std::span<const double> form, double radius) const;
  bool is_box() const { return settings_.norm == Norm::inf; }
  /// The point on the way from the centre to z that has this distance at most.
  std::vector<double> towards(std::span<const double> z, double radius) const;

 private:
  void check(const Network& network) const;
  std::vector<double> spread(const Network& network, const std::vector<double>& values,
                             double otherwise, const char* what) const;
  specs::InputBall ball_around(double radius) const;

  const std::vector<double> x_;
  const std::size_t label_, outputs_;
  const RobustnessSettings& settings_;
  std::vector<double> mean_, std_, centre_;
};

}  // namespace clipbound
