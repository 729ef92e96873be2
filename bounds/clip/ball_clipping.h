#pragma once
// Idea: Complete clipping by a ball: least values of kLanes linear functions over a box and a ball.
// A function a is split in two, a = h + w: h takes its least value over the box, w over the ball,
// which Hoelder's inequality gives. The best split attains the least value over both.
// Source: Lagrange duality in one multiplier lambda of the ball's constraint; the infimal
// convolution of support functions (Rockafellar, "Convex Analysis", 1970, Corollary 16.4.1). For l2
// lambda is found by a Newton-like iteration on the active set, from above; for l1 by tangents of
// the concave dual from both sides (one_multiplier.h).
// Guarantees: minimum() is below the function at every point of box and ball, whatever lambda is:
// w is a free choice, the evaluation is rigorous (S16).
// Legend: n inputs at hand, one number per lane in each Vec.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/simd.h"
#include "bounds/clip/single_halfspace.h"
#include "specs/query/input_ball.h"

namespace clipbound::bounds {

class BallClipping {
 public:
  /// nullptr: there is no ball.
  void attach(std::shared_ptr<const specs::InputBall> ball);
  bool active() const { return ball_ != nullptr; }
  /// The inputs that functions from now on depend on. The others cost nothing of the radius: no
  /// point of the ball is left out.
  void restrict_to(std::span<const std::int32_t> inputs);
  std::size_t size() const { return inputs_.size(); }
  std::int32_t input(std::size_t k) const { return inputs_[k]; }

  /// Coefficients and interval of the k-th input at hand.
  void set(std::size_t k, Vec coefficient, Vec lower, Vec upper) {
    a_[k] = coefficient;
    lower_[k] = lower;
    upper_[k] = upper;
  }
  /// Rigorous lower bound of offset + a x over the points of box and ball, given set() for all k;
  /// NaN or infinite where something overflows.
  Vec minimum(Vec offset);
  /// The same for a multiplier lambda of the ball's constraint: below the best one's, and sound
  /// whatever lambda is.
  Vec minimum_for(Vec lambda, Vec offset);
  /// After minimum(): about where the least value is attained, in the box; a free choice.
  Vec point(std::size_t k) const;
  /// After minimum(): the half-space that touches the ball where w is least on it:
  /// -support(k) x_k + edge() <= 0, summed over k, holds on the ball.
  Vec support(std::size_t k) const { return w_[k]; }
  Vec edge() const { return edge_; }

 private:
  /// Coefficients and intervals in units of the scale.
  void rescale();
  Vec find_multiplier_l2() const;
  Vec find_multiplier_l1();
  struct Tangent {
    Vec lambda{}, value{}, slope{};
  };
  Tangent tangent_l1(Vec lambda) const;
  /// Where the least of g y + lambda |y| is, in l1.
  Vec least_l1(std::size_t k, Vec lambda) const;
  Vec evaluate(Vec lambda, Vec offset);
  /// Chooses w for lambda.
  void choose(Vec lambda);
  /// The dual norm of w, rounded up.
  Vec dual_norm() const;

  std::shared_ptr<const specs::InputBall> ball_;
  std::vector<std::int32_t> inputs_;
  std::vector<double> centre_, scale_, per_scale_;  // [n] per_scale: 1 / scale, for free choices
  double gamma_ = 0.0;
  std::vector<Vec> a_, lower_, upper_;  // [n]
  // [n] In units of the scale: coefficients, and the interval around the centre.
  std::vector<Vec> g_, from_, to_;
  std::vector<Vec> w_;  // [n]
  Vec lambda_{}, edge_{};
  // In l1 the minimising point is a mean of those of two multipliers, so that it lies on the edge.
  Vec left_{}, right_{}, share_of_left_{};
};

/// Lower bound of the same for one function, [n] over inputs 0 .. n - 1.
double minimum_over(std::span<const double> form, double offset, std::span<const double> lower,
                    std::span<const double> upper,
                    const std::shared_ptr<const specs::InputBall>& ball);

/// Shrinks boxes [lower, upper] (n numbers each) to what the ball leaves of them; returns the lanes
/// in which no point lies in both. inputs: the ball's numbers of the columns.
Mask clip_boxes_to_ball(const specs::InputBall& ball, std::span<const int> inputs, Vec* lower,
                        Vec* upper);

}  // namespace clipbound::bounds
